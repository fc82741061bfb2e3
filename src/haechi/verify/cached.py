"""The table that was proved last, and how the next one differs from it.

Why: each dump of the kernel consists of new objects, hundreds of thousands of elements, of which few differ. In a
`CachedRuleset` every chain, set and map that did not change *is* the object of the previous table, so a dump can be
freed once it was read, and the next comparison of equal objects costs nothing. Elements are compared, not digests.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from haechi.nft import Chain, Element, Map, Ruleset, Set, Table, Unknown

_Noun = TypeVar("_Noun", Chain, Set, Map)
_NO_ELEMENTS: frozenset[Element] = frozenset()


@dataclass(frozen=True, slots=True)
class CachedRuleset:
    """The chains, sets and maps of a table. Attributes as in `Ruleset`, which has checked them."""

    table: Table
    chains: Mapping[str, Chain]
    sets: Mapping[str, Set]
    maps: Mapping[str, Map]
    unknown: frozenset[Unknown]


AnyRuleset = Ruleset | CachedRuleset


@dataclass(frozen=True, slots=True)
class RulesetChange:
    """What differs between two tables.

    Attributes:
        chains: names of the chains that differ.
        containers: names of the sets and maps that differ, each with the elements that only one of the two has; None if
            only one of the tables has it, or their keys differ.
    """

    chains: frozenset[str]
    containers: Mapping[str, frozenset[Element] | None]

    @classmethod
    def between(cls, old: AnyRuleset, new: AnyRuleset) -> RulesetChange:
        """What differs between a table and the next one."""
        containers: dict[str, frozenset[Element] | None] = {}
        for name in old.sets.keys() | old.maps.keys() | new.sets.keys() | new.maps.keys():
            one, other = set_or_map(old, name), set_or_map(new, name)
            if one is None or other is None or one.shape != other.shape:
                containers[name] = None
                continue
            elements = _only_in_one(one.elements, other.elements)
            if elements or (one.flags, one.comment) != (other.flags, other.comment):
                containers[name] = elements
        return cls(frozenset(_changed(old.chains, new.chains)), containers)

    def cached(self, old: AnyRuleset, new: AnyRuleset) -> CachedRuleset:
        """The new table, with the old table's objects wherever nothing changed."""
        sets = _reused(old.sets, new.sets, self.containers)
        maps = _reused(old.maps, new.maps, self.containers)
        return CachedRuleset(new.table, _reused(old.chains, new.chains, self.chains), sets, maps, new.unknown)


def set_or_map(ruleset: AnyRuleset, name: str) -> Set | Map | None:
    """The set or map of this name."""
    return ruleset.sets.get(name) or ruleset.maps.get(name)


def _changed(old: Mapping[str, Chain], new: Mapping[str, Chain]) -> Iterator[str]:
    """The names of chains that differ or that only one of the tables has."""
    for name in old.keys() | new.keys():
        one, other = old.get(name), new.get(name)
        if one is not other and one != other:
            yield name


def _only_in_one(some: frozenset[Element], others: frozenset[Element]) -> frozenset[Element]:
    """The symmetric difference; one subtraction is enough where nothing was added."""
    if some is others:
        return _NO_ELEMENTS
    removed = some - others
    return removed if len(some) - len(removed) == len(others) else removed | (others - some)


def _reused(
    old: Mapping[str, _Noun], new: Mapping[str, _Noun], changed: Mapping[str, object] | frozenset[str]
) -> dict[str, _Noun]:
    return {name: each if name in changed else old[name] for name, each in new.items()}
