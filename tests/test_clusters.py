"""Random clusters keep what makes them hard: every oddity that some test needs occurs, and how often at least."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from ipaddress import ip_address, ip_network
from itertools import chain
from pathlib import Path
from random import Random

import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from haechi.engine import OrderedPolicy
from haechi.model import (
    Action,
    Container,
    Direction,
    IPBlock,
    LabelSelector,
    LabelSelectorRequirement,
    Namespace,
    NetworkPolicy,
    NetworkPolicyEgressRule,
    NetworkPolicyIngressRule,
    NetworkPolicyPeer,
    NetworkPolicyPort,
    Node,
    Pod,
    TierPolicy,
)
from haechi.sets import PortSet
from tests import clusters
from tests.analysis import small as every_packet
from tests.generator import Object
from tests.verify import small as one_node

OPERATORS = ("In", "NotIn", "Exists", "DoesNotExist")
COMPLETED = ("Succeeded", "Failed")


def features(objects: Iterable[Object | TierPolicy]) -> set[str]:
    """What occurs in a cluster."""
    found = list(objects)
    pods = [one for one in found if isinstance(one, Pod)]
    nodes = [one for one in found if isinstance(one, Node)]
    seen = {name for pod in pods for name in _of_pod(pod)} | set(_of_addresses(pods, nodes))
    for policy in (one for one in found if isinstance(one, NetworkPolicy)):
        seen |= set(_of_policy(policy))
    for tier_policy in (one for one in found if isinstance(one, TierPolicy)):
        seen |= set(_of_tier_policy(tier_policy))
    declared = {one.name for one in found if isinstance(one, Namespace)}
    seen |= {"pod: in an undeclared namespace" for pod in pods if pod.namespace not in declared}
    seen |= {"pod: in a declared namespace" for pod in pods if pod.namespace in declared}
    return seen


def _of_pod(pod: Pod) -> Iterator[str]:
    if pod.spec.host_network:
        yield "pod: on the host's network"
    yield f"pod: {'completed' if pod.status.phase in COMPLETED else pod.status.phase or 'Running'}"
    yield "pod: on a node" if pod.spec.node_name else "pod: without a node"
    if pod.status.host_ips:
        yield "pod: with a hostIP"
    yield "pod: labelled" if pod.labels else "pod: without labels"
    versions = Counter(_version(text) for text in pod.addresses)
    yield f"pod: of {'both families' if versions[4] and versions[6] else 'one family' if versions else 'no family'}"
    if versions[4] > 1 or versions[6] > 1:
        yield "pod: several addresses of a family"
    if versions[0]:
        yield "pod: an address that cannot be read"
    yield from _of_containers(pod.spec.containers)


def _of_containers(containers: tuple[Container, ...]) -> Iterator[str]:
    numbers: dict[tuple[str, str], set[int]] = {}
    for port in (port for container in containers for port in container.ports):
        numbers.setdefault((port.name, port.protocol), set()).add(port.container_port)
        yield "container port: named" if port.name else "container port: without a name"
        yield f"container port: {port.protocol}"
    if any(name and len(several) > 1 for (name, _), several in numbers.items()):
        yield "container port: one name, two numbers"


def _version(text: str) -> int:
    try:
        return ip_address(text).version
    except ValueError:
        return 0


def _of_addresses(pods: list[Pod], nodes: list[Node]) -> Iterator[str]:
    live = [pod for pod in pods if pod.status.phase not in COMPLETED and not pod.spec.host_network]
    owners = Counter(text for pod in live for text in set(pod.addresses))
    if any(count > 1 for count in owners.values()):
        yield "address: of two pods"
    if any(address.address in owners for node in nodes for address in node.status.addresses):
        yield "address: of a node and a pod"
    done = {text for pod in pods if pod.status.phase in COMPLETED for text in pod.addresses}
    if done & owners.keys():
        yield "address: of a completed pod and a live one"
    if {host.ip for pod in pods for host in pod.status.host_ips} & owners.keys():
        yield "address: of a pod and its neighbour's host"


def _of_policy(policy: NetworkPolicy) -> Iterator[str]:
    spec = policy.spec
    types = spec.policy_types
    yield "types: unreadable" if {*types} - {"Ingress", "Egress"} else f"types: {' '.join(sorted({*types})) or 'none'}"
    if not spec.ingress and not spec.egress:
        yield "policy: without rules"
    yield from (f"subject {name}" for name in _of_selector(spec.pod_selector))
    rules: tuple[NetworkPolicyIngressRule | NetworkPolicyEgressRule, ...] = (*spec.ingress, *spec.egress)
    for rule in rules:
        yield "rule: for everyone" if not rule.peers else "rule: with peers"
        yield "rule: on every port" if not rule.ports else "rule: with ports"
        if not rule.peers and not rule.ports:
            yield "rule: empty"
        for port in rule.ports:
            yield f"port: {_of_port(port)}"
        for peer in rule.peers:
            yield from _of_peer(peer)


def _of_selector(selector: LabelSelector) -> Iterator[str]:
    if not selector.match_labels and not selector.match_expressions:
        yield "selector: empty"
    if selector.match_labels and selector.match_expressions:
        yield "selector: labels and an expression"
    elif selector.match_labels:
        yield "selector: labels"
    for one in selector.match_expressions:
        yield f"selector: {_of_requirement(one)}"


def _of_requirement(one: LabelSelectorRequirement) -> str:
    if one.operator not in OPERATORS:
        return "unknown operator"
    if bool(one.values) is not (one.operator in ("In", "NotIn")):
        return "values without need, or none"
    return one.operator + (" two values" if len(set(one.values)) > 1 else "")


def _of_port(port: NetworkPolicyPort) -> str:
    if port.protocol not in (None, "TCP", "UDP", "SCTP"):
        return "unknown protocol"
    if isinstance(port.port, str):
        return "a name with an endPort" if port.end_port else "a name" if port.port else "an empty name"
    if port.port is None:
        return "an endPort alone" if port.end_port else f"every {port.protocol or 'TCP'} port"
    if not 0 < port.port < 65536:
        return "no port's number"
    if port.end_port is not None and port.end_port < port.port:
        return "a range that ends before it begins"
    return "a range" if port.end_port is not None else "a number"


def _of_peer(peer: NetworkPolicyPeer) -> Iterator[str]:
    words = (peer.pod_selector, "pods"), (peer.namespace_selector, "namespaces"), (peer.ip_block, "block")
    yield "peer: " + (" and ".join(word for value, word in words if value is not None) or "nobody")
    for value, word in words[:2]:
        if isinstance(value, LabelSelector):
            yield from (f"{word} {name}" for name in _of_selector(value))
            if any(one.key == "kubernetes.io/metadata.name" for one in value.match_expressions):
                yield "namespaces by name"
    if peer.ip_block is not None:
        yield from _of_block(peer.ip_block)


def _of_block(block: IPBlock) -> Iterator[str]:
    address, slash, length = block.cidr.partition("/")
    version = _version(address)
    if not version or not length.isdigit() or int(length) > (32 if version == 4 else 128):
        leading = slash and all(part.isdigit() for part in address.split("."))
        yield "block: leading zeros" if leading and version == 0 else "block: unreadable"
    else:
        yield f"block: IPv{version}"
    if block.except_:
        yield "block: with an except"


def _of_tier_policy(policy: TierPolicy) -> Iterator[str]:
    read = OrderedPolicy.read(policy)
    yield f"{policy.kind}: {read.tier}"
    yield "tiers: unreadable" if read.defects else "tiers: readable"
    for direction in Direction:
        for rule in read.rules(direction):
            yield f"tiers: {direction} {rule.action}"
            peers = rule.peers
            for word, is_there in (("pods", peers.selections), ("networks", peers.blocks), ("nodes", peers.nodes)):
                if is_there:
                    yield f"tiers: {direction} {word}"
            yield f"tiers: {direction} {'a name' if rule.names else 'all' if rule.ports == PortSet.ALL else 'ports'}"


OF_ALL = (
    *("pod: Running", "pod: on a node", "pod: in a declared namespace", "pod: in an undeclared namespace"),
    *("pod: labelled", "pod: of one family", "container port: named", "container port: TCP"),
    *("subject selector: empty", "subject selector: labels", "pods selector: empty", "pods selector: labels"),
    *("namespaces selector: empty", "namespaces selector: labels"),
    *("peer: pods", "peer: pods and namespaces", "peer: block", "block: IPv4"),
    *("port: a number", "port: a name"),
    *("policy: without rules", "rule: for everyone", "rule: with peers", "rule: on every port", "rule: with ports"),
    *("rule: empty", "types: none", "types: Ingress", "types: Egress", "types: Egress Ingress"),
)
"""What every vocabulary has in many clusters."""
RARE = (
    *("pod: several addresses of a family", "address: of two pods", "address: of a node and a pod"),
    "port: every UDP port",
)
"""What every vocabulary has in some."""
POLICIES = (
    *(f"{whose} selector: {what}" for whose in ("subject", "pods", "namespaces") for what in OPERATORS),
    *("namespaces selector: In two values", "namespaces selector: NotIn two values", "namespaces by name"),
    *("peer: namespaces", "block: IPv6", "block: with an except"),
    *("port: a range", "port: every TCP port", "port: every SCTP port"),
    *("container port: UDP", "container port: SCTP", "container port: without a name"),
    *("container port: one name, two numbers", "pod: of both families", "pod: without labels"),
)
"""What larger vocabularies have, tidy or not."""
PODS = (
    *("pod: on the host's network", "pod: completed", "pod: with a hostIP", "pod: of no family"),
    *("address: of a completed pod and a live one", "address: of a pod and its neighbour's host"),
)
"""The odd pods of larger vocabularies."""
UNREADABLE = (
    *(f"{whose} selector: unknown operator" for whose in ("subject", "pods", "namespaces")),
    *(f"{whose} selector: values without need, or none" for whose in ("subject", "pods", "namespaces")),
    *("peer: nobody", "peer: pods and block", "block: unreadable", "types: unreadable"),
    *("port: unknown protocol", "port: a name with an endPort", "port: an empty name", "port: an endPort alone"),
    *("port: no port's number", "port: a range that ends before it begins"),
)
"""Parts that no API server stores."""
ONLY_WIDE = (
    *(f"{whose} selector: labels and an expression" for whose in ("subject", "pods", "namespaces")),
    *(f"{whose} selector: {what} two values" for whose in ("subject", "pods") for what in ("In", "NotIn")),
    *("pod: Pending", "pod: an address that cannot be read", "pod: without a node", "block: leading zeros"),
)
TIERS = (
    *("ClusterNetworkPolicy: Admin", "ClusterNetworkPolicy: Baseline", "AdminNetworkPolicy: Admin"),
    *("BaselineAdminNetworkPolicy: Baseline", "tiers: readable", "tiers: Egress networks", "tiers: Egress nodes"),
    *(f"tiers: {way} {what}" for way in Direction for what in (*Action, "pods", "a name", "ports", "all")),
)
"""Policies of tiers: readable ones have all of this."""
SEEDS = 300
DRAWN = 200


def counted(clusters: Iterable[Iterable[Object | TierPolicy]]) -> Counter[str]:
    """In how many clusters each feature occurs."""
    return Counter(name for found in clusters for name in features(found))


def assert_occur(seen: Counter[str], *expected: Iterable[str], least: int) -> None:
    """Each feature occurs in so many clusters."""
    assert {name: seen[name] for name in chain(*expected) if seen[name] < least} == {}


def test_clusters_of_every_packet_have_all_that_their_few_words_can_say() -> None:
    seen = counted(every_packet.objects(Random(seed)) for seed in range(SEEDS))
    assert_occur(seen, OF_ALL, ("pod: without a node",), least=40)
    assert_occur(seen, RARE, least=12)
    assert not any(seen[name] for name in (*UNREADABLE, *PODS[:3]))


def test_clusters_around_one_node_have_every_oddity() -> None:
    seen = counted(one_node.objects(Random(seed)) for seed in range(SEEDS))
    assert_occur(seen, OF_ALL, least=100)
    assert_occur(seen, RARE, POLICIES, PODS, least=15)
    assert_occur(seen, UNREADABLE, least=8)


def test_tidy_clusters_have_every_policy_and_no_oddity() -> None:
    seen = counted(one_node.objects(Random(seed), tidy=True) for seed in range(SEEDS))
    assert_occur(seen, OF_ALL, least=100)
    assert_occur(seen, POLICIES, least=15)
    assert not any(seen[name] for name in (*UNREADABLE, *PODS, *RARE[:3]))


@pytest.mark.parametrize("readable", [True, False])
def test_clusters_that_hypothesis_draws_have_every_oddity(readable: bool) -> None:
    drawn: list[list[Object]] = []

    @settings(max_examples=DRAWN, derandomize=True, database=None, phases=[Phase.generate])
    @given(st.lists(clusters.objects(readable=readable), min_size=8, max_size=18))
    def draw(found: list[Object]) -> None:
        drawn.append(found)

    draw()
    seen = counted(drawn)
    assert_occur(seen, OF_ALL, least=20)
    assert_occur(seen, RARE, POLICIES, PODS, ONLY_WIDE, least=3)
    if readable:
        assert not any(seen[name] for name in UNREADABLE)
    else:
        assert_occur(seen, UNREADABLE, least=2)


@pytest.mark.parametrize("tidy", [True, False])
def test_clusters_with_tiers_have_every_kind_of_rule(tidy: bool) -> None:
    seen = counted(one_node.objects(Random(seed), tiers=3, tidy=tidy) for seed in range(SEEDS))
    assert_occur(seen, TIERS, least=15)
    assert_occur(seen, () if tidy else ("tiers: unreadable",), least=100)
    if tidy:
        assert not seen["tiers: unreadable"]


def test_equal_seeds_give_equal_clusters_and_others_do_not() -> None:
    assert one_node.objects(Random(7), tiers=3) == one_node.objects(Random(7), tiers=3)
    assert one_node.objects(Random(7)) == one_node.objects(Random(7)) != one_node.objects(Random(8))
    assert every_packet.objects(Random(7)) == every_packet.objects(Random(7)) != every_packet.objects(Random(8))


def test_what_is_odd_is_gone_from_a_shrunk_example() -> None:
    """The smallest pod is one like any, not one on the host's network; the smallest rule can be read."""
    pod = find(clusters.pods(), lambda _: True)
    assert not pod.spec.host_network
    assert (pod.status.phase, pod.status.host_ips, pod.addresses) == ("Running", (), ("10.0.0.0", "fd00::0"))
    policy = find(clusters.policies(readable=False), lambda one: any(rule.ports for rule in one.spec.ingress))
    assert policy.spec.ingress == (NetworkPolicyIngressRule(ports=(NetworkPolicyPort(),)),)
    assert (policy.spec.egress, policy.spec.policy_types, policy.spec.pod_selector) == ((), (), LabelSelector())


