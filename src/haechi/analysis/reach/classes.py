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
from dataclasses import dataclass, replace
from typing import NamedTuple

from haechi.engine import (
    Endpoint,
    Engine,
    NamedPeer,
    NamedPort,
    Peers,
    PodSelection,
    PolicySet,
    Stages,
    TierSet,
    outside_addresses,
)
from haechi.model import Direction, PodKey
from haechi.sets import V6_START, AddressSet


@dataclass(frozen=True, slots=True, eq=False)
class PodClass:
    """Pods that policies cannot tell apart.

    Attributes:
        number: its index among all classes.
        members: the pods, sorted.
        egress: what judges the connections that they open.
        ingress: what judges the connections to them.
        addresses: one address of a member for each kind of address that policies tell apart; empty for pods that have
            no address of their own.
        ports: the named ports that policies refer to.
    """

    number: int
    members: tuple[PodKey, ...]
    egress: Stages
    ingress: Stages
    addresses: tuple[int, ...]
    ports: tuple[NamedPort, ...]

    def stages(self, direction: Direction) -> Stages:
        """What judges their connections in one direction."""
        return self.egress if direction is Direction.EGRESS else self.ingress

    def policy_set(self, direction: Direction) -> PolicySet | None:
        """What NetworkPolicies allow in one direction; None if none isolates them."""
        stages = self.stages(direction)
        return stages[-1] if stages and isinstance(stages[-1], PolicySet) else None


class _Kind(NamedTuple):
    """What the pods of a class have in common."""

    egress: int  # the stages by identity: equal ones are one object
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
    def of_sets(cls, engine: Engine, used: Iterable[PolicySet | TierSet]) -> _Distinctions:
        """What some stages refer to."""
        sets = list(used)
        named = {one for stage in sets for one in named_peers(stage)}
        peers = {one for stage in sets for one in all_peers(stage)}
        return cls(
            frozenset(selection for stage in sets for selection in stage.selections()),
            _edges({*(addresses_of_pods(engine, one) for one in peers), *(one.within for one in named)}),
            frozenset((one.protocol, one.name) for one in named),
        )

    @classmethod
    def of_rules(cls, engine: Engine) -> _Distinctions:
        """What single rules refer to."""
        policies, ordered = engine.policies.values(), engine.tier_policies.values()
        selections = [one.selections() for one in policies] + [one.selections() for one in ordered]
        rules = [rule for policy in policies for direction in Direction for rule in policy.rules(direction)]
        ordered_rules = [rule for policy in ordered for direction in Direction for rule in policy.rules(direction)]
        peers = {*(rule.peers for rule in rules), *(rule.peers for rule in ordered_rules)}
        return cls(
            frozenset().union(*selections),
            _edges({addresses_of_pods(engine, one) for one in peers}),
            frozenset(
                {
                    *(name for rule in rules for name in rule.names),
                    *(name for rule in ordered_rules for name in rule.protocol_names()),
                }
            ),
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

    def segment(self, point: int) -> int:
        """The index of the segment between two edges that an address lies in."""
        return bisect_right(self.edges, point)

    @classmethod
    def of(cls, engine: Engine, *, by_rule: bool = False) -> PodClasses:
        """The classes of an engine's present state."""
        endpoints = sorted(engine.endpoints, key=lambda endpoint: endpoint.key)
        sets = _StagesOfPods(engine)
        if by_rule:
            distinctions = _Distinctions.of_rules(engine)
        else:
            used = {stage for endpoint in endpoints for stages in sets.of(endpoint) for stage in stages}
            distinctions = _Distinctions.of_sets(engine, used)
        edges = distinctions.edges
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
        return cls(tuple(found), {selection: tuple(numbers) for selection, numbers in members.items()}, edges)


def _matching(engine: Engine, selections: Iterable[PodSelection]) -> dict[PodKey, list[PodSelection]]:
    """By pod, those of some selections that match it, always in the same order."""
    found: dict[PodKey, list[PodSelection]] = {}
    for selection in sorted(selections, key=str):
        for endpoint, _ in engine.members(selection):
            found.setdefault(endpoint.key, []).append(selection)
    return found


class _StagesOfPods:
    """The stages of pods, computed once for all pods with the same labels and ports."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._known: dict[object, tuple[Stages, Stages]] = {}

    def of(self, endpoint: Endpoint) -> tuple[Stages, Stages]:
        key = (endpoint.key.namespace, tuple(endpoint.labels.items()), endpoint.ports)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._engine.stages(endpoint)
        return found


def all_peers(stage: PolicySet | TierSet) -> Iterator[Peers]:
    """Every group of peers of a stage, with those of named ports left out."""
    if isinstance(stage, TierSet):
        yield from (entry.peers for entries in stage.lists() for entry in entries)
    else:
        yield stage.everywhere
        yield from (peers for _, peers in stage.by_ports)


def addresses_of_pods(engine: Engine, peers: Peers) -> AddressSet:
    """The addresses at which peers match pods, whatever their labels."""
    return outside_addresses(engine, peers if engine.ipblock_matches_pods else replace(peers, blocks=AddressSet.NONE))


def named_peers(stage: PolicySet | TierSet) -> Iterator[NamedPeer]:
    """All peers of a stage that are meant by port names."""
    if isinstance(stage, TierSet):
        yield from (named for entries in stage.lists() for entry in entries for named in entry.named)
    else:
        yield from stage.named


def _edges(blocks: Iterable[AddressSet]) -> tuple[int, ...]:
    """Where some block begins or ends, and where IPv6 begins."""
    return tuple(sorted({V6_START, *(edge for block in blocks for edge in block.edges)}))


def _addresses(engine: Engine, endpoint: Endpoint, edges: tuple[int, ...]) -> dict[int, int]:
    """By segment, one of the pod's own addresses in it."""
    return {bisect_right(edges, point): point for point in endpoint.addresses if engine.owner(point) is endpoint}
