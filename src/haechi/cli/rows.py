"""Connections as rows for people: equal ones together, few names, words for the outside. Pure.

    a -> b: X    a -> c: X    b -> a: X    b -> c: X    c -> a: X    c -> b: X        all 3 workloads -> each other: X
    a -> 0.0.0.0-255.255.255.255: Y    a -> ::-ffff:…: Y    b -> …                    a and b -> outside: Y

Programs get every connection by itself, in JSON and CSV.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from haechi.cli.wording import counted, first_names
from haechi.sets import AddressSet

_RANGE = re.compile(r"[0-9a-f.:]+-[0-9a-f.:]+")
_EXCEPTIONS = 2
"""Ranges that are named as exceptions."""
FEW = 3
"""Names of a row."""


class Line(NamedTuple):
    """A connection, and the rest of its row: ports, and what else there is to say."""

    source: str
    destination: str
    rest: str


class Row(NamedTuple):
    """Connections from each of `sources` to each of `destinations`, or between all of `sources` if there are none."""

    sources: tuple[str, ...]
    destinations: tuple[str, ...]
    rest: str


def grouped(lines: Iterable[Line]) -> Iterator[Row]:
    """The rows of some connections; each connection is in one of them."""
    reached: dict[tuple[str, str, bool], list[str]] = {}
    for source, destination, rest in lines:
        reached.setdefault((source, rest, is_outside(destination)), []).append(destination)
    among: dict[tuple[frozenset[str], str], list[str]] = {}
    for (source, rest, outside), destinations in reached.items():
        if not outside and source not in destinations:
            among.setdefault((frozenset((source, *destinations)), rest), []).append(source)
    rows: dict[tuple[tuple[str, ...], str], list[str]] = {}
    mutual: set[tuple[tuple[str, ...], str]] = set()
    for (source, rest, outside), destinations in reached.items():
        everyone = frozenset((source, *destinations))
        members = tuple(among.get((everyone, rest), ()))
        if len(members) == len(everyone) and source in members and not outside:
            mutual.add((members, rest))
            rows.setdefault((members, rest), [])
        else:
            rows.setdefault((tuple(destinations), rest), []).append(source)
    for (names, rest), sources in rows.items():
        if (names, rest) in mutual:
            yield Row(names, (), rest)
        for outside in (False, True):
            some = tuple(source for source in sources if is_outside(source) is outside)
            if some:
                yield Row(some, names, rest)


def is_outside(name: str) -> bool:
    """Whether a name is a range of outside addresses."""
    return _RANGE.fullmatch(name) is not None


@dataclass(frozen=True)
class Wording:
    """How the names of a listing are written.

    Attributes:
        everyone: all names of the listing.
        noun: what they are: `workload`, `pod` or `class`.
        most: how many names a row has at most; None for all.
    """

    everyone: Collection[str] = ()
    noun: str = "workload"
    most: int | None = FEW

    def row(self, row: Row) -> str:
        """`sources -> destinations: rest`."""
        to = self.names(row.destinations) if row.destinations else "each other"
        return f"{self.names(row.sources)} -> {to}: {row.rest}"

    def names(self, some: Iterable[str]) -> str:
        """`a, b and c`, `a, b, c and 9 more`, `all 12 workloads`; outside addresses as few words as possible."""
        listed = list(some)
        outside = [name for name in listed if is_outside(name)]
        named = [name for name in listed if not is_outside(name)]
        words = list(outside_texts(AddressSet.union_all([AddressSet.parse(name) for name in outside])))
        if FEW < len(named) == len(self.everyone) and self.most is not None:
            named = [f"all {counted(len(named), self.noun, 'classes' if self.noun == 'class' else '')}"]
        return first_names([*named, *words], self.most)


def outside_texts(addresses: AddressSet) -> Iterator[str]:
    """Outside addresses: `outside`, `outside IPv4`, `outside IPv4 except 10.0.0.0/8`, or CIDRs and ranges."""
    if addresses == AddressSet.ALL:
        yield "outside"
        return
    for family, word in ((AddressSet.V4, "outside IPv4"), (AddressSet.V6, "outside IPv6")):
        here = addresses & family
        missing = family - here
        if here and not missing:
            yield word
        elif here and len(missing.intervals) <= min(_EXCEPTIONS, len(here.intervals)):
            yield f"{word} except {missing}"
        elif here:
            yield from str(here).split(", ")
