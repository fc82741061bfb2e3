"""Pods that workloads would make.

Why: manifests in a repository hold Deployments, dumps of a cluster hold Deployments and their pods. Promises that every
pod occurs once: a workload makes pods only if the input has none of its own, and only if no other workload of the input
owns it (a Deployment's ReplicaSet, a CronJob's Job).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import get_args

import msgspec

from haechi.model import Object, ObjectMeta, Pod, Workload

_WORKLOADS = get_args(Workload)
_Owner = tuple[str, str, str]  # namespace, kind, name


def pods_of_workloads(objects: Iterable[Object], nodes: Sequence[str]) -> Iterator[Pod]:
    """The pods, without addresses, of the workloads among `objects`: `NAME-0`, `NAME-1`, ...; a DaemonSet's by node."""
    found = list(objects)
    workloads: list[Workload] = [one for one in found if isinstance(one, _WORKLOADS)]
    pods = [one for one in found if isinstance(one, Pod)]
    owned = {_key(one): set(_owners(one)) for one in (*pods, *workloads)}
    present = {_key(one) for one in workloads}
    makers: set[_Owner] = set()
    for pod in pods:
        makers |= _ancestors(_key(pod), owned)
    for workload in workloads:
        if _key(workload) not in makers and not owned[_key(workload)] & present:
            yield from _pods(workload, nodes)


def _pods(workload: Workload, nodes: Sequence[str]) -> Iterator[Pod]:
    template = workload.pod_template
    count = workload.pod_count
    for number in range(len(nodes) if count is None else count):
        spec = template.spec
        if count is None:
            spec = msgspec.structs.replace(spec, node_name=nodes[number])
        metadata = ObjectMeta(
            name=f"{workload.name}-{number}",
            namespace=workload.namespace,
            labels=template.metadata.labels,
            annotations=template.metadata.annotations,
        )
        yield Pod(metadata=metadata, spec=spec)


def _key(one: Pod | Workload) -> _Owner:
    return one.namespace, one.kind, one.name


def _owners(one: Pod | Workload) -> Iterator[_Owner]:
    for owner in one.metadata.owner_references:
        yield one.namespace, owner.kind, owner.name


def _ancestors(key: _Owner, owned: dict[_Owner, set[_Owner]]) -> set[_Owner]:
    """Everything that owns this, also through owners that are in the input."""
    found: set[_Owner] = set()
    ahead = [key]
    while ahead:
        for owner in owned.get(ahead.pop(), ()):
            if owner not in found:
                found.add(owner)
                ahead.append(owner)
    return found
