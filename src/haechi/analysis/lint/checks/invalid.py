"""Checks of policies that the API server rejects and people still write, because other tools accept them.

`haechi validate` reports everything that the API server rejects; these are the mistakes that are easy to miss.
"""

from __future__ import annotations

from collections.abc import Iterator

from haechi.analysis.lint.check import Check, Diagnostic, check
from haechi.analysis.lint.facts import Review
from haechi.model import CidrError, Code, IPBlock, NetworkPolicy, Severity, TierPolicy, parse_cidr


@check(
    "duplicate-field",
    Severity.ERROR,
    "A field is given twice; most tools silently keep the last one.",
)
def duplicate_field(review: Review) -> Iterator[Diagnostic]:
    """Repeated keys of policies, as found when they were read."""
    manifests = review.cluster.manifests
    for one in manifests.objects if manifests is not None else ():
        if not isinstance(one.object, NetworkPolicy | TierPolicy):
            continue
        for steps in {problem.steps for problem in one.problems if problem.code is Code.DUPLICATE_FIELD}:
            yield Diagnostic(
                one.object,
                steps,
                f"{steps[-1] if steps else 'a field'} is given twice: most tools silently drop one of the two",
                "merge them, or write two items of a list",
            )


@check(
    "except-outside",
    Severity.ERROR,
    "An except is not a strict subset of its cidr, so it excludes nothing or everything.",
)
def except_outside(review: Review) -> Iterator[Diagnostic]:
    """Excepts outside their cidr, or as large as it."""
    for one in review.policies:
        for peer in (peer for rule in one.rules for peer in rule.peers if peer.written.ip_block is not None):
            block = peer.written.ip_block or IPBlock()
            for number in _outside(block):
                yield Diagnostic(
                    one.object,
                    (*peer.path, "ipBlock", "except", number),
                    f"except {block.except_[number]} is not a strict subset of {block.cidr}",
                    "the API server rejects the policy",
                )


def _outside(block: IPBlock) -> Iterator[int]:
    """The indexes of the readable excepts that the API server rejects."""
    for number, text in enumerate(block.except_):
        try:
            if not parse_cidr(text).is_strict_subset(parse_cidr(block.cidr)):
                yield number
        except CidrError:
            continue


CHECKS: tuple[Check, ...] = (duplicate_field, except_outside)
