"""Sharing equal parts between objects, so that a dump of 100,000 pods stays small.

Pods of one workload have equal labels, containers, owners and node addresses, and msgspec decodes each anew. `Interner`
replaces them by the first equal one. A pod's annotations are dropped: nothing here asks for them and in a cluster they
are half of its text.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import force_setattr

from haechi.model.base import ObjectMeta
from haechi.model.core import Pod, PodSpec, PodStatus

_NOTHING: Mapping[str, str] = {}


class Interner:
    """One table of known parts; live as long as one load."""

    def __init__(self) -> None:
        self._parts: dict[object, object] = {}
        self._labels: dict[tuple[tuple[str, str], ...], Mapping[str, str]] = {}

    def pod(self, pod: Pod) -> None:
        """Share the parts of a pod that no other object shares yet."""
        self._meta(pod.metadata)
        force_setattr(pod.metadata, "annotations", _NOTHING)
        self._spec(pod.spec)
        self._status(pod.status)

    def _meta(self, meta: ObjectMeta) -> None:
        labels = meta.labels
        force_setattr(meta, "labels", self._labels.setdefault(tuple(labels.items()), labels))
        self._share(meta, "namespace", meta.namespace)
        self._share(meta, "owner_references", meta.owner_references)

    def _spec(self, spec: PodSpec) -> None:
        self._share(spec, "node_name", spec.node_name)
        self._share(spec, "containers", spec.containers)
        self._share(spec, "init_containers", spec.init_containers)

    def _status(self, status: PodStatus) -> None:
        self._share(status, "phase", status.phase)
        self._share(status, "conditions", status.conditions)
        self._share(status, "host_ip", status.host_ip)
        self._share(status, "host_ips", status.host_ips)

    def _share(self, struct: ObjectMeta | PodSpec | PodStatus, name: str, value: object) -> None:
        force_setattr(struct, name, self._parts.setdefault(value, value))
