"""NetworkPolicy of networking.k8s.io/v1, exactly as written: nothing defaulted, nothing validated.

Absent and null pointers are `None`, because `None` (not set) and an empty selector (everything) differ in a peer.
Absent and empty lists never differ in this API and are both ``()``. See `haechi.model.defaulting` for the defaults of
the API server and `haechi.model.validation` for its checks.
"""

from collections.abc import Mapping
from typing import ClassVar

import msgspec

from haechi.model.base import Resource, Struct


class LabelSelectorRequirement(Struct, frozen=True, kw_only=True):
    """One matchExpressions item. A valid operator is In, NotIn, Exists or DoesNotExist."""

    key: str = ""
    operator: str = ""
    values: tuple[str, ...] = ()


class LabelSelector(Struct, frozen=True, kw_only=True):
    """All of its requirements must hold; the empty selector matches everything."""

    match_labels: Mapping[str, str] = {}
    match_expressions: tuple[LabelSelectorRequirement, ...] = ()


class IPBlock(Struct, frozen=True, kw_only=True):
    """Addresses in `cidr` that are in none of `except_`."""

    cidr: str = ""
    except_: tuple[str, ...] = msgspec.field(default=(), name="except")


class NetworkPolicyPort(Struct, frozen=True, kw_only=True):
    """A destination port: number or name, or first to `end_port`. Without `port`: all ports of the protocol."""

    protocol: str | None = None
    port: int | str | None = None
    end_port: int | None = None


class NetworkPolicyPeer(Struct, frozen=True, kw_only=True):
    """Pods by labels and namespace, or addresses. A valid peer has at least one field."""

    pod_selector: LabelSelector | None = None
    namespace_selector: LabelSelector | None = None
    ip_block: IPBlock | None = None


class NetworkPolicyIngressRule(Struct, frozen=True, kw_only=True):
    """Allows connections that match one of `from_` and one of `ports`; an empty list matches everything."""

    ports: tuple[NetworkPolicyPort, ...] = ()
    from_: tuple[NetworkPolicyPeer, ...] = msgspec.field(default=(), name="from")

    @property
    def peers(self) -> tuple[NetworkPolicyPeer, ...]:
        """The remote side, by the name that both kinds of rule share."""
        return self.from_


class NetworkPolicyEgressRule(Struct, frozen=True, kw_only=True):
    """Allows connections that match one of `to` and one of `ports`; an empty list matches everything."""

    ports: tuple[NetworkPolicyPort, ...] = ()
    to: tuple[NetworkPolicyPeer, ...] = ()

    @property
    def peers(self) -> tuple[NetworkPolicyPeer, ...]:
        """The remote side, by the name that both kinds of rule share."""
        return self.to


class NetworkPolicySpec(Struct, frozen=True, kw_only=True):
    """Which pods of the namespace, in which directions, and what is allowed."""

    pod_selector: LabelSelector = LabelSelector()
    policy_types: tuple[str, ...] = ()
    ingress: tuple[NetworkPolicyIngressRule, ...] = ()
    egress: tuple[NetworkPolicyEgressRule, ...] = ()


class NetworkPolicy(Resource, frozen=True, kw_only=True):
    """networking.k8s.io/v1 NetworkPolicy."""

    kind: ClassVar[str] = "NetworkPolicy"
    api_version: ClassVar[str] = "networking.k8s.io/v1"

    spec: NetworkPolicySpec = NetworkPolicySpec()
