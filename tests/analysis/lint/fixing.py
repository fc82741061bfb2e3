"""Policies after their fixes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

import msgspec

from haechi.analysis.lint import Finding
from haechi.model import Edit, NetworkPolicy, TierPolicy, apply_edits


def fixed(policy: NetworkPolicy, finding: Finding) -> NetworkPolicy:
    """The policy after the fix of a finding."""
    assert finding.fix is not None
    return edited(policy, finding.fix.edits)


def all_fixed(policy: NetworkPolicy, findings: Iterable[Finding]) -> NetworkPolicy:
    """The policy after all fixes of its findings at once."""
    own = [one.fix for one in findings if one.subject == policy.display_name and one.fix is not None]
    return edited(policy, [edit for fix in own for edit in fix.edits])


_AnyPolicy = TypeVar("_AnyPolicy", bound=NetworkPolicy | TierPolicy)


def edited(policy: _AnyPolicy, edits: Iterable[Edit]) -> _AnyPolicy:
    """The policy after some edits."""
    return converted(policy, edits, type(policy))


def converted(policy: NetworkPolicy | TierPolicy, edits: Iterable[Edit], kind: type[_AnyPolicy]) -> _AnyPolicy:
    """The policy after some edits, which make it one of another kind."""
    data = msgspec.json.decode(msgspec.json.encode(policy))  # lists, where tuples are frozen
    apply_edits(data, tuple(edits))
    return msgspec.convert(data, kind)
