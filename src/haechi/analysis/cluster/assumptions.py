"""What Haechi says where the specification is silent, by name (design section 10).

Why: an answer that rests on an assumption must say so, and two answers must be comparable by what they assume.
"""

from __future__ import annotations

from enum import StrEnum


class Assumption(StrEnum):
    """One assumption; the value is its stable name, `words` says it."""

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

    @property
    def words(self) -> str:
        """One sentence."""
        return _WORDS[self]

    def __str__(self) -> str:
        """`name: sentence`."""
        return f"{self.value}: {self.words}"


_WORDS = {
    Assumption.OWN_NODE: "a pod and the node that it runs on always reach each other",
    Assumption.ITSELF: "a pod always reaches itself",
    Assumption.IPBLOCK_PODS: "an ipBlock also means pods whose address it holds",
    Assumption.IPBLOCK_NO_PODS: "an ipBlock never means pods, whatever their address",
    Assumption.HOST_NETWORK: "pods on the host's network are no subjects and no peers: their traffic is their node's",
    Assumption.COMPLETED: "completed pods are ignored: their address may belong to another pod",
    Assumption.DISPUTED: "an address that several pods claim belongs to none, and nothing may come from it or go to it",
    Assumption.UNREADABLE: "a rule that cannot be read allows nothing, and its policy isolates all the same",
    Assumption.SYNTHETIC: "a pod without an address gets one that no ipBlock narrower than /0 holds",
    Assumption.EITHER_FAMILY: "dual-stack pods are connected if they are by IPv4 or by IPv6",
    Assumption.OTHER_PROTOCOLS: "only a rule without ports allows protocols other than TCP, UDP and SCTP",
    Assumption.NAMED_PORT: "a port name is the number that the receiving pod's containers give it",
}
