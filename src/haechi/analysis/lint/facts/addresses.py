"""Who has addresses within a range: pods, nodes and Services, as far as the input gives them addresses.

Why: thousands of ipBlocks are held against ten thousand pods. Promises that addresses which Haechi chose for pods
without one are nobody's here, and that no question asks every pod.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from typing import Generic, TypeVar

from haechi.analysis.cluster import Cluster
from haechi.engine import Endpoint, PodSelection, points
from haechi.model import CidrError, LabelSelector, Node, PodKey, Service, parse_cidr
from haechi.select import Selector
from haechi.sets import AddressSet

T = TypeVar("T")


class Holders(Generic[T]):
    """Addresses and who has them.

    Args:
        pairs: points on the line of `AddressSet`, each with its holder; an address may have several.
    """

    def __init__(self, pairs: Iterable[tuple[int, T]]) -> None:
        self._pairs = sorted(pairs, key=lambda pair: pair[0])
        self._points = [point for point, _ in self._pairs]

    def within(self, addresses: AddressSet) -> Iterator[tuple[int, T]]:
        """Each address in a set with its holder, lowest first."""
        for low, high in self._spans(addresses):
            yield from self._pairs[low:high]

    def count(self, addresses: AddressSet) -> int:
        """How many pairs `within` has."""
        return sum(high - low for low, high in self._spans(addresses))

    def _spans(self, addresses: AddressSet) -> Iterator[tuple[int, int]]:
        for first, last in addresses.intervals:
            yield bisect_left(self._points, first), bisect_right(self._points, last)


def given(cluster: Cluster) -> Iterator[Endpoint]:
    """The pods whose addresses are those of the input."""
    return (endpoint for endpoint in cluster.engine.endpoints if endpoint.key not in cluster.synthesized)


def pods(cluster: Cluster) -> Holders[PodKey]:
    """Pods by address."""
    return Holders((point, endpoint.key) for endpoint in given(cluster) for point in endpoint.addresses)


def services(cluster: Cluster) -> Holders[Service]:
    """Services by their own addresses: those that a client calls."""
    pairs = ((one, (*one.addresses, *one.spec.external_ips)) for one in cluster.services)
    return Holders((point, one) for one, texts in pairs for point in points(texts))


def ranges(node: Node) -> Iterator[AddressSet]:
    """From which a node gives its pods addresses."""
    for text in node.spec.pod_cidrs or (node.spec.pod_cidr,):
        try:
            parse_cidr(text)
        except CidrError:
            continue
        yield AddressSet.from_cidr(text)


class Behind:
    """Where Services lead to, as far as the input says.

    Args:
        cluster: whose Services.
    """

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._known: dict[str, AddressSet] = {}
        nodes = [point for node in cluster.nodes for point in points(node.addresses)]
        own = [point for endpoint in given(cluster) for point in endpoint.addresses]
        self._network = Holders((point, None) for point in (*nodes, *own))

    def may_meet(self, service: Service, block: AddressSet) -> bool:
        """Whether a block holds a pod behind the Service; where none is known, whether it holds any pod or node."""
        own = self._known.get(service.key)
        if own is None:
            own = self._known[service.key] = self._pods(service)
        return not own.isdisjoint(block) if own else self._network.count(block) > 0

    def _pods(self, service: Service) -> AddressSet:
        if not service.spec.selector:
            return AddressSet.NONE
        engine, made = self._cluster.engine, self._cluster.synthesized
        selector = Selector.parse(LabelSelector(match_labels=service.spec.selector))
        found = map(engine.numbered, engine.select(PodSelection(service.namespace, selector)))
        return AddressSet.of(*(point for one in found if one.key not in made for point in one.addresses))
