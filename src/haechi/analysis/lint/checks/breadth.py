"""Checks of how far selectors reach: everything there is, or a part of what belongs together.

They tell of the pods that the input has now, so they run on request only.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from haechi.analysis.lint.check import Check, Found, check
from haechi.analysis.lint.facts import Review, WrittenPolicy, WrittenSelector
from haechi.analysis.lint.finding import Severity
from haechi.analysis.lint.wording import several
from haechi.engine import PodSelection
from haechi.select import EVERYTHING

MOST_NAMED = 100
"""Pods of which the first names are told."""


@check(
    "selects-everything",
    Severity.NOTE,
    "A selector with requirements selects everything that is there now.",
    on_request=True,
)
def selects_everything(review: Review) -> Iterator[Found]:
    """Selectors that could be empty and would mean the same today."""
    for policy in review.policies:
        for one in review.selectors(policy):
            if one.selector != EVERYTHING and (what := _everything(review, policy, one)):
                yield Found(
                    policy.object,
                    one.path,
                    f"{one.selector} selects {what}",
                    "if that is meant, {} says it, also of those to come",
                )


def _everything(review: Review, policy: WrittenPolicy, one: WrittenSelector) -> str:
    """What a selector selects all of, if it is two or more; else empty."""
    population = review.population
    if one.of_namespaces:
        count = len(population.labels)
        return f"all {count} namespaces" if 1 < len(population.namespaces(one.selector)) == count else ""
    selection = one.peer.selection if one.peer is not None else policy.policy.subject
    assert selection is not None
    everyone = population.within(selection.namespaces)
    if len(everyone) < 2 or review.pods(selection) != everyone:
        return ""
    return f"all {len(everyone)} pods of {several(population.namespaces(selection.namespaces))}"


@check(
    "partial-workload",
    Severity.NOTE,
    "The policy selects some pods of a workload and not its others.",
    on_request=True,
)
def partial_workload(review: Review) -> Iterator[Found]:
    """Workloads that a policy cuts in two."""
    known: dict[PodSelection, str] = {}
    for policy in review.policies:
        subject = policy.policy.subject
        if subject not in known:
            known[subject] = several(_cut(review, subject))
        if known[subject]:
            yield Found(
                policy.object,
                ("spec", "podSelector"),
                f"podSelector selects {known[subject]}",
                "select by labels that all pods of the workload have",
            )


def _cut(review: Review, subject: PodSelection) -> Iterator[str]:
    """In words, the workloads of which some pods are selected and some are not."""
    selected = review.pods(subject)
    for owner, pods in review.population.workloads_of(selected) if subject.pods != EVERYTHING else ():
        outside = pods - selected
        if outside:
            names = several((one.key.name for one in review.endpoints(islice(outside, MOST_NAMED))), len(outside))
            yield f"{len(pods) - len(outside)} of {len(pods)} pods of {owner}, not {names}"


CHECKS: tuple[Check, ...] = (selects_everything, partial_workload)
