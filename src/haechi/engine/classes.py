"""The policy set of each class of pods.

Why: pods that are selected by the same policies (and, for ingress, agree on the numbers behind the port names that
those policies use) get the same answer, so it is worked out once. Promises that an answer is never older than its
policies, and that nothing is kept of policies that have gone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from haechi.engine.endpoint import NamedPort
from haechi.engine.policy import Policy
from haechi.engine.policyset import PolicySet
from haechi.model import Direction, PolicyKey

_Class = tuple[Direction, tuple[PolicyKey, ...], tuple[NamedPort, ...]]
_LIMIT = 100_000  # classes kept; a cluster has far fewer, and forgetting costs time only


class Classes:
    """Policy sets by direction, policies and named ports."""

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
        asked = ports and _asked(direction, [policies[key] for key in chosen], ports)
        of = (direction, chosen, asked or ())
        found = self._sets.get(of)
        if found is None:
            found = self._keep(of, PolicySet.of(direction, [policies[key] for key in chosen], of[2]))
        return found

    def forget(self, key: PolicyKey) -> None:
        """A policy changed or went."""
        for of in self._using.pop(key, ()):
            del self._sets[of]
            for other in of[1]:
                if other != key:
                    self._drop(other, of)

    def _drop(self, key: PolicyKey, of: _Class) -> None:
        using = self._using[key]
        using.discard(of)
        if not using:
            del self._using[key]

    def _keep(self, of: _Class, found: PolicySet) -> PolicySet:
        if len(self._sets) >= _LIMIT:
            self._sets.clear()
            self._using.clear()
        self._sets[of] = found
        for key in of[1]:
            self._using.setdefault(key, set()).add(of)
        return found


def _asked(direction: Direction, policies: list[Policy], ports: tuple[NamedPort, ...]) -> tuple[NamedPort, ...]:
    """Those named ports of a pod that some rule looks up on it."""
    if direction is Direction.EGRESS:
        return ()
    names = {name for policy in policies for rule in policy.rules(direction) for name in rule.names}
    return tuple(port for port in ports if (port.protocol, port.name) in names)
