"""Labelled objects that policies do not treat as pods: host-network pods, completed pods, templates of workloads.

Why: a selector that selects no pod may still select one of these, and then it is no typo. Promises to evaluate
selectors as the engine does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from pyroaring import BitMap

from haechi.select import LabelIndex, Selector

_NONE = BitMap()


class LabelledObject(NamedTuple):
    """An object with labels in a namespace."""

    namespace: str
    labels: Mapping[str, str]
    name: str


class LabelledObjects:
    """Objects, indexed by their labels."""

    def __init__(self, objects: Iterable[LabelledObject]) -> None:
        self._objects = list(objects)
        self._index = LabelIndex()
        self._of_namespace: dict[str, BitMap] = {}
        for number, one in enumerate(self._objects):
            self._index.add(number, one.labels)
            self._of_namespace.setdefault(one.namespace, BitMap()).add(number)

    def selected(self, namespaces: Iterable[str], selector: Selector) -> tuple[str, ...]:
        """The sorted names of the objects in some namespaces that a selector selects."""
        within = BitMap.union(_NONE, *[self._of_namespace.get(name, _NONE) for name in namespaces])
        if not within:
            return ()
        return tuple(sorted({self._objects[number].name for number in self._index.select(selector) & within}))
