"""`diff` for pods that need not exist: what may newly reach a workload or be reached by it, and what no longer may.

Connections compare the pods of today. A policy that opens a database to every namespace changes none of them as long as
the pods in question are not in the input; so exposures are compared as well, for each selection of pods that policies
name in either cluster, and for policies whose own pods are not there:

    before   pods app=api in namespace shop: TCP 5432
    after    any pod: TCP 5432                             ──▶  + any pod -> shop/db[StatefulSet]: TCP 5432

A selection stands for a pod that matches it and nothing more: it is allowed what every entry allows that it implies.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from haechi.analysis.reach.exposure import Peer, PeerKind, granted, pods_text
from haechi.engine import ANY_POD, Engine, PodSelection, PolicySet
from haechi.model import Direction
from haechi.sets import AddressSet, PortSet

_Key = tuple[PodSelection, AddressSet, str]  # whom, in which ipBlocks if any, and the port name if there is one
_Grants = Mapping[_Key, PortSet]


def potential_changes(before: PolicySet | None, after: PolicySet | None) -> Iterator[tuple[str, PortSet, PortSet]]:
    """Pods in words, and the ports on which one side allowed them and allows them now; the widest selections only."""
    was, now = _grants(before), _grants(after)
    keys = sorted({*was, *now}, key=lambda key: (key[0] != ANY_POD, str(key[0]), str(key[1]), key[2]))
    shown: list[tuple[_Key, tuple[PortSet, PortSet]]] = []
    for key in keys:
        ports = _effective(was, key), _effective(now, key)
        if not any(both == ports and _is_within(key, other) for other, both in shown):
            shown.append((key, ports))
    for (selection, blocks, name), (old, new) in shown:
        if old != new:
            peer = Peer(PeerKind.PODS, selection, blocks)
            yield f"{peer} on port name {name}" if name else str(peer), old, new


def _grants(policies: PolicySet | None) -> _Grants:
    """What a side allows, by selection of pods and port name; everyone is any pod here."""
    if policies is None:
        return {(ANY_POD, AddressSet.NONE, ""): PortSet.ALL}
    found: dict[_Key, PortSet] = {}
    for entry in granted(policies):
        if entry.peer.kind is not PeerKind.ADDRESSES:
            key = (entry.peer.pods or ANY_POD, entry.peer.addresses, entry.name)
            found[key] = found.get(key, PortSet.NONE) | entry.ports
    return found


def _effective(grants: _Grants, key: _Key) -> PortSet:
    return PortSet.union_all([ports for other, ports in grants.items() if _is_within(key, other)])


def _is_within(key: _Key, other: _Key) -> bool:
    """Whether `other` means every pod that `key` means, by the same port name or none."""
    (selection, blocks, name), (selection_2, blocks_2, name_2) = key, other
    return (
        name == name_2 and (not blocks_2 or blocks_2 >= blocks != AddressSet.NONE) and _implies(selection, selection_2)
    )


@lru_cache(maxsize=65_536)
def _implies(one: PodSelection, other: PodSelection) -> bool:
    return other == ANY_POD or one.implies(other)


def absent_subjects(engines: Iterable[Engine]) -> tuple[PodSelection, ...]:
    """The selections of policies that select no pod in any of some clusters, sorted by their words."""
    listed = list(engines)
    subjects = [{policy.subject for policy in engine.policies.values()} for engine in listed]
    absent = {one for some in subjects for one in some}
    for engine, own in zip(listed, subjects, strict=True):
        absent -= {one for one in own if any(True for _ in engine.members(one))}
        foreign = absent - own  # the engine knows only the selections of its own policies
        pods = [(pod.key.namespace, pod.labels) for pod in engine.endpoints] if foreign else []
        for one in foreign:
            if any(one.namespaces == name and one.pods.matches(labels) for name, labels in pods):
                absent.discard(one)
    return tuple(sorted(absent, key=pods_text))


def moved_subjects(engines: tuple[Engine, Engine]) -> tuple[PodSelection, ...]:
    """The selections of policies that selected other pods before, sorted by their words."""
    old, new = (engine.policies for engine in engines)
    moved = (key for key in old.keys() & new.keys() if old[key].subject != new[key].subject)
    return tuple(sorted({one for key in moved for one in (old[key].subject, new[key].subject)}, key=pods_text))


def policies_of(engine: Engine, subject: PodSelection, direction: Direction) -> PolicySet | None:
    """The policies that isolate a pod which matches a selection and nothing more; None if there is none."""
    found = [
        policy
        for policy in engine.policies.values()
        if direction in policy.directions and _implies(subject, policy.subject)
    ]
    return PolicySet.of(direction, found, ()) if found else None
