"""An inverted index from labels to bitmaps.

Why: one selector over 100,000 pods must cost microseconds. It promises that `select(selector)` equals asking
`selector.matches` of every object in the index, in whatever order the objects came and went. It refuses to hold labels:
whoever removes an object says which labels it had.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import TypeVar

from pyroaring import BitMap

from haechi.select.selector import Requirement, Selector, SelectorOperator

_EMPTY = BitMap()
_Key = TypeVar("_Key", bound=Hashable)


class LabelIndex:
    """`(key, value)` and `key` to the ids of the objects that carry them. Ids are dense 32-bit numbers."""

    __slots__ = ("_all", "_keys", "_values")

    def __init__(self) -> None:
        self._all = BitMap()
        self._keys: dict[str, BitMap] = {}
        self._values: dict[tuple[str, str], BitMap] = {}

    @property
    def all(self) -> BitMap:
        """Every id in the index; not to be changed by the caller."""
        return self._all

    def add(self, number: int, labels: Mapping[str, str]) -> None:
        """Put an object that is not in the index into it."""
        self._all.add(number)
        for pair in labels.items():
            _add(self._keys, pair[0], number)
            _add(self._values, pair, number)

    def remove(self, number: int, labels: Mapping[str, str]) -> None:
        """Take an object out of the index, given the labels with which it went in."""
        self._all.discard(number)
        for pair in labels.items():
            _discard(self._keys, pair[0], number)
            _discard(self._values, pair, number)

    def extend(self, groups: Iterable[tuple[Mapping[str, str], Iterable[int]]]) -> None:
        """Put many objects in at once, given as labels and the ids that carry exactly them."""
        for labels, numbers in groups:
            members = BitMap(numbers)
            self._all |= members
            for pair in labels.items():
                _update(self._keys, pair[0], members)
                _update(self._values, pair, members)

    def select(self, selector: Selector) -> BitMap:
        """The ids of all objects that `selector` matches, as a bitmap of the caller's own."""
        if selector.contradictory:
            return BitMap()
        positive: list[BitMap] = []
        negative: list[BitMap] = []
        for requirement in selector.requirements:
            bitmaps = negative if requirement.operator in _NEGATIVE else positive
            bitmaps.append(self._carriers(requirement))
        selected = (
            BitMap.intersection(*positive) if len(positive) > 1 else BitMap(positive[0] if positive else self._all)
        )
        for bitmap in negative:
            selected -= bitmap
        return selected

    def _carriers(self, requirement: Requirement) -> BitMap:
        """The ids whose label is what the requirement names (whether it asks for them or against them)."""
        if not requirement.values:
            return self._keys.get(requirement.key, _EMPTY)
        found = [self._values.get((requirement.key, value), _EMPTY) for value in requirement.values]
        return found[0] if len(found) == 1 else BitMap.union(*found)


_NEGATIVE = frozenset({SelectorOperator.NOT_IN, SelectorOperator.DOES_NOT_EXIST})


def _add(bitmaps: dict[_Key, BitMap], key: _Key, number: int) -> None:
    bitmap = bitmaps.get(key)
    if bitmap is None:
        bitmaps[key] = BitMap((number,))
    else:
        bitmap.add(number)


def _update(bitmaps: dict[_Key, BitMap], key: _Key, numbers: BitMap) -> None:
    bitmap = bitmaps.get(key)
    if bitmap is None:
        bitmaps[key] = BitMap(numbers)
    else:
        bitmap |= numbers


def _discard(bitmaps: dict[_Key, BitMap], key: _Key, number: int) -> None:
    bitmap = bitmaps[key]
    bitmap.discard(number)
    if not bitmap:
        del bitmaps[key]
