"""Pods that policies cannot tell apart.

Ten thousand pods are a few hundred classes of pods, and every question about pairs is asked of classes. Two pods of one
class have the same policies in both directions, and whatever these policies together allow to the one they allow to
the other (by labels, by port name or by address), so that exchanging the two changes no verdict. Classes `by_rule`
guarantee the same for every single rule, also for one that other rules make redundant.

    pods        policy sets        matching selections   address kinds     named ports       class
    x/web-1 ─┐  egress A           {x: app=web}          {10.0.0.0/8}      -                 ┐
    x/web-2 ─┘  ingress B          {x: app=web}          {10.0.0.0/8}      -                 ┘ 0
    x/db        egress -           {x: app=db}           {outside blocks}  TCP sql 5432        1
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
        number: its index among all classes.
        members: the pods, sorted.
        egress: what policies allow them to send; None if nothing isolates them.
        ingress: the same of what they may receive.
        addresses: one address of a member for each kind of address that policies tell apart; empty for pods that have
            no address of their own.
        ports: the named ports that policies refer to.
    """

    number: int
    members: tuple[PodKey, ...]
    egress: PolicySet | None
    ingress: PolicySet | None
    addresses: tuple[int, ...]
    ports: tuple[NamedPort, ...]


class _Kind(NamedTuple):
    """What the pods of a class have in common."""

    egress: int  # the policy sets by identity: equal ones are one object
    ingress: int
    selections: tuple[PodSelection, ...]
    segments: frozenset[int]
    ports: tuple[NamedPort, ...]


class _Distinctions(NamedTuple):
    """What distinguishes pods: selections, the edges of blocks, and port names with their IP protocols."""

    selections: frozenset[PodSelection]
    edges: tuple[int, ...]
    names: frozenset[tuple[int, str]]

    @classmethod
    def of_sets(cls, used: Iterable[PolicySet]) -> _Distinctions:
        """What some policy sets refer to."""
        sets = list(used)
        return cls(
            frozenset(selection for policies in sets for selection in policies.selections()),
            _edges({blocks for policies in sets for blocks in _blocks(policies)}),
            frozenset((named.protocol, named.name) for policies in sets for named in policies.named),
        )

    @classmethod
    def of_rules(cls, engine: Engine) -> _Distinctions:
        """What single rules refer to."""
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
        selected: by selection in force, the numbers of the classes that it matches.
        edges: where some ipBlock begins or ends on the number line of addresses, and where IPv6 begins. Addresses of a
            class with no edge between them are of one kind.
    """

    all: tuple[PodClass, ...]
    selected: dict[PodSelection, tuple[int, ...]]
    edges: tuple[int, ...]
    ipblock_matches_pods: bool = True

    def segment(self, point: int) -> int:
        """The index of the segment between two edges that an address lies in."""
        return bisect_right(self.edges, point)

    @classmethod
    def of(cls, engine: Engine, *, by_rule: bool = False) -> PodClasses:
        """The classes of an engine's present state."""
        endpoints = sorted(engine.endpoints, key=lambda endpoint: endpoint.key)
        sets = _PolicySets(engine)
        if by_rule:
            distinctions = _Distinctions.of_rules(engine)
        else:
            used = {policies for endpoint in endpoints for policies in sets.of(endpoint) if policies is not None}
            distinctions = _Distinctions.of_sets(used)
        edges = distinctions.edges if engine.ipblock_matches_pods else (V6_START,)
        matching = _matching(engine, distinctions.selections)
        groups: dict[_Kind, list[Endpoint]] = {}
        for endpoint in endpoints:
            ports = tuple(port for port in endpoint.ports if (port.protocol, port.name) in distinctions.names)
            segments = frozenset(_addresses(engine, endpoint, edges))
            egress, ingress = sets.of(endpoint)
            kind = _Kind(id(egress), id(ingress), tuple(matching.get(endpoint.key, ())), segments, ports)
            groups.setdefault(kind, []).append(endpoint)
        found: list[PodClass] = []
        members: dict[PodSelection, list[int]] = {selection: [] for selection in distinctions.selections}
        for number, (kind, group) in enumerate(groups.items()):
            addresses = tuple(_addresses(engine, group[0], edges).values())
            keys = tuple(endpoint.key for endpoint in group)
            found.append(PodClass(number, keys, *sets.of(group[0]), addresses, kind.ports))
            for selection in kind.selections:
                members[selection].append(number)
        selected = {selection: tuple(numbers) for selection, numbers in members.items()}
        return cls(tuple(found), selected, edges, engine.ipblock_matches_pods)


def _matching(engine: Engine, selections: Iterable[PodSelection]) -> dict[PodKey, list[PodSelection]]:
    """By pod, those of some selections that match it, always in the same order."""
    found: dict[PodKey, list[PodSelection]] = {}
    for selection in sorted(selections, key=str):
        for endpoint, _ in engine.members(selection):
            found.setdefault(endpoint.key, []).append(selection)
    return found


class _PolicySets:
    """The policy sets of pods, computed once for all pods with the same labels and ports."""

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


def _blocks(policies: PolicySet) -> Iterator[AddressSet]:
    """Every ipBlock of a policy set, or union of some."""
    yield from (peers.blocks for peers in all_peers(policies))
    yield from (named.within for named in policies.named)


def _edges(blocks: Iterable[AddressSet]) -> tuple[int, ...]:
    """Where some block begins or ends, and where IPv6 begins."""
    return tuple(sorted({V6_START, *(edge for block in blocks for edge in block.edges)}))


def _addresses(engine: Engine, endpoint: Endpoint, edges: tuple[int, ...]) -> dict[int, int]:
    """By segment, one of the pod's own addresses in it."""
    return {bisect_right(edges, point): point for point in endpoint.addresses if engine.owner(point) is endpoint}
