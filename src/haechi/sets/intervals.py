"""Sets of integers as sorted, disjoint, non-adjacent closed intervals.

One algebra for addresses and ports. Sets are immutable, hashable and canonical (``==`` is a proof that two sets hold
the same points), and results have the type of the operands. Sets of different types cannot be combined (TypeError).
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import chain
from operator import gt
from typing import TYPE_CHECKING, ClassVar, Self

from haechi.errors import HaechiError
from haechi.sets import edges as algebra

if TYPE_CHECKING:
    from collections.abc import Iterable

    from haechi.sets.edges import Edges


class IntervalError(HaechiError, ValueError):
    """An interval that no set of this type can hold.

    Attributes:
        interval: the first and the last point.
        reason: what is wrong with them.
    """

    def __init__(self, interval: tuple[object, object], reason: str) -> None:
        self.interval = interval
        self.reason = reason
        super().__init__(interval, reason)

    def __str__(self) -> str:
        first, last = self.interval
        return f"[{first!r}, {last!r}]: {self.reason}"


class IntervalSet:
    """A set of non-negative integers.

    Operators take operands of the same type and return that type: ``| & - ^`` and ``<= < > >= ==``; also ``point in
    s``, ``bool(s)`` and ``len(s)``, which counts points. Iterate over `intervals`: the set itself is not iterable,
    because ``list(s)`` would reserve room for ``len(s)`` points.

    Args:
        intervals: pairs of first and last point, both included; in any order, overlapping or adjacent.

    Raises:
        IntervalError: (a ValueError) a pair is reversed, negative, beyond the end of the line or not integers.
    """

    __slots__ = ("_edges", "_hash")

    _END: ClassVar[int | None] = None  # exclusive end of the line that the points lie on

    _edges: Edges
    _hash: int | None

    def __init__(self, intervals: Iterable[tuple[int, int]] = ()) -> None:
        pairs = list(intervals)
        firsts, lasts = [first for first, _ in pairs], [last for _, last in pairs]
        self._check(firsts, lasts)
        self._edges = algebra.from_bounds(firsts, [last + 1 for last in lasts])
        self._hash = None

    @classmethod
    def empty(cls) -> Self:
        """The set without points."""
        return cls._from_edges(())

    @classmethod
    def of(cls, *points: int) -> Self:
        """The set of these points.

        Raises:
            IntervalError: as for the constructor.
        """
        cls._check(points, points)
        return cls._from_edges(algebra.from_points(points))

    @classmethod
    def union_all(cls, sets: Iterable[Self]) -> Self:
        """The union of all `sets`, in O(n log n) of their intervals; the empty set for none."""
        operands = list(sets)
        for operand in operands:
            operand._same_type(cls)
        return cls._from_edges(algebra.union_all([operand._edges for operand in operands]))

    @property
    def intervals(self) -> tuple[tuple[int, int], ...]:
        """First and last point of each interval, ascending; no two intervals overlap or touch."""
        return tuple([(start, end - 1) for start, end in algebra.intervals(self._edges)])

    @property
    def edges(self) -> tuple[int, ...]:
        """Where membership flips, ascending: start, end, start, end, …; ends exclusive."""
        return self._edges

    @property
    def size(self) -> int:
        """The number of points; unlike ``len``, not limited to ``sys.maxsize``."""
        return sum(self._edges[1::2]) - sum(self._edges[::2])

    @property
    def min(self) -> int:
        """The lowest point.

        Raises:
            ValueError: the set is empty.
        """
        if not self._edges:
            raise ValueError("an empty set has no lowest point")
        return self._edges[0]

    @property
    def max(self) -> int:
        """The highest point.

        Raises:
            ValueError: the set is empty.
        """
        if not self._edges:
            raise ValueError("an empty set has no highest point")
        return self._edges[-1] - 1

    def union(self, *others: Self) -> Self:
        """The points of this set and of all `others`."""
        return type(self).union_all((self, *others))

    def isdisjoint(self, other: Self) -> bool:
        """Whether the two have no point in common."""
        other._same_type(type(self))
        return algebra.is_disjoint(self._edges, other._edges)

    def __contains__(self, point: int) -> bool:
        return bisect_right(self._edges, point) & 1 == 1

    def __len__(self) -> int:
        return self.size

    def __bool__(self) -> bool:
        return bool(self._edges)

    def __or__(self, other: Self) -> Self:
        if type(other) is not type(self):
            return NotImplemented
        return self._share(algebra.union(self._edges, other._edges), other)

    def __and__(self, other: Self) -> Self:
        if type(other) is not type(self):
            return NotImplemented
        return self._share(algebra.intersection(self._edges, other._edges), other)

    def __sub__(self, other: Self) -> Self:
        if type(other) is not type(self):
            return NotImplemented
        return self._share(algebra.difference(self._edges, other._edges), other)

    def __xor__(self, other: Self) -> Self:
        if type(other) is not type(self):
            return NotImplemented
        return self._from_edges(algebra.symmetric_difference(self._edges, other._edges))

    def __le__(self, other: Self) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return algebra.is_subset(self._edges, other._edges)

    def __lt__(self, other: Self) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self._edges != other._edges and algebra.is_subset(self._edges, other._edges)

    def __ge__(self, other: Self) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return algebra.is_subset(other._edges, self._edges)

    def __gt__(self, other: Self) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self._edges != other._edges and algebra.is_subset(other._edges, self._edges)

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if type(other) is not type(self):
            return NotImplemented
        return self._edges == other._edges

    def __hash__(self) -> int:
        if self._hash is None:
            self._hash = hash(self._edges)
        return self._hash

    def __repr__(self) -> str:
        return f"{type(self).__name__}({list(self.intervals)!r})"

    @classmethod
    def _from_edges(cls, edges: Edges) -> Self:
        """The set with these edges, which must be canonical."""
        result = cls.__new__(cls)
        result._edges = edges
        result._hash = None
        return result

    def _share(self, edges: Edges, other: Self) -> Self:
        """The set with these edges, or the operand that has them already."""
        if edges is self._edges:
            return self
        if edges is other._edges:
            return other
        return self._from_edges(edges)

    def _same_type(self, wanted: type[IntervalSet]) -> None:
        if type(self) is not wanted:
            raise TypeError(f"{wanted.__name__} cannot be combined with {type(self).__name__}")

    @classmethod
    def _check(cls, firsts: tuple[int, ...] | list[int], lasts: tuple[int, ...] | list[int]) -> None:
        """Check all intervals at once; only if that fails, find the wrong one (`_blame`)."""
        if set(map(type, chain(firsts, lasts))) - {int} or any(map(gt, firsts, lasts)):
            cls._blame(firsts, lasts)
        if firsts and (min(firsts) < 0 or (cls._END is not None and max(lasts) >= cls._END)):
            cls._blame(firsts, lasts)

    @classmethod
    def _blame(cls, firsts: Iterable[object], lasts: Iterable[object]) -> None:
        for first, last in zip(firsts, lasts, strict=True):
            if type(first) is not int or type(last) is not int:
                raise IntervalError((first, last), "both ends must be integers")
            if first > last:
                raise IntervalError((first, last), "the first point is above the last")
            if first < 0:
                raise IntervalError((first, last), "points cannot be negative")
            if cls._END is not None and last >= cls._END:
                raise IntervalError((first, last), f"points of {cls.__name__} must be below {cls._END}")
