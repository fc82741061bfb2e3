"""What earlier rules decide: true by the reference on random clusters, and found where it should be."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations
from random import Random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from haechi.engine import OrderedPolicy, Policy, Precedence
from haechi.model import ClusterNetworkPolicy, NetworkPolicy, TierPolicy
from haechi.model.verdict import Action, Direction, TierRuleRef
from haechi.reference import allowed
from tests import clusters
from tests.building import namespace, node, packet, pod, policy, tier_policy

Object = ClusterNetworkPolicy | NetworkPolicy


def without(one: Object, direction: Direction, index: int) -> Object:
    """The policy without one of its rules."""
    field = direction.lower()
    rules = getattr(one.spec, field)
    spec = msgspec.structs.replace(one.spec, **{field: rules[:index] + rules[index + 1 :]})
    return msgspec.structs.replace(one, spec=spec)


# -- random clusters with few words, in which rules often precede each other ----------------------------------------

POPULATION = (
    namespace("a", "t=1"),
    namespace("b", "t=2"),
    node("n", "172.16.0.1", marks="os=1"),
    pod("a/p", "10.0.0.1", marks="app=1", ports=("web=80/TCP",)),
    pod("a/q", "10.0.0.2", marks="app=2,x=1", ports=("web=81/TCP",)),
    pod("b/p", "10.0.0.3", "fd00::3", marks="app=1,x=1", ports=("web=80/UDP",)),
    pod("b/q", "10.0.0.4", "fd00::4"),
)
ADDRESSES = ("10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4", "fd00::3", "fd00::4", "8.8.8.8")
PACKETS = tuple(
    packet(source, destination, on)
    for source, destination in (*permutations(ADDRESSES, 2), ("10.0.0.1", "172.16.0.1"))
    if (":" in source) == (":" in destination)
    for on in ("80/TCP", "81/TCP", "80/UDP", "ICMP")
)
labels = st.sampled_from(
    (
        {},
        {},
        {"matchLabels": {"app": "1"}},
        {"matchExpressions": [{"key": "app", "operator": "Exists"}]},
        {"matchExpressions": [{"key": "app", "operator": "In", "values": ["1", "2"]}]},
        {"matchLabels": {"x": "1"}},
    )
)
scopes = st.sampled_from(({}, {}, {"matchLabels": {"t": "1"}}))
some_pods = st.fixed_dictionaries({"namespaces": scopes}) | st.fixed_dictionaries(
    {"pods": st.fixed_dictionaries({"podSelector": labels, "namespaceSelector": scopes})}
)
networks = st.lists(st.sampled_from(("0.0.0.0/0", "::/0", "10.0.0.0/30", "10.0.0.0/8")), min_size=1, max_size=2)
entries = st.sampled_from(
    [
        {"destinationNamedPort": "web"},
        *({word: {"destinationPort": {"number": 80}}} for word in ("tcp", "udp")),
        {"tcp": {"destinationPort": {"range": {"start": 1, "end": 65535}}}},
    ]
)
actions = st.sampled_from(("Accept", "Deny", "Pass"))


def tier_rules(end: str) -> st.SearchStrategy[list[object]]:
    peers = st.lists(some_pods, min_size=1, max_size=2)
    ports = st.fixed_dictionaries({}, optional={"protocols": st.lists(entries, min_size=1, max_size=2)})
    found = st.builds(lambda action, peers, ports: {"action": action, end: peers, **ports}, actions, peers, ports)
    if end == "to":
        other: st.SearchStrategy[object] = (
            st.fixed_dictionaries({"networks": networks})
            | st.just({"nodes": {}})
            | st.just({"networks": ["0.0.0.0/0", "::/0"]})
        )
        bare = st.builds(lambda action, peer: {"action": action, "to": [peer]}, actions, other)
        found = found | bare
    return st.lists(found | found | st.just({"action": "Deny", end: [{}]}), max_size=3)


tier_policies = st.builds(
    lambda name, tier, priority, subject, ingress, egress: msgspec.convert(
        {
            "metadata": {"name": name},
            "spec": {"tier": tier, "priority": priority, "subject": subject, "ingress": ingress, "egress": egress},
        },
        ClusterNetworkPolicy,
    ),
    st.sampled_from("cde"), st.sampled_from(("Admin", "Baseline")), st.integers(0, 2), some_pods,
    tier_rules("from"), tier_rules("to"),
)  # fmt: skip
peers = st.lists(
    st.fixed_dictionaries({"podSelector": labels, "namespaceSelector": scopes})
    | st.just({"ipBlock": {"cidr": "10.0.0.0/8"}}),
    max_size=2,
)
ports = st.lists(st.sampled_from(({"port": 80}, {"port": "web"}, {"port": 80, "protocol": "UDP"})), max_size=1)
policies = st.builds(
    lambda selector, ingress, egress: msgspec.convert(
        {
            "metadata": {"name": "p", "namespace": "a"},
            "spec": {"podSelector": selector, "policyTypes": ["Ingress", "Egress"],
                     "ingress": [{"from": one, "ports": on} for one, on in ingress],
                     "egress": [{"to": one, "ports": on} for one, on in egress]},
        },
        NetworkPolicy,
    ),
    labels, st.lists(st.tuples(peers, ports), max_size=2), st.lists(st.tuples(peers, ports), max_size=2),
)  # fmt: skip


def assert_decided(found: list[Object], old: Object, direction: Direction, index: int) -> None:
    """Without the rule, every packet has the same verdict."""
    new = without(old, direction, index)
    before = clusters.cluster([*POPULATION, *found])
    after = clusters.cluster([*POPULATION, *(new if one is old else one for one in found)])
    for each in PACKETS:
        mine, theirs = allowed(before, each), allowed(after, each)
        sides = [(one.egress.allowed, one.ingress.allowed) for one in (mine, theirs)]
        assert sides[0] == sides[1], each


def claims(tiers: list[ClusterNetworkPolicy], one: NetworkPolicy | None) -> Iterator[tuple[Object, Direction, int]]:
    """The rules that are said never to decide."""
    read = [OrderedPolicy.read(each) for each in tiers]
    precedence = Precedence(read)
    for written, each in zip(tiers, read, strict=True):
        for rule in (*each.ingress, *each.egress):
            if precedence.before(rule) is not None:
                yield written, rule.ref.direction, rule.ref.index
    if one is not None:
        own = Policy.read(one)
        for direction in Direction:
            for index, item in enumerate(own.rules(direction)):
                if precedence.before_policies(item, own.subject, direction) is not None:
                    yield one, direction, index


@given(
    st.lists(tier_policies, min_size=1, max_size=4, unique_by=lambda one: one.name),
    st.none() | policies,
    st.randoms(use_true_random=False),
)
@settings(max_examples=200)
def test_a_rule_that_earlier_ones_decide_changes_no_verdict(
    tiers: list[ClusterNetworkPolicy], one: NetworkPolicy | None, random: Random
) -> None:
    found = [*claims(tiers, one)]
    if found:
        assert_decided([*tiers, one] if one else [*tiers], *random.choice(found))


# -- known cases -----------------------------------------------------------------------------------------------------

PODS = "{namespaces: {}}"
A = "{pods: {podSelector: {matchLabels: {app: a}}}}"
B = "{pods: {podSelector: {matchLabels: {app: b}}}}"
A_OR_B = "{pods: {podSelector: {matchExpressions: [{key: app, operator: In, values: [a, b]}]}}}"
HTTP = "protocols: [{tcp: {destinationPort: {number: 80}}}]"
EVERY_PORT = "{destinationPort: {range: {start: 1, end: 65535}}}"
ALL_TCP = f"protocols: [{{tcp: {EVERY_PORT}}}]"
TRANSPORT = f"protocols: [{{tcp: {EVERY_PORT}}}, {{udp: {EVERY_PORT}}}, {{sctp: {EVERY_PORT}}}]"
WEB = "protocols: [{destinationNamedPort: web}]"


def decided(*egress: str) -> tuple[int, ...] | None:
    """The indexes of the earlier rules that decide the last one."""
    return _decided(tier_policy(f"{{egress: [{', '.join(f'{{{rule}}}' for rule in egress)}]}}"))


def _decided(one: TierPolicy, *others: TierPolicy) -> tuple[int, ...] | None:
    read = OrderedPolicy.read(one)
    last = read.rules(Direction.EGRESS)[-1]
    found = Precedence([read, *map(OrderedPolicy.read, others)]).before(last)
    return None if found is None else tuple(ref.index for ref in found)


@pytest.mark.parametrize(
    ("rules", "by"),
    [
        ([f"action: Deny, to: [{PODS}]", f"action: Accept, to: [{A}]"], (0,)),
        ([f"action: Pass, to: [{PODS}]", f"action: Accept, to: [{A}]"], (0,)),
        ([f"action: Deny, to: [{A}]", f"action: Accept, to: [{PODS}]"], None),
        ([f"action: Deny, to: [{A_OR_B}]", f"action: Accept, to: [{A}, {B}]"], (0,)),
        ([f"action: Deny, to: [{A}]", f"action: Deny, to: [{B}]", f"action: Accept, to: [{A}, {B}]"], (0, 1)),
        ([f"action: Deny, to: [{PODS}], {HTTP}", f"action: Accept, to: [{A}]"], None),
        ([f"action: Deny, to: [{PODS}], {ALL_TCP}", f"action: Accept, to: [{A}], {HTTP}"], (0,)),
        ([f"action: Deny, to: [{PODS}], {ALL_TCP}", f"action: Accept, to: [{A}], {WEB}"], None),
        ([f"action: Deny, to: [{PODS}], {TRANSPORT}", f"action: Accept, to: [{A}], {WEB}"], (0,)),
        ([f"action: Deny, to: [{PODS}], {WEB}", f"action: Accept, to: [{A}], {WEB}"], (0,)),
        ([f"action: Deny, to: [{PODS}], {WEB}", f"action: Accept, to: [{A}], {HTTP}"], None),
        ([f"action: Deny, to: [{PODS}], {WEB}", f"action: Accept, to: [{A}], {WEB.replace('web', 'dns')}"], None),
        (["action: Deny, to: [{networks: [0.0.0.0/0]}]", f"action: Accept, to: [{A}]"], None),
        (["action: Deny, to: [{networks: [0.0.0.0/0, '::/0']}]", f"action: Accept, to: [{A}]"], (0,)),
        (
            [
                "action: Deny, to: [{networks: [0.0.0.0/0]}]",
                "action: Pass, to: [{networks: ['::/0']}]",
                "action: Accept, to: [{nodes: {}}]",
            ],
            (0, 1),
        ),
        (["action: Deny, to: [{nodes: {}}]", "action: Accept, to: [{nodes: {matchLabels: {os: a}}}]"], (0,)),
        (["action: Deny, to: [{nodes: {}}]", "action: Accept, to: [{networks: [10.0.0.0/8]}]"], None),
        (
            [
                "action: Deny, to: [{networks: [10.0.0.0/9]}]",
                "action: Deny, to: [{networks: [10.128.0.0/9]}]",
                "action: Accept, to: [{networks: [10.0.0.0/8]}]",
            ],
            (0, 1),
        ),
        (["action: Deny, to: [{}]", f"action: Accept, to: [{A}]"], (0,)),  # unreadable: denies everything
        (["action: Accept, to: [{}]", f"action: Accept, to: [{A}]"], None),  # unreadable: matches nothing
        (["action: Accept, to: [{domainNames: [example.com]}]"], ()),
    ],
)
def test_what_earlier_rules_of_a_policy_decide(rules: list[str], by: tuple[int, ...] | None) -> None:
    assert decided(*rules) == by


ACCEPT_A = f"egress: [{{action: Accept, to: [{A}]}}]"


@pytest.mark.parametrize(
    ("earlier", "later", "is_decided"),
    [
        ("priority: 1", "priority: 2", True),
        ("priority: 2", "priority: 2", False),  # the API leaves the order open
        ("priority: 3", "priority: 2", False),
        ("priority: 1, subject: {namespaces: {matchLabels: {t: a}}}", "priority: 2", False),
        ("priority: 1", "priority: 2, subject: {namespaces: {matchLabels: {t: a}}}", True),
        ("priority: 9", "priority: 2, tier: Baseline", True),
        ("priority: 1, tier: Baseline", "priority: 2", False),
    ],
)
def test_what_earlier_policies_decide(earlier: str, later: str, is_decided: bool) -> None:
    first = tier_policy(f"{{{earlier}, egress: [{{action: Deny, to: [{PODS}]}}]}}", name="first")
    assert (_decided(tier_policy(f"{{{later}, {ACCEPT_A}}}"), first) is not None) is is_decided


@pytest.mark.parametrize(
    ("rules", "is_decided"),
    [
        ([("Deny", PODS)], True),
        ([("Accept", PODS)], True),
        ([("Pass", PODS)], False),
        ([("Pass", B), ("Deny", PODS)], True),  # no pod has both values of a label
        ([("Pass", "{pods: {podSelector: {matchLabels: {tier: b}}}}"), ("Deny", PODS)], False),
        ([("Pass", "{networks: [10.0.0.0/8]}"), ("Deny", PODS)], False),
        ([("Deny", B)], False),
    ],
)
def test_what_the_admin_tier_decides_before_others(rules: list[tuple[str, str]], is_decided: bool) -> None:
    first = tier_policy(f"{{egress: [{', '.join(f'{{action: {action}, to: [{peer}]}}' for action, peer in rules)}]}}")
    assert (_decided(tier_policy(f"{{tier: Baseline, {ACCEPT_A}}}", name="last"), first) is not None) is is_decided
    one = Policy.read(policy("{egress: [{to: [{podSelector: {matchLabels: {app: a}}}]}]}"))
    precedence = Precedence([OrderedPolicy.read(first)])
    found = precedence.before_policies(one.egress[0], one.subject, Direction.EGRESS)
    assert (found is not None) is is_decided


@pytest.mark.parametrize("priority", [4, 5])
def test_a_pass_about_some_of_the_pods_leaves_the_rest_undecided(priority: int) -> None:
    """The other policy of the tier denies everything to all pods, after it or with the same priority."""
    some = "subject: {namespaces: {matchLabels: {t: a}}}"
    passing = tier_policy(f"{{priority: {priority}, {some}, egress: [{{action: Pass, to: [{PODS}]}}]}}", name="x")
    denying = tier_policy(f"{{priority: 5, egress: [{{action: Deny, to: [{PODS}]}}]}}", name="a")
    last = tier_policy(f"{{tier: Baseline, {ACCEPT_A}}}", name="last")
    assert _decided(last, denying) == (0,)
    assert _decided(last, denying, passing) is None


def test_networks_that_match_no_pods_decide_nothing_about_pods() -> None:
    everything = "action: Deny, to: [{networks: [0.0.0.0/0, '::/0']}]"
    for last, is_decided in ((A, False), ("{nodes: {}}", False), ("{networks: [10.0.0.0/8]}", True)):
        read = OrderedPolicy.read(tier_policy(f"{{egress: [{{{everything}}}, {{action: Accept, to: [{last}]}}]}}"))
        found = Precedence([read], blocks_match_pods=False).before(read.egress[1])
        assert (found is not None) is is_decided
        one = Policy.read(policy("{policyTypes: [Egress], egress: [{}]}"))
        precedence = Precedence([read], blocks_match_pods=False)
        assert precedence.before_policies(one.egress[0], one.subject, Direction.EGRESS) is None


def test_the_rules_are_named() -> None:
    first, last = (
        tier_policy(f"{{egress: [{{action: Deny, to: [{PODS}]}}]}}"),
        tier_policy(f"{{priority: 11, {ACCEPT_A}}}", name="z"),
    )
    precedence = Precedence(map(OrderedPolicy.read, (last, first)))
    (rule,) = OrderedPolicy.read(last).egress
    assert rule.action is Action.ACCEPT
    assert precedence.before(rule) == (TierRuleRef(OrderedPolicy.read(first).key, Direction.EGRESS, 0),)
