"""Which pods each selection means, kept up to date.

Why: a change of one pod must cost what changed. Promises that `members(selection)` always equals asking every pod anew,
whatever the order of changes. Each selection is filed under one label that its pods must have, so that a pod meets only
the selections that could mean it:

    selection ──anchor──▶ (namespace | any, key, value)      a pod looks under each of its labels,
                          (namespace | any, key)             in its own namespace and in "any",
                          namespace | namespace selector     and under "no label needed"
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from typing import TypeVar

from pyroaring import BitMap

from haechi.engine.endpoint import Endpoint
from haechi.engine.scopes import Scopes
from haechi.engine.selection import PodSelection
from haechi.select import EVERYTHING, LabelIndex, Selector

_Anchor = tuple[str | None, str, str | None]
_File = dict[PodSelection, None]  # a set that keeps its order

_NONE = BitMap()
_Place = TypeVar("_Place", bound=Hashable)


class Memberships:
    """The selections in use and whom they mean.

    Pods are known by dense numbers that the caller gives. Selections are counted: each `acquire` needs one `release`.
    """

    def __init__(self) -> None:
        self.scopes = Scopes()
        self._pods = LabelIndex()
        self._by_namespace: dict[str, BitMap] = {}
        self._users: dict[PodSelection, int] = {}
        self._members: dict[PodSelection, BitMap] = {}
        self._anchored: dict[_Anchor, _File] = {}
        self._unanchored: dict[str | Selector, _File] = {}

    # -- questions ---------------------------------------------------------------------------------------------------

    def members(self, selection: PodSelection) -> BitMap:
        """The pods that a selection in use means; not to be changed by the caller."""
        return self._members[selection]

    def select(self, selection: PodSelection) -> BitMap:
        """The pods that a selection means, in use or not; not to be changed by the caller."""
        found = self._members.get(selection)
        return self._evaluate(selection) if found is None else found

    def pods_of(self, namespace: str) -> BitMap:
        """The pods of a namespace; not to be changed by the caller."""
        return self._by_namespace.get(namespace, _NONE)

    def of(self, endpoint: Endpoint) -> frozenset[PodSelection]:
        """The selections in use that mean this pod, whether it is known or not."""
        namespace, labels = endpoint.key.namespace, endpoint.labels
        scopes = self.scopes.selecting(namespace)
        found: list[PodSelection] = []
        places: tuple[str | Selector, ...] = (namespace, *scopes)
        for place in places:
            found += [selection for selection in self._unanchored.get(place, ()) if selection.pods.matches(labels)]
        anchored = self._anchored
        for key, value in labels.items():
            for anchor in ((namespace, key, value), (namespace, key, None)):
                found += [selection for selection in anchored.get(anchor, ()) if selection.pods.matches(labels)]
            for wide in ((None, key, value), (None, key, None)):
                for selection in anchored.get(wide, ()):
                    if selection.namespaces in scopes and selection.pods.matches(labels):
                        found.append(selection)
        return frozenset(found)

    # -- pods --------------------------------------------------------------------------------------------------------

    def add(self, number: int, endpoint: Endpoint, selections: Iterable[PodSelection]) -> None:
        """A pod comes; `selections` is what `of(endpoint)` says."""
        self.scopes.mention(endpoint.key.namespace)
        self._pods.add(number, endpoint.labels)
        self._by_namespace.setdefault(endpoint.key.namespace, BitMap()).add(number)
        for selection in selections:
            self._members[selection].add(number)

    def remove(self, number: int, endpoint: Endpoint, selections: Iterable[PodSelection]) -> None:
        """A pod goes; `selections` is what `of(endpoint)` says."""
        self._pods.remove(number, endpoint.labels)
        pods = self._by_namespace[endpoint.key.namespace]
        pods.discard(number)
        if not pods:
            del self._by_namespace[endpoint.key.namespace]
            self.scopes.vacate(endpoint.key.namespace)
        for selection in selections:
            self._members[selection].discard(number)

    def move(self, number: int, old: frozenset[PodSelection], new: frozenset[PodSelection]) -> None:
        """A pod leaves and enters selections because its namespace changed."""
        for selection in old - new:
            self._members[selection].discard(number)
        for selection in new - old:
            self._members[selection].add(number)

    def extend(self, endpoints: Iterable[tuple[int, Endpoint]]) -> None:
        """Many pods come at once, before any selection is in use.

        Raises:
            ValueError: a selection is in use already.
        """
        if self._users:
            raise ValueError("pods come in bulk only before the first policy")
        labelled: dict[int, tuple[Mapping[str, str], list[int]]] = {}
        namespaces: dict[str, list[int]] = {}
        for number, endpoint in endpoints:
            labels = endpoint.labels
            group = labelled.get(id(labels))
            if group is None:
                labelled[id(labels)] = (labels, [number])
            else:
                group[1].append(number)
            numbers = namespaces.get(endpoint.key.namespace)
            if numbers is None:
                namespaces[endpoint.key.namespace] = [number]
            else:
                numbers.append(number)
        self._pods.extend(labelled.values())
        for name, numbers in namespaces.items():
            self.scopes.mention(name)
            self._by_namespace.setdefault(name, BitMap()).update(numbers)

    # -- selections --------------------------------------------------------------------------------------------------

    def acquire(self, selection: PodSelection) -> None:
        """Begin to use a selection, or use it once more."""
        users = self._users.get(selection, 0)
        self._users[selection] = users + 1
        if users:
            return
        scope = selection.namespaces
        if isinstance(scope, Selector):
            if selection.pods == EVERYTHING:
                self.scopes.acquire(scope)
            else:  # the pods of the scope are wanted again and again, so they are a selection themselves
                self.acquire(PodSelection(scope, EVERYTHING))
        self._file(selection)
        self._members[selection] = self._evaluate(selection)

    def release(self, selection: PodSelection) -> None:
        """Use a selection once less; after the last use it is forgotten."""
        users = self._users[selection] - 1
        if users:
            self._users[selection] = users
            return
        del self._users[selection], self._members[selection]
        self._unfile(selection)
        scope = selection.namespaces
        if isinstance(scope, Selector):
            if selection.pods == EVERYTHING:
                self.scopes.release(scope)
            else:
                self.release(PodSelection(scope, EVERYTHING))

    def _evaluate(self, selection: PodSelection) -> BitMap:
        scope = selection.namespaces
        if isinstance(scope, str):
            within = self._by_namespace.get(scope, _NONE)
        elif selection.pods == EVERYTHING:
            return BitMap.union(_NONE, *[self.pods_of(name) for name in self.scopes.namespaces(scope)])
        else:
            within = self.select(PodSelection(scope, EVERYTHING))
        return BitMap(within) if selection.pods == EVERYTHING else self._pods.select(selection.pods) & within

    def _file(self, selection: PodSelection) -> None:
        for anchor in _anchors(selection):
            self._anchored.setdefault(anchor, {})[selection] = None
        if selection.pods.anchor() is None:
            self._unanchored.setdefault(selection.namespaces, {})[selection] = None

    def _unfile(self, selection: PodSelection) -> None:
        for anchor in _anchors(selection):
            _drop(self._anchored, anchor, selection)
        if selection.pods.anchor() is None:
            _drop(self._unanchored, selection.namespaces, selection)


def _anchors(selection: PodSelection) -> Iterator[_Anchor]:
    """The labels, one for each value, under which a selection is filed; none if its pods need no label."""
    required = selection.pods.anchor()
    if required is None:
        return
    namespace = selection.namespaces if isinstance(selection.namespaces, str) else None
    for value in required.values or (None,):
        yield namespace, required.key, value


def _drop(files: dict[_Place, _File], place: _Place, selection: PodSelection) -> None:
    file = files[place]
    del file[selection]
    if not file:
        del files[place]
