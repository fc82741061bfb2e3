"""One packet that the kernel and the policies judge differently, with the reasons of both.

Why: a proof that fails must show a packet that can be sent, the kernel's rule that decided, and the rules of the
manifests that decide otherwise. Fields hold facts; the words come last.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from haechi.model import Action, AnyPolicyKey, ClusterPolicyKey, Direction, PodKey, RuleRef, TierRuleRef
from haechi.sets import ICMP, ICMPV6, AddressSet, PortSet, point_to_text
from haechi.verify.gap import RulePosition
from haechi.verify.meaning import Meaning
from haechi.verify.packets import UNCONNECTED, Context

_UNUSUAL: Final = AddressSet.from_cidrs(
    ("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3", "::/8", "fe00::/7")
)
"""Addresses that no host has, or that are never forwarded."""
_CONTEXTS: Final = {
    Context.ORIGINAL: ", established, original direction",
    Context.REPLY: ", established, reply direction",
    Context.RELATED: ", related",
    Context.RELATED_REPLY: ", related, reply direction",
    Context.INVALID: ", without a connection",
    Context.UNTRACKED: ", without a connection",
}


@dataclass(frozen=True, slots=True)
class PacketEnd:
    """The source or destination of a connection.

    Attributes:
        address: its address.
        pods: the pods that claim it.
        is_disputed: whether there are several and one of them is on the node: then nothing may pass.
    """

    address: str
    pods: tuple[PodKey, ...] = ()
    is_disputed: bool = False

    def __str__(self) -> str:
        return str(self.pods[0]) if len(self.pods) == 1 else self.address

    @classmethod
    def of(cls, address: int, meaning: Meaning, node: str) -> PacketEnd:
        """The end at an address (a point of the address line), as seen on a node."""
        pods = tuple(sorted(meaning.pods.claimants(address)))
        is_local = any(meaning.pods[key].node == node for key in pods)
        return cls(point_to_text(address), pods, len(pods) > 1 and is_local)


@dataclass(frozen=True, slots=True)
class PolicyDecision:
    """What the policies about a pod decide.

    Attributes:
        pod: the pod.
        direction: in which direction.
        policies: the policies that isolate it; of tiers only those that decide nothing where nothing else does, or, for
            a packet without a connection, those that have rules about the pod.
        rules: those of their rules that allow the packet.
        tier_rule: the rule of a tier that decides, before or instead of NetworkPolicies.
        action: of that rule, Accept or Deny.
    """

    pod: PodKey
    direction: Direction
    policies: tuple[AnyPolicyKey, ...]
    rules: tuple[RuleRef, ...] = ()
    tier_rule: TierRuleRef | None = None
    action: Action | None = None

    def __str__(self) -> str:
        side = f"{self.direction.lower()} of {self.pod}"
        if self.tier_rule is not None:
            verb = "accepted" if self.action is Action.ACCEPT else "denied"
            return f"{side} is {verb} by {self.tier_rule.policy} {self.tier_rule.path}"
        if isinstance(self.policies[0], ClusterPolicyKey):
            return f"{side} is decided by no rule of {', '.join(map(str, self.policies))}"
        if self.rules:
            allowing = ", ".join(f"{rule.policy} {rule.path}" for rule in self.rules)
            return f"{side} is allowed by {allowing}"
        return f"{self.isolation}; no rule allows it"

    @property
    def isolation(self) -> str:
        """Which policies isolate the pod, or which tiers are asked about it, in words."""
        verb = "subject to" if isinstance(self.policies[0], ClusterPolicyKey) else "isolated by"
        return f"{self.direction.lower()} of {self.pod} is {verb} {', '.join(map(str, self.policies))}"


@dataclass(frozen=True, slots=True)
class Counterexample:
    """A packet that is judged wrongly.

    Attributes:
        source: the end that opened the connection; the source of a packet without a connection.
        destination: the end to which it was opened, after DNAT; the destination of a packet without a connection.
        protocol: the IP protocol number.
        port: the destination port; for ICMP and ICMPv6 without a connection, type × 256 + code.
        context: what connection tracking knows about the packet.
        accepted: True if the kernel accepts it and policies deny it, False for the reverse.
        position: the kernel's rule that decided.
        decisions: what the policies decide for each pod of the node that they are about.
    """

    source: PacketEnd
    destination: PacketEnd
    protocol: int
    port: int
    context: Context
    accepted: bool
    position: RulePosition
    decisions: tuple[PolicyDecision, ...]

    def __str__(self) -> str:
        kernel, policies = ("accepts", "deny") if self.accepted else ("drops", "allow")
        return f"{self.source} → {self.destination} {self.packet}: kernel {kernel}, policies {policies}"

    @property
    def packet(self) -> str:
        """The kind of packet, such as `TCP 5432`."""
        if self.context is Context.ERROR:
            return "error about the connection"
        words = protocol_and_port(self.protocol, self.port)
        if self.is_unconnected and self.protocol in (ICMP, ICMPV6):
            words += f" type {self.port >> 8}"
        return words + _CONTEXTS.get(self.context, "")

    @property
    def is_unconnected(self) -> bool:
        """Whether the packet belongs to no connection."""
        return bool(self.context & UNCONNECTED)

    def explanation(self) -> str:
        """The packet and the reasons, one per line."""
        return "\n".join([str(self), f"  kernel: {self.position}", *(f"  policies: {why}" for why in self.reasons())])

    def reasons(self) -> Iterator[str]:
        """Why policies allow or deny the packet."""
        if not self.accepted and (always := self._always()):
            yield always
            return
        if self.is_unconnected and self.accepted:
            yield from (f"{each.isolation}; the packet belongs to no connection" for each in self.decisions)
        else:
            yield from map(str, self.decisions)
        disputed = [end for end in (self.source, self.destination) if end.is_disputed and self.accepted]
        for end in disputed:
            yield f"{end.address} is claimed by {' and '.join(map(str, end.pods))}: nothing passes from or to it"
        if not self.decisions and not disputed:
            yield "no pod of this node is isolated"

    def _always(self) -> str:
        """Why no policy can deny the packet; "" if one can."""
        if self.context is Context.ERROR:
            return "ICMP errors about known connections always pass"
        if self.is_unconnected and (self.decisions or self.source.is_disputed or self.destination.is_disputed):
            return "neighbour discovery always passes"
        if len(self.source.pods) == 1 and self.source.pods == self.destination.pods and not self.decisions:
            return f"{self.source} always reaches itself"
        return ""


def protocol_and_port(protocol: int, port: int) -> str:
    """A protocol by name and, if it has ports, the port."""
    try:
        return str(PortSet.port(protocol, port))
    except ValueError:
        return str(PortSet.protocol(protocol)).removeprefix("all of ")


def likely(addresses: AddressSet, meaning: Meaning, other: int | None = None) -> int:
    """The address that explains best what is wrong: the lowest of a pod, else the lowest that a host can have.

    `other`, the other end's address, is not chosen again if there is a choice: such a packet is not forwarded.
    """
    if other is not None:
        addresses = (addresses - AddressSet.of(other)) or addresses
    of_pods = [address for address, _ in meaning.pods.owners_within(addresses)]
    return min(of_pods) if of_pods else ((addresses - _UNUSUAL) or addresses).min


def decisions(
    meaning: Meaning, node: str, source: int, destination: int, protocol: int, port: int, *, unconnected: bool
) -> tuple[PolicyDecision, ...]:
    """What the policies decide about a packet for the pods of a node.

    For a packet of a connection these are the egress of its source and the ingress of its destination. Without a
    connection isolation in any direction counts. What a pod sends to itself only tiers decide.
    """
    found: list[PolicyDecision] = []
    for near, far, ours in ((source, destination, Direction.EGRESS), (destination, source, Direction.INGRESS)):
        key = meaning.pods.owner(near)
        if key is None or meaning.pods[key].node != node:
            continue
        for direction in Direction if unconnected else (ours,):
            policies, allowing = meaning.rules_for(key, direction, far, protocol, port)
            tiers = meaning.tier_policies(key, direction)
            decided = meaning.deciding_rule(key, direction, far, protocol, port)
            if unconnected:
                found += [PolicyDecision(key, direction, (*tiers, *policies))] if tiers or policies else []
            elif decided is not None:
                found.append(PolicyDecision(key, direction, tuple(policies), (), decided[1], decided[0]))
            elif policies and key != meaning.pods.owner(far):
                found.append(PolicyDecision(key, direction, tuple(policies), tuple(allowing)))
            elif tiers:
                found.append(PolicyDecision(key, direction, tuple(tiers)))
    return tuple(dict.fromkeys(found))
