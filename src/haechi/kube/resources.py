"""Resources of the API: the paths under which kinds are listed, and which kinds questions need."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import get_args
from urllib.parse import quote

from haechi.model import (
    KINDS,
    CronJob,
    DaemonSet,
    Deployment,
    ExternalHost,
    Ingress,
    Job,
    Namespace,
    NetworkPolicy,
    Node,
    Object,
    Pod,
    ReplicaSet,
    ReplicationController,
    Service,
    StatefulSet,
    TierPolicy,
)


@dataclass(frozen=True, slots=True)
class ApiResource:
    """A resource: `group` is empty for the core group."""

    group: str
    version: str
    plural: str

    def path(self, namespace: str = "", name: str = "") -> str:
        """The path of all its objects, of those in a namespace, or of one."""
        parts = ["", "apis", self.group] if self.group else ["", "api"]
        parts.append(self.version)
        if namespace:
            parts += ["namespaces", quote(namespace, safe="")]
        parts.append(quote(self.plural, safe=""))
        if name:
            parts.append(quote(name, safe=""))
        return "/".join(parts)

    def __str__(self) -> str:
        """`networkpolicies.networking.k8s.io`, or `pods`."""
        return f"{self.plural}.{self.group}" if self.group else self.plural


_PLURALS: Mapping[type[Object], str] = {
    NetworkPolicy: "networkpolicies",
    Namespace: "namespaces",
    Node: "nodes",
    Pod: "pods",
    Service: "services",
    Deployment: "deployments",
    ReplicaSet: "replicasets",
    StatefulSet: "statefulsets",
    DaemonSet: "daemonsets",
    ReplicationController: "replicationcontrollers",
    Job: "jobs",
    CronJob: "cronjobs",
    Ingress: "ingresses",
}
"""The kinds that every cluster has."""

ALL_KINDS = tuple(kind for kind in KINDS if kind is not ExternalHost)
"""What questions about connections need."""
NODE_KINDS: tuple[type[Object], ...] = (NetworkPolicy, *get_args(TierPolicy), Namespace, Node, Pod)
"""What the rules of a node need."""


def resource_of(kind: type[Object]) -> ApiResource | None:
    """The resource of a kind that every cluster has; None for one that has to be looked for."""
    group, _, version = kind.api_version.rpartition("/")
    return ApiResource(group, version, _PLURALS[kind]) if kind in _PLURALS else None
