"""Checks of selectors by themselves, whatever pods there are.

Selectors are compared in the canonical form of `haechi.select`, so the findings hold in every cluster.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from haechi.analysis.cluster import UNSTABLE_LABELS
from haechi.analysis.lint.check import Check, Diagnostic, check
from haechi.analysis.lint.facts import Review, WrittenSelector
from haechi.analysis.lint.finding import Fix
from haechi.model import Edit, LabelSelector, Path, Resource, Severity
from haechi.select import EVERYTHING, Requirement, Selector, SelectorOperator

MOST_EXPRESSIONS = 32
"""Expressions of one selector that are compared with each other; longer lists are skipped."""

_JOB_NAMES = frozenset({"job-name", "batch.kubernetes.io/job-name"})
_RUN = re.compile(r"-\d{8,}$")  # a Job of a CronJob: its name and the minute


class _WrittenRequirement(NamedTuple):
    """One requirement of a selector and its place."""

    path: Path
    requirement: Requirement
    expression: int | None = None  # its index in matchExpressions


def _requirements(one: WrittenSelector) -> list[_WrittenRequirement]:
    found = [
        _WrittenRequirement((*one.path, "matchLabels", key), Requirement(key, SelectorOperator.IN, (value,)))
        for key, value in one.written.match_labels.items()
    ]
    for number, expression in enumerate(one.written.match_expressions):
        for each in Selector.parse(LabelSelector(match_expressions=(expression,))).requirements:
            found.append(_WrittenRequirement((*one.path, "matchExpressions", number), each, number))
    return found


def _all(written: Sequence[_WrittenRequirement]) -> Selector:
    return Selector.all_of(one.requirement for one in written)


def _selectors(review: Review) -> Iterator[tuple[Resource, WrittenSelector]]:
    for policy in review.policies:
        for one in review.selectors(policy):
            yield policy.object, one
    for ordered in review.tier_policies:
        for one in review.tier_selectors(ordered):
            yield ordered.object, one


@check(
    "contradictory-selector",
    Severity.ERROR,
    "The requirements of a selector contradict each other, so it never selects anything.",
)
def contradictory_selector(review: Review) -> Iterator[Diagnostic]:
    """Requirements of one selector that exclude each other."""
    for owner, one in _selectors(review):
        if one.selector.contradictory:
            part, other = _contradiction(_requirements(one))
            what = "node" if one.path[-1] == "nodes" else "namespace" if one.of_namespaces else "pod"
            rest = str(other.requirement) if other else f"all other requirements on {part.requirement.key}"
            effect = "this item allows nothing" if one.peer is not None else "this item matches nothing"
            effect = "the policy selects nothing" if one.is_subject else effect
            yield Diagnostic(
                owner,
                part.path,
                f"no {what} can match {part.requirement} and {rest}, so {effect}",
                "delete one of them",
            )


def _contradiction(written: Sequence[_WrittenRequirement]) -> tuple[_WrittenRequirement, _WrittenRequirement | None]:
    """The first requirement that contradicts those before it, and the single one of them that it contradicts."""
    before: dict[str, list[_WrittenRequirement]] = {}
    known: dict[str, Selector] = {}
    for part in written:
        key = part.requirement.key
        known[key] = Selector.all_of([*known.get(key, EVERYTHING).requirements, part.requirement])
        if known[key].contradictory:
            return part, next((other for other in before[key] if _all((other, part)).contradictory), None)
        before.setdefault(key, []).append(part)
    raise AssertionError("the selector is contradictory")


@check(
    "redundant-expression",
    Severity.WARNING,
    "An expression of a selector is implied by the rest of it.",
)
def redundant_expression(review: Review) -> Iterator[Diagnostic]:
    """Expressions without which the selector is the same."""
    for owner, one in _selectors(review):
        if one.selector.contradictory or not 0 < len(one.written.match_expressions) <= MOST_EXPRESSIONS:
            continue
        path = (*one.path, "matchExpressions")
        for part, implied_by in _redundant(_requirements(one)):
            alone = len(one.written.match_expressions) == 1
            edit = Edit(path if alone else (*path, part.expression or 0))
            yield Diagnostic(
                owner,
                part.path,
                f"{part.requirement} is implied by {implied_by or 'the rest of the selector'}",
                "delete the expression",
                Fix("delete the expression", (edit,)),
            )


def _redundant(written: Sequence[_WrittenRequirement]) -> Iterator[tuple[_WrittenRequirement, Requirement | None]]:
    """Expressions that can all be deleted at once, of equal ones the last, each with a requirement that implies it."""
    by_key: dict[str, list[_WrittenRequirement]] = {}
    for part in written:
        by_key.setdefault(part.requirement.key, []).append(part)
    for same in by_key.values():
        whole = _all(same)
        redundant: list[_WrittenRequirement] = []
        for part in reversed(same[:]):
            rest = [other for other in same if other is not part]
            if part.expression is not None and rest and _all(rest) == whole:
                same.remove(part)
                redundant.append(part)
        for part in redundant:
            yield part, next((other.requirement for other in same if _implies(other, part)), None)


def _implies(one: _WrittenRequirement, other: _WrittenRequirement) -> bool:
    return _all((one, other)) == _all((one,))


@check(
    "unstable-label",
    Severity.WARNING,
    "A selector requires a label whose value a controller changes.",
)
def unstable_label(review: Review) -> Iterator[Diagnostic]:
    """Labels whose values change with the next rollout, or the next run of a CronJob."""
    for owner, one in _selectors(review):
        if one.of_namespaces or not any(map(_is_unstable, one.selector.requirements)):
            continue
        for part in _requirements(one):
            if _is_unstable(part.requirement):
                run = part.requirement.key in _JOB_NAMES
                when = "the next run of the CronJob" if run else "the next rollout"
                yield Diagnostic(
                    owner,
                    part.path,
                    f"{part.requirement}: the value of this label changes with {when}",
                    "select by labels of the pod template",
                )


def _is_unstable(requirement: Requirement) -> bool:
    if requirement.key in UNSTABLE_LABELS:
        return bool(requirement.values)
    return requirement.key in _JOB_NAMES and any(map(_RUN.search, requirement.values))


CHECKS: tuple[Check, ...] = (contradictory_selector, redundant_expression, unstable_label)
