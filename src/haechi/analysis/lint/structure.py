"""Checks of how a policy is put together: lists, dashes and policyTypes.

They need no pods, but use them where they are known. They refuse to judge what the API server refuses.
"""

from __future__ import annotations

from collections.abc import Iterator

from haechi.analysis.lint.check import Check, Found, check
from haechi.analysis.lint.finding import Severity
from haechi.analysis.lint.review import Review


@check(
    "rules-without-policy-type",
    Severity.ERROR,
    "policyTypes does not list the direction of these rules, so they do nothing.",
)
def rules_without_policy_type(review: Review) -> Iterator[Found]:
    """Rules of a direction in which the policy does not isolate."""
    for one in review.policies:
        for direction in sorted({rule.direction for rule in one.rules if not rule.in_force}):
            name = direction.lower()
            yield Found(
                one.object,
                ("spec", name),
                f"policyTypes does not list {direction}, so these rules do nothing",
                f"add {direction} to policyTypes, or delete {name}",
            )


CHECKS: tuple[Check, ...] = (rules_without_policy_type,)
