"""A table as a proof keeps it, and what the next one differs in.

Why: each dump of the kernel is new values throughout, hundred thousands of elements, few of which changed. Promises
that a noun that is equal to the known one *is* the known one, so that a dump can go as soon as it was read; and that
elements were compared, not digests of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from haechi.nft import Chain, Element, Map, Ruleset, Set, Table, Unknown

_Noun = TypeVar("_Noun", Chain, Set, Map)
_NONE: frozenset[Element] = frozenset()


@dataclass(frozen=True, slots=True)
class Kept:
    """The nouns of a table; the attributes are those of `Ruleset`, whose checks they passed."""

    table: Table
    chains: Mapping[str, Chain]
    sets: Mapping[str, Set]
    maps: Mapping[str, Map]
    unknown: frozenset[Unknown]


Held = Ruleset | Kept


@dataclass(frozen=True, slots=True)
class Change:
    """What two tables differ in.

    Attributes:
        chains: the names of chains whose rules differ.
        nouns: the names of sets and maps that differ, each with the elements that only one of the two has; None if it
            is in one of the tables alone, or has other keys there.
    """

    chains: frozenset[str]
    nouns: Mapping[str, frozenset[Element] | None]

    @classmethod
    def between(cls, old: Held, new: Held) -> Change:
        """What a table and the one after it differ in."""
        nouns: dict[str, frozenset[Element] | None] = {}
        for name in old.sets.keys() | old.maps.keys() | new.sets.keys() | new.maps.keys():
            one, other = noun(old, name), noun(new, name)
            if one is None or other is None or one.shape != other.shape:
                nouns[name] = None
                continue
            elements = _in_one(one.elements, other.elements)
            if elements or (one.flags, one.comment) != (other.flags, other.comment):
                nouns[name] = elements
        return cls(frozenset(_changed(old.chains, new.chains)), nouns)

    def kept(self, old: Held, new: Held) -> Kept:
        """The second table, with what is equal taken from the first."""
        sets, maps = _known(old.sets, new.sets, self.nouns), _known(old.maps, new.maps, self.nouns)
        return Kept(new.table, _known(old.chains, new.chains, self.chains), sets, maps, new.unknown)


def noun(held: Held, name: str) -> Set | Map | None:
    """A set or map by its name."""
    return held.sets.get(name) or held.maps.get(name)


def _changed(old: Mapping[str, Chain], new: Mapping[str, Chain]) -> Iterator[str]:
    """The names whose chains differ, or are not in both."""
    for name in old.keys() | new.keys():
        one, other = old.get(name), new.get(name)
        if one is not other and one != other:
            yield name


def _in_one(some: frozenset[Element], others: frozenset[Element]) -> frozenset[Element]:
    """The elements that only one of the two has; where none is gone, as many came as there are more."""
    if some is others:
        return _NONE
    gone = some - others
    return gone if len(some) - len(gone) == len(others) else gone | (others - some)


def _known(
    old: Mapping[str, _Noun], new: Mapping[str, _Noun], changed: Mapping[str, object] | frozenset[str]
) -> dict[str, _Noun]:
    return {name: each if name in changed else old[name] for name, each in new.items()}
