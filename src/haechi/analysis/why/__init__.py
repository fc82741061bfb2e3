"""Why a packet is allowed or denied, and what would change it."""

from haechi.analysis.why.answer import Answer, SideAnswer, Way, can
from haechi.analysis.why.changes import Change
from haechi.analysis.why.ports import UnknownPort
from haechi.analysis.why.rules import Part, RuleAnswer
from haechi.analysis.why.whatif import flips

__all__ = [
    "Answer",
    "Change",
    "Part",
    "RuleAnswer",
    "SideAnswer",
    "UnknownPort",
    "Way",
    "can",
    "flips",
]
