"""Denials at the other end, against the reference, for every pair of pods and every port that could differ."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from hypothesis import assume, given
from hypothesis import strategies as st

from haechi.analysis.cluster.cluster import Cluster
from haechi.analysis.lint import run_checks
from haechi.analysis.lint.checks.reachability import one_sided_allow
from haechi.model import (
    NetworkPolicy,
    NetworkPolicyEgressRule,
    NetworkPolicyIngressRule,
    NetworkPolicyPeer,
    Object,
    Pod,
)
from haechi.model.verdict import Direction, Packet, PolicyKey
from haechi.reference import ClusterObjects
from haechi.reference.parts import addresses
from haechi.reference.reference import isolates, owners, peer_matches, port_matches, rules, side
from tests import building, clusters, tier_words
from tests.analysis.reach.test_listing import reference, touches_own_node
from tests.building import PROTOCOLS

_Rule = NetworkPolicyIngressRule | NetworkPolicyEgressRule


def found_items(cluster: Cluster) -> set[tuple[str, str]]:
    return {(one.subject, one.path) for one in run_checks(cluster, [one_sided_allow])}


def numbers(known: ClusterObjects) -> set[int]:
    """A port of each range that no rule and no pod divides."""
    found = {1}
    for policy in known.policies:
        for rule in [*rules(policy, Direction.INGRESS), *rules(policy, Direction.EGRESS)]:
            for port in rule.ports:
                if isinstance(port.port, int):
                    found |= {port.port, (port.end_port or port.port) + 1}
    for pod in known.pods:
        found |= {n + step for c in pod.spec.containers for p in c.ports for n in [p.container_port] for step in (0, 1)}
    return {number for number in found if 1 <= number <= 65535}


def packets(known: ClusterObjects, client: Pod, server: Pod) -> Iterator[Packet]:
    """One of each kind that could pass from one pod to another."""
    own = [(a, b) for a, b in product(addresses(client), addresses(server)) if a.version == b.version]
    for a, b in own:
        if len(owners(known, a)) == len(owners(known, b)) == 1:
            for protocol in ("TCP", "UDP", "SCTP"):
                for number in numbers(known):
                    yield Packet(a, b, PROTOCOLS[protocol], number)
            yield Packet(a, b, PROTOCOLS["GRE"])


def outcomes(
    known: ClusterObjects, policy: NetworkPolicy, rule: _Rule, peer: NetworkPolicyPeer, direction: Direction
) -> Iterator[bool]:
    """For each packet that an item allows: whether the other end accepts it."""
    ingress = direction is Direction.INGRESS
    for own, other in product(known.pods, repeat=2):
        if own is other or not isolates(policy, own, direction) or not addresses(other):
            continue
        if not peer_matches(known, policy, peer, other, addresses(other)[0]):
            continue
        client, server = (other, own) if ingress else (own, other)
        for packet in packets(known, client, server):
            if not rule.ports or any(port_matches(port, server, packet) for port in rule.ports):
                if ingress:
                    yield side(known, other, own, Direction.EGRESS, packet.destination, packet).allowed
                else:
                    yield side(known, other, own, Direction.INGRESS, packet.source, packet).allowed


@st.composite
def isolated_pods(draw: st.DrawFn) -> list[Object]:
    """A few pods in one namespace and policies that isolate most of them, with few items each."""
    found: list[Object] = []
    for number in range(draw(st.integers(1, 4))):
        addresses = draw(
            st.sampled_from(((f"10.1.0.{number}",), (f"fd01::{number}",), (f"10.1.0.{number}", "fd01::9")))
        )
        ports = draw(st.sampled_from(((), ("web=80/TCP",), ("web=81/TCP dns=53/UDP",))))
        found.append(
            building.pod(f"x/p{number}", *addresses, marks=draw(st.sampled_from(("", "app=1", "app=2"))), ports=ports)
        )
    for number in range(draw(st.integers(2, 5))):
        direction = draw(st.sampled_from(("ingress", "egress")))
        word = "from" if direction == "ingress" else "to"
        peers, ports = draw(st.sampled_from(PEERS)), draw(st.sampled_from(("", *PORTS)))
        rules = f"[{{{word}: [{peers}], ports: [{ports}]}}]" if draw(st.booleans()) else "[]"
        subject = draw(st.sampled_from(("{}", "{matchLabels: {app: '1'}}")))
        spec = f"{{podSelector: {subject}, policyTypes: [{direction.title()}], {direction}: {rules}}}"
        found.append(building.policy(spec, name=f"p{number}"))
    return found


PEERS = (
    "{podSelector: {}}",
    "{podSelector: {matchLabels: {app: '1'}}}",
    "{podSelector: {matchLabels: {app: '2'}}}, {namespaceSelector: {}}",
    "{podSelector: {matchLabels: {app: '2'}}}, {ipBlock: {cidr: 10.1.0.0/31}}",
    "{ipBlock: {cidr: 10.1.0.1/32}}",
    "",
)
PORTS = ("{port: 80}", "{port: web}", "{protocol: UDP}", "{port: 79, endPort: 81}, {port: dns, protocol: UDP}")


@given(
    st.lists(clusters.objects(), max_size=14) | isolated_pods() | isolated_pods(),
    st.just([]) | st.lists(tier_words.tier_policies() | tier_words.nodes(), max_size=3),
)
def test_exactly_the_items_of_which_the_other_end_accepts_nothing_are_found(
    found: list[Object], tiers: list[Object]
) -> None:
    cluster = Cluster.of([*found, *tiers])
    known = reference(cluster)
    assume(not cluster.synthesized)  # their addresses may be any
    assume(not any(touches_own_node(known, one, other) for one, other in product(known.pods, repeat=2)))
    expected = set()
    for policy, direction in product(known.policies, Direction):
        if direction not in cluster.engine.policies[PolicyKey(policy.namespace, policy.name)].directions:
            continue
        word = "from" if direction is Direction.INGRESS else "to"
        for n, rule in enumerate(rules(policy, direction)):
            for m, peer in enumerate(rule.peers):
                if peer.ip_block is None:
                    accepted = [*outcomes(known, policy, rule, peer, direction)]
                    if accepted and not any(accepted):
                        expected.add((policy.display_name, f"spec.{direction.lower()}[{n}].{word}[{m}]"))
    assert found_items(cluster) == expected
