"""A node's ruleset means what the reference says, for every packet that the node forwards."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from haechi.dataplane import NodeRuleset
from haechi.engine import Engine
from haechi.model import Namespace, NetworkPolicy, Node, Pod
from haechi.model.verdict import Address, Direction, Packet
from haechi.nft import CtState
from haechi.reference import ClusterObjects, allowed
from haechi.reference.parts import addresses
from haechi.reference.reference import is_own_node, owners, side
from tests import building, clusters
from tests.dataplane.cases import CASES
from tests.dataplane.interpreter import Flow, Interpreter

PORTS = (53, 79, 80, 81, 90, 91, 443, 5060, 8080)
Object = Namespace | Node | Pod | NetworkPolicy


def forwarded(cluster: ClusterObjects, packet: Packet, node: str) -> bool | None:
    """What the reference wants a node to do with a packet, None for packets that the node never forwards."""
    clients, servers = owners(cluster, packet.source), owners(cluster, packet.destination)
    here = [pod for pod in (*clients, *servers) if pod.spec.node_name == node]
    disputed = [pods for pods in (clients, servers) if len(pods) > 1]
    if any(pod.spec.node_name == node for pods in disputed for pod in pods):
        return False
    ends = ((client, packet.destination) for client in clients), ((server, packet.source) for server in servers)
    if disputed or any(is_own_node(cluster, pod, remote) for end in ends for pod, remote in end):
        return None
    if clients and clients == servers:  # through a Service: the node forwards no other packet of a pod to itself
        (pod,) = clients
        if pod not in here:
            return None
        egress = side(cluster, pod, pod, Direction.EGRESS, packet.destination, packet)
        return egress.allowed and side(cluster, pod, pod, Direction.INGRESS, packet.source, packet).allowed
    verdict = allowed(cluster, packet)
    sides = ((clients, verdict.egress), (servers, verdict.ingress))
    return all(side.allowed for pods, side in sides if pods and pods[0] in here)


def differences(
    cluster: ClusterObjects, engine: Engine, packets: list[Packet], nodes: tuple[str, ...] = clusters.NODES
) -> Iterator[str]:
    for node in nodes:
        kernel = Interpreter(NodeRuleset(engine, node).ruleset())
        for packet in packets:
            wanted = forwarded(cluster, packet, node)
            flow = Flow(packet.source, packet.destination, packet.protocol, packet.port)
            if wanted is not None and kernel.passes(flow) is not wanted:
                yield f"{node}: {packet} should {'pass' if wanted else 'be dropped'}"


@given(st.lists(clusters.objects(readable=False), min_size=4, max_size=24), st.integers(0, 1 << 32))
@settings(max_examples=200)
def test_packets_fare_as_the_reference_says(found: list[Object], seed: int) -> None:
    cluster = clusters.cluster(found)
    engine = Engine.of([*cluster.nodes, *cluster.namespaces, *cluster.pods, *cluster.policies])
    assert [*differences(cluster, engine, clusters.probes(cluster, Random(seed)))] == []


@pytest.mark.parametrize("name", CASES)
def test_every_packet_of_a_case_fares_as_the_reference_says(name: str) -> None:
    """Every pair of addresses, every port that is named and its neighbours, every protocol."""
    cluster = clusters.cluster(list(CASES[name]))
    texts = {text for each in cluster.pods for text in each.addresses} | {"192.0.2.1", "192.0.2.200", "2001:db8::1"}
    ends = [ip_address(text) for text in sorted(texts)]
    ons = [(protocol, port) for protocol in (6, 17, 132) for port in PORTS] + [(1, 0), (47, 0)]
    packets = [Packet(a, b, *on) for a in ends for b in ends if a.version == b.version and a != b for on in ons]
    assert [*differences(cluster, Engine.of(CASES[name]), packets, ("n", "m"))] == []


@given(st.lists(clusters.objects(), min_size=4, max_size=16))
@settings(max_examples=50)
def test_packets_without_a_connection_stay_away_from_isolated_pods(found: list[Object]) -> None:
    """Invalid and untracked ones pass if and only if no end of them is isolated here."""
    cluster = clusters.cluster(found)
    ruleset = NodeRuleset(Engine.of([*cluster.pods, *cluster.policies]), "n0")
    kernel = Interpreter(ruleset.ruleset())
    everyone = sorted({each for pod in cluster.pods for each in addresses(pod)}, key=str)
    isolated = {each for each in everyone if is_isolated(cluster, each, "n0")}
    for one in everyone:
        for other in everyone:
            if one.version == other.version:
                for state in (CtState.INVALID, CtState.UNTRACKED):
                    assert kernel.passes(Flow(one, other, 6, 80, state)) is isolated.isdisjoint((one, other))


def is_isolated(cluster: ClusterObjects, address: Address, node: str) -> bool:
    """Whether the node closes an address in some direction: because a policy says so, or because it is disputed."""
    rivals = owners(cluster, address)
    if all(pod.spec.node_name != node for pod in rivals):
        return False
    remote = ip_address("203.0.113.9" if address.version == 4 else "2001:db8:ffff::9")
    there = allowed(cluster, Packet(address, remote, 6, 80)).egress
    back = allowed(cluster, Packet(remote, address, 6, 80)).ingress
    return len(rivals) > 1 or there.isolated or back.isolated


CLOSED = building.policy("{podSelector: {}, policyTypes: [Ingress, Egress]}")
PODS = (
    building.pod("x/a", "10.0.0.1", "fd00::1", node="n0"),
    building.pod("x/b", "10.0.0.2", "fd00::2", node="n0"),
    building.pod("y/c", "10.0.0.3", "fd00::3", node="n0"),
)


def closed() -> Interpreter:
    return Interpreter(NodeRuleset(Engine.of([*PODS, CLOSED]), "n0").ruleset())


def flow(
    client: str, server: str, protocol: int = 6, port: int = 80, state: CtState = CtState.NEW, kind: int = 0
) -> Flow:
    return Flow(ip_address(client), ip_address(server), protocol, port, state, kind=kind)


def test_a_pod_reaches_itself_through_a_service() -> None:
    kernel = closed()
    assert kernel.passes(flow("10.0.0.1", "10.0.0.1"))
    assert kernel.passes(flow("fd00::1", "fd00::1", 17))
    assert not kernel.passes(flow("10.0.0.1", "10.0.0.2"))


def test_a_pod_reaches_itself_from_one_of_its_addresses_to_another() -> None:
    """Also if it has several of one family; not the address of another pod, nor one that another pod claims too."""
    twin, rival = (
        building.pod("x/twin", "10.0.0.8", "10.0.0.9", "10.0.0.7", "fd00::8", "fd00::9", node="n0"),
        "10.0.0.7",
    )
    rivals = building.pod("y/rival", rival, node="n1")
    kernel = Interpreter(NodeRuleset(Engine.of([*PODS, twin, rivals, CLOSED]), "n0").ruleset())
    for client, server in (("10.0.0.8", "10.0.0.9"), ("10.0.0.9", "10.0.0.8"), ("fd00::9", "fd00::8")):
        assert kernel.passes(flow(client, server))
    for client, server in (("10.0.0.8", "10.0.0.1"), ("10.0.0.8", rival), (rival, "10.0.0.8"), (rival, rival)):
        assert not kernel.passes(flow(client, server))


def test_errors_of_a_known_connection_pass_and_other_icmp_does_not() -> None:
    kernel = closed()
    for client, server, protocol in (("10.0.0.3", "10.0.0.1", 1), ("fd00::3", "fd00::1", 58)):
        assert kernel.passes(flow(client, server, protocol, state=CtState.RELATED))
        assert not kernel.passes(flow(client, server, protocol))
        assert not kernel.passes(flow(client, server, 6, state=CtState.RELATED))


def test_neighbour_discovery_passes_and_its_neighbours_do_not() -> None:
    kernel = closed()
    passing = [
        kind for kind in range(256) if kernel.passes(flow("fd00::3", "fd00::1", 58, state=CtState.UNTRACKED, kind=kind))
    ]
    assert passing == [133, 134, 135, 136, 137]


def test_replies_and_later_packets_are_judged_like_the_first() -> None:
    kernel = closed()
    for state in (CtState.NEW, CtState.ESTABLISHED):
        assert not kernel.passes(flow("10.0.0.3", "10.0.0.1", state=state))
        assert kernel.passes(flow("10.0.0.3", "192.0.2.1", state=state))
