"""Small clusters in which everything meets everything, the same for a seed, and every packet that there is in them.

Addresses and ports are so few that the packets of `PACKETS` stand for all: every other packet is like one of them for
every policy.
"""

from __future__ import annotations

from ipaddress import ip_address
from itertools import product
from random import Random

import msgspec

from haechi.model import (
    NAME_LABEL,
    AdminNetworkPolicy,
    BaselineAdminNetworkPolicy,
    ClusterNetworkPolicy,
    ContainerPort,
    IPBlock,
    NetworkPolicyPort,
    TierPolicy,
)
from haechi.model.verdict import Packet
from tests.clusters import cluster as reference
from tests.generator import Object, Seeded
from tests.vocabulary import PodWords, Vocabulary

__all__ = ["ADDRESSES", "EXHAUSTIVE", "PACKETS", "Objects", "objects", "reference", "tier_policies"]

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


Value = dict[str, object]
EVERY_POD: Value = {"namespaces": {}}
ONE: Value = {"pods": {"namespaceSelector": {}, "podSelector": {"matchLabels": {"app": "1"}}}}
TWO: Value = {"pods": {"namespaceSelector": {}, "podSelector": {"matchLabels": {"app": "2"}}}}
SUBJECTS = (EVERY_POD, EVERY_POD, ONE, TWO, {"namespaces": {"matchLabels": {NAME_LABEL: "a"}}})
NETWORKS: tuple[Value, ...] = ({"networks": ["8.8.8.0/24"]}, {"networks": ["10.0.0.0/30"]}, {"networks": ["0.0.0.0/0"]})
BY_NAME: Value = {"domainNames": ["example.com"]}
TIER_PEERS: dict[str, tuple[Value, ...]] = {
    "ingress": (EVERY_POD, ONE, TWO),
    "egress": (EVERY_POD, ONE, TWO, *NETWORKS, {"nodes": {}}, BY_NAME),
}
TRANSPORTS = (("TCP", 80), ("TCP", 80), ("UDP", 53))


def tier_policies(random: Random) -> list[TierPolicy]:
    """One to three policies of tiers, of different priorities, whose rules match many packets; all can be read."""
    new, admin, baseline = ClusterNetworkPolicy, AdminNetworkPolicy, BaselineAdminNetworkPolicy
    kinds: tuple[type[TierPolicy], ...] = (new, new, admin, baseline)
    found: list[TierPolicy] = []
    for number in range(random.randint(1, 3)):
        kind = random.choice(kinds)
        is_new = kind is ClusterNetworkPolicy
        spec: Value = {"subject": random.choice(SUBJECTS)}
        if kind is not BaselineAdminNetworkPolicy:
            spec["priority"] = number * 10 + random.randint(0, 9)
        if is_new:
            spec["tier"] = random.choice(("Admin", "Baseline"))
        for direction, peers in TIER_PEERS.items():
            actions: tuple[str, ...] = ("Accept", "Deny", "Deny", "Pass")
            if kind is BaselineAdminNetworkPolicy:  # it has neither
                actions, peers = actions[:3], tuple(one for one in peers if one != BY_NAME)
            rules = (_tier_rule(random, direction, peers, actions, is_new) for _ in range(random.randint(0, 3)))
            spec[direction] = list(rules)
        name = "default" if kind is BaselineAdminNetworkPolicy else f"c{number}"
        found.append(msgspec.convert({"metadata": {"name": name}, "spec": spec}, kind))
    return found


def _tier_rule(
    random: Random, direction: str, peers: tuple[Value, ...], actions: tuple[str, ...], is_new: bool
) -> Value:
    peer, action = random.choice(peers), random.choice(actions)
    if peer == BY_NAME:
        action = "Accept"
    rule: Value = {
        "name": random.choice(("", "one")),
        "action": "Allow" if action == "Accept" and not is_new else action,
        "from" if direction == "ingress" else "to": [peer],
    }
    protocol, port = random.choice(TRANSPORTS)
    if random.random() < 0.5 and is_new:
        rule["protocols"] = [{protocol.lower(): {"destinationPort": {"number": port}}}]
    elif random.random() < 0.5 and not is_new:
        rule["ports"] = [{"portNumber": {"protocol": protocol, "port": port}}]
    if peer in (EVERY_POD, ONE, TWO) and random.random() < 0.1:
        rule |= {"protocols": [{"destinationNamedPort": "web"}]} if is_new else {"ports": [{"namedPort": "web"}]}
    return rule
