"""Covered rules, against the literal reading of rules for every pod and address that rules can distinguish."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import ip_address
from itertools import product

from hypothesis import event, given
from hypothesis import strategies as st

from haechi.analysis.lint.facts.rule_cover import allows_nothing, is_covered
from haechi.engine import PolicyRule
from haechi.model import (
    IPBlock,
    LabelSelector,
    NetworkPolicyEgressRule,
    NetworkPolicyIngressRule,
    NetworkPolicyPeer,
    NetworkPolicyPort,
    Pod,
)
from haechi.model.verdict import Direction, Packet
from haechi.reference import ClusterObjects
from haechi.reference.reference import rule_allows
from tests.analysis.lint.linting import LARGE_EXAMPLES
from tests.building import pod, policy, selector

Written = NetworkPolicyIngressRule | NetworkPolicyEgressRule

SELECTORS = tuple(
    selector(text)
    for text in (
        "{}",
        "{matchLabels: {app: '1'}}",
        "{matchExpressions: [{key: app, operator: In, values: ['1', '2']}]}",
        "{matchExpressions: [{key: app, operator: NotIn, values: ['1']}]}",
        "{matchLabels: {app: '1'}, matchExpressions: [{key: app, operator: DoesNotExist}]}",
    )
)
CIDRS = ("10.0.0.0/30", "10.0.0.0/31", "10.0.0.2/31", "10.0.0.1/32", "fd00::/127")
PORTS = (
    *(NetworkPolicyPort(port=port, end_port=last) for port, last in ((80, None), (80, 81), (81, None), (1, 65535))),
    *(NetworkPolicyPort(protocol=protocol) for protocol in ("TCP", "UDP")),
    *(
        NetworkPolicyPort(protocol=protocol, port=name)
        for protocol, name in (("TCP", "web"), ("TCP", "dns"), ("UDP", "web"))
    ),
)
LISTS = [f"web={number}/TCP web={number}/UDP" for number in (80, 81, 9000)] + [
    "dns=80/TCP",
    "dns=81/TCP",
    "dns=9000/TCP",
]
PODS = [
    pod(f"{namespace}/p", "192.0.2.1", marks=marks, ports=(listed,))
    for namespace in ("x", "a")
    for marks in ("", "app=1", "app=2", "app=other")
    for listed in LISTS
]
HOSTS = [ip_address(text) for text in ("10.0.0.0", "10.0.0.1", "10.0.0.2", "10.0.0.3", "fd00::1", "192.0.2.1")]
NUMBERS = [*product((6, 17), (0, 1, 80, 81, 9000, 65535)), (132, 80), (1, 0)]

blocks = st.builds(
    IPBlock, cidr=st.sampled_from(CIDRS), except_=st.lists(st.sampled_from(CIDRS[3:]), max_size=1).map(tuple)
)
any_namespace = st.sampled_from((None, LabelSelector()))
pod_peers = st.builds(NetworkPolicyPeer, pod_selector=st.sampled_from(SELECTORS), namespace_selector=any_namespace)
peers = st.one_of(pod_peers, st.builds(NetworkPolicyPeer, ip_block=blocks))
many_peers = st.lists(peers, max_size=3).map(tuple)
many_ports = st.lists(st.sampled_from(PORTS), max_size=2).map(tuple)
ingress = st.builds(NetworkPolicyIngressRule, from_=many_peers, ports=many_ports)
egress = st.builds(NetworkPolicyEgressRule, to=many_peers, ports=many_ports)
cases = st.one_of(st.tuples(ingress, st.lists(ingress, max_size=3)), st.tuples(egress, st.lists(egress, max_size=3)))


def allows(rule: Written) -> Iterator[bool]:
    """Whether a rule of a policy in namespace x literally allows each case that rules can distinguish."""
    plain = policy()
    ends: list[tuple[Pod | None, Pod | None]] = []
    if isinstance(rule, NetworkPolicyIngressRule):  # the port names of a peer do not matter
        ends = [(one, server) for one in (*PODS[:: len(LISTS)], None) for server in PODS[: len(LISTS)]]
    else:
        ends = [(one, one) for one in (*PODS, None)]
    for peer, server in ends:
        hosts = HOSTS if peer is None or (server is peer and peer in PODS[: len(LISTS)]) else HOSTS[-1:]
        for host in hosts:
            for protocol, port in NUMBERS:
                packet = Packet(host, host, protocol, port)
                yield rule_allows(ClusterObjects(), plain, rule, peer, server, host, packet)


def literally_covered(rule: Written, others: Sequence[Written]) -> bool:
    """Whether the others together literally allow everything that a rule allows."""
    together = [any(each) for each in zip(*map(allows, others), strict=True)]
    return all(not one or other for one, other in zip(allows(rule), together or [False] * 10_000, strict=False))


def direction_of(rule: Written) -> Direction:
    return Direction.INGRESS if isinstance(rule, NetworkPolicyIngressRule) else Direction.EGRESS


@LARGE_EXAMPLES
@given(cases)
def test_a_rule_is_covered_if_it_is_literally(case: tuple[Written, list[Written]]) -> None:
    rule, others = case
    read = [PolicyRule.read(one, "x") for one in others]
    found = is_covered(PolicyRule.read(rule, "x"), direction_of(rule), read)
    expected = literally_covered(rule, others)
    event(f"covered: {found}")
    assert expected or not found
    if len({selection for one in read for selection in one.peers.selections}) < 2:  # else two may cover it together
        assert found == expected


@given(cases)
def test_a_rule_that_allows_nothing_is_literally_such(case: tuple[Written, list[Written]]) -> None:
    rule, _ = case
    assert allows_nothing(PolicyRule.read(rule, "x"), direction_of(rule)) == (not any(allows(rule)))


def test_everyone_is_more_than_every_address() -> None:
    whole = NetworkPolicyIngressRule(
        from_=tuple(NetworkPolicyPeer(ip_block=IPBlock(cidr=cidr)) for cidr in ("0.0.0.0/0", "::/0"))
    )
    every, everyone = PolicyRule.read(whole, "x"), PolicyRule.read(NetworkPolicyIngressRule(), "x")
    assert is_covered(every, Direction.INGRESS, [everyone])
    assert not is_covered(everyone, Direction.INGRESS, [every])
