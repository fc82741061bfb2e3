"""The set of packets for which a condition of a rule holds.

Why: a lookup of a concatenation in a set of intervals and a plain comparison are the same thing to a proof: a set of
packet tuples. It is exact for every condition that depends on the tuple alone. Where a condition depends on something
else, the relation holds every packet for which it *may* hold, and is marked `free`.

    ct original ip saddr . ct reply proto-src { 10.0.0.1 . 80, 10.0.0.2 . 80, 10.0.0.1 . 443 }

    one box for each element          10.0.0.1 × any server × port 80 of any protocol, …
    disjoint by clients (`parts`)     {10.0.0.1} → any server on 80, 443
                                      {10.0.0.2} → any server on 80
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import accumulate, pairwise
from operator import attrgetter
from typing import Final, NamedTuple

from haechi.nft import DataType, Family, Load, Payload
from haechi.sets import ICMP, ICMPV6, V6_START, AddressSet, IntervalSet, PortSet, Traffic, port_point
from haechi.verify.coordinate import NEVER_TRACKED, Coordinate, family_of
from haechi.verify.packets import PacketSet, split_traffic

_END: Final = AddressSet.ALL.max
_PROTOCOLS: Final = 256
_LAST_PORT: Final = 65535
_NFPROTO: Final = {Family.IP: 4, Family.IP6: 6}
_MANY: Final = 4
"""From so many parts on, those near a packet set are found by bisection."""
_first = attrgetter("first")

FieldRanges = tuple[tuple[int, int], ...]
"""One element of a set: the first and last value of each field."""


class _RelationPart(NamedTuple):
    """Clients with their traffic, and what bounds both: the first and last client and server.

    `flat` is the only stretch of the traffic, if it has only one.
    """

    first: int
    last: int
    start: int
    end: int
    flat: tuple[int, int, PortSet] | None
    clients: AddressSet
    traffic: Traffic

    @classmethod
    def of(cls, clients: AddressSet, traffic: Traffic) -> _RelationPart:
        """These clients with this traffic."""
        stretches = traffic.steps
        flat = stretches[0] if len(stretches) == 1 else None
        return cls(clients.min, clients.max, stretches[0][0], stretches[-1][1], flat, clients, traffic)


@dataclass(frozen=True, slots=True)
class Relation:
    """Packet tuples: disjoint sets of clients, each with a function from servers to ports.

    Attributes:
        parts: the clients and their traffic; clients in none of them have none.
        free: whether the condition also depends on something that the tuple does not hold.
    """

    parts: tuple[tuple[AddressSet, Traffic], ...]
    free: bool = False
    _parts: tuple[_RelationPart, ...] = field(init=False, repr=False, compare=False)
    _firsts: tuple[int, ...] = field(init=False, repr=False, compare=False)
    _lasts: tuple[int, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        parts = sorted((_RelationPart.of(*part) for part in self.parts), key=_first)
        object.__setattr__(self, "_parts", tuple(parts))
        object.__setattr__(self, "_firsts", tuple(part.first for part in parts))
        object.__setattr__(self, "_lasts", tuple(accumulate((part.last for part in parts), max)))

    def split(self, packets: PacketSet) -> tuple[list[PacketSet], list[PacketSet]]:
        """The packets that are in here and those that are not; if `free`, those that may be and those that may not."""
        contexts, clients, traffic = packets
        inside: list[PacketSet] = []
        outside: list[PacketSet] = []
        rest = clients
        for part in self._near(packets):
            ours = part.clients
            those = clients if ours is AddressSet.ALL else clients & ours
            if not those:
                continue
            both, others = split_traffic(traffic, part.traffic, part.flat)
            if both:
                rest = rest - those
                inside.append(PacketSet(contexts, those, both))
                if others:
                    outside.append(PacketSet(contexts, those, others))
        if not inside:
            return inside, [packets]
        if rest:
            outside.append(PacketSet(contexts, rest, traffic))
        return inside, [*outside, *inside] if self.free else outside

    def _near(self, packets: PacketSet) -> Iterable[_RelationPart]:
        """The parts that may have some of the packets."""
        if len(self._parts) < _MANY:
            return self._parts
        first, last = packets.clients.min, packets.clients.max
        stretches = packets.traffic.steps
        start, end = stretches[0][0], stretches[-1][1]
        near = self._parts[bisect_left(self._lasts, first) : bisect_right(self._firsts, last)]
        return [part for part in near if first <= part.last and part.start <= end and start <= part.end]

    def complement(self, within: Relation) -> Relation:
        """What is in `within` but not in here; if `free`, all of `within`."""
        if self.free:
            return Relation(within.parts, free=True)
        found: list[tuple[AddressSet, Traffic]] = []
        for clients, traffic in within.parts:
            rest = clients
            for ours, theirs in self.parts:
                those = clients & ours
                rest = rest - ours
                if those and traffic - theirs:
                    found.append((those, traffic - theirs))
            if rest:
                found.append((rest, traffic))
        return Relation(tuple(found))


NOWHERE: Final = Relation(())
EVERYWHERE: Final = Relation(((AddressSet.ALL, Traffic.ALL),))
ANYWHERE: Final = Relation(EVERYWHERE.parts, free=True)


def relation(loads: tuple[Load, ...], read: tuple[Coordinate, ...], elements: Iterable[FieldRanges]) -> Relation:
    """The packets for which the values of `loads` are in one of `elements`.

    Args:
        loads: what is loaded.
        read: what each of them reads; if one reads `NEVER`, nothing matches.
        elements: first and last value of each field, as numbers.
    """
    if Coordinate.NEVER in read:
        return NOWHERE
    only = read[0] if len(read) == 1 else None
    if only in (Coordinate.CLIENT, Coordinate.SERVER):
        base = V6_START if family_of(loads[0].type) == 6 else 0
        intervals = [(first + base, last + base) for ((first, last),) in elements]
        return _of_addresses(AddressSet(intervals), only is Coordinate.CLIENT)
    if only is Coordinate.FREE:
        elements = [((first, last),) for first, last in IntervalSet([each[0] for each in elements]).intervals]
    listed = list(elements)
    boxes = [box for ranges in listed if (box := _box(loads, read, ranges)) is not None]
    return Relation(_disjoint(boxes), free=bool(boxes) and any(_is_free(loads, read, each) for each in listed))


def _is_free(loads: tuple[Load, ...], read: tuple[Coordinate, ...], ranges: FieldRanges) -> bool:
    """Whether an element restricts a value that the tuple does not hold."""
    return any(
        coordinate in (Coordinate.FREE, Coordinate.TRACKED_ICMP_TYPE) and bounds != _full(load)
        for load, coordinate, bounds in zip(loads, read, ranges, strict=True)
    )


def domain(loads: tuple[Load, ...], read: tuple[Coordinate, ...]) -> Relation:
    """The packets for which the kernel finds a value for all of `loads`."""
    return Relation(relation(loads, read, [tuple(map(_full, loads))]).parts)


def _full(load: Load) -> tuple[int, int]:
    """The first and last value that a load can give."""
    return 0, (1 << 8 * load.type.width) - 1


def _of_addresses(addresses: AddressSet, clients: bool) -> Relation:
    if not addresses:
        return NOWHERE
    if clients:
        return Relation(((addresses, Traffic.ALL),))
    return Relation(((AddressSet.ALL, Traffic.of(addresses, PortSet.ALL)),))


@dataclass(slots=True)
class _Box:
    """The packets of one element: clients × servers × ports."""

    clients: tuple[int, int] = (0, _END)
    servers: tuple[int, int] = (0, _END)
    ports: PortSet = PortSet.ALL

    def limit(self, load: Load, coordinate: Coordinate, first: int, last: int) -> bool:
        """Restrict the box to one field's values; False if no packet is left."""
        family = _family(load)
        if family is not None and not self._within(family):
            return False
        match coordinate:
            case Coordinate.CLIENT | Coordinate.SERVER:
                return self._address(coordinate, first, last, family)
            case Coordinate.FAMILY:
                return self._families(first, last)
            case Coordinate.PROTOCOL:
                self.ports &= PortSet([(port_point(first, 0), port_point(last, _LAST_PORT))])
            case Coordinate.PORT:
                self.ports &= every_protocol(first, last)
            case Coordinate.ICMP_TYPE:
                number = _icmp(load)
                self.ports &= PortSet([(port_point(number, first << 8), port_point(number, last << 8 | 255))])
            case Coordinate.ORIGINAL:
                return first == 0
            case Coordinate.REPLY:
                return first <= 1 <= last
            case Coordinate.TRACKED_ICMP_TYPE:
                self.ports &= PortSet.protocol(_icmp(load))
                if _icmp(load) == ICMPV6 and NEVER_TRACKED.issuperset(range(first, last + 1)):
                    return False
            case _:
                pass
        return bool(self.ports)

    def _address(self, coordinate: Coordinate, first: int, last: int, family: int | None) -> bool:
        base = V6_START if family == 6 else 0
        known = self.clients if coordinate is Coordinate.CLIENT else self.servers
        interval = (max(known[0], first + base), min(known[1], last + base))
        if coordinate is Coordinate.CLIENT:
            self.clients = interval
        else:
            self.servers = interval
        return interval[0] <= interval[1]

    def _within(self, family: int) -> bool:
        """Both ends are of one family, so it is enough to restrict the client."""
        low, high = (0, V6_START - 1) if family == 4 else (V6_START, _END)
        self.clients = (max(self.clients[0], low), min(self.clients[1], high))
        return self.clients[0] <= self.clients[1]

    def _families(self, first: int, last: int) -> bool:
        found = [family for number, family in _NFPROTO.items() if first <= number <= last]
        return len(found) == len(_NFPROTO) or (bool(found) and self._within(found[0]))


