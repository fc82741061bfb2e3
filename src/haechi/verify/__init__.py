"""The proof that a node's table treats every packet as the policies require, or the packets for which it does not.

Pure, and independent of `haechi.engine` and `haechi.dataplane`, which made the table.
"""

from haechi.verify.counterexample import Counterexample, PacketEnd, PolicyDecision
from haechi.verify.gap import GapKind, ProofGap, RulePosition
from haechi.verify.meaning import Meaning
from haechi.verify.packets import Context
from haechi.verify.proof import Proof
from haechi.verify.prover import Prover, prove
from haechi.verify.state import ClusterObject, ClusterState

__all__ = [
    "ClusterObject", "ClusterState", "Context", "Counterexample", "GapKind", "Meaning", "PacketEnd",
    "PolicyDecision", "Proof", "ProofGap", "Prover", "RulePosition", "prove",
]  # fmt: skip
