"""Policies after their fixes, for tests."""

from __future__ import annotations

import msgspec

from haechi.analysis.lint import Finding
from haechi.analysis.lint.edits import applied
from haechi.model import NetworkPolicy


def fixed(policy: NetworkPolicy, finding: Finding) -> NetworkPolicy:
    """The policy as the finding's fix leaves it."""
    assert finding.fix is not None
    data = msgspec.to_builtins(policy)
    applied(data, finding.fix.edits)
    return msgspec.convert(data, NetworkPolicy)
