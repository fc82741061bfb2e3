"""An inverted index from labels to bitmaps.

Why: one selector over 100,000 pods must cost microseconds. `select(selector)` returns the objects that
`selector.matches`, whatever the order of updates:

    app=web  {1, 2, 5}        selector app=web,tier!=db:  {1, 2, 5} - {5} = {1, 2}
    tier=db  {5, 7}

The index does not store the labels of objects: a caller that removes an object passes the labels that it had.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import TypeVar

from pyroaring import BitMap

from haechi.select.selector import Requirement, Selector, SelectorOperator

_EMPTY = BitMap()
_Key = TypeVar("_Key", bound=Hashable)


class LabelIndex:
    """Maps `(key, value)` and `key` to the ids of the objects with that label. Ids are dense 32-bit numbers."""

    __slots__ = ("_all", "_keys", "_values")

    def __init__(self) -> None:
        self._all = BitMap()
        self._keys: dict[str, BitMap] = {}
        self._values: dict[tuple[str, str], BitMap] = {}

    @property
    def all(self) -> BitMap:
        """Every id in the index; callers must not change it."""
        return self._all

    def add(self, number: int, labels: Mapping[str, str]) -> None:
        """Add an object that is not in the index."""
        self._all.add(number)
        for pair in labels.items():
            _add(self._keys, pair[0], number)
            _add(self._values, pair, number)

    def remove(self, number: int, labels: Mapping[str, str]) -> None:
        """Remove an object, given the labels with which it was added."""
        self._all.discard(number)
        for pair in labels.items():
            _discard(self._keys, pair[0], number)
            _discard(self._values, pair, number)

    def extend(self, groups: Iterable[tuple[Mapping[str, str], Iterable[int]]]) -> None:
        """Add many objects at once, as labels with the ids of the objects that have exactly these labels."""
        for labels, numbers in groups:
            members = BitMap(numbers)
            self._all |= members
            for pair in labels.items():
                _update(self._keys, pair[0], members)
                _update(self._values, pair, members)

    def select(self, selector: Selector) -> BitMap:
        """The ids of all objects that `selector` matches, in a new bitmap."""
        if selector.contradictory:
            return BitMap()
        positive: list[BitMap] = []
        negative: list[BitMap] = []
        for requirement in selector.requirements:
            bitmaps = negative if requirement.operator in _NEGATIVE else positive
            bitmaps.append(self._ids(requirement))
        selected = (
            BitMap.intersection(*positive) if len(positive) > 1 else BitMap(positive[0] if positive else self._all)
        )
        for bitmap in negative:
            selected -= bitmap
        return selected

    def _ids(self, requirement: Requirement) -> BitMap:
        """The ids of objects with the label that a requirement names, whether it includes or excludes them."""
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
