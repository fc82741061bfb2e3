"""Haechi: Kubernetes NetworkPolicy, read, explained, enforced in the Linux kernel and proved on real packets.

`Cluster.load` reads manifests, and its methods answer the questions that people ask about policies; docs/library.md
shows each of them. Every type that they take or return can be imported from here. Nothing is imported before it is
used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from haechi._version import __version__

if TYPE_CHECKING:
    from haechi.analysis.cluster import AmbiguousName, Assumption, Owner, UnknownName
    from haechi.analysis.lint import Finding, Fix, UnknownCode
    from haechi.analysis.reach import Cause, ChangeKind, ClusterComparison, Connection, Difference
    from haechi.analysis.why import (
        Answer,
        Backend,
        ItemRef,
        LabelChange,
        Mismatch,
        PacketAnswer,
        ResolvedService,
        RuleAnswer,
        SideAnswer,
        TierAnswer,
        UnknownPort,
        UnusableService,
    )
    from haechi.engine import Endpoint, Engine, NamedPort
    from haechi.errors import HaechiError
    from haechi.files import Revision, RevisionPath, UnknownRevision
    from haechi.kube import KubeError
    from haechi.library import Cluster, UnreadableInput
    from haechi.model import (
        Action,
        AdminNetworkPolicy,
        BaselineAdminNetworkPolicy,
        ClusterNetworkPolicy,
        ClusterPolicyKey,
        Code,
        CronJob,
        DaemonSet,
        Deployment,
        Direction,
        Edit,
        ExternalHost,
        GRPCRoute,
        HTTPRoute,
        Ingress,
        Job,
        Location,
        Manifests,
        Namespace,
        NetworkPolicy,
        Node,
        Object,
        ObjectName,
        Packet,
        Pod,
        PodKey,
        PolicyKey,
        Problem,
        ReplicaSet,
        ReplicationController,
        RuleRef,
        Service,
        Severity,
        StatefulSet,
        TCPRoute,
        Tier,
        TierRuleRef,
        TLSRoute,
        UDPRoute,
    )
    from haechi.sets import AddressSet, PortSet

__all__ = [
    "Action", "AddressSet", "AdminNetworkPolicy", "AmbiguousName", "Answer", "Assumption", "Backend",
    "BaselineAdminNetworkPolicy", "Cause", "ChangeKind", "Cluster", "ClusterComparison",
    "ClusterNetworkPolicy", "ClusterPolicyKey", "Code", "Connection", "CronJob", "DaemonSet",
    "Deployment", "Difference", "Direction", "Edit", "Endpoint", "Engine", "ExternalHost", "Finding",
    "Fix", "GRPCRoute", "HTTPRoute", "HaechiError", "Ingress", "ItemRef", "Job", "KubeError",
    "LabelChange", "Location", "Manifests", "Mismatch", "NamedPort", "Namespace", "NetworkPolicy",
    "Node", "Object", "ObjectName", "Owner", "Packet", "PacketAnswer", "Pod", "PodKey", "PolicyKey",
    "PortSet", "Problem", "ReplicaSet", "ReplicationController", "ResolvedService", "Revision",
    "RevisionPath", "RuleAnswer", "RuleRef", "Service", "Severity", "SideAnswer", "StatefulSet",
    "TCPRoute", "TLSRoute", "Tier", "TierAnswer", "TierRuleRef", "UDPRoute", "UnknownCode",
    "UnknownName", "UnknownPort", "UnknownRevision", "UnreadableInput", "UnusableService",
    "__version__",
]  # fmt: skip
_HOMES = {
    "haechi.analysis.cluster": (
        "AmbiguousName",
        "Assumption",
        "Owner",
        "UnknownName",
    ),
    "haechi.analysis.lint": (
        "Finding",
        "Fix",
        "UnknownCode",
    ),
    "haechi.analysis.reach": (
        "Cause",
        "ChangeKind",
        "ClusterComparison",
        "Connection",
        "Difference",
    ),
    "haechi.analysis.why": (
        "Answer",
        "Backend",
        "ItemRef",
        "LabelChange",
        "Mismatch",
        "PacketAnswer",
        "ResolvedService",
        "RuleAnswer",
        "SideAnswer",
        "TierAnswer",
        "UnknownPort",
        "UnusableService",
    ),
    "haechi.engine": (
        "Endpoint",
        "Engine",
        "NamedPort",
    ),
    "haechi.errors": ("HaechiError",),
    "haechi.files": (
        "Revision",
        "RevisionPath",
        "UnknownRevision",
    ),
    "haechi.kube": ("KubeError",),
    "haechi.library": (
        "Cluster",
        "UnreadableInput",
    ),
    "haechi.model": (
        "Action",
        "AdminNetworkPolicy",
        "BaselineAdminNetworkPolicy",
        "ClusterNetworkPolicy",
        "ClusterPolicyKey",
        "Code",
        "CronJob",
        "DaemonSet",
        "Deployment",
        "Direction",
        "Edit",
        "ExternalHost",
        "GRPCRoute",
        "HTTPRoute",
        "Ingress",
        "Job",
        "Location",
        "Manifests",
        "Namespace",
        "NetworkPolicy",
        "Node",
        "Object",
        "ObjectName",
        "Packet",
        "Pod",
        "PodKey",
        "PolicyKey",
        "Problem",
        "ReplicaSet",
        "ReplicationController",
        "RuleRef",
        "Service",
        "Severity",
        "StatefulSet",
        "TCPRoute",
        "TLSRoute",
        "Tier",
        "TierRuleRef",
        "UDPRoute",
    ),
    "haechi.sets": (
        "AddressSet",
        "PortSet",
    ),
}


def __getattr__(name: str) -> object:
    for module, names in _HOMES.items():
        if name in names:
            return getattr(import_module(module), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
