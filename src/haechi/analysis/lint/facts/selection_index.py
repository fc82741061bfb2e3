"""Of many selections of pods, those that are wider than a given one.

Why: whether one selection implies another is asked of thousands, and hardly any two have to do with each other. Each
is filed under a label that its namespaces must have and one that its pods must have; a narrower selection demands the
same ones. Promises the answer of `PodSelection.implies`, asked of all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product

from haechi.engine import NAMESPACE_NAME_LABEL, PodSelection
from haechi.select import Requirement, Selector, SelectorOperator

_Label = tuple[str, str] | None
_MOST = 8
"""Values of a requirement under which a selection is filed; one with more is filed without a label."""


class Wider:
    """Selections that mean somebody, asked for those that another implies.

    Args:
        selections: each counts once.
    """

    def __init__(self, selections: Iterable[PodSelection]) -> None:
        self._filed: dict[tuple[_Label, _Label], list[PodSelection]] = {}
        self._known: dict[PodSelection, tuple[PodSelection, ...]] = {}
        for one in dict.fromkeys(selections):
            if not one.contradictory:
                for key in product(_anchors(_scope(one)), _anchors(one.pods)):
                    self._filed.setdefault(key, []).append(one)

    def than(self, selection: PodSelection) -> tuple[PodSelection, ...]:
        """The selections that mean all of its pods in every cluster; itself, if it is one of them."""
        found = self._known.get(selection)
        if found is None:
            found = self._known[selection] = tuple(self._than(selection))
        return found

    def _than(self, selection: PodSelection) -> Iterator[PodSelection]:
        keys = product(_demanded(_scope(selection)), _demanded(selection.pods))
        near = dict.fromkeys(one for key in keys for one in self._filed.get(key, ()))
        return (one for one in near if selection.implies(one))


def _scope(selection: PodSelection) -> Selector:
    """Its namespaces as labels."""
    scope = selection.namespaces
    if isinstance(scope, Selector):
        return scope
    return Selector((Requirement(NAMESPACE_NAME_LABEL, SelectorOperator.IN, (scope,)),))


def _anchors(selector: Selector) -> tuple[_Label, ...]:
    """Labels of which every selected object has one; None if that cannot be told in a few."""
    anchor = selector.anchor()
    if anchor is None or not 0 < len(anchor.values) <= _MOST:
        return (None,)
    return tuple((anchor.key, value) for value in anchor.values)


def _demanded(selector: Selector) -> Iterator[_Label]:
    """One label for each requirement that demands some: whatever is wider is filed under one of them, or under None."""
    yield None
    yield from ((one.key, one.values[0]) for one in selector.requirements if one.operator is SelectorOperator.IN)
