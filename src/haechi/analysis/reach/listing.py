"""Connections: who may reach whom on which ports.

Lines come in a stable order (pods before outside, by name, then by address); none goes from something to itself, none
is without ports. Together they are exactly what policies allow: a packet between two names passes if and only if its
port is listed. Two exceptions hold whatever the policies are and are not listed: a pod and itself, a pod and its node.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from haechi.analysis.cluster import Cluster
from haechi.analysis.reach.groups import Group, groups
from haechi.analysis.reach.reach import Reach
from haechi.model import Direction, PodKey
from haechi.sets import AddressSet, PortSet, point_to_text


class Grouping(StrEnum):
    """What a line stands for: a pod, the pods of a workload, or a class of pods that policies cannot tell apart."""

    POD = "pod"
    WORKLOAD = "workload"
    CLASS = "class"


class Connection(NamedTuple):
    """`source` may reach `destination` on `ports`. Each is `namespace/name[Kind]`, or a range of outside addresses."""

    source: str
    destination: str
    ports: PortSet


class _Destination(NamedTuple):
    """The other end of a connection: pods by name, or the `outside` addresses that the name stands for."""

    name: str
    ports: PortSet
    outside: AddressSet = AddressSet.NONE


@dataclass(frozen=True)
class Listing:
    """The connections of a cluster, and the pods behind the names.

    Attributes:
        groups: who stands behind each name, in the order of names.
        reach: what they are made from.
    """

    groups: tuple[Group, ...]
    reach: Reach

    @classmethod
    def of(cls, cluster: Cluster, by: Grouping | str = Grouping.WORKLOAD) -> Listing:
        """The listing of a cluster."""
        reach = Reach(cluster)
        return cls(groups(cluster, reach.classes, Grouping(by)), reach)

    def connections(
        self, *, external: bool = True, focus: Callable[[Group], bool] | None = None, address: AddressSet | None = None
    ) -> Iterator[Connection]:
        """The lines.

        Args:
            external: with those from and to outside addresses.
            focus: only lines that have one of these at an end, if given.
            address: also lines that have one of these outside addresses at an end, if given.
        """
        chosen = None if focus is None else frozenset(group.name for group in self.groups if focus(group))
        by_class: dict[int, list[_Destination]] = {}
        for group in self.groups:
            destinations = by_class.get(group.number)
            if destinations is None:
                destinations = by_class[group.number] = list(self._destinations(group, external))
            yield from self._lines(group, destinations, chosen, address)
        if external:
            for first, last, destination, ports in sorted(
                self._incoming(), key=lambda line: (line[0], line[1], line[2])
            ):
                if chosen is None or destination in chosen or _meets(address, first, last):
                    yield Connection(range_text(first, last), destination, ports)

    def _destinations(self, group: Group, external: bool) -> Iterator[_Destination]:
        servers = self.reach.servers(self.reach.classes[group.number])
        for other in self.groups:
            ports = servers.get(other.number)
            if ports is not None:
                yield _Destination(other.name, ports)
        if external:
            for first, last, ports in self.reach.outside(self.reach.classes[group.number], Direction.EGRESS):
                yield _Destination(range_text(first, last), ports, AddressSet([(first, last)]))

    def _lines(
        self,
        group: Group,
        destinations: list[_Destination],
        chosen: frozenset[str] | None,
        address: AddressSet | None,
    ) -> Iterator[Connection]:
        source = group.name
        every = chosen is None or source in chosen
        for destination, ports, outside in destinations:
            if destination == source and not group.has_others:
                continue
            if (
                every
                or (chosen is not None and destination in chosen)
                or (address is not None and not address.isdisjoint(outside))
            ):
                yield Connection(source, destination, ports)

    def _incoming(self) -> Iterator[tuple[int, int, str, PortSet]]:
        for group in self.groups:
            for first, last, ports in self.reach.outside(self.reach.classes[group.number], Direction.INGRESS):
                yield first, last, group.name, ports


def connections(
    cluster: Cluster,
    by: Grouping | str = Grouping.WORKLOAD,
    *,
    external: bool = True,
    focus: Iterable[PodKey] | None = None,
) -> tuple[Connection, ...]:
    """All connections that policies allow.

    Args:
        cluster: whose.
        by: what a line stands for.
        external: with those from and to outside addresses.
        focus: only those of these pods, if given.
    """
    wanted = None if focus is None else frozenset(focus)
    listing = Listing.of(cluster, by)
    return tuple(
        listing.connections(
            external=external, focus=None if wanted is None else lambda group: not wanted.isdisjoint(group.pods)
        )
    )


def range_text(first: int, last: int) -> str:
    """`first-last`, both included."""
    return f"{point_to_text(first)}-{point_to_text(last)}"


def _meets(addresses: AddressSet | None, first: int, last: int) -> bool:
    return addresses is not None and not addresses.isdisjoint(AddressSet([(first, last)]))
