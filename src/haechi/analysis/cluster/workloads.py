"""Pods that workloads would create.

Why: manifests in a repository contain Deployments, dumps of a cluster Deployments and their pods. Promises that every
pod occurs once: a workload creates pods only if none of the input's pods belongs to it, and only if no other workload
of the input owns it (a Deployment's ReplicaSet, a CronJob's Job); and that no two pods get the same name, although a
Deployment and a StatefulSet may have one name. Each pod has its workload as owner, as a real one has. Lazy, because a
manifest may ask for two thousand million replicas.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import chain, count, islice, repeat

import msgspec

from haechi.model import Object, ObjectMeta, OwnerReference, Pod, Workload

MOST_REPLICAS = 1_000
"""Pods of one workload that questions look at: they differ in nothing but their names."""
_Owner = tuple[str, str, str]  # namespace, kind, name


def pods_of_workloads(
    objects: Iterable[Object],
    nodes: Sequence[str],
    most: int | None = None,
    added_nodes: Sequence[str] | None = None,
) -> Iterator[Pod]:
    """The pods, without addresses, of the workloads among `objects`: `NAME-0`, `NAME-1`, ...; a DaemonSet's by node.

    Where such a name is taken, the numbers go on after it.

    Args:
        objects: everything that was loaded.
        nodes: the names of the nodes.
        most: the most pods of one workload; None: as many as it asks for.
        added_nodes: further nodes. Their DaemonSet pods, and the pods beyond `most`, come after all others, which are
            the same as without them. None: there are no such pods.
    """
    found = list(objects)
    workloads: list[Workload] = [one for one in found if isinstance(one, Workload)]
    pods = [one for one in found if isinstance(one, Pod)]
    owned = {_key(one): set(_owners(one)) for one in (*pods, *workloads)}
    present = {_key(one) for one in workloads}
    have_pods: set[_Owner] = set()
    for pod in pods:
        have_pods |= _ancestors(_key(pod), owned)
    taken = {pod.key for pod in pods}
    creating = [one for one in workloads if _key(one) not in have_pods and not owned[_key(one)] & present]
    sources = [(one, _pods(one, (*nodes, *(added_nodes or ())), taken)) for one in creating]
    first = (islice(source, len(nodes) if one.pod_count is None else None) for one, source in sources)
    rest = (source for _, source in sources if added_nodes is not None)
    for pod in chain(chain.from_iterable(islice(some, most) for some in first), chain.from_iterable(rest)):
        taken.add(pod.key)
        yield pod


def _pods(workload: Workload, nodes: Sequence[str], taken: Collection[str]) -> Iterator[Pod]:
    template = workload.pod_template
    wanted = workload.pod_count
    names = (f"{workload.name}-{number}" for number in count())
    free = (name for name in names if f"{workload.namespace}/{name}" not in taken)
    owners = (
        OwnerReference(api_version=workload.api_version, kind=workload.kind, name=workload.name, controller=True),
    )
    places: Iterable[str] = nodes if wanted is None else repeat(template.spec.node_name, wanted)
    for place, name in zip(places, free, strict=False):
        metadata = ObjectMeta(
            name=name,
            namespace=workload.namespace,
            labels=template.metadata.labels,
            annotations=template.metadata.annotations,
            owner_references=owners,
        )
        yield Pod(metadata=metadata, spec=msgspec.structs.replace(template.spec, node_name=place))


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
