"""`can` where tiers decide: the trace, its items, and what would change the answer."""

from __future__ import annotations

from collections import Counter
from itertools import chain, combinations, repeat
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from haechi.analysis.cluster.assumptions import Assumption
from haechi.analysis.cluster.cluster import Cluster
from haechi.analysis.reach import Difference
from haechi.analysis.why.additions import proposals, with_additions
from haechi.analysis.why.answer import PacketAnswer, SideAnswer, can, judged
from haechi.analysis.why.changes import LabelChange, PolicyAddition, PolicyDeletion, RuleDeletion, policy_of, tried
from haechi.analysis.why.patches import yaml_text
from haechi.analysis.why.tiers import TierAnswer
from haechi.analysis.why.whatif import smallest_changes
from haechi.engine import is_own_node, point, verdict
from haechi.model import (
    Action,
    Object,
    ServicePort,
    Severity,
    Source,
    Tier,
    check_create,
    read_manifests,
)
from haechi.model.verdict import Packet, Side
from haechi.reference import allowed
from haechi.sets import AddressSet
from tests import clusters, tier_words
from tests.analysis import small
from tests.analysis.why.test_additions import written
from tests.analysis.why.test_services import service
from tests.building import node, pod, policy, tier_policy

WEB = pod("x/web", "10.0.0.1", marks="app=web")
DB = pod("x/db", "10.0.0.2", marks="app=db", ports=("sql=5432/TCP",))
SSH = "protocols: [{tcp: {destinationPort: {number: 22}}}]"
FROM_WEB = "from: [{pods: {podSelector: {matchLabels: {app: web}}}}]"
randoms = st.randoms(use_true_random=False)


def answer_to(cluster: Cluster, one: Packet) -> PacketAnswer:
    ends = [cluster.engine.owner(point(address)) for address in (one.source, one.destination)]
    return judged(cluster, one, *ends)


def asked(*objects: Object, port: str = "22", source: str = "x/web", destination: str = "x/db") -> PacketAnswer:
    return can(Cluster.of([WEB, DB, *objects]), source, destination, port).pairs[0][0]


# -- against the reference ---------------------------------------------------------------------------------------------


def agrees(side: SideAnswer, right: Side) -> None:
    assert side.allowed == right.allowed
    assert tuple(key for key, _ in side.isolating) == right.policies
    decided = side.decided_by
    assert (None if decided is None else decided.rule) == right.tier_rule
    assert all(one.action in (Action.PASS, None) for one in side.tiers if one is not decided)
    assert [one.tier for one in side.tiers] == sorted(one.tier for one in side.tiers)
    if decided is not None:
        assert side.allowed == (decided.action is Action.ACCEPT)
        assert side.trace.endswith(f"{decided} → {'allowed' if side.allowed else 'denied'}")
    elif side.isolating:
        assert (bool(side.allowing), side.nearest is None or not side.allowed) == (side.allowed, True)
    for one in side.tiers:
        assert bool(one.peers) == (one.rule is not None and not one.defects)


@settings(max_examples=40)
@given(st.lists(tier_words.objects(readable=False), min_size=4, max_size=22), randoms)
def test_each_side_is_that_of_the_reference(found: list[Object], random: Random) -> None:
    cluster = Cluster.of(found)
    objects = clusters.cluster(cluster.objects)
    packets = clusters.probes(objects, random)
    for one in random.sample(packets, min(len(packets), 20)):
        answer, right = answer_to(cluster, one), allowed(objects, one)
        agrees(answer.egress, right.egress)
        agrees(answer.ingress, right.ingress)


def test_each_side_and_what_decided_it_is_that_of_the_reference() -> None:
    """On small worlds in which tiers decide a great deal."""
    stages = Counter[object]()
    for seed in range(90):
        random = Random(seed)
        cluster = Cluster.of([*small.objects(random), *small.tier_policies(random)])
        objects = clusters.cluster(cluster.objects)
        for one in random.sample(small.PACKETS, 50):
            answer, right = answer_to(cluster, one), allowed(objects, one)
            agrees(answer.egress, right.egress)
            agrees(answer.ingress, right.ingress)
            for side in (answer.egress, answer.ingress):
                stages[side.decided_by.tier if side.decided_by else bool(side.tiers), side.allowed] += 1
    assert all(stages[tier, is_allowed] > 20 for tier in (*Tier, True) for is_allowed in (True, False)), stages


