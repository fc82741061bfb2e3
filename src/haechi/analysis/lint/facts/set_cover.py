"""Which of many sets of addresses or ports are redundant: the others cover them.

Why: lists of CIDRs grow over the years. The edges of all sets divide the line into stretches, and a set is redundant if
at least one other set lies on each of its stretches:

    a     [----------)
    b          [----------)
    c       [-----)
    depth 1  2  3  2   1         c is redundant (depth 2 and 3); a and b are not (depth 1 at an end)

Removing a set lowers the depth of its stretches before the next one is looked at, so all sets that are found can be
removed at once, and no other one after them. The cost is that of the stretches, not of all pairs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import accumulate, chain

from haechi.sets import AddressSet, PortSet


def redundant_sets(sets: Sequence[AddressSet] | Sequence[PortSet]) -> dict[int, tuple[int, ...]]:
    """The indexes of the sets that the others cover: smaller ones first, of equal ones the later.

    Empty sets are left out: they are not redundant because of the others.

    Returns:
        For each such index, the indexes of sets that stay and together cover it.
    """
    edges = sorted({edge for one in sets for edge in one.edges})
    position = {edge: number for number, edge in enumerate(edges)}
    spans = [[(position[start], position[end]) for start, end in _pairs(one.edges)] for one in sets]
    depths = _depths(spans, len(edges))
    covering = [0] * len(edges)  # for each stretch, the largest set that stays and lies on it
    redundant: list[int] = []
    for number in sorted(range(len(sets)), key=lambda number: (sets[number].size, -number)):
        if spans[number] and all(min(depths[a:b]) > 1 for a, b in spans[number]):
            redundant.append(number)
            for a, b in spans[number]:
                depths[a:b] = [depth - 1 for depth in depths[a:b]]
        else:
            for a, b in spans[number]:
                covering[a:b] = [number] * (b - a)
    return {
        number: tuple(dict.fromkeys(other for a, b in spans[number] for other in covering[a:b]))
        for number in sorted(redundant)
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
