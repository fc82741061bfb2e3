"""What the other end says to an item of `from` or `to`.

Why: a connection needs both ends, and a rule is only one of them. Promises to look at every pair of pods that an item
means, class by class, and to blame policies only: a pair without addresses of one family, or without a port of a name
that the rule uses, says nothing; and whoever has no address in the input may have one that an ipBlock means.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from haechi.analysis.cluster import Cluster, Owner
from haechi.analysis.reach import PodClass, Reach
from haechi.engine import Endpoint, PodSelection, PolicyRule, PolicySet
from haechi.model import Direction, PodKey, PolicyKey
from haechi.sets import V6_START, PortSet

_OPPOSITE = {Direction.INGRESS: Direction.EGRESS, Direction.EGRESS: Direction.INGRESS}


@dataclass(frozen=True, slots=True)
class Refusal:
    """Nothing of an item passes the other ends.

    Attributes:
        direction: of the policies there.
        policies: which, sorted.
        workloads: whom they isolate, sorted.
    """

    direction: Direction
    policies: tuple[PolicyKey, ...]
    workloads: tuple[Owner, ...]


@dataclass(frozen=True, slots=True)
class _Part:
    """The pods of one class that a selection means."""

    of: PodClass
    pods: tuple[Endpoint, ...]
    families: frozenset[int]
    made: bool  # whether the address of one was chosen for it

    @classmethod
    def of_class(cls, one: PodClass, pods: Iterable[Endpoint], made: Collection[PodKey]) -> _Part:
        found = tuple(pods)
        families = frozenset(4 if spot < V6_START else 6 for spot in one.addresses)
        return cls(one, found, families, any(pod.key in made for pod in found))

    def policies(self, direction: Direction) -> PolicySet | None:
        return self.of.egress if direction is Direction.EGRESS else self.of.ingress

    def ports(self, rule: PolicyRule) -> PortSet:
        """What a rule allows at these pods as servers."""
        if not rule.names:
            return rule.ports
        named = {port for pod in self.pods for port in pod.ports if (port.protocol, port.name) in rule.names}
        return PortSet.union_all([rule.ports, *(PortSet.port(port.protocol, port.number) for port in named)])

    def is_alone_with(self, other: _Part) -> bool:
        """Whether both are one and the same pod: it reaches itself without a rule."""
        return len(self.pods) == 1 and self.pods == other.pods


def _has_blocks(policies: PolicySet, ports: PortSet) -> bool:
    """Whether they allow some addresses some of these ports."""
    return bool(policies.everywhere.blocks) or any(
        peers.blocks and not allowed.isdisjoint(ports) for allowed, peers in policies.by_ports
    )


class Ends:
    """Both ends of whatever rules allow.

    Args:
        cluster: whose rules.
        reach: its connections.
    """

    def __init__(self, cluster: Cluster, reach: Reach) -> None:
        self._engine = cluster.engine
        self._owners = cluster.owners
        self._made = cluster.synthesized
        self._reach = reach
        self._classes = {key: one for one in reach.classes for key in one.members}
        self._parts: dict[PodSelection, tuple[_Part, ...]] = {}
        self._known: dict[object, Refusal | None] = {}

    def refusal(
        self, subject: PodSelection, direction: Direction, peers: PodSelection, rule: PolicyRule
    ) -> Refusal | None:
        """Who refuses all that an item allows; None if something passes, or if nothing can be said.

        Args:
            subject: the pods of the item's policy.
            direction: of its rule.
            peers: the pods that the item means.
            rule: its rule.
        """
        key = (subject, direction, peers, rule.ports, rule.names)
        if key not in self._known:
            self._known[key] = self._judged(subject, direction, peers, rule)
        return self._known[key]

    def _judged(
        self, subject: PodSelection, direction: Direction, peers: PodSelection, rule: PolicyRule
    ) -> Refusal | None:
        others, refusing = self._split(peers), dict[int, _Part]()
        opposite = _OPPOSITE[direction]
        received = {} if direction is Direction.INGRESS else {other.of.number: other.ports(rule) for other in others}
        for own in self._split(subject):
            ports = own.ports(rule) if direction is Direction.INGRESS else PortSet.NONE
            for other in others:
                passing = received.get(other.of.number, ports)
                if passing and not own.families.isdisjoint(other.families) and not own.is_alone_with(other):
                    if self._accepts(other, opposite, own, passing):
                        return None
                    refusing[other.of.number] = other
        return self._refusal(opposite, refusing.values()) if refusing else None

    def _accepts(self, other: _Part, direction: Direction, own: _Part, ports: PortSet) -> bool:
        """Whether the other end lets some of it through, or may do so."""
        sides = self._reach.side(other.of, direction, own.of)
        if any(family in other.families and not allowed.isdisjoint(ports) for family, allowed in sides):
            return True
        policies = other.policies(direction)
        return policies is not None and own.made and _has_blocks(policies, ports)

    def _split(self, selection: PodSelection) -> tuple[_Part, ...]:
        """The pods of a selection by their classes."""
        found = self._parts.get(selection)
        if found is None:
            pods: dict[int, list[Endpoint]] = {}
            for number in self._engine.select(selection):
                endpoint = self._engine.numbered(number)
                pods.setdefault(self._classes[endpoint.key].number, []).append(endpoint)
            classes = self._reach.classes
            found = tuple(_Part.of_class(classes[number], some, self._made) for number, some in pods.items())
            self._parts[selection] = found
        return found

    def _refusal(self, direction: Direction, parts: Iterable[_Part]) -> Refusal:
        listed = list(parts)
        sets = [policies for part in listed if (policies := part.policies(direction)) is not None]
        keys = {key for one in sets for key in one.policies}
        workloads = {self._owners[pod.key] for part in listed for pod in part.pods}
        return Refusal(direction, tuple(sorted(keys)), tuple(sorted(workloads)))
