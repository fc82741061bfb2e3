"""What is allowed: a function from addresses to the ports that each may use.

The `Traffic` of a pod and a direction is the complete meaning of all policies for it. It is a step function over the
line of `AddressSet`: the ports are constant between two edges. "10.0.0.0/24 on TCP 80, and 10.0.0.8 on UDP 53" is

    edges           10.0.0.0      10.0.0.8          10.0.0.9      10.0.1.0
    steps    none   │   TCP 80    │ TCP 80, UDP 53  │   TCP 80    │   none

Adjacent steps differ and the outermost are empty, so equal functions are equal values and ``==`` is a proof. An
operation merges the edges of both operands and combines the ports between them: exact for every address, protocol and
port, in time linear in the edges, instead of in the packets (2**128 addresses with 2**24 ports each).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from operator import and_, or_, sub, xor
from typing import TYPE_CHECKING, ClassVar

from haechi.sets.addresses import AddressSet
from haechi.sets.ports import PortSet, port_point

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


class Traffic:
    """A set of packets, each a peer address, an IP protocol and a port.

    ``| & - ^``, ``<= < >= ==``, ``bool``; ``traffic[address]`` is the PortSet of an address.

    Attributes:
        NONE: no packet.
        ALL: every packet.
    """

    __slots__ = ("_edges", "_hash", "_steps")

    NONE: ClassVar[Traffic]
    ALL: ClassVar[Traffic]

    _edges: tuple[int, ...]
    _steps: tuple[PortSet, ...]  # one more than edges: before the first, between them, after the last
    _hash: int | None

    def __init__(self) -> None:
        self._edges = ()
        self._steps = (PortSet.NONE,)
        self._hash = None

    @classmethod
    def of(cls, addresses: AddressSet, ports: PortSet) -> Traffic:
        """All packets with one of `addresses` and one of `ports`: a box."""
        return cls.from_terms([(addresses, ports)])

    @classmethod
    def from_terms(cls, terms: Iterable[tuple[AddressSet, PortSet]]) -> Traffic:
        """The union of boxes.

        A sweep in O(n log n) of their edges. Terms with equal ports are one group, a bit; at each edge the bits of the
        groups that begin or end there flip, and the ports of a step are the union of the groups whose bits are set:

            TCP 80 (bit 0)     ├───────────────────────────┤
            UDP 53 (bit 1)                ├─────┤
            active             01         11    01         00
        """
        groups: dict[PortSet, list[AddressSet]] = {}
        for addresses, ports in terms:
            groups.setdefault(ports, []).append(addresses)
        flips: dict[int, int] = {}  # by edge: one bit for each group that begins or ends there
        for number, sets in enumerate(groups.values()):
            bit = 1 << number
            for edge in AddressSet.union_all(sets).edges:
                flips[edge] = flips.get(edge, 0) ^ bit
        return cls._from_steps(_sweep(flips, list(groups)))

    @property
    def steps(self) -> tuple[tuple[int, int, PortSet], ...]:
        """First address, last address and their ports, ascending, for all addresses that have any."""
        return tuple(
            [
                (start, end - 1, ports)
                for start, end, ports in zip(self._edges, self._edges[1:], self._steps[1:], strict=False)
                if ports
            ]
        )

    @property
    def addresses(self) -> AddressSet:
        """The addresses that have any ports."""
        return AddressSet([(first, last) for first, last, _ in self.steps])

    def at(self, address: int) -> PortSet:
        """The ports of the address at this point of the line."""
        return self._steps[bisect_right(self._edges, address)]

    def contains(self, address: int, protocol: int, port: int) -> bool:
        """Whether this packet is in the set."""
        return port_point(protocol, port) in self.at(address)

    def addresses_for(self, ports: PortSet) -> AddressSet:
        """The addresses that have every one of `ports`; for no ports, all addresses."""
        if not ports:
            return AddressSet.ALL
        return AddressSet([(first, last) for first, last, allowed in self.steps if ports <= allowed])

    def restricted(self, addresses: AddressSet, ports: PortSet) -> Traffic:
        """The packets with one of `addresses` and one of `ports`."""
        return self & Traffic.of(addresses, ports)

    def boxes(self) -> tuple[tuple[AddressSet, PortSet], ...]:
        """Disjoint boxes, one for each distinct set of ports, by their lowest address."""
        groups: dict[PortSet, list[tuple[int, int]]] = {}
        for first, last, ports in self.steps:
            groups.setdefault(ports, []).append((first, last))
        return tuple([(AddressSet(intervals), ports) for ports, intervals in groups.items()])

    def first_difference(self, other: Traffic) -> tuple[int, int, int, bool] | None:
        """A packet that only one of the two contains, or None if they are equal.

        Returns:
            Address (the lowest at which they differ), protocol, port, and whether `self` contains the packet.
        """
        if self == other:
            return None
        address, mine, theirs = next(step for step in self._beside(other) if step[1] != step[2])
        protocol, port = (mine ^ theirs).witness()
        return address, protocol, port, port_point(protocol, port) in mine

    def __getitem__(self, address: int) -> PortSet:
        return self.at(address)

    def __bool__(self) -> bool:
        return bool(self._edges)

    def __or__(self, other: Traffic) -> Traffic:
        if not isinstance(other, Traffic):
            return NotImplemented
        if not self or not other or self is other:
            return self or other
        return self._combined(other, or_)

    def __and__(self, other: Traffic) -> Traffic:
        if not isinstance(other, Traffic):
            return NotImplemented
        if not self or not other:
            return Traffic.NONE
        start, end = max(self._edges[0], other._edges[0]), min(self._edges[-1], other._edges[-1])
        if start >= end:
            return Traffic.NONE
        return self._window(start, end)._combined(other._window(start, end), and_)

    def __sub__(self, other: Traffic) -> Traffic:
        if not isinstance(other, Traffic):
            return NotImplemented
        if not self or not other:
            return self
        return self._combined(other, sub)

    def __xor__(self, other: Traffic) -> Traffic:
        if not isinstance(other, Traffic):
            return NotImplemented
        if not self or not other:
            return self or other
        return self._combined(other, xor)

    def __le__(self, other: Traffic) -> bool:
        if not isinstance(other, Traffic):
            return NotImplemented
        return all(mine <= theirs for mine, theirs in {step[1:] for step in self._beside(other)})

    def __lt__(self, other: Traffic) -> bool:
        return self <= other and self != other

    def __ge__(self, other: Traffic) -> bool:
        if not isinstance(other, Traffic):
            return NotImplemented
        return other <= self

    def __gt__(self, other: Traffic) -> bool:
        return self >= other and self != other

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, Traffic):
            return NotImplemented
        return self._edges == other._edges and self._steps == other._steps

    def __hash__(self) -> int:
        if self._hash is None:
            self._hash = hash((self._edges, self._steps))
        return self._hash

    def __str__(self) -> str:
        return "; ".join([f"{addresses}: {ports}" for addresses, ports in self.boxes()]) or "none"

    def __repr__(self) -> str:
        return f"<Traffic {self}>"

    @classmethod
    def _from_steps(cls, steps: Iterable[tuple[int, PortSet]]) -> Traffic:
        """The function with each value from its edge on; edges ascend, the last value is empty."""
        edges: list[int] = []
        last = PortSet.NONE
        values = [last]
        for edge, ports in steps:
            if ports is not last and ports != last:  # mostly they are one object
                edges.append(edge)
                values.append(ports)
                last = ports
        result = cls.__new__(cls)
        result._edges = tuple(edges)
        result._steps = tuple(values)
        result._hash = None
        return result

    def _beside(self, other: Traffic) -> Iterator[tuple[int, PortSet, PortSet]]:
        """Each edge of either operand, with the ports of both from there on."""
        mine = dict(zip(self._edges, self._steps[1:], strict=True))
        theirs = dict(zip(other._edges, other._steps[1:], strict=True))
        left = right = PortSet.NONE
        for edge in sorted(mine.keys() | theirs.keys()):
            left = mine.get(edge, left)
            right = theirs.get(edge, right)
            yield edge, left, right

    def _combined(self, other: Traffic, operation: Callable[[PortSet, PortSet], PortSet]) -> Traffic:
        """The operation at every address; each pair of port sets is computed once."""
        known: dict[tuple[int, int], PortSet] = {}  # by identity: both operands outlive the call

        def result(left: PortSet, right: PortSet) -> PortSet:
            pair = (id(left), id(right))
            value = known.get(pair)
            if value is None:
                value = known[pair] = operation(left, right)
            return value

        return Traffic._from_steps((edge, result(left, right)) for edge, left, right in self._beside(other))

    def _window(self, start: int, end: int) -> Traffic:
        """The part between two addresses, the second excluded."""
        low, high = bisect_right(self._edges, start), bisect_left(self._edges, end)
        steps = zip((start, *self._edges[low:high]), self._steps[low : high + 1], strict=True)
        return Traffic._from_steps((*steps, (end, PortSet.NONE)))


def _sweep(flips: dict[int, int], groups: list[PortSet]) -> Iterator[tuple[int, PortSet]]:
    """At each edge the union of the groups whose bits are set; equal unions are one object."""
    known: dict[int, PortSet] = {0: PortSet.NONE}
    shared: dict[PortSet, PortSet] = {}
    active = 0
    for edge in sorted(flips):
        active ^= flips[edge]
        ports = known.get(active)
        if ports is None:
            union = PortSet.union_all([group for number, group in enumerate(groups) if active >> number & 1])
            ports = known[active] = shared.setdefault(union, union)
        yield edge, ports


Traffic.NONE = Traffic()
Traffic.ALL = Traffic.of(AddressSet.ALL, PortSet.ALL)
