"""Who may reach whom, by class of pods, and what of the outside.

Everything that lists or compares connections starts here. For each ordered pair of classes: the exact ports on which a
member of one may reach another pod of the other, over IPv4 or over IPv6; for each class and direction: the function
from outside addresses to ports. The cost is that of the pairs with an answer and of the policies, not of the pods.

    Stages ──▶ Row: class ──▶ ports at each kind of address ──┐
                                                              ├── egress of the one ∩ ingress of the other
    Stages ──▶ Row ───────────────────────────────────────────┘
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from haechi.analysis.cluster import Cluster
from haechi.analysis.reach.classes import PodClass, PodClasses
from haechi.analysis.reach.rows import Rows
from haechi.engine import Stages, outside
from haechi.model import Direction
from haechi.sets import V6_START, AddressSet, PortSet

_Profile = tuple[tuple[int, PortSet], ...]  # family and ports of each kind of address of a class
_Row = dict[int, _Profile]  # by class; classes to which nothing is allowed are absent


class Reach:
    """All connections between the classes of a cluster.

    Args:
        cluster: whose connections.
    """

    def __init__(self, cluster: Cluster) -> None:
        classes = PodClasses.of(cluster.engine)
        self.classes = classes.all
        self._engine = cluster.engine
        self._kinds = Rows(cluster.engine, classes)
        self._rows: dict[int, _Row] = {}
        self._common: dict[tuple[int, int], PortSet] = {}
        self._profiles: dict[_Profile, _Profile] = {}
        self._lines: dict[tuple[int, tuple[bool, bool]], tuple[tuple[int, int, PortSet], ...]] = {}
        self._open = {one.number: self._shared(_all(one)) for one in self.classes if one.addresses}
        points = {point for endpoint in cluster.engine.endpoints for point in endpoint.addresses}
        self._pods = AddressSet.of(*points)

    # -- between pods ------------------------------------------------------------------------------------------------

    def servers(self, client: PodClass) -> dict[int, PortSet]:
        """By class, the ports on which `client` may reach its pods; classes that it cannot reach are absent."""
        if not client.addresses:
            return {}
        incoming = self._incoming[client.number]
        allowed = self._row(client.egress) if client.egress else self._open
        judged = self._judged
        found: dict[int, PortSet] = {}
        mine = self._open[client.number]
        for number, sent in allowed.items():
            received = incoming.get(number) if number in judged else mine
            if received is not None:
                ports = self._both(sent, received)
                if ports:
                    found[number] = ports
        return found

    def side(self, one: PodClass, direction: Direction, other: PodClass) -> tuple[tuple[int, PortSet], ...]:
        """What one end allows by itself: family and ports for each kind of address of the other."""
        stages = one.stages(direction)
        return self._row(stages).get(other.number, ()) if stages else self._open.get(other.number, ())

    @cached_property
    def _judged(self) -> frozenset[int]:
        """The classes that do not accept everything."""
        return frozenset(one.number for one in self.classes if one.ingress)

    @cached_property
    def _incoming(self) -> list[_Row]:
        """For each class: by judged class, what that class accepts from it."""
        found: list[_Row] = [{} for _ in self.classes]
        subjects: dict[int, tuple[Stages, list[int]]] = {}
        for one in self.classes:
            if one.ingress:
                subjects.setdefault(id(one.ingress), (one.ingress, []))[1].append(one.number)
        for stages, numbers in subjects.values():
            for client, profile in self._row(stages).items():
                row = found[client]
                for number in numbers:
                    row[number] = profile
        return found

    def _both(self, sent: _Profile, received: _Profile) -> PortSet:
        """What one end sends and the other receives, over any family that both have."""
        key = (id(sent), id(received))  # profiles are shared and live as long as this
        found = self._common.get(key)
        if found is None:
            ports = [one & other for f, one in sent for g, other in received if f == g]
            found = self._common[key] = PortSet.union_all(ports)
        return found

    def _shared(self, profile: _Profile) -> _Profile:
        return self._profiles.setdefault(profile, profile)

    # -- what policies allow of classes ------------------------------------------------------------------------------

    def _row(self, stages: Stages) -> _Row:
        found = self._rows.get(id(stages))
        if found is None:
            found = self._rows[id(stages)] = self._evaluated(stages)
        return found

    def _evaluated(self, stages: Stages) -> _Row:
        row: dict[int, list[tuple[int, PortSet]]] = {}
        for kind, ports in self._kinds.of(stages).items():
            address = self.classes[kind.number].addresses[kind.address_index]
            row.setdefault(kind.number, []).append((_family(address), ports))
        return {number: self._shared(tuple(profile)) for number, profile in row.items()}

    # -- outside -----------------------------------------------------------------------------------------------------

    def outside(self, one: PodClass, direction: Direction) -> tuple[tuple[int, int, PortSet], ...]:
        """First and last address of each range of outside addresses, and the ports to or from them.

        Ranges stay within a family and are as few as possible; pods with addresses in a range are excluded.
        """
        stages = one.stages(direction)
        families = (any(point < V6_START for point in one.addresses), any(point >= V6_START for point in one.addresses))
        key = (id(stages), families)
        found = self._lines.get(key)
        if found is None:
            found = self._lines[key] = tuple(self._ranges(stages, families))
        return found

    def is_pods(self, first: int, last: int) -> bool:
        """Whether pods have every address of a range."""
        return AddressSet([(first, last)]) <= self._pods

    def _ranges(self, stages: Stages, families: tuple[bool, bool]) -> Iterator[tuple[int, int, PortSet]]:
        traffic = outside(self._engine, stages)
        for family, has in zip((AddressSet.V4, AddressSet.V6), families, strict=True):
            if has:
                for first, last, ports in traffic.restricted(family, PortSet.ALL).steps:
                    if not self.is_pods(first, last):
                        yield first, last, ports


def _family(point: int) -> int:
    return 4 if point < V6_START else 6


def _all(one: PodClass) -> _Profile:
    return tuple((_family(point), PortSet.ALL) for point in one.addresses)
