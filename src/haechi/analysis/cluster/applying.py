"""What a cluster would have after `kubectl apply` of some files.

An object of the files replaces the one of its kind, namespace and name; nothing is deleted. Labels of a namespace that
the files do not set stay. Pods of a workload whose template the files change are left out with what is between
(ReplicaSets, Jobs): they would be made anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import get_args

import msgspec

from haechi.analysis.cluster.owners import Owner, Owners
from haechi.model import Job, Loaded, Manifests, Namespace, Object, Pod, Workload

_WORKLOADS = get_args(Workload)


def applied(files: Manifests, cluster: Manifests, *, keep_pods: bool = False) -> Manifests:
    """The objects of a cluster with those of files over them, and the problems of both.

    Args:
        files: what is applied.
        cluster: what is there.
        keep_pods: whether pods of workloads that change stay as they are.
    """
    there = {_key(one.object): one.object for one in cluster.objects}
    new = tuple(_merged(one, there.get(_key(one.object))) for one in files.objects)
    names = {_key(one.object) for one in new if one.object.name}
    workloads = {
        Owner(one.namespace, one.name, one.kind)
        for one in _objects(files)
        if isinstance(one, _WORKLOADS) and not _makes_the_same(one, there.get(_key(one)))
    }
    owners = Owners(_objects(cluster))
    gone = names if keep_pods else names | {_key(one) for one in _objects(cluster) if _remade(one, owners, workloads)}
    kept = tuple(one for one in cluster.objects if _key(one.object) not in gone)
    replaced = len(names & there.keys())
    note = f"files applied over the cluster: objects replaced: {replaced}, added: {len(new) - replaced}"
    return Manifests((*new, *kept), (*files.problems, *cluster.problems), (*cluster.notes, note))


def _key(one: Object) -> tuple[str, str]:
    return one.kind, one.key


def _objects(manifests: Manifests) -> Iterator[Object]:
    return (one.object for one in manifests.objects)


def _merged(new: Loaded[Object], old: Object | None) -> Loaded[Object]:
    one = new.object
    if not isinstance(one, Namespace) or old is None:
        return new
    metadata = msgspec.structs.replace(one.metadata, labels={**old.labels, **one.labels})
    return replace(new, object=msgspec.structs.replace(one, metadata=metadata))


def _makes_the_same(new: Workload, old: Object | None) -> bool:
    """Whether a workload has the pods that the present one has, as far as policies see them."""
    if isinstance(new, Job) and isinstance(old, Job):
        return True  # its template cannot change; the server adds labels to it
    if not isinstance(old, Workload) or (new.pod_count == 0) != (old.pod_count == 0):
        return False
    template, present = new.pod_template, old.pod_template
    return template.metadata.labels == present.metadata.labels and template.spec == present.spec


def _remade(one: Object, owners: Owners, workloads: set[Owner]) -> bool:
    """Whether a pod, or what makes it, would be made anew because the workload above is among some."""
    if not isinstance(one, Pod | Workload):
        return False
    direct = {Owner(one.namespace, above.name, above.kind) for above in one.metadata.owner_references}
    return not direct.isdisjoint(workloads) or (isinstance(one, Pod) and owners.of(one) in workloads)
