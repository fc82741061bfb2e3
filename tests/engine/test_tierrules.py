"""What tiers decide about a class of peers."""

from __future__ import annotations

from haechi.engine import NamedPort, OrderedPolicy, PeerClass, PeerItem, PortDecisions, TierRules
from haechi.model.verdict import Direction, Tier
from haechi.sets import PortSet
from tests.building import tier_policy

WEB, DB = "{pods: {podSelector: {matchLabels: {app: web}}}}", "{pods: {podSelector: {matchLabels: {app: db}}}}"
TEN = "{networks: [10.0.0.0/8]}"
UNDECIDED = PortDecisions(PortSet.NONE, PortSet.NONE)


def rule(action: str, peer: str, *protocols: str) -> str:
    limit = f", protocols: [{', '.join(protocols)}]" if protocols else ""
    return f"{{action: {action}, to: [{peer}]{limit}}}"


def tcp(port: int) -> str:
    return f"{{tcp: {{destinationPort: {{number: {port}}}}}}}"


def rules_of(*written: str, baseline: tuple[str, ...] = ()) -> TierRules:
    read = [
        (tier, each)
        for tier, texts in ((Tier.ADMIN, written), (Tier.BASELINE, baseline))
        for each in OrderedPolicy.read(tier_policy(f"{{tier: {tier}, egress: [{', '.join(texts)}]}}")).egress
    ]
    return TierRules(Direction.EGRESS, read, ())


def peer(*items: str, ports: tuple[NamedPort, ...] = ()) -> PeerClass:
    found: set[PeerItem] = set()
    for item in items:
        found |= rules_of(rule("Deny", item)).items
    return PeerClass(frozenset(found), ports)


def test_the_example_of_the_module() -> None:
    some = "{tcp: {destinationPort: {range: {start: 1, end: 443}}}}"
    rules = rules_of(rule("Deny", DB), rule("Pass", WEB, tcp(53)), rule("Accept", TEN, some), rule("Deny", WEB))
    accepted = PortSet.tcp(1, 443) - PortSet.tcp(53)
    assert rules.decisions(peer(WEB, TEN)) == PortDecisions(accepted, PortSet.ALL - PortSet.tcp(1, 443))
    assert rules.decisions(peer(DB, TEN)) == PortDecisions(PortSet.NONE, PortSet.ALL)
    assert rules.decisions(peer()) == UNDECIDED


def test_a_pass_leads_to_the_baseline_tier_and_no_further_rule_of_its_own() -> None:
    rules = rules_of(rule("Pass", WEB), rule("Accept", WEB), baseline=(rule("Pass", WEB, tcp(80)), rule("Deny", WEB)))
    assert rules.decisions(peer(WEB)) == PortDecisions(PortSet.NONE, PortSet.ALL - PortSet.tcp(80))


def test_what_the_admin_tier_decides_the_baseline_tier_does_not() -> None:
    rules = rules_of(rule("Accept", WEB, tcp(80)), baseline=(rule("Deny", WEB),))
    assert rules.decisions(peer(WEB)) == PortDecisions(PortSet.tcp(80), PortSet.ALL - PortSet.tcp(80))


def test_a_rule_that_cannot_be_read_is_about_peers_of_no_class_too() -> None:
    assert rules_of(rule("Deny", "{}")).decisions(PeerClass()) == PortDecisions(PortSet.NONE, PortSet.ALL)


def test_port_names_are_those_of_the_peer() -> None:
    rules = rules_of(rule("Accept", WEB, "{destinationNamedPort: http}"), rule("Deny", WEB))
    http = (NamedPort(6, "http", 8080), NamedPort(17, "dns", 53))
    assert rules.names == {"http"}
    assert rules.decisions(peer(WEB, ports=http)).accepted == PortSet.tcp(8080)
    assert rules.decisions(peer(WEB)) == PortDecisions(PortSet.NONE, PortSet.ALL)
