"""Which workload a pod belongs to.

People think in Deployments, policies apply to pods. The workload of a pod is its topmost owner that can be known:
through objects of the input, and from a ReplicaSet that is not among them to its Deployment by the name that the
deployment controller gives (`NAME-HASH`, the hash being the pod's label `pod-template-hash`). A pod without an owner
is its own workload.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple, get_args

from haechi.model import Object, ObjectMeta, OwnerReference, Pod, Workload

_KINDS = get_args(Workload)
_HASH = "pod-template-hash"  # a label of every pod of a Deployment
UNSTABLE_LABELS = frozenset(
    {
        _HASH,
        "controller-revision-hash",
        "pod-template-generation",
        "controller-uid",
        "batch.kubernetes.io/controller-uid",
    }
)
"""Labels that controllers set, with another value after the next change."""
_NODE = "Node"  # the owner of a static pod, which is no workload: the pods of a node have nothing in common


class Owner(NamedTuple):
    """A workload, or a pod that has none."""

    namespace: str
    name: str
    kind: str

    def __str__(self) -> str:
        """`namespace/name[Kind]`."""
        return f"{self.namespace}/{self.name}[{self.kind}]"


class Owners:
    """The owners of pods, given the objects of the input."""

    def __init__(self, objects: Iterable[Object]) -> None:
        self._known: Mapping[Owner, ObjectMeta] = {
            Owner(one.namespace, one.name, one.kind): one.metadata for one in objects if isinstance(one, _KINDS)
        }

    def of(self, pod: Pod) -> Owner:
        """The workload of a pod."""
        found = Owner(pod.namespace, pod.name, "Pod")
        above = _above(pod.metadata)
        seen: set[Owner] = set()
        while above is not None and above.kind not in ("", _NODE) and above.name:
            found = Owner(pod.namespace, above.name, above.kind)
            if found in seen:  # owners in a circle: no API server checks that there is none
                break
            seen.add(found)
            known = self._known.get(found)
            above = None if known is None else _above(known)
        return self._deployment(found, pod) or found

    def _deployment(self, owner: Owner, pod: Pod) -> Owner | None:
        """The Deployment of a ReplicaSet that is not in the input."""
        name, _, end = owner.name.rpartition("-")
        if owner.kind != "ReplicaSet" or owner in self._known or not name or pod.labels.get(_HASH) != end:
            return None
        return Owner(owner.namespace, name, "Deployment")


def _above(metadata: ObjectMeta) -> OwnerReference | None:
    """The controller, or the first owner where none is called so."""
    owners = metadata.owner_references
    return next((owner for owner in owners if owner.controller), owners[0] if owners else None)
