"""Hypothesis strategies: small random clusters in which everything meets everything.

Also unreadable parts, disputed addresses, pods without a node, completed and host-network pods.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from ipaddress import ip_address
from itertools import product
from random import Random
from typing import TypeVar

from hypothesis import strategies as st

from haechi.model import (
    ContainerPort,
    IPBlock,
    LabelSelector,
    LabelSelectorRequirement,
    Namespace,
    NetworkPolicy,
    NetworkPolicyPeer,
    NetworkPolicyPort,
    Node,
    Pod,
    TierPolicy,
)
from haechi.model.verdict import Packet
from haechi.reference import ClusterObjects
from tests.generator import Generator, Object
from tests.vocabulary import Count, PodWords, Vocabulary

T = TypeVar("T")

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
EXCEPTS = ("10.0.0.0/31", "10.0.0.5/32", "fd00::2/127", "10.0.0.0/16", "8.8.0.0/16", "fd00::/124")


def _pod_words(number: int, namespace: str, name: str) -> PodWords:
    own = (f"10.0.0.{number}", f"fd00::{number:x}")
    return PodWords(name=name, namespaces=(namespace,), own=(own, own, own, own[:1], own[1:]), nodes=("", *NODES))


WIDE = Vocabulary(
    namespaces=NAMESPACES,
    labels=dict.fromkeys(KEYS, VALUES),
    labelled=50,
    selectors=(((0, 2), (0, 2)),),
    subjects=(((0, 2), (0, 2)),),
    scopes=(((0, 2), (0, 2)),),
    values=(1, 3),
    named=50,
    peers=("pods", "namespaces", "both", "block"),
    blocks=tuple(IPBlock(cidr=cidr) for cidr in CIDRS),
    excepts=EXCEPTS,
    excepted=(0, 2),
    ports=tuple(
        NetworkPolicyPort(protocol=protocol, port=port)
        for protocol, port in product((None, *PROTOCOLS), (None, *PORTS, *NAMES, "none"))
    ),
    ranged=50,
    length=30,
    policies=("p", "q", "r", "s", "t"),
    policy_types=((), ("Ingress",), ("Egress",), ("Ingress", "Egress"), ("Ingress", "Ingress")),
    peers_of_rule=(0, 3),
    ports_of_rule=(0, 3),
    pods=tuple(_pod_words(number, *key) for number, key in enumerate(KEYS_OF_PODS)),
    addresses=POD_ADDRESSES + ODD_ADDRESSES,
    borrowers=25,
    phases=("Running", "Running", "Running", "Pending", "Succeeded", "Failed"),
    host_network=15,
    host_ips=((), (), ("172.16.0.1", "worker"), ("10.0.0.7",)),
    containers=(0, 2),
    container_ports=tuple(
        ContainerPort(name=name, container_port=port, protocol=protocol)
        for name, port, protocol in product(("", *NAMES), PORTS, PROTOCOLS)
    ),
    ports_of_container=(0, 3),
    nodes=NODES,
    node_addresses=("172.16.0.1", "fd02::1", "10.0.0.7"),
)


class Drawn(Generator):
    """What Hypothesis draws, with strategies, so that it can also shrink it."""

    def __init__(self, draw: st.DrawFn, words: Vocabulary, *, readable: bool) -> None:
        super().__init__(words, readable=readable)
        self._draw = draw

    def integer(self, least: int, most: int) -> int:
        return self._draw(_integers(least, most))

    def some(self, part: Callable[[Generator], T], count: Count) -> tuple[T, ...]:
        return tuple(self._draw(_lists(part, self.words, self.readable, count)))

    def several(self, options: Sequence[T], count: Count) -> tuple[T, ...]:
        return tuple(self._draw(_several(options, count)))


@cache
def _integers(least: int, most: int) -> st.SearchStrategy[int]:
    return st.integers(least, most)


@cache
def _lists(
    part: Callable[[Generator], T], words: Vocabulary, readable: bool, count: Count
) -> st.SearchStrategy[list[T]]:
    return st.lists(generated(part, words, readable=readable), min_size=count[0], max_size=count[1])


@cache
def _several(options: Sequence[T], count: Count) -> st.SearchStrategy[list[T]]:
    return st.lists(st.sampled_from(options), min_size=count[0], max_size=count[1])


_generators = st.composite(Drawn)


@cache
def generated(part: Callable[[Generator], T], words: Vocabulary, *, readable: bool = True) -> st.SearchStrategy[T]:
    """A part of a cluster in the words of a vocabulary."""
    return st.builds(part, _generators(words, readable=readable))


labels = generated(Generator.labels, WIDE)
namespaces = generated(Generator.namespace, WIDE)


def requirements(*, readable: bool = True) -> st.SearchStrategy[LabelSelectorRequirement]:
    """Expressions of selectors."""
    return generated(Generator.requirement, WIDE, readable=readable)


def selectors(*, readable: bool = True) -> st.SearchStrategy[LabelSelector]:
    """Selectors of pods, or of anything by its labels."""
    return generated(Generator.selector, WIDE, readable=readable)


def namespace_selectors(*, readable: bool = True) -> st.SearchStrategy[LabelSelector]:
    """Selectors of namespaces by labels or by name."""
    return generated(Generator.namespace_selector, WIDE, readable=readable)


def blocks(*, readable: bool = True) -> st.SearchStrategy[IPBlock]:
    """The ipBlocks of peers."""
    return generated(Generator.block, WIDE, readable=readable)


def peers(*, readable: bool = True) -> st.SearchStrategy[NetworkPolicyPeer]:
    """Peers of rules."""
    return generated(Generator.peer, WIDE, readable=readable)


def policy_ports(*, readable: bool = True) -> st.SearchStrategy[NetworkPolicyPort]:
    """Entries of the ports of rules."""
    return generated(Generator.port, WIDE, readable=readable)


def policies(*, readable: bool = True) -> st.SearchStrategy[NetworkPolicy]:
    """Policies."""
    return generated(Generator.policy, WIDE, readable=readable)


def pods() -> st.SearchStrategy[Pod]:
    """Pods."""
    return generated(Generator.pod, WIDE)


def nodes() -> st.SearchStrategy[Node]:
    """Nodes."""
    return generated(Generator.node, WIDE)


def objects(*, readable: bool = True) -> st.SearchStrategy[Object]:
    """Any one object; pods and policies most often."""
    return generated(Generator.object, WIDE, readable=readable)


def cluster(found: Iterable[Object | TierPolicy]) -> ClusterObjects:
    """What is there after these objects were applied in this order: the last one of a key counts."""
    last = {(type(one), one.key): one for one in found}
    return ClusterObjects(
        pods=tuple(one for one in last.values() if isinstance(one, Pod)),
        namespaces=tuple(one for one in last.values() if isinstance(one, Namespace)),
        nodes=tuple(one for one in last.values() if isinstance(one, Node)),
        policies=tuple(one for one in last.values() if isinstance(one, NetworkPolicy)),
        tier_policies=tuple(one for one in last.values() if isinstance(one, TierPolicy)),
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
