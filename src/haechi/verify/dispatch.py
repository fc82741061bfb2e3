"""A verdict map as what happens where.

Why: a map of local pods has as many answers as the node has pods; the packets of one pod must not be compared with all
of them. Promises that `split` gives the same as splitting by one answer after the other.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from haechi.nft import Verdict
from haechi.sets import AddressSet, PortSet, Traffic
from haechi.verify.relation import Relation
from haechi.verify.space import Piece, box, common, divided

Case = tuple[Verdict, Relation]


@dataclass(frozen=True, slots=True)
class Dispatch:
    """The answers of a verdict map.

    Attributes:
        cases: each answer with its places, which are disjoint unless they are free.
        any: the places that have any answer.
        clients: the answers by client, if they depend on nothing else.
        servers: the answers by server, if they depend on nothing else.
    """

    cases: tuple[Case, ...]
    any: Relation
    clients: Line | None = None
    servers: Line | None = None

    @classmethod
    def of(cls, cases: Iterable[Case], places: Relation) -> Dispatch:
        """The map of these answers, which stand at these places."""
        found = tuple(cases)
        if len(found) < 2 or any(each.free or len(each.parts) != 1 for _, each in found):
            return cls(found, places)
        parts = [each.parts[0] for _, each in found]
        if all(traffic is Traffic.ALL for _, traffic in parts):
            return cls(found, places, clients=Line.of([clients for clients, _ in parts]))
        boxes = [traffic.boxes() for _, traffic in parts]
        whole = all(len(each) == 1 and each[0][1] == PortSet.ALL for each in boxes)
        if whole and all(clients is AddressSet.ALL for clients, _ in parts):
            return cls(found, places, servers=Line.of([each[0][0] for each in boxes]))
        return cls(found, places)

    def split(self, piece: Piece) -> tuple[list[tuple[Verdict, list[Piece]]], list[Piece], bool]:
        """The packets of each answer, those without one, and whether it depends on something else than the place."""
        if self.clients is not None:
            return self._by_clients(self.clients, piece)
        if self.servers is not None:
            return self._by_servers(self.servers, piece)
        free = any(each.free for _, each in self.cases)
        answered: list[tuple[Verdict, list[Piece]]] = []
        rest = [piece]
        for verdict, each in self.cases:
            inside: list[Piece] = []
            outside: list[Piece] = []
            for one in [piece] if free else rest:
                yes, no = each.split(one)
                inside += yes
                outside += no
            rest = outside
            if inside:
                answered.append((verdict, inside))
        return answered, self.any.split(piece)[1] if free else rest, free

    def _by_clients(self, line: Line, piece: Piece) -> tuple[list[tuple[Verdict, list[Piece]]], list[Piece], bool]:
        contexts, clients, traffic = piece
        answered = [
            (self.cases[number][0], [Piece(contexts, clients & line.sets[number], traffic)])
            for number in line.touching(clients.intervals)
        ]
        rest = clients - line.all
        return answered, [Piece(contexts, rest, traffic)] if rest else [], False

    def _by_servers(self, line: Line, piece: Piece) -> tuple[list[tuple[Verdict, list[Piece]]], list[Piece], bool]:
        contexts, clients, traffic = piece
        found = list(line.touching([(first, last) for first, last, _ in traffic.pieces]))
        answered = []
        for number in found:
            part = _of_servers(traffic, line.sets[number], self.cases[number][1].parts[0][1])
            if part:
                answered.append((self.cases[number][0], [Piece(contexts, clients, part)]))
        rest = divided(traffic, line.traffic)[1] if found else traffic
        return answered, [Piece(contexts, clients, rest)] if rest else [], False


def _of_servers(traffic: Traffic, servers: AddressSet, whole: Traffic) -> Traffic:
    """The packets to some servers; `whole` has all packets to them."""
    first, end, *more = servers.edges
    return box(servers, traffic.at(first)) if end == first + 1 and not more else common(traffic, whole)


@dataclass(frozen=True, slots=True)
class Line:
    """Disjoint sets of addresses, found by bisection."""

    sets: tuple[AddressSet, ...]
    all: AddressSet
    traffic: Traffic
    firsts: tuple[int, ...]
    lasts: tuple[int, ...]
    owners: tuple[int, ...]

    @classmethod
    def of(cls, sets: list[AddressSet]) -> Line:
        """The line of these sets."""
        spans = sorted((first, last, number) for number, each in enumerate(sets) for first, last in each.intervals)
        firsts, lasts, owners = zip(*spans, strict=True)
        whole = AddressSet.union_all(sets)
        return cls(tuple(sets), whole, Traffic.of(whole, PortSet.ALL), firsts, lasts, owners)

    def touching(self, intervals: Iterable[tuple[int, int]]) -> Iterator[int]:
        """The numbers, each once, of the sets that have addresses in any of the intervals."""
        seen: set[int] = set()
        for first, last in intervals:
            place = max(bisect_right(self.firsts, first) - 1, 0)
            while place < len(self.firsts) and self.firsts[place] <= last:
                if self.lasts[place] >= first and self.owners[place] not in seen:
                    seen.add(self.owners[place])
                    yield self.owners[place]
                place += 1