def _box(loads: tuple[Load, ...], read: tuple[Coordinate, ...], ranges: FieldRanges) -> _Box | None:
    """The packets of an element; None if there are none."""
    box = _Box()
    for load, coordinate, (first, last) in zip(loads, read, ranges, strict=True):
        if not box.limit(load, coordinate, first, last):
            return None
    return box


def _family(load: Load) -> int | None:
    """The family of the packets for which the kernel finds a value; None for both."""
    if isinstance(load, Payload) and load.type in (DataType.ICMP_TYPE, DataType.ICMPV6_TYPE):
        return 4 if load.type is DataType.ICMP_TYPE else 6
    return family_of(load.type)


def _icmp(load: Load) -> int:
    """The protocol whose messages have this type field."""
    return ICMP if load.type is DataType.ICMP_TYPE else ICMPV6


def _disjoint(boxes: list[_Box]) -> tuple[tuple[AddressSet, Traffic], ...]:
    """The union of the boxes as disjoint sets of clients with their traffic."""
    by_clients: dict[tuple[int, int], list[_Box]] = {}
    for box in boxes:
        by_clients.setdefault(box.clients, []).append(box)
    if len(by_clients) == 1:
        ((clients, those),) = by_clients.items()
        whole = AddressSet([clients])
        return ((AddressSet.ALL if whole == AddressSet.ALL else whole, _traffic(those)),)
    parts: dict[Traffic, list[tuple[int, int]]] = {}
    for first, last, those in _stretches(by_clients):
        parts.setdefault(_traffic(those), []).append((first, last))
    return tuple((AddressSet(intervals), traffic) for traffic, intervals in parts.items())


