"""Set algebra on bare tuples of edges.

A set of integers is the tuple of the strictly increasing points at which membership flips: ``(start, end, start, end,
…)``, each end exclusive. The form is canonical (equal sets are equal tuples), membership is the parity of a
bisection, and every operation is a few passes of sorting and comparing that run in the interpreter's C code.

Union and intersection sort the starts ``s`` and the ends ``e`` of all operands separately. The number of intervals that
cover ``x`` is the number of starts at or before it minus the number of ends at or before it. For {1…4, 8…9} and {3…6}:

    x       0  1  2  3  4  5  6  7  8  9  10            s = 1 3 8
    a          [───────────)        [─────)             e = 5 7 10
    b                [───────────)
    cover   0  1  1  2  2  1  1  0  1  1  0

* Union: a gap lies between ``e[i]`` and ``s[i + 1]`` exactly where ``e[i] < s[i + 1]``: here 7 < 8, so the union is
  (1, 7, 8, 10).
* Intersection of two: both cover exactly ``[s[i + 1], e[i])`` where that is not empty: here [3, 5).

Output is canonical for canonical input, in time linear in both operands (Timsort merges two sorted runs). Nothing is
validated here: the callers do. Private to `haechi.sets`.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from itertools import chain, pairwise
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Edges: TypeAlias = tuple[int, ...]

# Up to this many intervals, cutting the larger operand at bisected indexes is faster than merging both.
_FEW = 4


def from_bounds(starts: Iterable[int], ends: Iterable[int]) -> Edges:
    """The union of the half-open intervals with these starts and ends, in any order; each must hold a point."""
    begin, end = sorted(starts), sorted(ends)
    if not begin:
        return ()
    gaps = [edge for e, s in zip(end, begin[1:], strict=False) if e < s for edge in (e, s)]
    return (begin[0], *gaps, end[-1])


def from_points(points: Iterable[int]) -> Edges:
    """The set of these points, in any order and with repetitions."""
    ordered = sorted(set(points))
    if not ordered:
        return ()
    gaps = [edge for p, q in pairwise(ordered) if q - p > 1 for edge in (p + 1, q)]
    return (ordered[0], *gaps, ordered[-1] + 1)


def union_all(operands: Iterable[Edges]) -> Edges:
    """The union of any number of sets, in O(n log n) of all their edges."""
    distinct = list(dict.fromkeys(filter(None, operands)))
    if len(distinct) == 1:
        return distinct[0]
    starts = chain.from_iterable(edges[::2] for edges in distinct)
    ends = chain.from_iterable(edges[1::2] for edges in distinct)
    return from_bounds(starts, ends)


def union(a: Edges, b: Edges) -> Edges:
    """Points in either."""
    if len(a) < len(b):
        a, b = b, a
    if len(b) <= 2 * _FEW:
        for start, end in intervals(b):
            a = _covered(a, start, end)
        return a
    if a[-1] < b[0]:
        return a + b
    if b[-1] < a[0]:
        return b + a
    return from_bounds(a[::2] + b[::2], a[1::2] + b[1::2])


def intersection(a: Edges, b: Edges) -> Edges:
    """Points in both."""
    if len(a) < len(b):
        a, b = b, a
    if len(b) <= 2 * _FEW:
        return tuple(chain.from_iterable(_window(a, start, end) for start, end in intervals(b)))
    if a[-1] <= b[0] or b[-1] <= a[0]:
        return ()
    starts, ends = sorted(a[::2] + b[::2]), sorted(a[1::2] + b[1::2])
    return tuple([edge for s, e in zip(starts[1:], ends, strict=False) if s < e for edge in (s, e)])


def difference(a: Edges, b: Edges) -> Edges:
    """Points in `a` that are not in `b`."""
    if not a or not b:
        return a
    if len(b) <= 2 * _FEW:
        for start, end in intervals(b):
            a = _uncovered(a, start, end)
        return a
    # The complement of b within a stretch that encloses both: the same edges, and the two ends of the stretch.
    return intersection(a, (min(a[0], b[0]) - 1, *b, max(a[-1], b[-1]) + 1))


def symmetric_difference(a: Edges, b: Edges) -> Edges:
    """Points in exactly one: membership flips where exactly one operand flips."""
    common = set(a).intersection(b)
    merged = sorted(a + b)
    return tuple([edge for edge in merged if edge not in common] if common else merged)


def is_subset(a: Edges, b: Edges) -> bool:
    """Whether every point of `a` is in `b`; looks each interval of `a` up in `b`."""
    if a is b:
        return True
    for start, end in intervals(a):
        index = bisect_right(b, start)
        if not index & 1 or b[index] < end:
            return False
    return True


def is_disjoint(a: Edges, b: Edges) -> bool:
    """Whether no point is in both; looks each interval of the shorter up in the longer."""
    if len(a) < len(b):
        a, b = b, a
    for start, end in intervals(b):
        index = bisect_right(a, start)
        if index & 1 or (index < len(a) and a[index] < end):
            return False
    return True


def intervals(edges: Sequence[int]) -> Iterable[tuple[int, int]]:
    """Starts with their exclusive ends."""
    return zip(edges[::2], edges[1::2], strict=True)


def _covered(edges: Edges, start: int, end: int) -> Edges:
    """The set with ``[start, end)`` added and joined with the intervals that it touches."""
    if is_subset((start, end), edges):
        return edges
    low, high = bisect_left(edges, start), bisect_right(edges, end)
    return edges[:low] + (() if low & 1 else (start,)) + (() if high & 1 else (end,)) + edges[high:]


def _uncovered(edges: Edges, start: int, end: int) -> Edges:
    """The set with ``[start, end)`` removed."""
    if is_disjoint((start, end), edges):
        return edges
    low, high = bisect_left(edges, start), bisect_right(edges, end)
    return edges[:low] + ((start,) if low & 1 else ()) + ((end,) if high & 1 else ()) + edges[high:]


def _window(edges: Edges, start: int, end: int) -> Edges:
    """The part of the set within ``[start, end)``."""
    low, high = bisect_right(edges, start), bisect_left(edges, end)
    return ((start,) if low & 1 else ()) + edges[low:high] + ((end,) if high & 1 else ())
