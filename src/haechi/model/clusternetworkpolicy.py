"""ClusterNetworkPolicy of policy.networking.k8s.io/v1alpha2, exactly as written: nothing defaulted, nothing validated.

Where one of several fields is given (a subject, a peer, an entry of `protocols`), an absent field is None or `()`. The
resource definition sets no default anywhere. An object that a newer definition accepted may arrive without the field
that it chose; whoever evaluates it fails closed.
"""

from typing import ClassVar

import msgspec

from haechi.model.base import Resource, Struct
from haechi.model.networkpolicy import LabelSelector


class NamespacedPod(Struct, frozen=True, kw_only=True):
    """Pods by labels in namespaces by labels; without `namespace_selector` in all of them."""

    namespace_selector: LabelSelector | None = None
    pod_selector: LabelSelector | None = None


class ClusterNetworkPolicySubject(Struct, frozen=True, kw_only=True):
    """The pods that a policy is about: exactly one of the fields."""

    namespaces: LabelSelector | None = None
    pods: NamespacedPod | None = None


class ClusterNetworkPolicyIngressPeer(Struct, frozen=True, kw_only=True):
    """Where connections come from: exactly one of the fields."""

    namespaces: LabelSelector | None = None
    pods: NamespacedPod | None = None


class ClusterNetworkPolicyEgressPeer(Struct, frozen=True, kw_only=True):
    """Where connections go: exactly one of the fields. `networks` are CIDRs; `nodes` are meant by their addresses."""

    namespaces: LabelSelector | None = None
    pods: NamespacedPod | None = None
    nodes: LabelSelector | None = None
    networks: tuple[str, ...] = ()
    domain_names: tuple[str, ...] = ()


class ProtocolPortRange(Struct, frozen=True, kw_only=True):
    """Ports from `start` to `end`, which is greater."""

    start: int = 0
    end: int = 0


class ProtocolPort(Struct, frozen=True, kw_only=True):
    """One port or several: exactly one of the fields."""

    number: int | None = None
    range: ProtocolPortRange | None = None


class TransportProtocol(Struct, frozen=True, kw_only=True):
    """TCP, UDP or SCTP to some ports."""

    destination_port: ProtocolPort | None = None


class ClusterNetworkPolicyProtocol(Struct, frozen=True, kw_only=True):
    """An entry of `protocols`: exactly one of the fields. The destination's pod gives a port name its protocol."""

    tcp: TransportProtocol | None = None
    udp: TransportProtocol | None = None
    sctp: TransportProtocol | None = None
    destination_named_port: str | None = None


class ClusterNetworkPolicyIngressRule(Struct, frozen=True, kw_only=True):
    """What becomes of connections that match one of `from_` and, if it is given, one of `protocols`."""

    name: str = ""
    action: str = ""
    from_: tuple[ClusterNetworkPolicyIngressPeer, ...] = msgspec.field(default=(), name="from")
    protocols: tuple[ClusterNetworkPolicyProtocol, ...] | None = None

    @property
    def peers(self) -> tuple[ClusterNetworkPolicyIngressPeer, ...]:
        """The remote side, by the name that both kinds of rule share."""
        return self.from_


class ClusterNetworkPolicyEgressRule(Struct, frozen=True, kw_only=True):
    """What becomes of connections that match one of `to` and, if it is given, one of `protocols`."""

    name: str = ""
    action: str = ""
    to: tuple[ClusterNetworkPolicyEgressPeer, ...] = ()
    protocols: tuple[ClusterNetworkPolicyProtocol, ...] | None = None

    @property
    def peers(self) -> tuple[ClusterNetworkPolicyEgressPeer, ...]:
        """The remote side, by the name that both kinds of rule share."""
        return self.to


class ClusterNetworkPolicySpec(Struct, frozen=True, kw_only=True):
    """In which tier, before and after which other policies, about which pods, and the rules in their order."""

    tier: str = ""
    priority: int = 0
    subject: ClusterNetworkPolicySubject = ClusterNetworkPolicySubject()
    ingress: tuple[ClusterNetworkPolicyIngressRule, ...] = ()
    egress: tuple[ClusterNetworkPolicyEgressRule, ...] = ()


class ClusterNetworkPolicy(Resource, frozen=True, kw_only=True):
    """policy.networking.k8s.io/v1alpha2 ClusterNetworkPolicy."""

    kind: ClassVar[str] = "ClusterNetworkPolicy"
    api_version: ClassVar[str] = "policy.networking.k8s.io/v1alpha2"
    namespaced: ClassVar[bool] = False

    spec: ClusterNetworkPolicySpec = ClusterNetworkPolicySpec()