def test_every_change_that_is_shown_reverses_the_verdict_and_has_no_part_that_does() -> None:
    seen = Counter[object]()
    for seed in range(40):
        random = Random(seed)
        cluster = Cluster.of([*small.objects(random), *small.tier_policies(random)])
        for one in random.sample(small.PACKETS, 12):
            answer = answer_to(cluster, one)
            for changes in smallest_changes(cluster, answer):
                parts = chain.from_iterable(combinations(changes, size) for size in range(len(changes)))
                for part in parts:
                    with tried(cluster, part):
                        assert verdict(cluster.engine, one).allowed == answer.allowed
                with tried(cluster, changes):
                    assert verdict(cluster.engine, one).allowed != answer.allowed
                seen.update((type(change), answer.allowed) for change in changes)
            assert verdict(cluster.engine, one).allowed == answer.allowed
    assert seen[RuleDeletion, True] > 10
    assert seen[RuleDeletion, False] > 10
    assert seen[LabelChange, False] > 10
    assert seen[PolicyDeletion, False] > 10


def test_after_each_proposal_the_reference_allows_and_no_rule_of_it_can_go() -> None:
    """Where tiers deny, nothing is closed, and an exact one opens nothing but what was asked for."""
    seen = Counter[object]()
    for seed in range(30):
        random = Random(seed)
        cluster = Cluster.of([*small.objects(random), *small.tier_policies(random)])
        denied = [one for one in map(answer_to, repeat(cluster), random.sample(small.PACKETS, 60)) if not one.allowed]
        for answer in sorted(denied, key=lambda one: not by_tiers(one))[:3]:
            for proposal in proposals(cluster, answer):
                new = with_additions(cluster, proposal.additions)
                assert allowed(clusters.cluster(new.objects), answer.packet).allowed
                for addition in proposal.additions if len(proposal.additions) > 1 else ():
                    with tried(cluster, [addition]):
                        assert not verdict(cluster.engine, answer.packet).allowed
                assert all(is_valid(addition, new) for addition in proposal.additions)
                opened = opened_by(cluster, new)
                assert answer.packet in opened
                for packet in opened:
                    assert is_near(cluster, packet) or any(is_of(cluster, one, packet) for one in proposal.opened)
                assert not by_tiers(answer) or not opened_by(new, cluster)
                seen[by_tiers(answer), proposal.is_cluster_wide, len(opened) == 1] += 1
    assert all(seen[True, True, is_exact] > 8 for is_exact in (True, False)), seen


def is_valid(addition: PolicyAddition, new: Cluster) -> bool:
    """Whether an API server takes what a policy is with an addition."""
    changed = policy_of(new, addition.policy)
    assert changed is not None
    text = yaml_text(addition) if addition.is_new else written([changed], None)
    (loaded,) = read_manifests([Source("p", text.encode())], strict=True).objects
    return not [one for one in check_create(loaded, lambda *_: True) if one.severity is Severity.ERROR]


def is_near(cluster: Cluster, packet: Packet) -> bool:
    """Whether one end has an address of the other one's node, with which a pod always communicates."""
    points = point(packet.source), point(packet.destination)
    pods = [cluster.engine.owner(one) for one in points]
    return any(
        pod is not None and is_own_node(cluster.engine, pod, one) for pod, one in zip(pods, points[::-1], strict=True)
    )


def is_of(cluster: Cluster, one: Difference, packet: Packet) -> bool:
    """Whether a connection that is reported as new is that of a packet."""
    for name, address in ((one.source, packet.source), (one.destination, packet.destination)):
        pod = cluster.engine.owner(point(address))
        if name != f"{pod.key}[Pod]" if pod else name.endswith("]") or point(address) not in AddressSet.parse(name):
            return False
    return (one.after - one.before).contains(packet.protocol, packet.port)


def by_tiers(answer: PacketAnswer) -> bool:
    return any(side.decided_by is not None and not side for side in (answer.egress, answer.ingress))


def opened_by(old: Cluster, new: Cluster) -> list[Packet]:
    """The packets that are allowed in one and not in the other."""
    return [one for one in small.PACKETS if verdict(new.engine, one).allowed and not verdict(old.engine, one).allowed]


# -- traces ------------------------------------------------------------------------------------------------------------


