"""What is asked of policies and what is answered: a packet, and the verdict of its two sides.

Why: the literal oracle, the fast engine, the lab and every command must be comparable by `==`, so they share these
words. A packet here stands for its connection: rules are about connections, and replies are judged with them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address
from typing import NamedTuple

from haechi.model.adminnetworkpolicy import TierPolicy
from haechi.model.networkpolicy import NetworkPolicy
from haechi.model.problem import Location, Path, path_text

Address = IPv4Address | IPv6Address


class Direction(StrEnum):
    """The two values of `spec.policyTypes`."""

    INGRESS = "Ingress"
    EGRESS = "Egress"


class Tier(StrEnum):
    """The values of `spec.tier`, in the order in which tiers are asked; NetworkPolicies come between them."""

    ADMIN = "Admin"
    BASELINE = "Baseline"


class Action(StrEnum):
    """The values of a tier rule's `action`."""

    ACCEPT = "Accept"
    DENY = "Deny"
    PASS = "Pass"


class PolicyKey(NamedTuple):
    """Which NetworkPolicy."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


class ClusterPolicyKey(NamedTuple):
    """Which policy of a tier: a ClusterNetworkPolicy, AdminNetworkPolicy or BaselineAdminNetworkPolicy."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind}/{self.name}"


AnyPolicyKey = PolicyKey | ClusterPolicyKey
"""Which policy, of whatever kind."""


def policy_key(policy: NetworkPolicy | TierPolicy) -> AnyPolicyKey:
    """Which policy it is."""
    if isinstance(policy, NetworkPolicy):
        return PolicyKey(policy.namespace, policy.name)
    return ClusterPolicyKey(policy.kind, policy.name)


class PodKey(NamedTuple):
    """Which Pod."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True, order=True)
class RuleRef:
    """Which rule of which NetworkPolicy: an item of `spec.ingress` or `spec.egress`.

    Attributes:
        policy: whose rule it is.
        direction: in which of the two lists.
        index: its index in that list of the specification, rules that cannot be read included.
        location: where it was read; None for a policy that was made in Python. Not compared.
    """

    policy: PolicyKey
    direction: Direction
    index: int
    location: Location | None = field(default=None, compare=False)

    @property
    def steps(self) -> Path:
        """Its path from the object: `("spec", "ingress", 0)`."""
        return "spec", self.direction.lower(), self.index

    @property
    def path(self) -> str:
        """As in API errors: `spec.ingress[0]`."""
        return path_text(self.steps)


@dataclass(frozen=True, slots=True, order=True)
class TierRuleRef:
    """Which rule of which policy of a tier. The attributes are those of `RuleRef`."""

    policy: ClusterPolicyKey
    direction: Direction
    index: int
    location: Location | None = field(default=None, compare=False)

    @property
    def steps(self) -> Path:
        """Its path from the object: `("spec", "ingress", 0)`."""
        return "spec", self.direction.lower(), self.index

    @property
    def path(self) -> str:
        """As in API errors: `spec.ingress[0]`."""
        return path_text(self.steps)


AnyRuleRef = RuleRef | TierRuleRef
"""Which rule of which policy, of whatever kind."""


@dataclass(frozen=True, slots=True)
class Packet:
    """The first packet of a connection, as its client sends it and its server receives it (no NAT in between).

    Attributes:
        source: the client's address.
        destination: the server's address, of the same family.
        protocol: the IP protocol number (6 TCP, 17 UDP, 132 SCTP, 1 ICMP, ...).
        port: the destination port, 0..65535; 0 for protocols that have none.
    """

    source: Address
    destination: Address
    protocol: int
    port: int = 0


@dataclass(frozen=True, slots=True)
class Side:
    """The answer of one end of a connection.

    Attributes:
        allowed: whether this end lets the packet pass.
        isolated: whether some policy selects the pod at this end for this direction.
        policies: the policies that isolate it, in order of namespace and name.
        tier_rule: the rule of a tier that accepts or denies the packet; None if NetworkPolicies decide, or nothing.
    """

    allowed: bool
    isolated: bool = False
    policies: tuple[PolicyKey, ...] = ()
    tier_rule: TierRuleRef | None = None


OPEN = Side(allowed=True)
CLOSED = Side(allowed=False)


@dataclass(frozen=True, slots=True)
class PacketVerdict:
    """Both ends must allow: the client's egress and the server's ingress."""

    egress: Side
    ingress: Side

    @property
    def allowed(self) -> bool:
        """Whether the packet passes."""
        return self.egress.allowed and self.ingress.allowed
