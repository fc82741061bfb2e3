"""Checks of what the API server refuses and people still write, because other tools take it.

`haechi validate` tells everything that it refuses; here is what has a trap behind it.
"""

from __future__ import annotations

from collections.abc import Iterator

from haechi.analysis.lint.check import Check, Found, check
from haechi.analysis.lint.facts import Review
from haechi.analysis.lint.finding import Severity
from haechi.model import Code, NetworkPolicy, Path, errors, path_steps


@check(
    "duplicate-field",
    Severity.ERROR,
    "A field is written twice; most tools keep the last one and say nothing.",
)
def duplicate_field(review: Review) -> Iterator[Found]:
    """Repeated keys of NetworkPolicies, as the reader of manifests noticed them."""
    manifests = review.cluster.manifests
    loaded = manifests.loaded(NetworkPolicy) if manifests is not None else ()
    for one in loaded:
        for path in {problem.path for problem in one.problems if problem.code is Code.DUPLICATE_FIELD}:
            steps = path_steps(path)
            yield Found(
                one.object,
                steps,
                f"{steps[-1] if steps else 'a field'} is written twice: one of the two is lost without a word",
                "merge them, or make two items of a list",
            )


@check(
    "except-outside",
    Severity.ERROR,
    "An except is not within its cidr, or is all of it: it excepts nothing, or everything.",
)
def except_outside(review: Review) -> Iterator[Found]:
    """Exceptions that validation refuses for their place."""
    for one in review.policies:
        blocks = [peer.written.ip_block for rule in one.rules for peer in rule.peers]
        if any(block is not None and block.except_ for block in blocks):
            for error in errors(one.object):
                if _is_except(error.path) and "strict subset" in error.detail:
                    yield Found(
                        one.object,
                        error.path,
                        f"except {error.value.strip(chr(34))} is not a smaller part of its cidr",
                        "the API server refuses the policy",
                    )


def _is_except(path: Path) -> bool:
    return path[-2:-1] == ("except",)


CHECKS: tuple[Check, ...] = (duplicate_field, except_outside)
