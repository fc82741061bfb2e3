"""Policies after their fixes."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from haechi.analysis.lint import Finding
from haechi.model import NetworkPolicy, apply_edits


def fixed(policy: NetworkPolicy, finding: Finding) -> NetworkPolicy:
    """The policy after the fix of a finding."""
    assert finding.fix is not None
    data = msgspec.json.decode(msgspec.json.encode(policy))  # lists, where tuples are frozen
    apply_edits(data, finding.fix.edits)
    return msgspec.convert(data, NetworkPolicy)


def all_fixed(policy: NetworkPolicy, findings: Iterable[Finding]) -> NetworkPolicy:
    """The policy after all fixes of its findings at once."""
    data = msgspec.json.decode(msgspec.json.encode(policy))  # lists, where tuples are frozen
    own = [one.fix for one in findings if one.subject == policy.display_name and one.fix is not None]
    apply_edits(data, [edit for fix in own for edit in fix.edits])
    return msgspec.convert(data, NetworkPolicy)
