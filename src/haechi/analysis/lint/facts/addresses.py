"""Addresses of pods, nodes and Services by range, as far as the input gives them.

Why: thousands of ipBlocks are compared with ten thousand pods. Promises to leave out synthetic addresses, and to look
up a range by bisection.
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


class AddressOwners(Generic[T]):
    """Addresses, each with its owner.

    Args:
        pairs: points on the line of `AddressSet` and their owners; an address may have several owners.
    """

    def __init__(self, pairs: Iterable[tuple[int, T]]) -> None:
        self._pairs = sorted(pairs, key=lambda pair: pair[0])
        self._points = [point for point, _ in self._pairs]

    def within(self, addresses: AddressSet) -> Iterator[tuple[int, T]]:
        """The pairs whose address is in a set, lowest first."""
        for low, high in self._spans(addresses):
            yield from self._pairs[low:high]

    def count(self, addresses: AddressSet) -> int:
        """The number of pairs whose address is in a set."""
        return sum(high - low for low, high in self._spans(addresses))

    def _spans(self, addresses: AddressSet) -> Iterator[tuple[int, int]]:
        for first, last in addresses.intervals:
            yield bisect_left(self._points, first), bisect_right(self._points, last)


def addressed_pods(cluster: Cluster) -> Iterator[Endpoint]:
    """The pods whose addresses are not synthetic."""
    return (endpoint for endpoint in cluster.engine.endpoints if endpoint.key not in cluster.synthesized)


def pod_addresses(cluster: Cluster) -> AddressOwners[PodKey]:
    """Pods by address."""
    return AddressOwners((point, endpoint.key) for endpoint in addressed_pods(cluster) for point in endpoint.addresses)


def service_addresses(cluster: Cluster) -> AddressOwners[Service]:
    """Services by their own addresses: `clusterIPs` and `externalIPs`."""
    pairs = ((one, (*one.addresses, *one.spec.external_ips)) for one in cluster.services)
    return AddressOwners((point, one) for one, texts in pairs for point in points(texts))


def pod_ranges(node: Node) -> Iterator[AddressSet]:
    """The readable `podCIDRs` of a node."""
    for text in node.spec.pod_cidrs or (node.spec.pod_cidr,):
        try:
            parse_cidr(text)
        except CidrError:
            continue
        yield AddressSet.from_cidr(text)


class Backends:
    """The addresses behind Services.

    Args:
        cluster: the cluster with these Services.
    """

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._known: dict[str, AddressSet] = {}
        nodes = [point for node in cluster.nodes for point in points(node.addresses)]
        pods = [point for endpoint in addressed_pods(cluster) for point in endpoint.addresses]
        self._network = AddressOwners((point, None) for point in (*nodes, *pods))

    def may_be_in(self, service: Service, block: AddressSet) -> bool:
        """Whether a block includes a pod behind a Service; where none is known, whether it includes any pod or node."""
        own = self._known.get(service.key)
        if own is None:
            own = self._known[service.key] = self._pods(service)
        return not own.isdisjoint(block) if own else self._network.count(block) > 0

    def _pods(self, service: Service) -> AddressSet:
        if not service.spec.selector:
            return AddressSet.NONE
        engine, synthesized = self._cluster.engine, self._cluster.synthesized
        selector = Selector.parse(LabelSelector(match_labels=service.spec.selector))
        found = map(engine.numbered, engine.select(PodSelection(service.namespace, selector)))
        return AddressSet.of(*(point for one in found if one.key not in synthesized for point in one.addresses))
