"""Small clusters in which everything meets everything, the same for a seed, and every packet that there is in them.

Addresses and ports are so few that the packets of `PACKETS` stand for all: every other packet is like one of them for
every policy.
"""

from __future__ import annotations

from ipaddress import ip_address
from itertools import product
from random import Random

from haechi.model import ContainerPort, IPBlock, NetworkPolicyPort
from haechi.model.verdict import Packet
from tests.clusters import cluster as reference
from tests.generator import Object, Seeded
from tests.vocabulary import PodWords, Vocabulary

__all__ = ["ADDRESSES", "EXHAUSTIVE", "PACKETS", "Objects", "objects", "reference"]

Objects = list[Object]

ADDRESSES = ("10.0.0.0", "10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4", "8.8.8.8", "9.9.9.9", "172.16.0.1")
PACKETS = tuple(
    Packet(ip_address(source), ip_address(destination), protocol, port)
    for source, destination in product(ADDRESSES, repeat=2)
    for protocol, port in ((6, 80), (6, 8080), (6, 7), (17, 53), (17, 7), (1, 0))
)
NAMESPACES = ("a", "a", "b")
SELECTORS = (((0, 1), (0, 0)),)
POD_ADDRESSES = ("10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4")

EXHAUSTIVE = Vocabulary(
    namespaces=NAMESPACES,
    declared=70,
    labels={"app": ("1", "2")},
    labelled=100,
    selectors=SELECTORS,
    subjects=SELECTORS,
    scopes=SELECTORS,
    peers=("block", "both", "pods", "pods"),
    blocks=tuple(IPBlock(cidr=cidr) for cidr in ("10.0.0.0/30", "8.8.8.0/24", "0.0.0.0/0", "172.16.0.1/32")),
    ports=(
        NetworkPolicyPort(port=80),
        NetworkPolicyPort(port="web"),
        NetworkPolicyPort(port=53, protocol="UDP"),
        NetworkPolicyPort(protocol="UDP"),
    ),
    policies=("p", "q"),
    policy_types=(None, None, None, (), ("Ingress", "Egress")),
    pods=tuple(
        PodWords(name=f"p{number}", namespaces=NAMESPACES, own=((address,),), nodes=("", "n"))
        for number, address in enumerate(POD_ADDRESSES, 1)
    ),
    addresses=POD_ADDRESSES[:1],
    borrowers=6,
    borrowed=(1, 1),
    container_ports=tuple(ContainerPort(name="web", container_port=port, protocol="TCP") for port in (80, 8080)),
    ports_of_container=(1, 1),
    nodes=("n",),
    node_addresses=("172.16.0.1", "172.16.0.1", "10.0.0.2"),
)


def objects(random: Random) -> Objects:
    """A few pods and policies, a namespace and a node."""
    return Seeded(random, EXHAUSTIVE).objects((3, 4), (2, 2))
