"""Hypothesis strategies: small random clusters in which everything meets everything.

Few names, labels, ports and addresses, so that selectors overlap, blocks cut pods' addresses and names clash. Also
unreadable parts, disputed addresses, pods without a node, completed and host-network pods.
"""

from __future__ import annotations

from ipaddress import ip_address
from itertools import product
from random import Random

from hypothesis import strategies as st

from haechi.model import (
    Container,
    ContainerPort,
    HostIP,
    IPBlock,
    LabelSelector,
    LabelSelectorRequirement,
    Namespace,
    NetworkPolicy,
    NetworkPolicyEgressRule,
    NetworkPolicyIngressRule,
    NetworkPolicyPeer,
    NetworkPolicyPort,
    NetworkPolicySpec,
    Node,
    NodeAddress,
    NodeStatus,
    ObjectMeta,
    Pod,
    PodIP,
    PodSpec,
    PodStatus,
)
from haechi.model.verdict import Packet
from haechi.reference import ClusterObjects

NAMESPACES = ("a", "b", "c")
KEYS = ("app", "tier", "x")
VALUES = ("1", "2", "3")
NODES = ("n0", "n1")
NAMES = ("web", "dns")
PORTS = (53, 80, 81, 8080)
PROTOCOLS = ("TCP", "UDP", "SCTP")
POD_NAMES = ("p0", "p1", "p2")
KEYS_OF_PODS = tuple(product(NAMESPACES, POD_NAMES))
POD_ADDRESSES = tuple(f"10.0.0.{n}" for n in range(10)) + tuple(f"fd00::{n:x}" for n in range(10))
ODD_ADDRESSES = ("nonsense", "10.0.0.1/32", "::ffff:10.0.0.3", "010.0.0.4", "fe80::1%e")
OTHER_ADDRESSES = ("10.0.1.1", "192.168.0.1", "8.8.8.8", "fd01::1", "2001:db8::1", "172.16.0.1", "fd02::1")
CIDRS = (
    *("0.0.0.0/0", "::/0", "10.0.0.0/8", "10.0.0.0/30", "10.0.0.4/30", "10.0.0.5/32", "10.0.0.0/24", "192.168.0.0/16"),
    *("fd00::/16", "fd00::/126", "fd00::5/128", "10.0.0.5/8", "010.0.0.0/8", "::ffff:10.0.0.0/124", "8.8.8.8/32"),
)
BAD_PORTS = (
    NetworkPolicyPort(protocol="ICMP", port=80),
    NetworkPolicyPort(port=0),
    NetworkPolicyPort(port=""),
    NetworkPolicyPort(port=80, end_port=79),
    NetworkPolicyPort(port="web", end_port=90),
    NetworkPolicyPort(end_port=90),
)
EXCEPTS = ("10.0.0.0/31", "10.0.0.5/32", "fd00::2/127", "10.0.0.0/16", "8.8.0.0/16", "fd00::/124")

labels = st.dictionaries(st.sampled_from(KEYS), st.sampled_from(VALUES), max_size=3)


@st.composite
def requirements(draw: st.DrawFn, *, readable: bool = True) -> LabelSelectorRequirement:
    operator = draw(st.sampled_from(("In", "NotIn", "Exists", "DoesNotExist")))
    some = draw(st.lists(st.sampled_from(VALUES), min_size=1, max_size=3))
    values = tuple(some) if operator in ("In", "NotIn") else ()
    if not readable and draw(st.integers(0, 9)) == 0:
        operator, values = draw(st.sampled_from((("Gt", ("1",)), ("In", ()), ("Exists", ("1",)))))
    return LabelSelectorRequirement(key=draw(st.sampled_from(KEYS)), operator=operator, values=values)


@st.composite
def selectors(draw: st.DrawFn, *, readable: bool = True) -> LabelSelector:
    expressions = draw(st.lists(requirements(readable=readable), max_size=2))
    pairs = draw(st.dictionaries(st.sampled_from(KEYS), st.sampled_from(VALUES), max_size=2))
    return LabelSelector(match_labels=pairs, match_expressions=tuple(expressions))


