"""The kinds that a policy talks about: Namespace, Node, Pod, Service, and Haechi's own ExternalHost.

Projections (see `haechi.model.base`). `ExternalHost` is a host outside the cluster, for the lab: it has addresses and
nothing else.
"""

from collections.abc import Mapping
from typing import ClassVar

import msgspec

from haechi.model.base import Resource, Struct

TERMINAL_PHASES = frozenset({"Succeeded", "Failed"})


class Namespace(Resource, frozen=True, kw_only=True):
    """v1 Namespace."""

    kind: ClassVar[str] = "Namespace"
    api_version: ClassVar[str] = "v1"
    namespaced: ClassVar[bool] = False


class NodeSpec(Struct, frozen=True, kw_only=True):
    """Address ranges of the node's pods."""

    pod_cidr: str = msgspec.field(default="", name="podCIDR")
    pod_cidrs: tuple[str, ...] = msgspec.field(default=(), name="podCIDRs")


class NodeAddress(Struct, frozen=True, kw_only=True):
    """An address or name of a node; `type` is InternalIP, ExternalIP, Hostname, InternalDNS or ExternalDNS."""

    type: str = ""
    address: str = ""


class NodeStatus(Struct, frozen=True, kw_only=True):
    """The node's addresses."""

    addresses: tuple[NodeAddress, ...] = ()


class Node(Resource, frozen=True, kw_only=True):
    """v1 Node."""

    kind: ClassVar[str] = "Node"
    api_version: ClassVar[str] = "v1"
    namespaced: ClassVar[bool] = False

    spec: NodeSpec = NodeSpec()
    status: NodeStatus = NodeStatus()

    @property
    def addresses(self) -> tuple[str, ...]:
        """Addresses (not names) of the node: InternalIP and ExternalIP, in the object's order."""
        return tuple(a.address for a in self.status.addresses if a.type in ("InternalIP", "ExternalIP"))


class ContainerPort(Struct, frozen=True, kw_only=True):
    """A port that a container says it listens on; informative, except for its name."""

    name: str = ""
    container_port: int = 0
    protocol: str = "TCP"
    host_port: int = 0
    host_ip: str = msgspec.field(default="", name="hostIP")


class Container(Struct, frozen=True, kw_only=True):
    """A container of a pod. `restart_policy` Always makes an init container a sidecar."""

    name: str = ""
    image: str = ""
    image_pull_policy: str = ""
    ports: tuple[ContainerPort, ...] = ()
    restart_policy: str | None = None


class PodSpec(Struct, frozen=True, kw_only=True):
    """Where a pod runs and what its containers listen on."""

    node_name: str = ""
    host_network: bool = False
    restart_policy: str = ""
    containers: tuple[Container, ...] = ()
    init_containers: tuple[Container, ...] = ()


class PodIP(Struct, frozen=True, kw_only=True):
    """One address of a pod."""

    ip: str = ""


class HostIP(Struct, frozen=True, kw_only=True):
    """One address of a pod's node."""

    ip: str = ""


class PodCondition(Struct, frozen=True, kw_only=True):
    """Whether something holds of a pod, such as `Ready`: `True`, `False` or `Unknown`."""

    type: str = ""
    status: str = ""


class PodStatus(Struct, frozen=True, kw_only=True):
    """What the kubelet reports."""

    phase: str = ""
    conditions: tuple[PodCondition, ...] = ()
    pod_ip: str = msgspec.field(default="", name="podIP")
    pod_ips: tuple[PodIP, ...] = msgspec.field(default=(), name="podIPs")
    host_ip: str = msgspec.field(default="", name="hostIP")
    host_ips: tuple[HostIP, ...] = msgspec.field(default=(), name="hostIPs")


class Pod(Resource, frozen=True, kw_only=True):
    """v1 Pod."""

    kind: ClassVar[str] = "Pod"
    api_version: ClassVar[str] = "v1"

    spec: PodSpec = PodSpec()
    status: PodStatus = PodStatus()

    @property
    def addresses(self) -> tuple[str, ...]:
        """status.podIPs, or status.podIP where there is no list (as text, unparsed)."""
        ips = tuple(p.ip for p in self.status.pod_ips if p.ip)
        return ips or ((self.status.pod_ip,) if self.status.pod_ip else ())

    @property
    def completed(self) -> bool:
        """Whether the pod has ended (Succeeded or Failed), so that its address may belong to another pod."""
        return self.status.phase in TERMINAL_PHASES

    @property
    def ready(self) -> bool:
        """Whether it may be behind a Service: Ready, or nothing is known of that."""
        return all(one.status == "True" for one in self.status.conditions if one.type == "Ready")


class ServicePort(Struct, frozen=True, kw_only=True):
    """A port of a Service. Without `target_port` it is the same as `port`."""

    name: str = ""
    protocol: str = "TCP"
    port: int = 0
    target_port: int | str | None = None
    node_port: int = 0


class ServiceSpec(Struct, frozen=True, kw_only=True):
    """Which pods a Service stands for, and under which addresses and ports. clusterIP `None` is headless."""

    selector: Mapping[str, str] = {}
    type: str = "ClusterIP"
    external_name: str = ""
    cluster_ip: str = msgspec.field(default="", name="clusterIP")
    cluster_ips: tuple[str, ...] = msgspec.field(default=(), name="clusterIPs")
    external_ips: tuple[str, ...] = msgspec.field(default=(), name="externalIPs")
    ip_families: tuple[str, ...] = ()
    ports: tuple[ServicePort, ...] = ()
    external_traffic_policy: str = ""
    internal_traffic_policy: str = ""


class Service(Resource, frozen=True, kw_only=True):
    """v1 Service."""

    kind: ClassVar[str] = "Service"
    api_version: ClassVar[str] = "v1"

    spec: ServiceSpec = ServiceSpec()

    @property
    def addresses(self) -> tuple[str, ...]:
        """The cluster addresses: clusterIPs, or clusterIP where there is no list; none for a headless Service."""
        ips = self.spec.cluster_ips or (self.spec.cluster_ip,)
        return tuple(ip for ip in ips if ip and ip != "None")


class ExternalHostSpec(Struct, frozen=True, kw_only=True):
    """The host's addresses, IPv4 or IPv6."""

    addresses: tuple[str, ...] = ()


class ExternalHost(Resource, frozen=True, kw_only=True):
    """haechi/v1alpha1 ExternalHost: a host outside the cluster."""

    kind: ClassVar[str] = "ExternalHost"
    api_version: ClassVar[str] = "haechi/v1alpha1"
    namespaced: ClassVar[bool] = False

    spec: ExternalHostSpec = ExternalHostSpec()

    @property
    def addresses(self) -> tuple[str, ...]:
        """spec.addresses."""
        return self.spec.addresses
