"""Where a condition of a rule holds, exactly.

Why: a lookup of a concatenation in a set of intervals and a plain comparison are the same thing to a proof: a set of
places. Promises an exact set for every condition that depends on the packet's place alone; where it depends on
something that the place does not say, the relation is the set of places at which it *may* hold, and says so (`free`).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import accumulate, pairwise
from operator import attrgetter
from typing import Final, NamedTuple

from haechi.nft import DataType, Load, Payload
from haechi.sets import AddressSet, IntervalSet, PortSet, Traffic
from haechi.verify.coordinate import NEVER_TRACKED, Coordinate, family_of
from haechi.verify.space import Piece, divided

_V6_START: Final = 1 << 32
_FAMILY_NUMBERS: Final = ((2, AddressSet.V4), (10, AddressSet.V6))
_PORTS: Final = 65536
_PROTOCOLS: Final = 256
_MANY: Final = 4
_first = attrgetter("first")

Spans = tuple[tuple[int, int], ...]
"""One element: the first and last value of each field."""


class _Part(NamedTuple):
    """One set of clients with its traffic: the first and last client and server, and the only piece if there is one."""

    first: int
    last: int
    start: int
    end: int
    flat: tuple[int, int, PortSet] | None
    clients: AddressSet
    traffic: Traffic

    @classmethod
    def of(cls, clients: AddressSet, traffic: Traffic) -> _Part:
        """The part of these."""
        pieces = traffic.pieces
        flat = pieces[0] if len(pieces) == 1 else None
        return cls(clients.min, clients.max, pieces[0][0], pieces[-1][1], flat, clients, traffic)


@dataclass(frozen=True, slots=True)
class Relation:
    """Places: disjoint sets of clients, each with a function from servers to ports.

    Attributes:
        parts: the clients and their traffic; clients in none of them have none.
        free: whether it also depends on something that the place does not say.
    """

    parts: tuple[tuple[AddressSet, Traffic], ...]
    free: bool = False
    _parts: tuple[_Part, ...] = field(init=False, repr=False, compare=False)
    _firsts: tuple[int, ...] = field(init=False, repr=False, compare=False)
    _lasts: tuple[int, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        parts = sorted((_Part.of(*part) for part in self.parts), key=_first)
        object.__setattr__(self, "_parts", tuple(parts))
        object.__setattr__(self, "_firsts", tuple(part.first for part in parts))
        object.__setattr__(self, "_lasts", tuple(accumulate((part.last for part in parts), max)))

    def split(self, piece: Piece) -> tuple[list[Piece], list[Piece]]:
        """The packets of `piece` that are in here, and those that are not (where `free`: that may not be)."""
        contexts, clients, traffic = piece
        inside: list[Piece] = []
        outside: list[Piece] = []
        rest = clients
        for part in self._near(piece):
            ours = part.clients
            those = clients if ours is AddressSet.ALL else clients & ours
            if not those:
                continue
            both, others = divided(traffic, part.traffic, part.flat)
            if both:
                rest = rest - those
                inside.append(Piece(contexts, those, both))
                if others:
                    outside.append(Piece(contexts, those, others))
        if not inside:
            return inside, [piece]
        if rest:
            outside.append(Piece(contexts, rest, traffic))
        return inside, [*outside, *inside] if self.free else outside

    def _near(self, piece: Piece) -> Iterable[_Part]:
        """The parts that may have packets of `piece`."""
        if len(self._parts) < _MANY:
            return self._parts
        first, last = piece.clients.min, piece.clients.max
        pieces = piece.traffic.pieces
        start, end = pieces[0][0], pieces[-1][1]
        near = self._parts[bisect_left(self._lasts, first) : bisect_right(self._firsts, last)]
        return [part for part in near if first <= part.last and part.start <= end and start <= part.end]

    def complement(self, within: Relation) -> Relation:
        """The places of `within` that are not in here. With `free`, all of `within`."""
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


def relation(loads: tuple[Load, ...], coordinates: tuple[Coordinate, ...], elements: Iterable[Spans]) -> Relation:
    """Where the answers to `loads` lie in one of `elements`.

    Args:
        loads: what is asked.
        coordinates: what answers each of them; where one answers `NEVER`, nothing matches.
        elements: first and last value of each field, as numbers.
    """
    if Coordinate.NEVER in coordinates:
        return NOWHERE
    only = coordinates[0] if len(coordinates) == 1 else None
    if only in (Coordinate.CLIENT, Coordinate.SERVER):
        base = _V6_START if family_of(loads[0].type) == 6 else 0
        spans = [(first + base, last + base) for ((first, last),) in elements]
        return _of_addresses(AddressSet(spans), only is Coordinate.CLIENT)
    if only is Coordinate.FREE:
        elements = [((first, last),) for first, last in IntervalSet([each[0] for each in elements]).intervals]
    listed = list(elements)
    boxes = [box for spans in listed if (box := _box(loads, coordinates, spans)) is not None]
    return Relation(_disjoint(boxes), free=bool(boxes) and any(_is_free(loads, coordinates, each) for each in listed))


def _is_free(loads: tuple[Load, ...], coordinates: tuple[Coordinate, ...], spans: Spans) -> bool:
    """Whether an element asks for something that the place does not say and that can be otherwise."""
    return any(
        coordinate in (Coordinate.FREE, Coordinate.FREE_MESSAGE) and span != (0, (1 << 8 * load.type.width) - 1)
        for load, coordinate, span in zip(loads, coordinates, spans, strict=True)
    )


def domain(loads: tuple[Load, ...], coordinates: tuple[Coordinate, ...]) -> Relation:
    """Where the kernel finds an answer to all of `loads`."""
    full = tuple((0, (1 << 8 * load.type.width) - 1) for load in loads)
    found = relation(loads, coordinates, [full])
    return Relation(found.parts)


def _of_addresses(addresses: AddressSet, clients: bool) -> Relation:
    if not addresses:
        return NOWHERE
    if clients:
        return Relation(((addresses, Traffic.ALL),))
    return Relation(((AddressSet.ALL, Traffic.of(addresses, PortSet.ALL)),))


@dataclass(slots=True)
class _Box:
    """The product that one element makes."""

    clients: tuple[int, int] = (0, _V6_START + (1 << 128) - 1)
    servers: tuple[int, int] = (0, _V6_START + (1 << 128) - 1)
    ports: PortSet = PortSet.ALL

    def limit(self, load: Load, coordinate: Coordinate, first: int, last: int) -> bool:
        """Take one field into account; False if no packet is left."""
        family = _family(load)
        if family is not None and not self._within(family):
            return False
        match coordinate:
            case Coordinate.CLIENT | Coordinate.SERVER:
                return self._address(coordinate, first, last, family)
            case Coordinate.FAMILY:
                return self._families(first, last)
            case Coordinate.PROTOCOL:
                self.ports &= PortSet([(first * _PORTS, last * _PORTS + _PORTS - 1)])
            case Coordinate.PORT:
                self.ports &= every_protocol(first, last)
            case Coordinate.MESSAGE:
                number = _protocol(load)
                self.ports &= PortSet([(number * _PORTS + first * 256, number * _PORTS + last * 256 + 255)])
            case Coordinate.ORIGINAL:
                return first == 0
            case Coordinate.REPLY:
                return first <= 1 <= last
            case Coordinate.FREE_MESSAGE:
                self.ports &= PortSet.protocol(_protocol(load))
                if _protocol(load) == 58 and NEVER_TRACKED.issuperset(range(first, last + 1)):
                    return False
            case _:
                pass
        return bool(self.ports)

    def _address(self, coordinate: Coordinate, first: int, last: int, family: int | None) -> bool:
        base = _V6_START if family == 6 else 0
        held = self.clients if coordinate is Coordinate.CLIENT else self.servers
        span = (max(held[0], first + base), min(held[1], last + base))
        if coordinate is Coordinate.CLIENT:
            self.clients = span
        else:
            self.servers = span
        return span[0] <= span[1]

    def _within(self, family: int) -> bool:
        """Both ends are of one family, so it is enough to limit the client."""
        low, high = (0, _V6_START - 1) if family == 4 else (_V6_START, _V6_START + (1 << 128) - 1)
        self.clients = (max(self.clients[0], low), min(self.clients[1], high))
        return self.clients[0] <= self.clients[1]

    def _families(self, first: int, last: int) -> bool:
        held = [number for number, of in ((2, 4), (10, 6)) if first <= number <= last for _ in (of,)]
        if len(held) == 2:
            return True
        return bool(held) and self._within(4 if held[0] == 2 else 6)


def _box(loads: tuple[Load, ...], coordinates: tuple[Coordinate, ...], spans: Spans) -> _Box | None:
    box = _Box()
    for load, coordinate, (first, last) in zip(loads, coordinates, spans, strict=True):
        if not box.limit(load, coordinate, first, last):
            return None
    return box


def _family(load: Load) -> int | None:
    """The family of packets for which the kernel finds an answer; None for both."""
    if isinstance(load, Payload) and load.type in (DataType.ICMP_TYPE, DataType.ICMPV6_TYPE):
        return 4 if load.type is DataType.ICMP_TYPE else 6
    return family_of(load.type)


def _protocol(load: Load) -> int:
    return 1 if load.type is DataType.ICMP_TYPE else 58


def _disjoint(boxes: list[_Box]) -> tuple[tuple[AddressSet, Traffic], ...]:
    """The union of boxes, by clients."""
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
    return tuple((AddressSet(spans), traffic) for traffic, spans in parts.items())


def _stretches(by_clients: dict[tuple[int, int], list[_Box]]) -> Iterator[tuple[int, int, list[_Box]]]:
    """Every stretch of clients that has the same boxes."""
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
    found = Traffic.from_terms((AddressSet(spans), ports) for ports, spans in by_ports.items())
    return Traffic.ALL if found == Traffic.ALL else found


@lru_cache(maxsize=4096)
def every_protocol(first: int, last: int) -> PortSet:
    """These ports of every protocol: a load of a port does not say of which."""
    return PortSet([(number * _PORTS + first, number * _PORTS + last) for number in range(_PROTOCOLS)])
