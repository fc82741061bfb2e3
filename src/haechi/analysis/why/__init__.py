"""Why a packet is allowed or denied, and what would change it."""

from haechi.analysis.why.answer import Answer, PacketAnswer, SideAnswer, can
from haechi.analysis.why.changes import Change, LabelChange, PolicyDeletion, RuleDeletion
from haechi.analysis.why.ports import UnknownPort
from haechi.analysis.why.rules import ItemRef, Mismatch, RuleAnswer
from haechi.analysis.why.services import Backend, ResolvedService, UnusableService
from haechi.analysis.why.whatif import smallest_changes

__all__ = [
    "Answer", "Backend", "Change", "ItemRef", "LabelChange", "Mismatch", "PacketAnswer", "PolicyDeletion",
    "ResolvedService", "RuleAnswer", "RuleDeletion", "SideAnswer", "UnknownPort", "UnusableService", "can",
    "smallest_changes",
]  # fmt: skip
