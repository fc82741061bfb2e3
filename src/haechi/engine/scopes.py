"""Which namespace selectors match which namespaces, updated incrementally.

Why: a peer may be pods of namespaces with certain labels, and labels of namespaces change. `selecting` and `namespaces`
always agree with `Selector.matches`, also for namespaces that no object declares: those have the one label that the API
server sets on every namespace. Namespaces that are neither declared nor have pods are not stored.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set

from haechi.model import NAME_LABEL
from haechi.select import LabelIndex, Selector

_NO_SCOPES: frozenset[Selector] = frozenset()


class Scopes:
    """Namespaces that are declared or have pods, and the namespace selectors in use."""

    def __init__(self) -> None:
        self._index = LabelIndex()
        self._numbers: dict[str, int] = {}
        self._names: dict[int, str] = {}
        self._declared: dict[str, Mapping[str, str]] = {}
        self._populated: set[str] = set()
        self._selecting: dict[str, set[Selector]] = {}  # by namespace
        self._scopes: set[Selector] = set()
        self._free: list[int] = []

    def labels(self, name: str) -> Mapping[str, str]:
        """Labels of a namespace, `kubernetes.io/metadata.name` included."""
        return {**self._declared.get(name, {}), NAME_LABEL: name}

    def selecting(self, name: str) -> Set[Selector]:
        """The selectors in use that select this namespace; callers must not change the set."""
        found = self._selecting.get(name)
        if found is None:
            labels = self.labels(name)
            return {scope for scope in self._scopes if scope.matches(labels)} if self._scopes else _NO_SCOPES
        return found

    def namespaces(self, scope: Selector) -> Iterator[str]:
        """The namespaces, declared or with pods, that a selector selects."""
        return (self._names[number] for number in self._index.select(scope))

    def mention(self, name: str) -> None:
        """Add a namespace because it has a pod."""
        self._populated.add(name)
        if name not in self._numbers:
            self._put(name)

    def vacate(self, name: str) -> None:
        """The last pod of a namespace is deleted."""
        self._populated.discard(name)
        if name not in self._declared:
            self._drop(name)

    def flips(self, name: str, labels: Mapping[str, str] | None) -> bool:
        """Whether the result of any selector in use would change with these labels (None: undeclared)."""
        changed = {**(labels or {}), NAME_LABEL: name}
        selecting = self.selecting(name)
        return any((scope in selecting) != scope.matches(changed) for scope in self._scopes)

    def declare(self, name: str, labels: Mapping[str, str] | None) -> None:
        """A namespace is added, changed or (None) deleted."""
        if name in self._numbers:
            self._drop(name)
        if labels is None:
            self._declared.pop(name, None)
        else:
            self._declared[name] = labels
        if labels is not None or name in self._populated:
            self._put(name)

    def acquire(self, scope: Selector) -> None:
        """Begin to use a namespace selector."""
        self._scopes.add(scope)
        for name in self.namespaces(scope):
            self._selecting[name].add(scope)

    def release(self, scope: Selector) -> None:
        """Stop using a namespace selector."""
        for name in self.namespaces(scope):
            self._selecting[name].discard(scope)
        self._scopes.discard(scope)

    def _put(self, name: str) -> None:
        number = self._numbers[name] = self._free.pop() if self._free else len(self._numbers)
        self._names[number] = name
        labels = self.labels(name)
        self._index.add(number, labels)
        self._selecting[name] = {scope for scope in self._scopes if scope.matches(labels)}

    def _drop(self, name: str) -> None:
        number = self._numbers.pop(name)
        del self._names[number], self._selecting[name]
        self._index.remove(number, self.labels(name))
        self._free.append(number)