def test_a_pass_and_then_a_policy_that_has_no_rule() -> None:
    admin = tier_policy(
        f"{{ingress: [{{name: no-ssh, action: Pass, from: [{{namespaces: {{}}}}], {SSH}}}]}}", name="baseline-deny"
    )
    side = asked(admin, policy("{podSelector: {}}", name="db")).ingress
    assert side.trace == 'Admin baseline-deny rule "no-ssh": Pass → NetworkPolicy x/db: no rule → denied'
    (tier,) = side.tiers
    assert [one.path for one in (*tier.peers, *tier.ports)] == [
        "spec.ingress[0].from[0]",
        "spec.ingress[0].protocols[0]",
    ]


@pytest.mark.parametrize(
    ("objects", "trace"),
    [
        (("Admin", "Deny"), "Admin c spec.ingress[0]: Deny → denied"),
        (("Admin", "Accept", "policy"), "Admin c spec.ingress[0]: Accept → allowed"),
        (("Baseline", "Deny"), "Baseline c spec.ingress[0]: Deny → denied"),
        (("Baseline", "Deny", "policy"), ""),
        (("Admin", "Pass"), "Admin c spec.ingress[0]: Pass → allowed, as nothing denies it"),
        (
            ("Admin", "Pass", "rule"),
            "Admin c spec.ingress[0]: Pass → NetworkPolicy x/p spec.ingress[0]: allows → allowed",
        ),
        (("Admin", "Pass", "two"), "Admin c spec.ingress[0]: Pass → 2 NetworkPolicies: no rule → denied"),
    ],
)  # fmt: skip
def test_the_stages_are_named_up_to_the_one_that_decides(objects: tuple[str, ...], trace: str) -> None:
    tier, action, *kinds = objects
    found: list[Object] = [tier_policy(f"{{tier: {tier}, ingress: [{{action: {action}, {FROM_WEB}}}]}}")]
    for kind in kinds:
        found.append(policy("{podSelector: {}, ingress: [{}]}" if kind == "rule" else "{podSelector: {}}"))
        found += [policy("{podSelector: {}}", name="q")] if kind == "two" else []
    assert asked(*found).ingress.trace == trace


def test_a_tier_without_a_matching_rule_is_shown() -> None:
    other = tier_policy(f"{{ingress: [{{action: Deny, {FROM_WEB}, {SSH}}}]}}")
    assert asked(other, port="23").ingress.trace == "Admin: no rule → allowed, as nothing denies it"
    assert asked(other, port="23").egress.trace == ""


def test_a_rule_that_cannot_be_read_denies_and_is_shown_as_such() -> None:
    broken = tier_policy("{ingress: [{action: Pass, from: [{}]}]}")
    (tier,) = asked(broken).ingress.tiers
    assert str(tier) == "Admin c spec.ingress[0]: Deny (unreadable)"
    assert tier.defects == ("spec.ingress[0].from[0]: a peer has none or several of the known fields",)


def test_a_subject_that_cannot_be_read_is_the_reason_of_all_rules() -> None:
    spec = "{subject: {namespaces: {matchExpressions: [{key: a, operator: Like}]}}, ingress: [{action: Deny, %s}]}"
    (tier,) = asked(tier_policy(spec % FROM_WEB)).ingress.tiers
    assert tier.defects[0].startswith("spec.subject.namespaces: ")


def test_an_accept_by_name_is_named_only_where_it_could_have_helped() -> None:
    names = f"{{action: Accept, to: [{{domainNames: [example.com]}}], {SSH}}}"
    closed = tier_policy(f"{{egress: [{names}, {{action: Deny, to: [{{networks: [0.0.0.0/0]}}]}}]}}")

    def by_name(**question: str) -> list[TierAnswer]:
        return [one for one in asked(closed, **question).egress.tiers if one.by_name]

    (tier,) = by_name(destination="8.8.8.8")
    assert [rule.path for rule in tier.by_name] == ["spec.egress[0]"]
    assert by_name(destination="8.8.8.8", port="80") == []
    assert by_name() == []


@pytest.mark.parametrize(
    ("second", "is_assumed"),
    [
        ("{priority: 10, ingress: [{action: Deny, from: [{namespaces: {}}]}]}", True),
        ("{priority: 10, ingress: [{action: Accept, from: [{namespaces: {}}]}]}", False),
        ("{priority: 10, egress: [{action: Deny, to: [{namespaces: {}}]}]}", False),
        ("{priority: 11, ingress: [{action: Deny, from: [{namespaces: {}}]}]}", False),
        ("{tier: Baseline, ingress: [{action: Deny, from: [{namespaces: {}}]}]}", False),
    ],
)
def test_a_verdict_that_rests_on_the_order_of_names_assumes_it(second: str, is_assumed: bool) -> None:
    first = tier_policy(f"{{ingress: [{{action: Accept, {FROM_WEB}}}]}}", name="a")
    answer = can(Cluster.of([WEB, DB, first, tier_policy(second, name="b")]), "x/web", "x/db", "22")
    assert (Assumption.SAME_PRIORITY in answer.assumptions) is is_assumed


