"""A verdict map as a function from packets to verdicts.

Why: a map of local pods has as many verdicts as the node has pods, and the packets of one pod must not be compared with
all of them. If the verdict depends on the client alone (or the server alone), the sets of addresses form a partition:

    @clients4 { 10.0.0.1 : goto a, 10.0.0.2 : goto b, 10.0.0.7 : goto a }

    address line    .1 a   .2 b          .7 a
    packets from               |-- .3 … .8 --|      bisection finds a; the rest has no verdict

The result is the same as splitting by one verdict after the other.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from haechi.nft import Verdict
from haechi.sets import AddressSet, PortSet, Traffic
from haechi.verify.packets import PacketSet, box, common, split_traffic
from haechi.verify.relation import Relation

Case = tuple[Verdict, Relation]


class Dispatched(NamedTuple):
    """Packets that were looked up in a verdict map.

    Attributes:
        matched: each verdict with its packets; where `free`, with those that may get it.
        missed: packets without a verdict; where `free`, those that may have none.
        free: whether the verdict also depends on something that the tuple does not hold.
    """

    matched: list[tuple[Verdict, list[PacketSet]]]
    missed: list[PacketSet]
    free: bool = False


@dataclass(frozen=True, slots=True)
class Dispatch:
    """A verdict map.

    Attributes:
        cases: each verdict with its packets, which are disjoint unless they are free.
        any: the packets that have any verdict.
        clients: the cases by client, if the verdict depends on nothing else.
        servers: the cases by server, if the verdict depends on nothing else.
    """

    cases: tuple[Case, ...]
    any: Relation
    clients: AddressPartition | None = None
    servers: AddressPartition | None = None

    @classmethod
    def of(cls, cases: Iterable[Case], everything: Relation) -> Dispatch:
        """The map with these cases; `everything` is the union of their packets."""
        found = tuple(cases)
        if len(found) < 2 or any(each.free or len(each.parts) != 1 for _, each in found):
            return cls(found, everything)
        parts = [each.parts[0] for _, each in found]
        if all(traffic is Traffic.ALL for _, traffic in parts):
            return cls(found, everything, clients=AddressPartition.of([clients for clients, _ in parts]))
        boxes = [traffic.boxes() for _, traffic in parts]
        is_whole = all(len(each) == 1 and each[0][1] == PortSet.ALL for each in boxes)
        if is_whole and all(clients is AddressSet.ALL for clients, _ in parts):
            return cls(found, everything, servers=AddressPartition.of([each[0][0] for each in boxes]))
        return cls(found, everything)

    def split(self, packets: PacketSet) -> Dispatched:
        """Look up packets."""
        if self.clients is not None:
            return self._by_clients(self.clients, packets)
        if self.servers is not None:
            return self._by_servers(self.servers, packets)
        free = any(each.free for _, each in self.cases)
        matched: list[tuple[Verdict, list[PacketSet]]] = []
        rest = [packets]
        for verdict, each in self.cases:
            inside: list[PacketSet] = []
            outside: list[PacketSet] = []
            for one in [packets] if free else rest:
                yes, no = each.split(one)
                inside += yes
                outside += no
            rest = outside
            if inside:
                matched.append((verdict, inside))
        return Dispatched(matched, self.any.split(packets)[1] if free else rest, free)

    def _by_clients(self, partition: AddressPartition, packets: PacketSet) -> Dispatched:
        contexts, clients, traffic = packets
        matched = [
            (self.cases[number][0], [PacketSet(contexts, clients & partition.sets[number], traffic)])
            for number in partition.touching(clients.intervals)
        ]
        rest = clients - partition.all
        return Dispatched(matched, [PacketSet(contexts, rest, traffic)] if rest else [])

    def _by_servers(self, partition: AddressPartition, packets: PacketSet) -> Dispatched:
        contexts, clients, traffic = packets
        found = list(partition.touching([(first, last) for first, last, _ in traffic.steps]))
        matched = []
        for number in found:
            part = _to_servers(traffic, partition.sets[number], self.cases[number][1].parts[0][1])
            if part:
                matched.append((self.cases[number][0], [PacketSet(contexts, clients, part)]))
        rest = split_traffic(traffic, partition.traffic)[1] if found else traffic
        return Dispatched(matched, [PacketSet(contexts, clients, rest)] if rest else [])


def _to_servers(traffic: Traffic, servers: AddressSet, everything: Traffic) -> Traffic:
    """The traffic to some servers; `everything` is all traffic to them."""
    first, end, *more = servers.edges
    return box(servers, traffic.at(first)) if end == first + 1 and not more else common(traffic, everything)


@dataclass(frozen=True, slots=True)
class AddressPartition:
    """Disjoint sets of addresses, found by bisection.

    Attributes:
        sets: the sets; a set's number is its index.
        all: their union.
        traffic: all traffic to the union.
        firsts: the first address of each interval of any set, ascending; `lasts` and `numbers` likewise.
        lasts: the last address of each interval.
        numbers: the set to which each interval belongs.
    """

    sets: tuple[AddressSet, ...]
    all: AddressSet
    traffic: Traffic
    firsts: tuple[int, ...]
    lasts: tuple[int, ...]
    numbers: tuple[int, ...]

    @classmethod
    def of(cls, sets: list[AddressSet]) -> AddressPartition:
        """The partition with these sets."""
        intervals = sorted((first, last, number) for number, each in enumerate(sets) for first, last in each.intervals)
        firsts, lasts, numbers = zip(*intervals, strict=True)
        union = AddressSet.union_all(sets)
        return cls(tuple(sets), union, Traffic.of(union, PortSet.ALL), firsts, lasts, numbers)

    def touching(self, intervals: Iterable[tuple[int, int]]) -> Iterator[int]:
        """The numbers, each once, of the sets that have addresses in any of the intervals."""
        seen: set[int] = set()
        for first, last in intervals:
            place = max(bisect_right(self.firsts, first) - 1, 0)
            while place < len(self.firsts) and self.firsts[place] <= last:
                if self.lasts[place] >= first and self.numbers[place] not in seen:
                    seen.add(self.numbers[place])
                    yield self.numbers[place]
                place += 1
