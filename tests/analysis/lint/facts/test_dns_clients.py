"""Access to DNS, against the reference, pod by pod."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from haechi.analysis.cluster.cluster import Cluster
from haechi.analysis.lint.facts.dns_clients import DnsClients
from haechi.analysis.lint.facts.review import Review
from haechi.model import NetworkPolicy, NetworkPolicyEgressRule, NetworkPolicySpec, Object, ObjectMeta, TierPolicy
from haechi.model.verdict import Direction, Packet
from haechi.reference.parts import addresses
from haechi.reference.reference import is_own_node, isolates, owners, side
from haechi.sets import TCP, UDP
from tests import building, clusters, tier_words
from tests.analysis.lint.hostile import lists
from tests.analysis.lint.linting import LARGE_EXAMPLES
from tests.analysis.reach.test_listing import reference
from tests.building import pod

RESOLVERS = st.sampled_from(
    (
        (pod("c/dns", "10.0.0.8", marks="k8s-app=kube-dns,app=1"),),
        (pod("c/dns", "fd00::8", marks="k8s-app=kube-dns,tier=2", ports=("dns=53/UDP",)),),
        (
            pod("a/dns", "10.0.0.4", "fd00::4", marks="k8s-app=coredns"),
            pod("c/dns", "10.0.0.8", marks="k8s-app=coredns"),
        ),
    )
)
RULES = st.builds(
    NetworkPolicyEgressRule,
    to=st.lists(clusters.peers(), min_size=1, max_size=2).map(tuple),
    ports=st.lists(clusters.policy_ports(), max_size=2).map(tuple),
)
CLIENTS = [pod("a/one", "10.1.0.1", marks="app=1"), pod("a/two", "fd01::2", "10.1.0.2")]


@st.composite
def isolating(draw: st.DrawFn) -> NetworkPolicy:
    """A policy that isolates for egress, with rules."""
    spec = NetworkPolicySpec(
        pod_selector=building.selector(draw(st.sampled_from(("{}", "{matchLabels: {app: '1'}}")))),
        policy_types=("Egress",),
        egress=tuple(draw(st.lists(RULES, min_size=1, max_size=2))),
    )
    return NetworkPolicy(metadata=ObjectMeta(name=draw(st.sampled_from("xyz")), namespace="a"), spec=spec)


@LARGE_EXAMPLES
@given(
    lists(odd=False),
    RESOLVERS,
    st.lists(isolating(), max_size=2),
    st.just([]) | st.lists(tier_words.tier_policies(), max_size=3),
)
def test_allowed_and_denied_protocols_are_those_of_the_reference(
    found: list[Object], more: tuple[Object, ...], policies: list[NetworkPolicy], tiers: list[TierPolicy]
) -> None:
    cluster = Cluster.of([*found, *CLIENTS, *more, *policies, *tiers])
    known = reference(cluster)
    clients = DnsClients(Review(cluster))
    answering = [cluster.pods[key] for key in clients.resolvers.ports if key in cluster.pods]
    asked = [(one, a) for one in answering for a in addresses(one) if len(owners(known, a)) == 1]
    for client in clients.all():
        assert client.allowed | client.denied == {UDP, TCP}
        assert client.allowed & client.denied == frozenset()
        for key in client.pods:
            one = cluster.pods[key]
            isolated = any(isolates(policy, one, Direction.EGRESS) for policy in known.policies)
            assert isolated or cluster.engine.tier_policies
            assert isolated == (client.policy is not None)
            assert client.policy is None or isolates(client.policy.object, one, Direction.EGRESS)
            near = {address for _, address in asked if is_own_node(known, one, address)}
            for protocol in (UDP, TCP):
                packets = [(server, Packet(a, a, protocol, 53)) for server, a in asked if a not in near]
                decided = {side(known, one, s, Direction.EGRESS, p.destination, p).tier_rule for s, p in packets}
                assert near or client.rules.get(protocol) in {*decided, None}
                may = any(side(known, one, s, Direction.EGRESS, p.destination, p).allowed for s, p in packets)
                assert near or (protocol in client.allowed) == may
