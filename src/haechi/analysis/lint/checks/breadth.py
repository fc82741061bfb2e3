"""Checks of the breadth of selectors: everything that exists, or only a part of a workload.

They depend on the pods that exist right now, so they run on request only.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from haechi.analysis.lint.check import Check, Diagnostic, check
from haechi.analysis.lint.facts import Review, WrittenPolicy, WrittenSelector
from haechi.analysis.lint.wording import name_list
from haechi.engine import PodSelection
from haechi.model import Severity
from haechi.select import EVERYTHING

MOST_NAMED = 100
"""Pods whose names are looked up for a message."""


@check(
    "selects-everything",
    Severity.NOTE,
    "A selector with requirements selects everything that exists right now.",
    on_request=True,
)
def selects_everything(review: Review) -> Iterator[Diagnostic]:
    """Selectors that select no less than `{}`."""
    for policy in review.policies:
        for one in review.selectors(policy):
            if one.selector != EVERYTHING and (what := _everything(review, policy, one)):
                yield Diagnostic(
                    policy.object,
                    one.path,
                    f"{one.selector} selects {what}",
                    "if this is intended, write {}, which also selects what is created later",
                )


def _everything(review: Review, policy: WrittenPolicy, one: WrittenSelector) -> str:
    """What a selector selects all of, in words; empty if it does not, or if that is only one."""
    inventory = review.inventory
    if one.of_namespaces:
        count = len(inventory.namespace_labels)
        return f"all {count} namespaces" if 1 < len(inventory.namespaces(one.selector)) == count else ""
    selection = one.peer.selection if one.peer is not None else policy.policy.subject
    assert selection is not None
    everyone = inventory.pods_in(selection.namespaces)
    if len(everyone) < 2 or review.pods(selection) != everyone:
        return ""
    return f"all {len(everyone)} pods in {name_list(inventory.namespaces(selection.namespaces))}"


@check(
    "partial-workload",
    Severity.NOTE,
    "The policy selects only some pods of a workload.",
    on_request=True,
)
def partial_workload(review: Review) -> Iterator[Diagnostic]:
    """Workloads of which a policy selects some pods and not the others."""
    known: dict[PodSelection, str] = {}
    for policy in review.policies:
        subject = policy.policy.subject
        if subject not in known:
            known[subject] = name_list(_partial(review, subject))
        if known[subject]:
            yield Diagnostic(
                policy.object,
                ("spec", "podSelector"),
                f"podSelector selects {known[subject]}",
                "select by labels that all pods of the workload have",
            )


def _partial(review: Review, subject: PodSelection) -> Iterator[str]:
    """The workloads of which only some pods are selected, in words."""
    selected = review.pods(subject)
    for owner, pods in review.inventory.workloads_of(selected) if subject.pods != EVERYTHING else ():
        outside = pods - selected
        if outside:
            names = name_list((one.key.name for one in review.endpoints(islice(outside, MOST_NAMED))), len(outside))
            yield f"{len(pods) - len(outside)} of {len(pods)} pods of {owner}, but not {names}"


CHECKS: tuple[Check, ...] = (selects_everything, partial_workload)
