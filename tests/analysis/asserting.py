"""Random assertions about random clusters, and the same read aloud, packet by packet."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address, ip_network
from itertools import product

from hypothesis import strategies as st

from haechi.analysis.assertions.file import Anyone, Assertion, Party, Port, Suite
from haechi.analysis.assertions.judging import Judgement, judge
from haechi.analysis.assertions.world import World
from haechi.engine import Engine
from haechi.model import LabelSelector, Location, Namespace, NetworkPolicy, NetworkPolicyPort, Node, Pod, RuleRef
from haechi.model.verdict import Address, Direction, Packet, PolicyKey
from haechi.reference import ClusterObjects
from haechi.reference.parts import addresses, namespace_labels, selects
from haechi.reference.reference import is_own_node, is_policed, isolates, owners, port_matches, rule_allows, rules
from haechi.sets import text_to_point
from tests import clusters

HOSTS = {"host/dns": "8.8.8.8", "host/six": "2001:db8::1", "a/onhost": "172.16.0.1"}
SAMPLES = ((6, 53), (6, 80), (6, 81), (6, 8080), (17, 53), (132, 80), (1, 0), (6, 65535))
HERE = Location("tests.yaml", 1, 1)


def parties() -> st.SearchStrategy[Party]:
    pod = st.sampled_from([f"{namespace}/{name}" for namespace, name in clusters.KEYS_OF_PODS] + ["a/onhost"])
    ip = st.sampled_from(("10.0.0.0/30", "10.0.0.5", "0.0.0.0/0", "8.8.8.8", "::/0", "fd00::/124", "192.168.0.0/16"))
    return st.one_of(
        st.just(Party(anyone=Anyone())),
        st.sampled_from([Party(namespace=name) for name in clusters.NAMESPACES]),
        st.just(Party(pod_selector=LabelSelector())),
        st.just(Party(ip="172.16.0.1")),
        st.builds(Party, pod=pod),
        st.builds(Party, ip=ip),
        st.builds(Party, host=st.sampled_from(("dns", "six", "absent"))),
        st.builds(Party, namespace=st.sampled_from(clusters.NAMESPACES), pod_selector=clusters.selectors()),
        st.builds(Party, namespace_selector=clusters.namespace_selectors()),
        st.builds(Party, pod_selector=clusters.selectors()),
    )


@st.composite
def assertions(draw: st.DrawFn) -> Assertion:
    port = st.builds(
        Port, port=st.sampled_from((None, *clusters.PORTS, *clusters.NAMES)), protocol=st.sampled_from(("TCP", "UDP"))
    )
    ports = tuple(draw(st.lists(port, max_size=2)))
    if draw(st.integers(0, 2)):
        expect = draw(st.sampled_from(("allow", "deny")))
        return Assertion(from_=draw(parties()), to=draw(parties()), ports=ports, expect=expect, allow_empty=True)
    end, only = draw(parties()), tuple(draw(st.lists(parties(), max_size=2)))
    if draw(st.booleans()):
        return Assertion(to=end, ports=ports, only=only, allow_empty=True)
    return Assertion(from_=end, ports=ports, only=only, allow_empty=True)


@st.composite
def groups(draw: st.DrawFn) -> list[Namespace | Node | Pod | NetworkPolicy]:
    """Clusters in which assertions mean somebody and policies isolate somebody."""
    pods = draw(st.lists(clusters.pods(), min_size=5, max_size=9))
    policies = draw(st.lists(clusters.policies(readable=False), min_size=3, max_size=8))
    others = draw(st.lists(st.one_of(clusters.namespaces, clusters.nodes()), max_size=4))
    return [*pods, *policies, *others]


class Literal:
    """The same assertion read aloud: no sets, one packet at a time."""

    def __init__(self, cluster: ClusterObjects, assertion: Assertion) -> None:
        self.cluster, self.assertion = cluster, assertion
        self.hosts = {name: ip_address(text) for name, text in HOSTS.items()}

    def expected(self, packet: Packet) -> set[bool]:
        """What is asserted of a packet: nothing, that it passes, that it does not, or both."""
        one = self.assertion
        if one.only is None:
            assert one.from_ is not None
            assert one.to is not None
            asks = self.asks([one.from_], [one.to], packet)
            return {one.expect == "allow"} if asks else set()
        everyone = [Party(anyone=Anyone())]
        if one.to is not None:
            if any(self.means(party, packet.source) for party in one.only):
                return {True} if self.asks(list(one.only), [one.to], packet) else set()
            return {False} if self.asks(everyone, [one.to], packet) else set()
        assert one.from_ is not None
        if any(self.means(party, packet.destination) for party in one.only):
            return {True} if self.asks([one.from_], list(one.only), packet) else set()
        return {False} if self.asks([one.from_], everyone, packet) else set()

    def asks(self, sources: list[Party], destinations: list[Party], packet: Packet) -> bool:
        clients, servers = owners(self.cluster, packet.source), owners(self.cluster, packet.destination)
        if (not clients and not servers) or (len(clients) == len(servers) == 1 and clients[0] is servers[0]):
            return False
        if not self.speaks(sources, packet.source, servers if len(servers) == 1 else []):
            return False
        if not self.speaks(destinations, packet.destination, clients if len(clients) == 1 and not servers else []):
            return False
        return self.on(packet, servers[0] if len(servers) == 1 else None)

    def speaks(self, some: list[Party], address: Address, others: list[Pod]) -> bool:
        """Whether any of these parties means an address; ranges do not mean the node of the pod at the other end."""
        single = [
            party for party in some if not (party.anyone or (party.ip and ip_network(party.ip).num_addresses > 1))
        ]
        if any(self.means(party, address) for party in single):
            return True
        near = any(is_own_node(self.cluster, pod, address) for pod in others)
        return not near and any(self.means(party, address) for party in some)

    def means(self, party: Party, address: Address) -> bool:
        if party.anyone is not None:
            return True
        if party.ip:
            network = ip_network(party.ip)
            return address.version == network.version and address in network
        if party.host:
            return self.hosts.get(f"host/{party.host}") == address
        if party.pod:
            named = [pod for pod in self.pods() if pod.key == party.pod]
            return any(address in addresses(pod) for pod in named) or (
                not named and self.hosts.get(party.pod) == address
            )
        return any(address in addresses(pod) for pod in self.pods() if self.selected(party, pod))

    def pods(self) -> list[Pod]:
        return [pod for pod in self.cluster.pods if is_policed(pod)]

    def selected(self, party: Party, pod: Pod) -> bool:
        by_pod = party.pod_selector is None or selects(party.pod_selector, pod.metadata.labels)
        by_name = not party.namespace or pod.namespace == party.namespace
        scope = party.namespace_selector
        return by_pod and by_name and (scope is None or selects(scope, namespace_labels(self.cluster, pod)))

    def on(self, packet: Packet, server: Pod | None) -> bool:
        entries = [NetworkPolicyPort(port=each.port, protocol=each.protocol) for each in self.assertion.ports]
        return not entries or any(port_matches(entry, server, packet) for entry in entries)


def packets() -> Iterator[Packet]:
    texts = (*clusters.POD_ADDRESSES, *clusters.OTHER_ADDRESSES)
    for one, other in product([ip_address(text) for text in texts], repeat=2):
        if one.version == other.version:
            for protocol, port in SAMPLES:
                yield Packet(one, other, protocol, port)


PACKETS = tuple(packets())


def judged(objects: list[Namespace | Node | Pod | NetworkPolicy], *some: Assertion) -> tuple[World, Judgement]:
    namespaces = {one.name: one.labels for one in objects if isinstance(one, Namespace)}
    named = {name: (text_to_point(text),) for name, text in HOSTS.items()}
    world = World(Engine.of(objects), namespaces, named)
    return world, judge(world, [Suite("random", "", some, (HERE,) * len(some))])


def matching(cluster: ClusterObjects, packet: Packet) -> Iterator[RuleRef]:
    """The rules that a packet between sole owners matches, by the reference."""
    clients, servers = owners(cluster, packet.source), owners(cluster, packet.destination)
    client, server = (clients[0] if clients else None), (servers[0] if servers else None)
    sides = (
        (client, server, packet.destination, Direction.EGRESS),
        (server, client, packet.source, Direction.INGRESS),
    )
    for pod, peer, remote, direction in sides:
        for policy in cluster.policies if pod is not None else ():
            if pod is not None and isolates(policy, pod, direction):
                for place, rule in enumerate(rules(policy, direction)):
                    if rule_allows(cluster, policy, rule, peer, server, remote, packet):
                        yield RuleRef(PolicyKey(policy.namespace, policy.name), direction, place)
