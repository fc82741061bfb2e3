"""Small clusters in which everything meets everything, the same for a seed, and every packet that there is in them.

Addresses and ports are so few that the packets of `PACKETS` stand for all: every other packet is like one of them for
every policy.
"""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address
from itertools import product
from random import Random
from typing import TypeVar

from haechi.model import (
    Container,
    ContainerPort,
    IPBlock,
    LabelSelector,
    Namespace,
    NetworkPolicy,
    NetworkPolicyEgressRule,
    NetworkPolicyIngressRule,
    NetworkPolicyPeer,
    NetworkPolicyPort,
    NetworkPolicySpec,
    Node,
    ObjectMeta,
    Pod,
    PodIP,
    PodSpec,
    PodStatus,
)
from haechi.model.verdict import Packet
from haechi.reference import ClusterObjects
from tests.building import node

Drawn = TypeVar("Drawn")
Objects = list[Namespace | Node | Pod | NetworkPolicy]

SELECTORS = tuple(LabelSelector(match_labels=labels) for labels in ({}, {}, {"app": "1"}, {"app": "2"}))
BLOCKS = ("10.0.0.0/30", "8.8.8.0/24", "0.0.0.0/0", "172.16.0.1/32")
ADDRESSES = ("10.0.0.0", "10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4", "8.8.8.8", "9.9.9.9", "172.16.0.1")
PACKETS = tuple(
    Packet(ip_address(source), ip_address(destination), protocol, port)
    for source, destination in product(ADDRESSES, repeat=2)
    for protocol, port in ((6, 80), (6, 8080), (6, 7), (17, 53), (17, 7), (1, 0))
)


PORTS = (
    NetworkPolicyPort(port=80),
    NetworkPolicyPort(port="web"),
    NetworkPolicyPort(port=53, protocol="UDP"),
    NetworkPolicyPort(protocol="UDP"),
)


def objects(random: Random) -> Objects:
    """A few pods and policies, a namespace and a node."""
    pods = [a_pod(random, number) for number in range(1, random.randint(3, 4) + 1)]
    policies = [a_policy(random, name) for name in "pq"]
    home = Namespace(metadata=ObjectMeta(name="a", labels={"app": random.choice("12")}))
    return [*pods, *policies, home, node("n", random.choice(("172.16.0.1", "172.16.0.1", "10.0.0.2")))]


def a_pod(random: Random, number: int) -> Pod:
    port = ContainerPort(name="web", container_port=random.choice((80, 8080)), protocol="TCP")
    address = 1 if random.random() < 0.05 else number  # now and then somebody else's
    return Pod(
        metadata=ObjectMeta(name=f"p{number}", namespace=random.choice("aab"), labels={"app": random.choice("12")}),
        spec=PodSpec(node_name=random.choice(("", "n")), containers=(Container(name="main", ports=(port,)),)),
        status=PodStatus(pod_ips=(PodIP(ip=f"10.0.0.{address}"),)),
    )


def a_policy(random: Random, name: str) -> NetworkPolicy:
    ingress = [
        NetworkPolicyIngressRule(from_=some(random, a_peer), ports=some(random, a_port))
        for _ in range(random.randint(0, 2))
    ]
    egress = [
        NetworkPolicyEgressRule(to=some(random, a_peer), ports=some(random, a_port))
        for _ in range(random.randint(0, 2))
    ]
    mostly = (*(("Ingress",) if ingress else ()), *(("Egress",) if egress else ()))  # closed ends exercise nothing
    spec = NetworkPolicySpec(
        pod_selector=random.choice(SELECTORS),
        ingress=tuple(ingress),
        egress=tuple(egress),
        policy_types=random.choice((mostly, mostly, mostly, (), ("Ingress", "Egress"))),
    )
    return NetworkPolicy(metadata=ObjectMeta(name=name, namespace=random.choice("aab")), spec=spec)


def some(random: Random, a: Callable[[Random], Drawn]) -> tuple[Drawn, ...]:
    return tuple(a(random) for _ in range(random.randint(0, 2)))


def a_port(random: Random) -> NetworkPolicyPort:
    return random.choice(PORTS)


def a_peer(random: Random) -> NetworkPolicyPeer:
    if random.random() < 0.3:
        return NetworkPolicyPeer(ip_block=IPBlock(cidr=random.choice(BLOCKS)))
    scope = random.choice(SELECTORS) if random.random() < 0.5 else None
    return NetworkPolicyPeer(pod_selector=random.choice(SELECTORS), namespace_selector=scope)


def reference(objects: Objects) -> ClusterObjects:
    return ClusterObjects(
        tuple(one for one in objects if isinstance(one, Pod)),
        tuple(one for one in objects if isinstance(one, Namespace)),
        tuple(one for one in objects if isinstance(one, Node)),
        tuple(one for one in objects if isinstance(one, NetworkPolicy)),
    )
