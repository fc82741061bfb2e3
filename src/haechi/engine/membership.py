"""Which pods each selection matches, updated incrementally.

Why: of ten thousand selections, a changed pod matches a few, and must not be compared with all. Each selection is
indexed under its anchor, one label that its pods must have; a pod is compared only with the selections under its own
labels. `members(selection)` always equals an evaluation from the beginning, whatever the order of changes.

    selection                            indexed under
    shop: app=web,tier!=db               (shop, app, web)            namespace, key and value
    shop: app in (a, b)                  (shop, app, a), (shop, app, b)
    [team=x]: app=web                    (any, app, web)             any namespace: its labels are compared afterwards
    shop: app                            (shop, app)                 the key exists
    shop: tier!=db                       shop                        no label needed: compared with every pod of shop
    [team=x]: <none>                     [team=x]                    … and of namespaces that the selector matches

A pod shop/p with app=web,v=1 is compared with what is indexed under (shop, app, web), (shop, app), (any, app, web),
(any, app), the same four for v=1, under shop and under the selectors that match the namespace shop: with five of the
six above, and not with `shop: app in (a, b)`.
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
_OrderedSet = dict[PodSelection, None]

_NONE = BitMap()
_Key = TypeVar("_Key", bound=Hashable)


class Memberships:
    """The selections in use and the pods that they match.

    Pods have dense numbers, which the caller assigns. Uses are counted: each `acquire` needs one `release`.
    """

    def __init__(self) -> None:
        self.scopes = Scopes()
        self._pods = LabelIndex()
        self._by_namespace: dict[str, BitMap] = {}
        self._users: dict[PodSelection, int] = {}
        self._members: dict[PodSelection, BitMap] = {}
        self._anchored: dict[_Anchor, _OrderedSet] = {}
        self._unanchored: dict[str | Selector, _OrderedSet] = {}

    # -- questions ---------------------------------------------------------------------------------------------------

    def members(self, selection: PodSelection) -> BitMap:
        """The pods that a selection in use matches; callers must not change the bitmap."""
        return self._members[selection]

    def select(self, selection: PodSelection) -> BitMap:
        """The pods that a selection matches, in use or not; callers must not change the bitmap."""
        found = self._members.get(selection)
        return self._evaluate(selection) if found is None else found

    def pods_of(self, namespace: str) -> BitMap:
        """The pods of a namespace; callers must not change the bitmap."""
        return self._by_namespace.get(namespace, _NONE)

    def of(self, endpoint: Endpoint) -> frozenset[PodSelection]:
        """The selections in use that match this pod, which need not have been added."""
        namespace, labels = endpoint.key.namespace, endpoint.labels
        scopes = self.scopes.selecting(namespace)
        found: list[PodSelection] = []
        containing: tuple[str | Selector, ...] = (namespace, *scopes)
        for scope in containing:
            found += [selection for selection in self._unanchored.get(scope, ()) if selection.pods.matches(labels)]
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
        """Add a pod; `selections` is `of(endpoint)`."""
        self.scopes.mention(endpoint.key.namespace)
        self._pods.add(number, endpoint.labels)
        self._by_namespace.setdefault(endpoint.key.namespace, BitMap()).add(number)
        for selection in selections:
            self._members[selection].add(number)

    def remove(self, number: int, endpoint: Endpoint, selections: Iterable[PodSelection]) -> None:
        """Remove a pod; `selections` is `of(endpoint)`."""
        self._pods.remove(number, endpoint.labels)
        pods = self._by_namespace[endpoint.key.namespace]
        pods.discard(number)
        if not pods:
            del self._by_namespace[endpoint.key.namespace]
            self.scopes.vacate(endpoint.key.namespace)
        for selection in selections:
            self._members[selection].discard(number)

    def move(self, number: int, old: frozenset[PodSelection], new: frozenset[PodSelection]) -> None:
        """Update a pod's selections because its namespace changed."""
        for selection in old - new:
            self._members[selection].discard(number)
        for selection in new - old:
            self._members[selection].add(number)

    def extend(self, endpoints: Iterable[tuple[int, Endpoint]]) -> None:
        """Add many pods at once, before any selection is in use.

        Raises:
            ValueError: a selection is in use.
        """
        if self._users:
            raise ValueError("many pods can be added at once only before the first policy")
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
        """Add a use of a selection."""
        users = self._users.get(selection, 0)
        self._users[selection] = users + 1
        if users:
            return
        scope = selection.namespaces
        if isinstance(scope, Selector):
            if selection.pods == EVERYTHING:
                self.scopes.acquire(scope)
            else:  # many selections need all pods of the scope: these are a selection in use as well
                self.acquire(PodSelection(scope, EVERYTHING))
        self._index(selection)
        self._members[selection] = self._evaluate(selection)

    def release(self, selection: PodSelection) -> None:
        """Remove a use of a selection; it is dropped after the last one."""
        users = self._users[selection] - 1
        if users:
            self._users[selection] = users
            return
        del self._users[selection], self._members[selection]
        self._unindex(selection)
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

    def _index(self, selection: PodSelection) -> None:
        for anchor in _anchors(selection):
            self._anchored.setdefault(anchor, {})[selection] = None
        if selection.pods.anchor() is None:
            self._unanchored.setdefault(selection.namespaces, {})[selection] = None

    def _unindex(self, selection: PodSelection) -> None:
        for anchor in _anchors(selection):
            _drop(self._anchored, anchor, selection)
        if selection.pods.anchor() is None:
            _drop(self._unanchored, selection.namespaces, selection)


def _anchors(selection: PodSelection) -> Iterator[_Anchor]:
    """The labels, one for each value, under which a selection is indexed; none if its pods need no label."""
    required = selection.pods.anchor()
    if required is None:
        return
    namespace = selection.namespaces if isinstance(selection.namespaces, str) else None
    for value in required.values or (None,):
        yield namespace, required.key, value


def _drop(index: dict[_Key, _OrderedSet], key: _Key, selection: PodSelection) -> None:
    selections = index[key]
    del selections[selection]
    if not selections:
        del index[key]
