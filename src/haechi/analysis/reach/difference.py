"""`diff`: what two sets of manifests allow differently.

Why: a reviewer sees changed YAML and wants to know what it means. Promises every connection that is allowed in one and
not in the other, or on other ports, and nothing else; and with it the policies that were added, removed or changed and
have a say in it. A workload is compared with the workload of its name, whatever its pods are called.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import chain, pairwise
from typing import NamedTuple

from haechi.analysis.cluster import Cluster
from haechi.analysis.reach.classes import PodClass
from haechi.analysis.reach.exposure import pods_text
from haechi.analysis.reach.listing import range_text
from haechi.analysis.reach.potential import (
    PotentialChange,
    PotentialChanges,
    changed_subjects,
    ingress_names,
    stages_of,
)
from haechi.analysis.reach.reach import Reach
from haechi.analysis.reach.units import Unit, units
from haechi.engine import Engine, NamedPort, OrderedPolicy, PodSelection, Policy, Stages, outside
from haechi.model import AnyPolicyKey, ClusterPolicyKey, Direction, NetworkPolicy, PodKey, TierPolicy
from haechi.sets import AddressSet, PortSet, protocol_text

_Numbers = tuple[int | None, int | None]  # a class before and after
_Pair = tuple[PodClass | None, PodClass | None]


class ChangeKind(StrEnum):
    """What became of a connection."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Cause:
    """A policy that was added, removed or changed, or moved to other pods because labels changed (`unchanged`)."""

    policy: AnyPolicyKey
    change: str

    def __str__(self) -> str:
        """`namespace/name (added)`."""
        return f"{self.policy} ({self.change})"


@dataclass(frozen=True, slots=True)
class Difference:
    """A connection whose ports differ.

    Attributes:
        source: who connects, as in `Connection`.
        destination: to whom.
        before: the ports in the old set.
        after: the ports in the new set.
        causes: the policies behind it; none where only pods, labels or namespaces differ.
        previously: of a selection of pods, the narrower ones that were allowed some of the new ports, in words.
    """

    source: str
    destination: str
    before: PortSet
    after: PortSet
    causes: tuple[Cause, ...] = ()
    previously: tuple[str, ...] = ()

    @property
    def kind(self) -> ChangeKind:
        """Whether the connection is new, gone, or on other ports."""
        if not self.before:
            return ChangeKind.ADDED
        return ChangeKind.CHANGED if self.after else ChangeKind.REMOVED

    @property
    def adds(self) -> bool:
        """Whether something is allowed that was not."""
        return not self.after <= self.before

    @property
    def removes(self) -> bool:
        """Whether something is not allowed that was."""
        return not self.before <= self.after


@dataclass(frozen=True, slots=True)
class ClusterComparison:
    """What differs between two clusters.

    Attributes:
        connections: between the pods of the clusters, and with outside addresses, by source and destination.
        exposures: with pods that need not exist; one end is a selection of pods in words.
        ineffective: the policies that were added, removed or changed without any of these, each with the reason.
        pods: those behind each name of a workload.
    """

    connections: tuple[Difference, ...]
    exposures: tuple[Difference, ...]
    ineffective: tuple[tuple[Cause, str], ...]
    pods: Mapping[str, frozenset[PodKey]] = field(default_factory=dict, repr=False, compare=False)

    @property
    def differences(self) -> tuple[Difference, ...]:
        """All of both kinds."""
        return self.connections + self.exposures


def compare(old: Cluster, new: Cluster) -> ClusterComparison:
    """All differences of two clusters.

    Args:
        old: as it was.
        new: as it is to be.
    """
    comparison = _Comparison(old, new)
    connections = tuple(comparison.all())
    exposures = tuple(comparison.exposures())
    effective = {cause.policy for one in (*connections, *exposures) for cause in one.causes}
    return ClusterComparison(connections, exposures, tuple(_ineffective(old, new, effective)), comparison.pods)


def diff(old: Cluster, new: Cluster) -> tuple[Difference, ...]:
    """The connections that differ: `compare` without exposures."""
    return tuple(_Comparison(old, new).all())