@st.composite
def namespace_selectors(draw: st.DrawFn, *, readable: bool = True) -> LabelSelector:
    if draw(st.booleans()):
        return draw(selectors(readable=readable))
    names = draw(st.lists(st.sampled_from(NAMESPACES), min_size=1, max_size=2))
    operator = draw(st.sampled_from(("In", "NotIn")))
    expression = LabelSelectorRequirement(key="kubernetes.io/metadata.name", operator=operator, values=tuple(names))
    return LabelSelector(match_expressions=(expression,))


@st.composite
def blocks(draw: st.DrawFn, *, readable: bool = True) -> IPBlock:
    if not readable and draw(st.integers(0, 9)) == 0:
        return IPBlock(cidr=draw(st.sampled_from(("", "10.0.0.0", "10.0.0.0/33", "x/8", "fe80::%e/64"))))
    return IPBlock(
        cidr=draw(st.sampled_from(CIDRS)), except_=tuple(draw(st.lists(st.sampled_from(EXCEPTS), max_size=2)))
    )


@st.composite
def peers(draw: st.DrawFn, *, readable: bool = True) -> NetworkPolicyPeer:
    kind = draw(st.sampled_from(("pods", "namespaces", "both", "block")))
    if not readable and draw(st.integers(0, 19)) == 0:
        kind = draw(st.sampled_from(("nobody", "mixed")))
    pods = draw(selectors(readable=readable)) if kind in ("pods", "both", "mixed") else None
    namespaces = draw(namespace_selectors(readable=readable)) if kind in ("namespaces", "both") else None
    block = draw(blocks(readable=readable)) if kind in ("block", "mixed") else None
    return NetworkPolicyPeer(pod_selector=pods, namespace_selector=namespaces, ip_block=block)


@st.composite
def policy_ports(draw: st.DrawFn, *, readable: bool = True) -> NetworkPolicyPort:
    protocol = draw(st.sampled_from((None, *PROTOCOLS)))
    port = draw(st.sampled_from((None, *PORTS, *NAMES, "none")))
    last = port + draw(st.integers(0, 30)) if isinstance(port, int) and draw(st.booleans()) else None
    if not readable and draw(st.integers(0, 9)) == 0:
        return draw(st.sampled_from(BAD_PORTS))
    return NetworkPolicyPort(protocol=protocol, port=port, end_port=last)


@st.composite
def policies(draw: st.DrawFn, *, readable: bool = True) -> NetworkPolicy:
    many_ports = st.lists(policy_ports(readable=readable), max_size=3).map(tuple)
    many_peers = st.lists(peers(readable=readable), max_size=3).map(tuple)
    ingress = st.builds(NetworkPolicyIngressRule, ports=many_ports, from_=many_peers)
    egress = st.builds(NetworkPolicyEgressRule, ports=many_ports, to=many_peers)
    good = ((), ("Ingress",), ("Egress",), ("Ingress", "Egress"), ("Ingress", "Ingress"))
    bad = (("Egress", "ingress"), ("",))
    is_bad = not readable and draw(st.integers(0, 19)) == 0
    spec = NetworkPolicySpec(
        pod_selector=draw(selectors(readable=readable)),
        policy_types=draw(st.sampled_from(bad if is_bad else good)),
        ingress=tuple(draw(st.lists(ingress, max_size=2))),
        egress=tuple(draw(st.lists(egress, max_size=2))),
    )
    name = draw(st.sampled_from(("p", "q", "r", "s", "t")))
    return NetworkPolicy(metadata=ObjectMeta(name=name, namespace=draw(st.sampled_from(NAMESPACES))), spec=spec)


@st.composite
def containers(draw: st.DrawFn) -> Container:
    port = st.builds(
        ContainerPort,
        name=st.sampled_from(("", *NAMES)),
        container_port=st.sampled_from(PORTS),
        protocol=st.sampled_from(PROTOCOLS),
    )
    return Container(name="main", ports=tuple(draw(st.lists(port, max_size=3))))