def _stretches(by_clients: dict[tuple[int, int], list[_Box]]) -> Iterator[tuple[int, int, list[_Box]]]:
    """Stretches of clients, each with the boxes that cover all of it.

    boxes         |---- a ----|          |-- c --|
                        |---- b ----|
    stretches     |- a -|-a,b-|- b -|    |-- c --|
    """
    ordered = sorted(by_clients)
    if all(one[1] < other[0] for one, other in pairwise(ordered)):
        for first, last in ordered:
            yield first, last, by_clients[first, last]
        return
    edges = sorted({edge for first, last in ordered for edge in (first, last + 1)})
    for start, end in pairwise(edges):
        those = [
            box for first, last in ordered if first <= start and end <= last + 1 for box in by_clients[first, last]
        ]
        if those:
            yield start, end - 1, those


def _traffic(boxes: list[_Box]) -> Traffic:
    by_ports: dict[PortSet, list[tuple[int, int]]] = {}
    for box in boxes:
        by_ports.setdefault(box.ports, []).append(box.servers)
    found = Traffic.from_terms((AddressSet(intervals), ports) for ports, intervals in by_ports.items())
    return Traffic.ALL if found == Traffic.ALL else found


@lru_cache(maxsize=4096)
def every_protocol(first: int, last: int) -> PortSet:
    """These ports of every protocol: a load of a port gives the port of whatever protocol the packet has."""
    return PortSet([(port_point(number, first), port_point(number, last)) for number in range(_PROTOCOLS)])
