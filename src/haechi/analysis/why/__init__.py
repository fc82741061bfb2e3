"""Why a packet is allowed or denied, and what would change it."""

from haechi.analysis.why.additions import Proposal, proposals, with_additions
from haechi.analysis.why.answer import Answer, PacketAnswer, SideAnswer, can
from haechi.analysis.why.changes import Change, LabelChange, PolicyAddition, PolicyDeletion, RuleDeletion
from haechi.analysis.why.patches import json_patch, kubectl_command, unified_patch, yaml_text
from haechi.analysis.why.ports import AskedPort, UnknownPort
from haechi.analysis.why.rules import ItemRef, Mismatch, RuleAnswer
from haechi.analysis.why.services import Backend, ResolvedService, UnusableService
from haechi.analysis.why.tiers import TierAnswer
from haechi.analysis.why.whatif import WhatIf, smallest_changes

__all__ = [
    "Answer", "AskedPort", "Backend", "Change", "ItemRef", "LabelChange", "Mismatch", "PacketAnswer",
    "PolicyAddition", "PolicyDeletion", "Proposal", "ResolvedService", "RuleAnswer", "RuleDeletion", "SideAnswer",
    "TierAnswer", "UnknownPort", "UnusableService", "WhatIf", "can", "json_patch", "kubectl_command", "proposals",
    "smallest_changes", "unified_patch", "with_additions", "yaml_text",
]  # fmt: skip
