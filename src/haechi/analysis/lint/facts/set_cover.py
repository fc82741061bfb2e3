"""Of many sets, those that could go: the others hold all their points.

Why: a list of CIDRs that grew over the years. Promises that all that are told can go at once, and that nothing more
could go after them. The cost is that of the stretches on which sets lie on each other, not of all pairs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import accumulate, chain

from haechi.sets import AddressSet


def superfluous(sets: Sequence[AddressSet]) -> dict[int, tuple[int, ...]]:
    """The places of the sets that the others cover, smaller ones first, of equal ones the later.

    An empty set is not told: it is not the others that make it needless.

    Returns:
        For each such place, the places of sets that stay and hold it together.
    """
    edges = sorted({edge for one in sets for edge in one.edges})
    step = {edge: number for number, edge in enumerate(edges)}
    spans = [[(step[start], step[end]) for start, end in _pairs(one.edges)] for one in sets]
    depths = _depths(spans, len(edges))
    largest = [0] * len(edges)
    gone: list[int] = []
    for number in sorted(range(len(sets)), key=lambda number: (sets[number].size, -number)):
        if spans[number] and all(min(depths[a:b]) > 1 for a, b in spans[number]):
            gone.append(number)
            for a, b in spans[number]:
                depths[a:b] = [depth - 1 for depth in depths[a:b]]
        else:
            for a, b in spans[number]:
                largest[a:b] = [number] * (b - a)
    return {
        number: tuple(dict.fromkeys(other for a, b in spans[number] for other in largest[a:b]))
        for number in sorted(gone)
    }


def _depths(spans: Iterable[Iterable[tuple[int, int]]], length: int) -> list[int]:
    """How many sets lie on each stretch."""
    changes = [0] * (length + 1)
    for start, end in chain.from_iterable(spans):
        changes[start] += 1
        changes[end] -= 1
    return list(accumulate(changes))


def _pairs(edges: tuple[int, ...]) -> zip[tuple[int, int]]:
    return zip(edges[::2], edges[1::2], strict=True)
