"""The result of a proof: it holds, or it has counterexamples and gaps.

Why: the last link between policies and packets is checked on the kernel's own table, for every packet: all protocols,
ports and addresses, with and without a connection. A proof holds only if all of them were compared and judged equally
and the table holds nothing that is not modelled. Nothing here reads the kernel or the clock.

What must pass on a node, and nothing else:

    from a pod of the node     what the pod's egress allows
    to a pod of the node       what the pod's ingress allows; between two pods of the node, both must allow
    a pod to itself            everything
    all others                 everything
    without a connection       everything, unless an isolated pod is at either end; neighbour discovery always
    ICMP errors                everything that is about a known connection
    a disputed address         nothing: an address that several pods claim, one of them on the node

Packets between a pod and its own node are not compared: they are never forwarded.
"""

from __future__ import annotations

from dataclasses import dataclass

from haechi.verify.counterexample import Counterexample
from haechi.verify.gap import ProofGap


@dataclass(frozen=True, slots=True)
class Proof:
    """What was compared, and what was found.

    Attributes:
        node: the node whose table it is.
        pods: how many pods of the node policies apply to.
        addresses: how many addresses those have, disputed ones included.
        comparisons: how many stretches of addresses with equal ports were compared.
        counterexamples: packets that are judged wrongly, at most one for each slice of the comparison and ten in all.
        gaps: what is not understood.
    """

    node: str
    pods: int
    addresses: int
    comparisons: int
    counterexamples: tuple[Counterexample, ...] = ()
    gaps: tuple[ProofGap, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether the table is proved."""
        return not self.counterexamples and not self.gaps

    def __str__(self) -> str:
        size = f"{self.pods} pods, {self.addresses} addresses, {self.comparisons} comparisons"
        if self.holds:
            return f"{self.node}: the kernel enforces the policies ({size})"
        lines = [f"{self.node}: not proved ({size})"]
        lines += [each.explanation() for each in self.counterexamples]
        lines += [f"not understood: {each}" for each in self.gaps]
        return "\n".join(lines)
