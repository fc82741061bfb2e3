"""Pods under one name: a pod, a workload, or a class of pods.

A name stands for pods of one class only: a workload whose pods are of several classes has several names, distinguished
by the labels that differ, or by a number where the labels are the same.

    shop/web[Deployment]                          all pods of one class
    shop/web[Deployment]{track=canary}            two classes, distinguished by a label
    shop/web[Deployment]{part 2}                  two classes with equal labels (other ports or addresses)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from haechi.analysis.cluster import Cluster, Owner
from haechi.analysis.reach.classes import PodClass
from haechi.model import PodKey


@dataclass(frozen=True, slots=True)
class Group:
    """Pods under one name.

    Attributes:
        name: `namespace/name[Kind]`, with the label or number that distinguishes it where needed.
        number: the class of its pods.
        pods: who they are, sorted.
        parts: the names, by workload, that it stands for.
    """

    name: str
    number: int
    pods: tuple[PodKey, ...]
    parts: tuple[str, ...]

    @property
    def has_others(self) -> bool:
        """Whether it stands for several pods or workloads, between which there are connections to list."""
        return len(self.parts) > 1


def groups(cluster: Cluster, classes: Iterable[PodClass], by: str) -> tuple[Group, ...]:
    """All groups, sorted by name. `by` is `pod`, `workload` or `class`."""
    if by == "pod":
        found = [
            Group(name, one.number, (key,), (name,))
            for one in classes
            for key in one.members
            for name in (f"{key.namespace}/{key.name}[Pod]",)
        ]
    else:
        found = _workloads(cluster, classes)
        if by == "class":
            found = _joined(found)
    return tuple(sorted(found, key=lambda group: group.name))


def _workloads(cluster: Cluster, classes: Iterable[PodClass]) -> list[Group]:
    parts: dict[Owner, list[tuple[int, tuple[PodKey, ...]]]] = {}
    for one in classes:
        members: dict[Owner, list[PodKey]] = {}
        for key in one.members:
            members.setdefault(cluster.owners[key], []).append(key)
        for owner, keys in members.items():
            parts.setdefault(owner, []).append((one.number, tuple(keys)))
    return [group for owner, split in parts.items() for group in _named(cluster, owner, split)]


def _named(cluster: Cluster, owner: Owner, split: list[tuple[int, tuple[PodKey, ...]]]) -> list[Group]:
    if len(split) == 1:
        number, keys = split[0]
        return [Group(str(owner), number, keys, (str(owner),))]
    labels = [[cluster.pods[key].labels for key in keys] for _, keys in split]
    names = names_of_parts(owner, labels)
    return [Group(name, number, keys, (name,)) for name, (number, keys) in zip(names, split, strict=True)]


def names_of_parts(owner: Owner, parts: list[list[Mapping[str, str]]]) -> list[str]:
    """A name for each part of a workload, given the labels of its pods."""
    if len(parts) == 1:
        return [str(owner)]
    words = _by_labels(parts) or [f"part {place}" for place in range(1, len(parts) + 1)]
    return [f"{owner}{{{word}}}" for word in words]


def _by_labels(parts: list[list[Mapping[str, str]]]) -> list[str] | None:
    """The labels that distinguish each part from the others; None if there are none."""
    keys = sorted({key for labels in parts for one in labels for key in one})
    steady = [key for key in keys if all(len({one.get(key) for one in labels}) == 1 for labels in parts)]
    differing = [key for key in steady if len({labels[0].get(key) for labels in parts}) > 1]
    for wanted in [[key] for key in differing] + [differing]:
        words = [",".join(_label(labels[0], key) for key in wanted) for labels in parts]
        if wanted and len(set(words)) == len(words):
            return words
    return None


def _label(labels: Mapping[str, str], key: str) -> str:
    return f"{key}={labels[key]}" if key in labels else f"!{key}"


def _joined(parts: Iterable[Group]) -> list[Group]:
    """The parts of each class under the name of the first, with how many more there are."""
    classes: dict[int, list[Group]] = {}
    for part in sorted(parts, key=lambda part: part.name):
        classes.setdefault(part.number, []).append(part)
    return [
        Group(
            found[0].name + (f"+{len(found) - 1}" if len(found) > 1 else ""),
            number,
            tuple(sorted(key for part in found for key in part.pods)),
            tuple(part.name for part in found),
        )
        for number, found in classes.items()
    ]
