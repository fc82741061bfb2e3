"""Decisions where the specification is silent, by name (docs/architecture.md has the list).

An answer that rests on an assumption says so, and two answers can be compared by what they assume.
"""

from __future__ import annotations

from enum import StrEnum


class Assumption(StrEnum):
    """One assumption; the value is its stable name, `words` describes it."""

    OWN_NODE = "own-node"
    ITSELF = "itself"
    IPBLOCK_PODS = "ipblock-matches-pods"
    IPBLOCK_NO_PODS = "ipblock-never-matches-pods"
    HOST_NETWORK = "host-network"
    COMPLETED = "completed"
    DISPUTED = "disputed-address"
    UNREADABLE = "unreadable-rule"
    SYNTHETIC = "synthetic-address"
    EITHER_FAMILY = "either-family"
    OTHER_PROTOCOLS = "other-protocols"
    NAMED_PORT = "named-port"
    SAME_PRIORITY = "same-priority"
    DOMAIN_NAMES = "domain-names"

    @property
    def words(self) -> str:
        """One sentence."""
        return _WORDS[self]

    def __str__(self) -> str:
        """`name: sentence`."""
        return f"{self.value}: {self.words}"


_WORDS = {
    Assumption.OWN_NODE: "a pod and the node that it runs on always reach each other",
    Assumption.ITSELF: "NetworkPolicies always let a pod reach itself; tiers judge it only through a Service",
    Assumption.IPBLOCK_PODS: "an ipBlock also matches pods whose address it contains",
    Assumption.IPBLOCK_NO_PODS: "an ipBlock never matches pods, whatever their address",
    Assumption.HOST_NETWORK: "hostNetwork pods are neither selected nor pod peers: their traffic is node traffic",
    Assumption.COMPLETED: "completed pods are ignored: their address may belong to another pod",
    Assumption.DISPUTED: "an address claimed by several pods belongs to none of them and is denied in both directions",
    Assumption.UNREADABLE: (
        "a rule that cannot be read allows nothing, but its policy still isolates; in a tier it denies everything,"
        " unless it is an Accept (fails closed)"
    ),
    Assumption.SYNTHETIC: (
        "a pod without an address gets one outside every ipBlock narrower than /0, or in the private networks that all"
        " ipBlocks of /0 except"
    ),
    Assumption.EITHER_FAMILY: "dual-stack pods count as connected if either IPv4 or IPv6 is allowed",
    Assumption.OTHER_PROTOCOLS: "only a rule without ports allows protocols other than TCP, UDP and SCTP",
    Assumption.NAMED_PORT: "a named port is resolved by the containers of the receiving pod",
    Assumption.SAME_PRIORITY: "policies of one tier with one priority are asked in the order of their names",
    Assumption.DOMAIN_NAMES: "a domain name matches no address: an Accept by name is not enforced",
}