def test_node_addresses_are_named_as_the_peers_that_match() -> None:
    closed = tier_policy("{egress: [{action: Deny, to: [{nodes: {matchLabels: {os: linux}}}]}]}")
    side = asked(closed, node("n", "192.0.2.1", marks="os=linux"), destination="192.0.2.1").egress
    assert (side.allowed, side.trace) == (False, "Admin c spec.egress[0]: Deny → denied")
    (tier,) = side.tiers
    assert [one.path for one in tier.peers] == ["spec.egress[0].to[0]"]


def test_the_own_node_is_not_judged() -> None:
    closed = tier_policy("{egress: [{action: Deny, to: [{networks: [0.0.0.0/0]}]}]}")
    web = pod("x/web", "10.0.0.1", node="n")
    assert asked(closed, web, node("n", "192.0.2.1"), destination="192.0.2.1").egress.tiers == ()


@pytest.mark.parametrize("is_headless", [False, True])
def test_a_pod_is_denied_itself_through_a_service_alone(is_headless: bool) -> None:
    given = service(ServicePort(port=22), **({"cluster_ip": "None"} if is_headless else {}))
    closed = tier_policy("{ingress: [{action: Deny, from: [{namespaces: {}}]}]}")
    assert asked(closed, given, source="x/db", destination="svc/db").allowed is is_headless
    assert asked(closed, given, source="x/db").allowed


def test_policies_never_deny_a_pod_itself() -> None:
    found = policy("{podSelector: {}}"), tier_policy(f"{{ingress: [{{action: Deny, {FROM_WEB}}}]}}")
    answer = asked(*found, service(ServicePort(port=22)), source="x/db", destination="svc/db")
    assert answer.ingress.trace == "Admin: no rule → NetworkPolicy x/p: a pod may reach itself → allowed"


def test_what_opens_a_pod_to_itself_is_tried_through_the_service() -> None:
    closed = tier_policy("{ingress: [{action: Deny, from: [{namespaces: {}}]}]}")
    cluster = Cluster.of([DB, closed, service(ServicePort(port=22))])
    (answer,) = can(cluster, "x/db", "svc/db", "22").pairs[0]
    assert [str(change) for (change, *_) in smallest_changes(cluster, answer)] == [
        "delete spec.ingress[0] of policy ClusterNetworkPolicy/c",
        "delete policy ClusterNetworkPolicy/c",
    ]


def test_pods_that_only_a_tier_tells_apart_are_asked_one_by_one() -> None:
    some = "{pods: {podSelector: {matchLabels: {role: b}}}}"
    closed = tier_policy(f"{{subject: {some}, ingress: [{{action: Deny, {FROM_WEB}}}]}}")
    pods = [pod("x/a", "10.0.0.3", marks="app=db,role=a"), pod("x/b", "10.0.0.4", marks="app=db,role=b")]
    answer = can(Cluster.of([WEB, *pods, closed, service(ServicePort(port=22))]), "x/web", "svc/db", "22")
    assert not answer.allowed
    assert [one.allowed for pair in answer.pairs for one in pair] == [True, False]


def test_without_a_port_it_is_one_that_the_tiers_leave() -> None:
    only = tier_policy(
        f"{{ingress: [{{action: Accept, {FROM_WEB}, {SSH}}}, {{action: Deny, from: [{{namespaces: {{}}}}]}}]}}"
    )
    answer = can(Cluster.of([WEB, DB, only]), "x/web", "x/db")
    assert (answer.allowed, answer.pairs[0][0].packet.port) == (True, 22)


def test_a_port_name_of_a_rule_is_the_destinations() -> None:
    named = tier_policy(
        "{ingress: [{action: Accept, from: [{namespaces: {}}], protocols: [{destinationNamedPort: sql}]},"
        " {action: Deny, from: [{namespaces: {}}]}]}"
    )
    assert asked(named, port="5432").allowed
    assert asked(named, port="sql").ingress.tiers[0].ports[0].path == "spec.ingress[0].protocols[0]"
    assert not asked(named, port="5433").allowed