def test_the_packets_of_small_clusters_stand_for_all() -> None:
    """Wherever an address or port begins or ends to mean something, one on each side is among them."""
    words = every_packet.EXHAUSTIVE
    networks = [ip_network(block.cidr) for block in words.blocks]
    owned = {*(text for pod in words.pods for own in pod.own for text in own), *words.addresses, *words.node_addresses}
    singles = {int(ip_address(text)) for text in owned}
    borders = {0} | {number + step for number in singles for step in (0, 1)}
    borders |= {int(network.network_address) for network in networks}
    borders |= {int(network.broadcast_address) + 1 for network in networks} - {1 << 32}

    def meaning(number: int) -> tuple[int | None, ...]:
        return (number if number in singles else None, *(ip_address(number) in network for network in networks))

    addresses = {int(packet.source) for packet in every_packet.PACKETS}
    assert {meaning(number) for number in addresses} == {meaning(number) for number in borders}
    ports = {(port.protocol or "TCP", port.port) for port in words.ports if isinstance(port.port, int)}
    ports |= {(port.protocol, port.container_port) for port in words.container_ports}
    asked = {(packet.protocol, packet.port) for packet in every_packet.PACKETS}
    numbers = {"TCP": 6, "UDP": 17}
    assert {(numbers[protocol], port) for protocol, port in ports} < asked
    for number in (*numbers.values(), 1):
        assert any(protocol == number and (port not in dict(ports).values()) for protocol, port in asked)
    assert len(every_packet.PACKETS) == len(addresses) ** 2 * len(asked)


def test_benchmarks_need_nothing_that_only_tests_need() -> None:
    """`make bench` runs with the product's own dependencies."""
    program = "import sys; sys.modules.update(hypothesis=None, pytest=None); import benchmarks.__main__"
    subprocess.run([sys.executable, "-c", program], check=True, cwd=Path(__file__).parent.parent)
