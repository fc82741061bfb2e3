"""`diff` for pods that need not exist: what may newly reach a workload or be reached by it, and what no longer may.

Connections compare the pods of today. A policy that opens a database to every namespace changes none of them as long as
the pods in question are not in the input; so exposures are compared as well, for each selection of pods that policies
name in either cluster, and for policies whose own pods are not there:

    before   pods app=api in namespace shop: TCP 5432
    after    any pod: TCP 5432                             ──▶  + any pod -> shop/db[StatefulSet]: TCP 5432

A selection stands for a pod that matches it and nothing more: what concerns it are the entries that it implies. Its
address and the numbers of its port names are not known, so of blocks only those of all addresses concern it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Generic, NamedTuple, TypeVar

from haechi.analysis.cluster import Cluster
from haechi.analysis.reach.exposure import Exposure, ExposureEntry, Peer, PeerKind, entries_of, granted, pods_text
from haechi.analysis.reach.selection_index import SelectionIndex
from haechi.engine import (
    ANY_POD,
    Engine,
    NamedPort,
    OrderedPolicy,
    PodSelection,
    Policy,
    PolicySet,
    Stages,
    TierSet,
    passing_ports,
)
from haechi.model import Action, Direction, Tier
from haechi.sets import AddressSet, PortSet, protocol_text

_T = TypeVar("_T")
_MOST_PREVIOUS = 1000
"""`previously` is found for sides with at most this many entries, none of them of a tier."""


class _Pods(NamedTuple):
    """Pods that match a selection and nothing more, in ipBlocks if there are any, on a port name if there is one."""

    selection: PodSelection
    blocks: AddressSet
    port_name: tuple[int, str] | None

    @property
    def order(self) -> tuple[bool, str, str, str]:
        """The widest first, then by words."""
        return self.selection != ANY_POD, str(self.selection), str(self.blocks), str(self.port_name or "")

    def is_within(self, other: _Pods) -> bool:
        """Whether `other` means all of them."""
        blocks = not other.blocks or other.blocks >= self.blocks != AddressSet.NONE
        return blocks and _implies(self.selection, other.selection)

    def __str__(self) -> str:
        """As `Peer`, with the port name if there is one."""
        peer = Peer(PeerKind.PODS, self.selection, self.blocks)
        if self.port_name is None:
            return str(peer)
        return f"{peer} on port name {protocol_text(self.port_name[0])} {self.port_name[1]}"


class PotentialChange(NamedTuple):
    """Pods in words, the ports on which a side allowed them and allows them now, and who had some of the new ones."""

    pods: str
    before: PortSet
    after: PortSet
    previously: tuple[str, ...]


class PotentialChanges:
    """Compares what sides allow pods that need not exist.

    Args:
        families: each family of addresses that pods have, as a set. Addresses of a whole family mean any pod: one
            family suffices to allow a connection, as in lists, and all are needed to deny it.
    """

    def __init__(self, families: Iterable[AddressSet]) -> None:
        self._families = tuple(families)

    def of(self, before: Stages | None, after: Stages | None) -> Iterator[PotentialChange]:
        """The changes of one side, for the widest selections only; None for a side that is not there."""
        was, now = (() if stages is None else tuple(granted(stages)) for stages in (before, after))
        sides = [
            _BySelection((self._pods(entry).selection, entry) for entry in side if self._means_pods(entry))
            for side in (was, now)
        ]
        meant = {self._pods(entry) for side in sides for entry in side.values}
        ordered = sorted(meant, key=lambda pods: pods.order)
        wider = _BySelection((pods.selection, pods) for pods in ordered)
        shown: dict[_Pods, tuple[PortSet, PortSet]] = {}
        for pods in ordered:
            old, new = (self._allowed(side.implied_by(pods.selection), pods) for side in sides)
            if not any(
                shown.get(other) == (old, new) and pods.port_name == other.port_name and pods.is_within(other)
                for other in wider.implied_by(pods.selection)
            ):
                shown[pods] = (old, new)
        for pods, (old, new) in shown.items():
            if old != new:
                is_plain = len(was) <= _MOST_PREVIOUS and all(one.tier is None for one in was)
                had = [one for one in sides[0].values if is_plain and not one.ports.isdisjoint(new - old)]
                narrower = (one for one in had if self._pods(one).is_within(pods))
                yield PotentialChange(str(pods), old, new, tuple(dict.fromkeys(str(one.peer) for one in narrower)))

    def _means_pods(self, entry: ExposureEntry) -> bool:
        """Whether an entry says something about pods whose addresses are not known."""
        if entry.peer.kind is PeerKind.ADDRESSES:
            whole = (entry.peer.addresses >= family for family in self._families)
            return any(whole) if entry.action is Action.ACCEPT else all(whole)
        return entry.peer.kind is not PeerKind.NODES

    def _pods(self, entry: ExposureEntry) -> _Pods:
        """Whom an entry means; everyone is any pod here."""
        blocks = AddressSet.NONE if entry.peer.kind is PeerKind.ADDRESSES else entry.peer.addresses
        return _Pods(entry.peer.pods or ANY_POD, blocks, entry.port_name)

    def _allowed(self, grants: Sequence[ExposureEntry], pods: _Pods) -> PortSet:
        """The ports on which a side allows some pods; of a port name, its whole protocol."""
        asked = PortSet.ALL if pods.port_name is None else PortSet.protocol(pods.port_name[0])
        concerning = [entry for entry in grants if self._concerns(entry, pods, asked)]
        tiers = ([(one.action, one.ports) for one in concerning if one.tier is tier] for tier in Tier)
        last = PortSet.union_all([one.ports for one in concerning if one.tier is None])
        return passing_ports(tiers, last, asked)

    def _concerns(self, entry: ExposureEntry, pods: _Pods, asked: PortSet) -> bool:
        """Whether an entry matches all of these pods, on their port name if they have one, or on all that is asked."""
        if entry.port_name != pods.port_name and (entry.port_name is not None or not entry.ports >= asked):
            return False
        return pods.is_within(self._pods(entry))


class _BySelection(Generic[_T]):
    """Values of selections, which are found by those that imply theirs."""

    def __init__(self, pairs: Iterable[tuple[PodSelection, _T]]) -> None:
        self.values: list[_T] = []
        self._numbers: dict[PodSelection, list[int]] = {}
        for number, (selection, value) in enumerate(pairs):
            self.values.append(value)
            self._numbers.setdefault(selection, []).append(number)
        self._index = SelectionIndex(self._numbers)

    def implied_by(self, selection: PodSelection) -> list[_T]:
        """The values of all selections that one implies, in order."""
        if selection.contradictory:
            return self.values
        implied = {ANY_POD, *self._index.implied_by(selection)}
        return [self.values[number] for number in sorted(n for one in implied for n in self._numbers.get(one, ()))]


@lru_cache(maxsize=65_536)
def _implies(one: PodSelection, other: PodSelection) -> bool:
    return other == ANY_POD or one.implies(other)


def changed_subjects(engines: tuple[Engine, Engine]) -> tuple[PodSelection, ...]:
    """The selections of policies that differ, of either side, sorted by their words."""
    found = {one.subject for one in {*engines[0].policies.values()} ^ {*engines[1].policies.values()}}
    ordered = {*engines[0].tier_policies.values()} ^ {*engines[1].tier_policies.values()}
    return tuple(sorted(found | {one.subject for one in ordered if one.subject is not None}, key=pods_text))


def potential_exposures(cluster: Cluster, namespaces: Collection[str] = ()) -> Iterator[Exposure]:
    """Both directions of the pods that policies select although there are none, by selection.

    Args:
        cluster: whose policies.
        namespaces: of pods in these only, if there are any.
    """
    engine = cluster.engine
    policies = _BySelection((one.subject, one) for one in engine.policies.values())
    ordered = _BySelection((one.subject, one) for one in engine.tier_policies.values() if one.subject is not None)
    subjects = {one.subject for one in policies.values} | {one.subject for one in ordered.values if one.subject}
    for subject in sorted(subjects, key=pods_text):
        elsewhere = namespaces and subject.namespaces not in namespaces
        if elsewhere or subject.contradictory or engine.select(subject):
            continue
        for direction in (Direction.EGRESS, Direction.INGRESS):
            stages = _stages(policies.implied_by(subject), ordered.implied_by(subject), direction)
            isolated = any(isinstance(stage, PolicySet) for stage in stages)
            entries = tuple(entries_of(cluster, stages, direction))
            if direction is Direction.INGRESS:
                entries += tuple(_named_entries(cluster, stages))
            yield Exposure(f"{pods_text(subject)} (none here)", direction, isolated, entries)


def _named_entries(cluster: Cluster, stages: Stages) -> Iterator[ExposureEntry]:
    """What NetworkPolicies allow on port names, which only pods have a number for."""
    for stage in stages:
        for key in stage.policies if isinstance(stage, PolicySet) else ():
            for ref, rule in cluster.engine.policies[key].referenced(Direction.INGRESS):
                for name in rule.names:
                    ports, rules = PortSet.protocol(name[0]), (cluster.located(ref),)
                    yield from (ExposureEntry(peer, ports, name, rules) for peer in Peer.of_peers(rule.peers))


def stages_of(engine: Engine, subject: PodSelection, direction: Direction, ports: tuple[NamedPort, ...] = ()) -> Stages:
    """What judges a pod that matches a selection and nothing more, and has some named ports."""
    policies = [one for one in engine.policies.values() if _implies(subject, one.subject)]
    tiers = engine.tier_policies.values()
    ordered = [one for one in tiers if one.subject is not None and _implies(subject, one.subject)]
    return _stages(policies, ordered, direction, ports)


def ingress_names(engine: Engine, subject: PodSelection) -> Iterator[tuple[int, str]]:
    """The IP protocols and port names in rules for connections to pods that a selection selects."""
    for policy in engine.policies.values():
        if _implies(subject, policy.subject):
            yield from (name for rule in policy.rules(Direction.INGRESS) for name in rule.names)
    for one in engine.tier_policies.values():
        if one.subject is not None and _implies(subject, one.subject):
            yield from (name for rule in one.rules(Direction.INGRESS) for name in rule.protocol_names())


def _stages(
    policies: Iterable[Policy],
    ordered: Iterable[OrderedPolicy],
    direction: Direction,
    ports: tuple[NamedPort, ...] = (),
) -> Stages:
    """What judges a pod that these select."""
    by_tier: dict[Tier, list[OrderedPolicy]] = {tier: [] for tier in Tier}
    for one in ordered:
        if direction in one.directions:
            by_tier[one.tier].append(one)
    admin, baseline = (TierSet.of(tier, direction, some, ports) if some else None for tier, some in by_tier.items())
    isolating = [one for one in policies if direction in one.directions]
    last = PolicySet.of(direction, isolating, ports) if isolating else baseline
    if admin is None:
        return () if last is None else (last,)
    return (admin,) if last is None else (admin, last)
