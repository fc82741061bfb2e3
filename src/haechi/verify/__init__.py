"""The proof: what a node's table does to every packet, beside what the policies say.

Pure; independent of `haechi.engine` and `haechi.dataplane`, which made the table.
"""

from haechi.verify.difference import Difference, End, Opinion
from haechi.verify.finding import Finding, FindingKind, Place
from haechi.verify.meaning import Meaning
from haechi.verify.proof import Proof
from haechi.verify.prover import Prover, completed, prove
from haechi.verify.state import Object, State

__all__ = [
    "Difference",
    "End",
    "Finding",
    "FindingKind",
    "Meaning",
    "Object",
    "Opinion",
    "Place",
    "Proof",
    "Prover",
    "State",
    "completed",
    "prove",
]
