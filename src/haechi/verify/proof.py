"""The proof that a node's table means what the policies mean, or the first packets that differ.

Why: the last link of the chain is checked on the kernel's own table, for every packet of every protocol, port and
address, with and without a connection. Promises that `Proof.holds` only if all of them were compared and are equal and
the table holds nothing that is not understood. It neither reads the kernel nor the clock.

What is compared on a node: a packet from one of its pods must be allowed by that pod's egress, one to them by the pod's
ingress; addresses that several pods claim are closed where one of the claimants is; a pod and itself, all others among
themselves, ICMP errors about connections and neighbour discovery pass. What has no connection passes unless an isolated
pod is at one end. A pod and its own node are left out: their packets are never forwarded.
"""

from __future__ import annotations

from dataclasses import dataclass

from haechi.verify.difference import Difference
from haechi.verify.finding import Finding


@dataclass(frozen=True, slots=True)
class Proof:
    """What was found.

    Attributes:
        node: the node whose table it is.
        pods: how many of its pods policies see.
        addresses: how many addresses those have, disputed ones included.
        boxes: how many stretches of addresses with equal ports were compared.
        differences: packets that are judged differently, one for each address where there are any, at most ten.
        findings: what is not understood.
    """

    node: str
    pods: int
    addresses: int
    boxes: int
    differences: tuple[Difference, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether it is a proof."""
        return not self.differences and not self.findings

    def __str__(self) -> str:
        size = f"{self.pods} pods, {self.addresses} addresses, {self.boxes} boxes"
        if self.holds:
            return f"{self.node}: the kernel does what the policies say ({size})"
        lines = [f"{self.node}: not proved ({size})"]
        lines += [each.explanation() for each in self.differences]
        lines += [f"not understood: {each}" for each in self.findings]
        return "\n".join(lines)
