"""Selections of pods, indexed so that those which a given one implies are found without asking each of them.

Why: of thousands of selections hardly any two have anything to do with each other.

    selection          filed under                 look-up of shop: app=web,tier=front
    shop: app=web      (name=shop, app=web)          all of {name=shop, -} x {app=web, tier=front, -}:
    shop: {}           (name=shop, -)                the first three, which are then compared
    {}: app=web        (-, app=web)
    ops: {}            (name=ops, -)

A selection is filed under one label that its namespaces must have and one that its pods must have, `-` where it
requires none. Whatever a selection implies requires no label that the selection does not require, so it is under one of
the pairs that are looked up. Promises the same answer as comparing with `PodSelection.implies` one by one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import product

from haechi.engine import PodSelection
from haechi.model import NAME_LABEL
from haechi.select import Requirement, Selector, SelectorOperator

_Label = tuple[str, str] | None
_MOST = 8
"""Values of a requirement under each of which a selection is filed; one with more is filed without a label."""


class SelectionIndex:
    """Selections that are not contradictory.

    Args:
        selections: duplicates are dropped.
    """

    def __init__(self, selections: Iterable[PodSelection]) -> None:
        self._filed: dict[tuple[_Label, _Label], list[PodSelection]] = {}
        self._known: dict[PodSelection, tuple[PodSelection, ...]] = {}
        for one in dict.fromkeys(selections):
            if not one.contradictory:
                for key in product(_scope(one.namespaces)[0], _anchors(one.pods)):
                    self._filed.setdefault(key, []).append(one)

    def implied_by(self, selection: PodSelection) -> tuple[PodSelection, ...]:
        """The selections that select all of its pods in every cluster; itself too, if it is in the index."""
        found = self._known.get(selection)
        if found is None:
            found = self._known[selection] = tuple(self._implied_by(selection))
        return found

    def _implied_by(self, selection: PodSelection) -> Iterator[PodSelection]:
        keys = product(_scope(selection.namespaces)[1], _required(selection.pods))
        candidates = dict.fromkeys(one for key in keys for one in self._filed.get(key, ()))
        return (one for one in candidates if selection.implies(one))


@lru_cache(maxsize=1024)
def _scope(namespaces: str | Selector) -> tuple[tuple[_Label, ...], tuple[_Label, ...]]:
    """The anchors of the namespaces of a selection, and what they require."""
    if isinstance(namespaces, str):
        namespaces = Selector((Requirement(NAME_LABEL, SelectorOperator.IN, (namespaces,)),))
    return _anchors(namespaces), tuple(_required(namespaces))


def _anchors(selector: Selector) -> tuple[_Label, ...]:
    """Labels of which every selected object has one; None if there is no short list of them."""
    anchor = selector.anchor()
    if anchor is None or not 0 < len(anchor.values) <= _MOST:
        return (None,)
    return tuple((anchor.key, value) for value in anchor.values)


def _required(selector: Selector) -> Iterator[_Label]:
    """None, and one label for each requirement that lists values."""
    yield None
    yield from ((one.key, one.values[0]) for one in selector.requirements if one.operator is SelectorOperator.IN)
