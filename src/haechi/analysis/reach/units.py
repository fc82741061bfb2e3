"""What is compared with what: workloads of two clusters, divided where their pods are of different classes.

Every pod of both clusters is in exactly one unit, and all pods of a unit are of one class before and of one class
after.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from haechi.analysis.cluster import Cluster, Owner
from haechi.analysis.reach.classes import PodClass
from haechi.analysis.reach.groups import names_of_parts
from haechi.model import PodKey

_Side = tuple[Cluster, Iterable[PodClass]]


@dataclass(frozen=True, slots=True)
class Unit:
    """A workload, or a part of one.

    Attributes:
        name: as in `Connection`.
        old: its class in the old cluster; None if it is not there.
        new: its class in the new cluster; None if it is not there.
        pods: of both clusters.
    """

    name: str
    old: int | None
    new: int | None
    pods: frozenset[PodKey] = field(default=frozenset(), compare=False)


def units(old: _Side, new: _Side) -> tuple[Unit, ...]:
    """All units, sorted by name."""
    before, after = _by_owner(*old), _by_owner(*new)
    found: list[Unit] = []
    for owner in before.keys() | after.keys():
        found += _units(owner, before.get(owner, {}), after.get(owner, {}), (old[0], new[0]))
    return tuple(sorted(found, key=lambda unit: unit.name))


def _by_owner(cluster: Cluster, classes: Iterable[PodClass]) -> dict[Owner, dict[PodKey, int]]:
    found: dict[Owner, dict[PodKey, int]] = {}
    for one in classes:
        for key in one.members:
            found.setdefault(cluster.owners[key], {})[key] = one.number
    return found


def _units(
    owner: Owner, before: dict[PodKey, int], after: dict[PodKey, int], clusters: tuple[Cluster, Cluster]
) -> Iterator[Unit]:
    if len(set(before.values())) < 2 and len(set(after.values())) < 2:  # one class each, whatever its pods are called
        ends = (next(iter(before.values()), None), next(iter(after.values()), None))
        yield Unit(str(owner), *ends, frozenset(before.keys() | after.keys()))
        return
    parts: dict[tuple[int | None, int | None], list[PodKey]] = {}
    for key in sorted(before.keys() | after.keys()):
        parts.setdefault((before.get(key), after.get(key)), []).append(key)
    labels = [[(clusters[0].pods.get(key) or clusters[1].pods[key]).labels for key in keys] for keys in parts.values()]
    for name, ((was, now), keys) in zip(names_of_parts(owner, labels), parts.items(), strict=True):
        yield Unit(name, was, now, frozenset(keys))
