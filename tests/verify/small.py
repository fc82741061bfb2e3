"""Small clusters around one node, by seed: equal seeds give equal clusters."""

from __future__ import annotations

from itertools import product
from random import Random

from haechi.model import ContainerPort, IPBlock, Namespace, NetworkPolicy, NetworkPolicyPort, Node, Pod, TierPolicy
from tests.generator import Generator, Seeded
from tests.generator import Object as GeneratedObject
from tests.tier_words import any_tier_policy, labelled_node
from tests.vocabulary import PodWords, Vocabulary

__all__ = [
    "NODE", "ONE_NODE", "Object", "namespace", "node", "node_with_label", "objects", "pod", "policy", "tier_policy",
]  # fmt: skip

Object = GeneratedObject | TierPolicy
NODE = "n0"
NAMESPACES = ("a", "b")
PROTOCOLS = ("TCP", "TCP", "TCP", "UDP", "SCTP")
PORTS = (53, 80, 81, 8080)
NAMES = ("web", "dns")
CIDRS = (
    *("0.0.0.0/0", "10.0.0.0/8", "10.0.0.0/30", "10.0.0.3/32", "192.168.0.0/16"),
    *("::/0", "fd00::/16", "fd00::/126", "fd00::3/128"),
)
FEW = (((0, 0), (0, 0)), ((1, 1), (0, 0)), ((1, 1), (0, 0)), ((0, 0), (1, 1)), ((0, 0), (1, 1)))
"""Shapes of selectors: none, one label or one expression."""


def _pod_words(number: int) -> PodWords:
    own = (f"10.0.0.{number + 1}", f"fd00::{number + 1:x}")
    nodes = (NODE,) if number < 3 else ("n1",) * 9 + (NODE,)
    return PodWords(name=f"p{number}", namespaces=NAMESPACES, own=(own, own, own[:1], own[1:]), nodes=nodes)


ONE_NODE = Vocabulary(
    namespaces=NAMESPACES,
    declared=70,
    labels=dict.fromkeys(("app", "tier"), ("1", "2")),
    selectors=FEW,
    subjects=(((0, 0), (0, 0)),) * 5 + FEW,
    scopes=FEW,
    values=(1, 2),
    named=15,
    peers=("block", "block", "both", "namespaces", "pods"),
    blocks=tuple(IPBlock(cidr=cidr) for cidr in CIDRS),
    excepts=("10.0.0.0/31", "10.0.0.3/32", "10.0.0.0/16", "fd00::2/127", "fd00::/120"),
    excepted=(0, 1),
    ports=tuple(
        NetworkPolicyPort(protocol=protocol, port=port)
        for protocol, port in product((None, *PROTOCOLS), (None, *PORTS, *PORTS, *NAMES))
    ),
    ranged=40,
    length=19,
    policies=tuple(f"q{number}" for number in range(9)),
    policy_types=((), ("Ingress",), ("Egress",), ("Ingress", "Egress")),
    pods=tuple(_pod_words(number) for number in range(12)),
    addresses=tuple(f"10.0.0.{number}" for number in range(10)) + tuple(f"fd00::{number:x}" for number in range(10)),
    borrowers=40,
    phases=("Running",) * 19 + ("Succeeded",),
    host_network=5,
    host_ips=((),) * 8 + (("172.16.0.1",), ("10.0.0.6",)),
    container_ports=tuple(
        ContainerPort(name=name, container_port=port, protocol=protocol)
        for name, port, protocol in product(("", *NAMES), PORTS, PROTOCOLS)
    ),
    nodes=(NODE,),
    node_addresses=("172.16.0.1", "10.0.0.5", "fd02::1"),
)


def objects(random: Random, *, pods: int = 7, policies: int = 5, tiers: int = 0, tidy: bool = False) -> list[Object]:
    """A cluster; one with `tiers` policies of tiers has two nodes more, with labels, unless it is tidy.

    `tidy`: nothing unreadable, disputed, completed, on the host's network or beside its own node; one address a family.
    """
    generator = _generator(random, tidy=tidy)
    found: list[Object] = [*generator.objects((pods, pods), (policies, policies))]
    if tiers and not tidy:
        found += [labelled_node(generator), labelled_node(generator)]
    return found + [any_tier_policy(generator) for _ in range(tiers)]


def namespace(random: Random, name: str | None = None) -> Namespace:
    """The namespace of this name, or any."""
    return _generator(random).namespace(name)


def node(random: Random) -> Node:
    """The node, with an address that may be a pod's too."""
    return _generator(random).node()


def pod(random: Random, number: int) -> Pod:
    """The pod with this number: the first three on the node."""
    return _generator(random).pod(number)


def policy(random: Random, number: int) -> NetworkPolicy:
    """The policy with this number."""
    return _generator(random).policy(f"q{number}")


def tier_policy(random: Random) -> TierPolicy:
    """A policy of a tier, of any of the three kinds."""
    return any_tier_policy(_generator(random))


def node_with_label(random: Random) -> Node:
    """The node or another one, as nodes of rules are chosen by labels."""
    return labelled_node(_generator(random))


def _generator(random: Random, *, tidy: bool = False) -> Generator:
    return Seeded(random, ONE_NODE, readable=tidy, tidy=tidy)