def _all(cluster: Cluster) -> dict[AnyPolicyKey, NetworkPolicy | TierPolicy]:
    listed = chain[tuple[AnyPolicyKey, NetworkPolicy | TierPolicy]]
    return dict(listed(cluster.policies.items(), cluster.tier_policies.items()))


def _read(engine: Engine) -> dict[AnyPolicyKey, Policy | OrderedPolicy]:
    """All policies as the engine uses them."""
    listed = chain[tuple[AnyPolicyKey, Policy | OrderedPolicy]]
    return dict(listed(engine.policies.items(), engine.tier_policies.items()))


def _ineffective(old: Cluster, new: Cluster, effective: set[AnyPolicyKey]) -> Iterator[tuple[Cause, str]]:
    """The changed policies that are behind no difference."""
    given, read = (_all(old), _all(new)), (_read(old.engine), _read(new.engine))
    for key in sorted((given[0].keys() | given[1].keys()) - effective):
        before, after = given[0].get(key), given[1].get(key)
        if before is not None and after is not None and before.spec == after.spec:
            continue
        change = "added" if before is None else "removed" if after is None else "changed"
        if change == "changed" and read[0][key] == read[1][key]:
            reason = "it means the same as before"
        else:
            subjects = {policies[key].subject for policies in read if key in policies}
            same = "other policies, or the other end, decide the same"
            if isinstance(key, ClusterPolicyKey):
                same += "; NetworkPolicies that are not in the input may decide otherwise"
            reason = _only_on_one_side(old, new, [one for one in subjects if one is not None]) or same
        yield Cause(key, change), reason


def _only_on_one_side(old: Cluster, new: Cluster, subjects: Iterable[PodSelection]) -> str:
    """That all workloads that a policy selects are new or gone, so that it changed nothing for them; else `""`."""
    before, after = (
        {
            cluster.owners[cluster.engine.numbered(number).key]
            for one in subjects
            for number in cluster.engine.select(one)
        }
        for cluster in (old, new)
    )
    if not before.isdisjoint(after) or not before | after:
        return ""
    sides = [side for side, owners in (("old", before), ("new", after)) if owners]
    return f"the pods that it selects are only in the {' or the '.join(sides)} input"


class _Judged(NamedTuple):
    """One direction of a workload, or of the pods of a selection; None where the workload is not there."""

    name: str
    direction: Direction
    was: Stages | None
    now: Stages | None
    subject: PodSelection | None = None

    def ends(self, other: str) -> tuple[str, str]:
        """Source and destination."""
        return (self.name, other) if self.direction is Direction.EGRESS else (other, self.name)


