"""The lists to which the rules of a tier are reduced."""

from __future__ import annotations

from haechi.engine import OrderedPolicy, TierEntry, TierSet
from haechi.model.verdict import Direction, Tier
from tests.building import tier_policy

WEB, DB = "{pods: {podSelector: {matchLabels: {app: web}}}}", "{pods: {podSelector: {matchLabels: {app: db}}}}"
ALL = "{namespaces: {}}"


def rule(action: str, peer: str, ports: str = "") -> str:
    return f"{{action: {action}, to: [{peer}]" + (f", protocols: [{ports}]" if ports else "") + "}"


def tcp(port: int) -> str:
    return f"{{tcp: {{destinationPort: {{number: {port}}}}}}}"


def network(*cidrs: str) -> str:
    return f"{{networks: [{', '.join(cidrs)}]}}"


def united(*rules: str) -> TierSet:
    policy = OrderedPolicy.read(tier_policy(f"{{egress: [{', '.join(rules)}]}}"))
    return TierSet.of(Tier.ADMIN, Direction.EGRESS, [policy], ())


def words(entries: tuple[TierEntry, ...]) -> list[str]:
    found = []
    for entry in entries:
        peers = [*sorted(map(str, entry.peers.selections)), *entry.peers.blocks.cidrs(), *map(str, entry.peers.nodes)]
        found.append(f"{entry.action} {', '.join(peers) or 'everything'}")
    return found


def test_the_example_of_the_module() -> None:
    rules = [
        rule("Accept", WEB),
        rule("Deny", network("10.128.0.0/9")),
        rule("Accept", network("10.0.0.0/9")),
        rule("Deny", DB),
        rule("Deny", WEB),
    ]
    assert words(united(*rules).everywhere) == [
        "Accept [<none>]: app=web, 10.0.0.0/9",
        "Deny [<none>]: app=db, 10.128.0.0/9",
    ]


def test_rules_about_addresses_that_are_not_the_same_move_together() -> None:
    rules = [rule(action, network(f"10.{n}.0.0/16")) for n, action in enumerate(["Accept", "Deny"] * 4)]
    assert words(united(*rules).everywhere) == [
        "Accept 10.0.0.0/16, 10.2.0.0/16, 10.4.0.0/16, 10.6.0.0/16",
        "Deny 10.1.0.0/16, 10.3.0.0/16, 10.5.0.0/16, 10.7.0.0/16",
    ]


def test_rules_that_may_meet_stay_in_order() -> None:
    rules = [rule("Deny", network("10.1.0.0/16")), rule("Accept", WEB), rule("Deny", network("10.0.0.0/8"))]
    assert words(united(*rules).everywhere)[:2] == ["Deny 10.1.0.0/16", "Accept [<none>]: app=web"]
    assert len(united(*rules).everywhere) == 3
    assert words(united(rule("Pass", WEB), rule("Deny", ALL)).everywhere) == [
        "Pass [<none>]: app=web",
        "Deny [<none>]: <none>",
    ]


def test_what_never_matches_and_a_pass_at_the_end_are_left_out() -> None:
    assert words(united(rule("Accept", ALL), rule("Deny", WEB), rule("Pass", DB)).everywhere) == [
        "Accept [<none>]: <none>"
    ]
    assert united(rule("Pass", WEB), rule("Pass", DB)).everywhere == ()
    assert words(united(rule("Deny", "{}"), rule("Accept", WEB)).everywhere) == ["Deny everything"]


def test_ports_have_lists_of_their_own_where_they_differ() -> None:
    found = united(rule("Accept", WEB, tcp(80)), rule("Deny", ALL), rule("Accept", DB, tcp(443)))
    assert words(found.everywhere) == ["Deny [<none>]: <none>"]
    assert [(str(ports), words(entries)) for ports, entries in found.by_ports] == [
        ("TCP 80", ["Accept [<none>]: app=web", "Deny [<none>]: <none>"]),
    ]
    assert words(found.at(6, 80)) == ["Accept [<none>]: app=web", "Deny [<none>]: <none>"]
    assert found.at(6, 443) == found.everywhere
