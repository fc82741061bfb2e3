"""AdminNetworkPolicy and BaselineAdminNetworkPolicy of policy.networking.k8s.io/v1alpha1, and their v1alpha2 meaning.

Every field of v1alpha1 has a counterpart at the same path in ClusterNetworkPolicy, except that an item of `ports` is an
item of `protocols`. So the translation is exact, and a path in one is a path in the other.
"""

from typing import ClassVar, Final

import msgspec

from haechi.model.base import Resource, Struct
from haechi.model.clusternetworkpolicy import (
    ClusterNetworkPolicy,
    ClusterNetworkPolicyEgressPeer,
    ClusterNetworkPolicyEgressRule,
    ClusterNetworkPolicyIngressPeer,
    ClusterNetworkPolicyIngressRule,
    ClusterNetworkPolicyProtocol,
    ClusterNetworkPolicySpec,
    ClusterNetworkPolicySubject,
    ProtocolPort,
    ProtocolPortRange,
    TransportProtocol,
)

BASELINE_PRIORITY: Final = 1001
"""Of a BaselineAdminNetworkPolicy, which has none: after every ClusterNetworkPolicy of its tier."""


class PortNumber(Struct, frozen=True, kw_only=True):
    """One port; a protocol of None is TCP."""

    protocol: str | None = None
    port: int = 0


class AdminPortRange(Struct, frozen=True, kw_only=True):
    """Ports from `start` to `end`; a protocol of None is TCP."""

    protocol: str | None = None
    start: int = 0
    end: int = 0


class AdminNetworkPolicyPort(Struct, frozen=True, kw_only=True):
    """A destination port: exactly one of the fields."""

    port_number: PortNumber | None = None
    port_range: AdminPortRange | None = None
    named_port: str | None = None


class AdminNetworkPolicyIngressRule(Struct, frozen=True, kw_only=True):
    """What becomes of connections that match one of `from_` and one of `ports`, if there are any."""

    name: str = ""
    action: str = ""
    from_: tuple[ClusterNetworkPolicyIngressPeer, ...] = msgspec.field(default=(), name="from")
    ports: tuple[AdminNetworkPolicyPort, ...] = ()


class AdminNetworkPolicyEgressRule(Struct, frozen=True, kw_only=True):
    """What becomes of connections that match one of `to` and one of `ports`, if there are any."""

    name: str = ""
    action: str = ""
    to: tuple[ClusterNetworkPolicyEgressPeer, ...] = ()
    ports: tuple[AdminNetworkPolicyPort, ...] = ()


class AdminNetworkPolicySpec(Struct, frozen=True, kw_only=True):
    """About which pods, before and after which other policies, and the rules in their order."""

    priority: int = 0
    subject: ClusterNetworkPolicySubject = ClusterNetworkPolicySubject()
    ingress: tuple[AdminNetworkPolicyIngressRule, ...] = ()
    egress: tuple[AdminNetworkPolicyEgressRule, ...] = ()


class BaselineAdminNetworkPolicySpec(Struct, frozen=True, kw_only=True):
    """The same without a priority: there is one such policy, called `default`."""

    subject: ClusterNetworkPolicySubject = ClusterNetworkPolicySubject()
    ingress: tuple[AdminNetworkPolicyIngressRule, ...] = ()
    egress: tuple[AdminNetworkPolicyEgressRule, ...] = ()


class AdminNetworkPolicy(Resource, frozen=True, kw_only=True):
    """policy.networking.k8s.io/v1alpha1 AdminNetworkPolicy."""

    kind: ClassVar[str] = "AdminNetworkPolicy"
    api_version: ClassVar[str] = "policy.networking.k8s.io/v1alpha1"
    namespaced: ClassVar[bool] = False

    spec: AdminNetworkPolicySpec = AdminNetworkPolicySpec()


class BaselineAdminNetworkPolicy(Resource, frozen=True, kw_only=True):
    """policy.networking.k8s.io/v1alpha1 BaselineAdminNetworkPolicy."""

    kind: ClassVar[str] = "BaselineAdminNetworkPolicy"
    api_version: ClassVar[str] = "policy.networking.k8s.io/v1alpha1"
    namespaced: ClassVar[bool] = False

    spec: BaselineAdminNetworkPolicySpec = BaselineAdminNetworkPolicySpec()


TierPolicy = ClusterNetworkPolicy | AdminNetworkPolicy | BaselineAdminNetworkPolicy


def as_cluster_network_policy(policy: TierPolicy) -> ClusterNetworkPolicy:
    """The same policy in v1alpha2."""
    if isinstance(policy, ClusterNetworkPolicy):
        return policy
    spec = policy.spec
    is_admin = isinstance(spec, AdminNetworkPolicySpec)
    return ClusterNetworkPolicy(
        metadata=policy.metadata,
        spec=ClusterNetworkPolicySpec(
            tier="Admin" if is_admin else "Baseline",
            priority=spec.priority if isinstance(spec, AdminNetworkPolicySpec) else BASELINE_PRIORITY,
            subject=spec.subject,
            ingress=tuple(
                ClusterNetworkPolicyIngressRule(
                    name=rule.name,
                    action=_action(rule.action, has_pass=is_admin),
                    from_=rule.from_,
                    protocols=_protocols(rule.ports),
                )
                for rule in spec.ingress
            ),
            egress=tuple(
                ClusterNetworkPolicyEgressRule(
                    name=rule.name,
                    action=_action(rule.action, has_pass=is_admin),
                    to=rule.to,
                    protocols=_protocols(rule.ports),
                )
                for rule in spec.egress
            ),
        ),
    )


def _action(action: str, *, has_pass: bool) -> str:
    """`Allow` is called Accept in v1alpha2; what was no action of the kind stays none."""
    if action == "Pass" and not has_pass:
        return "Pass of a BaselineAdminNetworkPolicy"
    return {"Allow": "Accept", "Accept": "Allow"}.get(action, action)


def _protocols(ports: tuple[AdminNetworkPolicyPort, ...]) -> tuple[ClusterNetworkPolicyProtocol, ...] | None:
    return tuple(map(_protocol, ports)) or None


def _protocol(port: AdminNetworkPolicyPort) -> ClusterNetworkPolicyProtocol:
    """An entry that cannot be read stays one: it has no field."""
    given = [one for one in (port.port_number, port.port_range, port.named_port) if one is not None]
    match given:
        case [PortNumber(protocol=protocol, port=number)]:
            return _transport(protocol, ProtocolPort(number=number))
        case [AdminPortRange(protocol=protocol, start=start, end=end)]:
            return _transport(protocol, ProtocolPort(range=ProtocolPortRange(start=start, end=end)))
        case [str(name)]:
            return ClusterNetworkPolicyProtocol(destination_named_port=name)
        case _:
            return ClusterNetworkPolicyProtocol()


def _transport(protocol: str | None, port: ProtocolPort) -> ClusterNetworkPolicyProtocol:
    transport = TransportProtocol(destination_port=port)
    match protocol or "TCP":
        case "TCP":
            return ClusterNetworkPolicyProtocol(tcp=transport)
        case "UDP":
            return ClusterNetworkPolicyProtocol(udp=transport)
        case "SCTP":
            return ClusterNetworkPolicyProtocol(sctp=transport)
        case _:
            return ClusterNetworkPolicyProtocol()
