"""Pods that behave alike.

Why: ten thousand pods are a few hundred kinds of pods, and every question about pairs is asked of kinds. Promises that
two pods of one class have the same policies in both directions, that whatever these policies together allow to the one
they allow to the other (by labels, by port name or by address), so that exchanging them changes no verdict. PodClasses
`by_rule` promise it of every single rule as well, also of one that says nothing new beside the others.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from haechi.engine import Endpoint, Engine, NamedPort, Peers, PodSelection, PolicySet
from haechi.model import Direction, PodKey
from haechi.sets import V6_START, AddressSet


@dataclass(frozen=True, slots=True, eq=False)
class PodClass:
    """Pods that policies cannot tell apart.

    Attributes:
        number: its place among all classes.
        members: the pods, sorted.
        egress: what policies allow them to send; None if nothing isolates them.
        ingress: the same of what they may receive.
        spots: one address of a member for each kind of address that policies tell apart; none for pods that have no
            address of their own.
        ports: those named ports by which policies could mean them.
    """

    number: int
    members: tuple[PodKey, ...]
    egress: PolicySet | None
    ingress: PolicySet | None
    spots: tuple[int, ...]
    ports: tuple[NamedPort, ...]


class _Kind(NamedTuple):
    """What the pods of a class have in common."""

    egress: int  # the policy sets by identity: equal ones are one object
    ingress: int
    selections: tuple[PodSelection, ...]
    places: frozenset[int]
    ports: tuple[NamedPort, ...]


class _Telling(NamedTuple):
    """By what pods are told apart: selections, the edges of blocks, and port names with their IP protocols."""

    selections: frozenset[PodSelection]
    edges: tuple[int, ...]
    names: frozenset[tuple[int, str]]

    @classmethod
    def of_sets(cls, used: Iterable[PolicySet]) -> _Telling:
        """By what some policy sets tell pods apart."""
        sets = list(used)
        return cls(
            frozenset(selection for policies in sets for selection in policies.selections()),
            _edges({peers.blocks for policies in sets for peers in all_peers(policies)}),
            frozenset((named.protocol, named.name) for policies in sets for named in policies.named),
        )

    @classmethod
    def of_rules(cls, engine: Engine) -> _Telling:
        """By what single rules tell pods apart."""
        policies = list(engine.policies.values())
        rules = [rule for policy in policies for direction in Direction for rule in policy.rules(direction)]
        return cls(
            frozenset(selection for policy in policies for selection in policy.selections()),
            _edges({rule.peers.blocks for rule in rules}),
            frozenset(name for rule in rules for name in rule.names),
        )


@dataclass(frozen=True)
class PodClasses:
    """All classes of a cluster.

    Attributes:
        all: by their first members.
        selected: the numbers of the classes that a selection in force means.
        edges: where on the line of addresses some ipBlock begins or ends, and where IPv6 begins: addresses of a class
            between which there is no edge are of one kind.
    """

    all: tuple[PodClass, ...]
    selected: dict[PodSelection, tuple[int, ...]]
    edges: tuple[int, ...]

    def stretch(self, point: int) -> int:
        """Between which edges an address lies."""
        return bisect_right(self.edges, point)

    @classmethod
    def of(cls, engine: Engine, *, ipblock_matches_pods: bool = True, by_rule: bool = False) -> PodClasses:
        """The classes of an engine's present state."""
        endpoints = sorted(engine.endpoints, key=lambda endpoint: endpoint.key)
        sets = _PolicySets(engine)
        if by_rule:
            telling = _Telling.of_rules(engine)
        else:
            used = {policies for endpoint in endpoints for policies in sets.of(endpoint) if policies is not None}
            telling = _Telling.of_sets(used)
        edges = telling.edges if ipblock_matches_pods else (V6_START,)
        meaning = _meaning(engine, telling.selections)
        groups: dict[_Kind, list[Endpoint]] = {}
        for endpoint in endpoints:
            ports = tuple(port for port in endpoint.ports if (port.protocol, port.name) in telling.names)
            places = frozenset(_spots(engine, endpoint, edges))
            egress, ingress = sets.of(endpoint)
            kind = _Kind(id(egress), id(ingress), tuple(meaning.get(endpoint.key, ())), places, ports)
            groups.setdefault(kind, []).append(endpoint)
        made: list[PodClass] = []
        members: dict[PodSelection, list[int]] = {selection: [] for selection in telling.selections}
        for number, (kind, group) in enumerate(groups.items()):
            spots = tuple(_spots(engine, group[0], edges).values())
            keys = tuple(endpoint.key for endpoint in group)
            made.append(PodClass(number, keys, *sets.of(group[0]), spots, kind.ports))
            for selection in kind.selections:
                members[selection].append(number)
        return cls(tuple(made), {selection: tuple(numbers) for selection, numbers in members.items()}, edges)


def _meaning(engine: Engine, selections: Iterable[PodSelection]) -> dict[PodKey, list[PodSelection]]:
    """By pod, those of some selections that mean it, always in the same order."""
    found: dict[PodKey, list[PodSelection]] = {}
    for selection in sorted(selections, key=str):
        for endpoint, _ in engine.members(selection):
            found.setdefault(endpoint.key, []).append(selection)
    return found


class _PolicySets:
    """The policy sets of pods, asked once for all pods with the same labels and ports."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._known: dict[object, tuple[PolicySet | None, PolicySet | None]] = {}

    def of(self, endpoint: Endpoint) -> tuple[PolicySet | None, PolicySet | None]:
        key = (endpoint.key.namespace, tuple(endpoint.labels.items()), endpoint.ports)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._engine.policy_sets(endpoint)
        return found


def all_peers(policies: PolicySet) -> Iterator[Peers]:
    """Every group of peers of a policy set."""
    yield policies.everywhere
    for _, peers in policies.by_ports:
        yield peers


def _edges(blocks: Iterable[AddressSet]) -> tuple[int, ...]:
    """Where some block begins or ends, and where IPv6 begins."""
    return tuple(sorted({V6_START, *(edge for block in blocks for edge in block.edges)}))


def _spots(engine: Engine, endpoint: Endpoint, edges: tuple[int, ...]) -> dict[int, int]:
    """By stretch of the line that no block divides, one of the pod's own addresses in it."""
    return {bisect_right(edges, point): point for point in endpoint.addresses if engine.owner(point) is endpoint}