class _Comparison:
    """Two clusters side by side. Work is done once for each pair of classes, before and after."""

    def __init__(self, old: Cluster, new: Cluster) -> None:
        self._old, self._new = Reach(old), Reach(new)
        self._engines = old.engine, new.engine
        self._policies = _read(old.engine), _read(new.engine)
        self._units: dict[_Numbers, list[Unit]] = {}
        self.pods: dict[str, frozenset[PodKey]] = {}
        for unit in units((old, self._old.classes), (new, self._new.classes)):
            self.pods[unit.name] = unit.pods
            self._units.setdefault((unit.old, unit.new), []).append(unit)

    def all(self) -> Iterator[Difference]:
        between = [difference for numbers in self._units for difference in self._between(numbers)]
        yield from sorted(between, key=lambda difference: (difference.source, difference.destination))
        sent = [one for numbers in self._units for one in self._outside(numbers, Direction.EGRESS)]
        received = [one for numbers in self._units for one in self._outside(numbers, Direction.INGRESS)]
        yield from (one for _, one in sorted(sent, key=lambda pair: (pair[1].source, pair[0])))
        yield from (one for _, one in sorted(received, key=lambda pair: (pair[0], pair[1].destination)))

    def exposures(self) -> Iterator[Difference]:
        """Differences with pods that need not exist: of each workload, then of pods that policies select."""
        potential = PotentialChanges(self._families())
        for side in (*sorted(self._workload_sides(), key=lambda side: side[:2]), *self._selected_sides()):
            keys = {key for stages in (side.was, side.now) for stage in stages or () for key in stage.policies}
            causes = tuple(self._changed(keys))
            found = list(potential.of(side.was, side.now)) if side.was != side.now else []
            for one in found:
                yield Difference(*side.ends(one.pods), one.before, one.after, causes, one.previously)
            if side.subject is not None and side.was != side.now:
                for (first, last), left, right in self._selected_outside(side):
                    yield Difference(*side.ends(range_text(first, last)), left, right, causes)
            if side.subject is not None and side.direction is Direction.INGRESS:
                for words, one in self._on_port_names(side.subject, potential, found):
                    yield Difference(one.pods, f"{side.name} on port name {words}", one.before, one.after, causes)

    def _families(self) -> tuple[AddressSet, ...]:
        """The families of addresses that pods have, if blocks match pods; both where there are no pods."""
        if not all(engine.ipblock_matches_pods for engine in self._engines):
            return (AddressSet.ALL,)
        points = [point for engine in self._engines for each in engine.endpoints for point in each.addresses]
        used = [family for family in (AddressSet.V4, AddressSet.V6) if any(point in family for point in points)]
        return tuple(used) or (AddressSet.V4, AddressSet.V6)

    def _workload_sides(self) -> Iterator[_Judged]:
        for numbers, members in self._units.items():
            pair = self._classes(numbers)
            for direction in Direction:
                was, now = (None if one is None else one.stages(direction) for one in pair)
                yield from (_Judged(unit.name, direction, was, now) for unit in members)

    def _selected_sides(self) -> Iterator[_Judged]:
        """Pods to come that match what a changed policy selects, and nothing more."""
        for subject in changed_subjects(self._engines):
            selected = {engine.numbered(number).key for engine in self._engines for number in engine.select(subject)}
            present = [
                self._classes(numbers)
                for numbers, members in self._units.items()
                if selected and any(not selected.isdisjoint(unit.pods) for unit in members)
            ]
            for direction in Direction:
                if not any(self._is_like(pair, direction, subject) for pair in present):  # else its lines say it
                    was, now = (stages_of(engine, subject, direction) for engine in self._engines)
                    remark = "to come" if selected else "none here"
                    yield _Judged(f"{pods_text(subject)} ({remark})", direction, was, now, subject)

    def _is_like(self, pair: _Pair, direction: Direction, subject: PodSelection) -> bool:
        """Whether a workload, where it is there, is judged as pods that match a selection and nothing more."""
        for one, engine in zip(pair, self._engines, strict=True):
            endpoint = None if one is None else engine.endpoint(one.members[0])
            ports = () if endpoint is None else endpoint.ports
            if one is not None and one.stages(direction) != stages_of(engine, subject, direction, ports):
                return False
        return True

    def _on_port_names(
        self, subject: PodSelection, potential: PotentialChanges, found: list[PotentialChange]
    ) -> Iterator[tuple[str, PotentialChange]]:
        """The changes on each port name of rules for pods to come, of which a pod may give the name to any number."""
        names = {name for engine in self._engines for name in ingress_names(engine, subject)}
        for protocol, name in sorted(names):
            port = PortSet.port(protocol, 0)  # which no policy means by its number, so that it stands for the name
            shown = {(one.pods, one.before & port, one.after & port) for one in found}
            ports = (NamedPort(protocol, name, 0),)
            was, now = (stages_of(engine, subject, Direction.INGRESS, ports) for engine in self._engines)
            for one in potential.of(was, now) if was != now else ():
                before, after = one.before & port, one.after & port
                if before != after and (one.pods, before, after) not in shown:
                    whole = PortSet.protocol(protocol)
                    ends = (whole if before else PortSet.NONE, whole if after else PortSet.NONE)
                    yield f"{protocol_text(protocol)} {name}", PotentialChange(one.pods, *ends, ())

    def _selected_outside(self, side: _Judged) -> Iterator[tuple[tuple[int, int], PortSet, PortSet]]:
        was, now = (
            tuple(
                step
                for family in (AddressSet.V4, AddressSet.V6)
                for step in outside(engine, stages or ()).restricted(family, PortSet.ALL).steps
            )
            for engine, stages in zip(self._engines, (side.was, side.now), strict=True)
        )
        for first, last, left, right in _beside(was, now):
            if left != right:
                yield (first, last), left, right

    def _classes(self, numbers: _Numbers) -> _Pair:
        before, after = numbers
        return (
            None if before is None else self._old.classes[before],
            None if after is None else self._new.classes[after],
        )

    # -- between pods ------------------------------------------------------------------------------------------------

    def _between(self, numbers: _Numbers) -> Iterator[Difference]:
        client = self._classes(numbers)
        before = {} if client[0] is None else self._old.servers(client[0])
        after = {} if client[1] is None else self._new.servers(client[1])
        for others, targets in self._units.items():
            was = before.get(others[0], PortSet.NONE) if others[0] is not None else PortSet.NONE
            now = after.get(others[1], PortSet.NONE) if others[1] is not None else PortSet.NONE
            if was != now:
                causes = tuple(self._causes(client, self._classes(others)))
                for unit in self._units[numbers]:
                    yield from (
                        Difference(unit.name, target.name, was, now, causes)
                        for target in targets
                        if target.name != unit.name
                    )

    def _causes(self, client: _Pair, server: _Pair) -> Iterator[Cause]:
        """The policies of the sides that differ."""
        found: set[AnyPolicyKey] = set()
        for direction, one, other in ((Direction.EGRESS, client, server), (Direction.INGRESS, server, client)):
            if _side(self._old, one[0], direction, other[0]) != _side(self._new, one[1], direction, other[1]):
                found.update(_keys(one, direction))
        yield from self._changed(found)

    def _changed(self, keys: Iterable[AnyPolicyKey]) -> Iterator[Cause]:
        before, after = self._policies
        for key in sorted(keys):
            if before.get(key) != after.get(key):
                change = "added" if key not in before else "removed" if key not in after else "changed"
                yield Cause(key, change)

    # -- outside -----------------------------------------------------------------------------------------------------

    def _outside(self, numbers: _Numbers, direction: Direction) -> Iterator[tuple[tuple[int, int], Difference]]:
        before, after = self._classes(numbers)
        was = () if before is None else self._old.outside(before, direction)
        now = () if after is None else self._new.outside(after, direction)
        if was == now:
            return
        causes = tuple(self._changed(_keys((before, after), direction)))
        for first, last, left, right in _beside(was, now):
            if left != right and not (self._old.is_pods(first, last) or self._new.is_pods(first, last)):
                name = range_text(first, last)
                for unit in self._units[numbers]:
                    ends = (unit.name, name) if direction is Direction.EGRESS else (name, unit.name)
                    yield (first, last), Difference(*ends, left, right, causes)


