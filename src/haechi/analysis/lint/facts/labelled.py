"""What carries labels without being a pod that policies see: pods on the host's network, completed pods, templates.

Why: a selector that means no pod may still mean one of these, and then it is no misspelling. Promises to ask the same
selectors as the engine.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from pyroaring import BitMap

from haechi.select import LabelIndex, Selector

_NONE = BitMap()


class Carrier(NamedTuple):
    """Something with labels in a namespace."""

    namespace: str
    labels: Mapping[str, str]
    name: str


class Carriers:
    """Carriers by their labels."""

    def __init__(self, carriers: Iterable[Carrier]) -> None:
        self._all = list(carriers)
        self._index = LabelIndex()
        self._of: dict[str, BitMap] = {}
        for number, one in enumerate(self._all):
            self._index.add(number, one.labels)
            self._of.setdefault(one.namespace, BitMap()).add(number)

    def meant(self, namespaces: Iterable[str], pods: Selector) -> tuple[str, ...]:
        """The names, sorted and each once, of those in some namespaces that a selector selects."""
        within = BitMap.union(_NONE, *[self._of.get(name, _NONE) for name in namespaces])
        return tuple(sorted({self._all[number].name for number in self._index.select(pods) & within})) if within else ()
