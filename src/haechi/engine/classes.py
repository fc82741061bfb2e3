"""The policy set of each class of pods.

Why: pods that the same policies select (and that, for ingress, have the same numbers for the port names in those
policies) have the same policy set, so it is computed once. Entries of a policy are dropped when it changes or goes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from haechi.engine.endpoint import NamedPort
from haechi.engine.policy import Policy
from haechi.engine.policyset import PolicySet
from haechi.model import Direction, PolicyKey

_Class = tuple[Direction, tuple[PolicyKey, ...], tuple[NamedPort, ...]]
_LIMIT = 100_000  # cached classes; a cluster has far fewer, and an empty cache costs only time


class Classes:
    """Policy sets, cached by direction, policies and named ports."""

    def __init__(self) -> None:
        self._sets: dict[_Class, PolicySet] = {}
        self._using: dict[PolicyKey, set[_Class]] = {}

    def get(
        self,
        direction: Direction,
        keys: Iterable[PolicyKey],
        policies: Mapping[PolicyKey, Policy],
        ports: tuple[NamedPort, ...],
    ) -> PolicySet:
        """The policy set of pods that these policies select and that have these named ports."""
        chosen = tuple(sorted(keys))
        used = ports and _used(direction, [policies[key] for key in chosen], ports)
        pods = (direction, chosen, used or ())
        found = self._sets.get(pods)
        if found is None:
            found = self._cache(pods, PolicySet.of(direction, [policies[key] for key in chosen], pods[2]))
        return found

    def forget(self, key: PolicyKey) -> None:
        """Drop all entries of a policy that changed or was deleted."""
        for pods in self._using.pop(key, ()):
            del self._sets[pods]
            for other in pods[1]:
                if other != key:
                    self._drop(other, pods)

    def _drop(self, key: PolicyKey, pods: _Class) -> None:
        using = self._using[key]
        using.discard(pods)
        if not using:
            del self._using[key]

    def _cache(self, pods: _Class, found: PolicySet) -> PolicySet:
        if len(self._sets) >= _LIMIT:
            self._sets.clear()
            self._using.clear()
        self._sets[pods] = found
        for key in pods[1]:
            self._using.setdefault(key, set()).add(pods)
        return found


def _used(direction: Direction, policies: list[Policy], ports: tuple[NamedPort, ...]) -> tuple[NamedPort, ...]:
    """The named ports of a pod that occur in rules for connections to it."""
    if direction is Direction.EGRESS:
        return ()
    names = {name for policy in policies for rule in policy.rules(direction) for name in rule.names}
    return tuple(port for port in ports if (port.protocol, port.name) in names)