@st.composite
def pod_addresses(draw: st.DrawFn, number: int) -> tuple[str, ...]:
    """Mostly the pod's own, sometimes anybody's or none."""
    own = (f"10.0.0.{number}", f"fd00::{number:x}")
    anybodys = st.lists(st.sampled_from(POD_ADDRESSES + ODD_ADDRESSES), max_size=2).map(tuple)
    return draw(st.one_of(st.just(own), st.just(own), st.sampled_from((own[:1], own[1:])), anybodys))


@st.composite
def pods(draw: st.DrawFn, *, nodes: tuple[str, ...] = ("", *NODES)) -> Pod:
    number = draw(st.integers(0, len(KEYS_OF_PODS) - 1))
    namespace, name = KEYS_OF_PODS[number]
    return Pod(
        metadata=ObjectMeta(name=name, namespace=namespace, labels=draw(labels)),
        spec=PodSpec(
            node_name=draw(st.sampled_from(nodes)),
            host_network=draw(st.integers(0, 9)) == 0,
            containers=tuple(draw(st.lists(containers(), max_size=2))),
        ),
        status=PodStatus(
            phase=draw(st.sampled_from(("Running", "Running", "Running", "Pending", "Succeeded", "Failed"))),
            pod_ips=tuple(PodIP(ip=address) for address in draw(pod_addresses(number))),
            host_ips=draw(
                st.sampled_from(((), (), (HostIP(ip="172.16.0.1"), HostIP(ip="worker")), (HostIP(ip="10.0.0.7"),)))
            ),
        ),
    )


namespaces = st.builds(Namespace, metadata=st.builds(ObjectMeta, name=st.sampled_from(NAMESPACES), labels=labels))


@st.composite
def nodes(draw: st.DrawFn) -> Node:
    address = draw(st.sampled_from(("172.16.0.1", "fd02::1", "10.0.0.7")))
    return Node(
        metadata=ObjectMeta(name=draw(st.sampled_from(NODES))),
        status=NodeStatus(addresses=(NodeAddress(type="InternalIP", address=address),)),
    )


def objects(*, readable: bool = True) -> st.SearchStrategy[Namespace | Node | Pod | NetworkPolicy]:
    """Any one object; pods and policies most often."""
    return st.one_of(pods(), pods(), policies(readable=readable), policies(readable=readable), namespaces, nodes())


def cluster(found: list[Namespace | Node | Pod | NetworkPolicy]) -> ClusterObjects:
    """What is there after these objects were applied in this order: the last one of a key counts."""
    last = {(type(one), one.key): one for one in found}
    return ClusterObjects(
        pods=tuple(one for one in last.values() if isinstance(one, Pod)),
        namespaces=tuple(one for one in last.values() if isinstance(one, Namespace)),
        nodes=tuple(one for one in last.values() if isinstance(one, Node)),
        policies=tuple(one for one in last.values() if isinstance(one, NetworkPolicy)),
    )


def probes(found: ClusterObjects, random: Random) -> list[Packet]:
    """Packets between the addresses that this cluster's pods have, and a few others."""
    texts = {entry.ip for pod in found.pods for entry in pod.status.pod_ips if entry.ip in POD_ADDRESSES}
    texts |= set(random.sample(OTHER_ADDRESSES, 3))
    some = [ip_address(text) for text in random.sample(sorted(texts), min(len(texts), 9))]
    ports = [(6, random.choice((*PORTS, 54, 110))), (random.choice((17, 132)), random.choice((*PORTS, 54, 110)))]
    ons = [*ports, random.choice(((1, 0), (47, 0), (6, 65535)))]
    pairs = [(one, other) for one, other in product(some, repeat=2) if one.version == other.version]
    return [Packet(one, other, *on) for one, other in pairs for on in ons]