def _side(reach: Reach, one: PodClass | None, direction: Direction, other: PodClass | None) -> object:
    return None if one is None or other is None else reach.side(one, direction, other)


def _keys(pair: _Pair, direction: Direction) -> set[AnyPolicyKey]:
    """The policies that judge a class, before or after."""
    return {key for one in pair if one is not None for stage in one.stages(direction) for key in stage.policies}


_Ranges = tuple[tuple[int, int, PortSet], ...]


def _beside(was: _Ranges, now: _Ranges) -> list[tuple[int, int, PortSet, PortSet]]:
    """The fewest ranges on which neither changes, with the ports of both."""
    marks = sorted({edge for ranges in (was, now) for first, last, _ in ranges for edge in (first, last + 1)})
    left, right = _steps(was), _steps(now)
    found: list[tuple[int, int, PortSet, PortSet]] = []
    one = other = PortSet.NONE
    for start, end in pairwise(marks):
        one, other = left.get(start, one), right.get(start, other)
        if found and start != 1 << 32 and found[-1][1:] == (start - 1, one, other):
            found[-1] = (found[-1][0], end - 1, one, other)
        else:
            found.append((start, end - 1, one, other))
    return found


def _steps(ranges: _Ranges) -> dict[int, PortSet]:
    """The ports from each edge on."""
    found: dict[int, PortSet] = {}
    for first, last, ports in ranges:
        found[first] = ports
        found[last + 1] = PortSet.NONE
    return found
