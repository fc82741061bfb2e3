"""All kinds in one place: the `Object` union and the table from (apiVersion, kind) to the struct that decodes it."""

from haechi.model.base import ObjectMeta, OwnerReference, Resource
from haechi.model.core import (
    Container,
    ContainerPort,
    ExternalHost,
    ExternalHostSpec,
    HostIP,
    Namespace,
    Node,
    NodeAddress,
    NodeSpec,
    NodeStatus,
    Pod,
    PodIP,
    PodSpec,
    PodStatus,
    Service,
    ServicePort,
    ServiceSpec,
)
from haechi.model.networkpolicy import (
    IPBlock,
    LabelSelector,
    LabelSelectorRequirement,
    NetworkPolicy,
    NetworkPolicyEgressRule,
    NetworkPolicyIngressRule,
    NetworkPolicyPeer,
    NetworkPolicyPort,
    NetworkPolicySpec,
)
from haechi.model.routing import (
    GRPCRoute,
    HTTPRoute,
    Ingress,
    IngressBackend,
    Route,
    TCPRoute,
    TLSRoute,
    UDPRoute,
)
from haechi.model.workloads import (
    CronJob,
    CronJobSpec,
    DaemonSet,
    Deployment,
    Job,
    JobSpec,
    JobTemplateSpec,
    PodTemplateSpec,
    ReplicaSet,
    ReplicationController,
    ReplicationControllerSpec,
    StatefulSet,
    Workload,
    WorkloadSpec,
)

Object = NetworkPolicy | Namespace | Node | Pod | Service | Workload | ExternalHost | Ingress | Route

KINDS: tuple[type[Object], ...] = (
    NetworkPolicy,
    Namespace,
    Node,
    Pod,
    Service,
    Deployment,
    ReplicaSet,
    StatefulSet,
    DaemonSet,
    ReplicationController,
    Job,
    CronJob,
    ExternalHost,
    Ingress,
    HTTPRoute,
    GRPCRoute,
    TLSRoute,
    TCPRoute,
    UDPRoute,
)

__all__ = [
    "KINDS", "Container", "ContainerPort", "CronJob", "CronJobSpec", "DaemonSet", "Deployment",
    "ExternalHost", "ExternalHostSpec", "GRPCRoute", "HTTPRoute", "HostIP", "IPBlock", "Ingress", "IngressBackend",
    "Job", "JobSpec", "JobTemplateSpec", "LabelSelector", "LabelSelectorRequirement", "Namespace", "NetworkPolicy",
    "NetworkPolicyEgressRule", "NetworkPolicyIngressRule", "NetworkPolicyPeer", "NetworkPolicyPort",
    "NetworkPolicySpec", "Node", "NodeAddress", "NodeSpec", "NodeStatus", "Object", "ObjectMeta", "OwnerReference",
    "Pod", "PodIP", "PodSpec", "PodStatus", "PodTemplateSpec", "ReplicaSet", "ReplicationController",
    "ReplicationControllerSpec", "Resource", "Route", "Service", "ServicePort", "ServiceSpec", "StatefulSet",
    "TCPRoute", "TLSRoute", "UDPRoute", "Workload", "WorkloadSpec",
]  # fmt: skip
