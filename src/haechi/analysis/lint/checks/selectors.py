"""Checks of selectors by themselves: what they ask for, whatever pods there are.

Judged by `haechi.select` in canonical form, so what is told here holds in every cluster.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from haechi.analysis.lint.check import Check, Found, check
from haechi.analysis.lint.facts import Review, WrittenPolicy, WrittenSelector
from haechi.analysis.lint.finding import Fix, Severity
from haechi.model import Edit, LabelSelector, Path
from haechi.select import EVERYTHING, Requirement, Selector, SelectorOperator

MOST_EXPRESSIONS = 32
"""Expressions of one selector that are compared with each other; longer lists are left alone."""

_UNSTABLE = frozenset(
    {
        "pod-template-hash",
        "controller-revision-hash",
        "pod-template-generation",
        "controller-uid",
        "batch.kubernetes.io/controller-uid",
    }
)
_JOB_NAMES = frozenset({"job-name", "batch.kubernetes.io/job-name"})
_RUN = re.compile(r"-\d{8,}$")  # a CronJob's run: its name and the minute


class _Part(NamedTuple):
    """One requirement of a selector, at its place."""

    path: Path
    requirement: Requirement
    expression: int | None = None  # its number in matchExpressions


def _parts(one: WrittenSelector) -> list[_Part]:
    found = [
        _Part((*one.path, "matchLabels", key), Requirement(key, SelectorOperator.IN, (value,)))
        for key, value in one.written.match_labels.items()
    ]
    for number, expression in enumerate(one.written.match_expressions):
        for each in Selector.parse(LabelSelector(match_expressions=(expression,))).requirements:
            found.append(_Part((*one.path, "matchExpressions", number), each, number))
    return found


def _all(parts: Sequence[_Part]) -> Selector:
    return Selector.all_of(part.requirement for part in parts)


def _selectors(review: Review) -> Iterator[tuple[WrittenPolicy, WrittenSelector]]:
    for policy in review.policies:
        for one in review.selectors(policy):
            yield policy, one


@check(
    "contradictory-selector",
    Severity.ERROR,
    "A selector asks for what no labels can be, so it means nothing and never will.",
)
def contradictory_selector(review: Review) -> Iterator[Found]:
    """Requirements of one selector that exclude each other."""
    for policy, one in _selectors(review):
        if one.selector.contradictory:
            part, other = _contradiction(_parts(one))
            what = "namespace" if one.of_namespaces else "pod"
            rest = str(other.requirement) if other else f"all else that is asked of {part.requirement.key}"
            effect = "the policy selects nothing" if one.peer is None else "this item allows nothing"
            yield Found(
                policy.object,
                part.path,
                f"no {what} can meet {part.requirement} and {rest}, so {effect}",
                "delete one of them",
            )


def _contradiction(parts: Sequence[_Part]) -> tuple[_Part, _Part | None]:
    """The first part that cannot be met with those before it, and the one of them that is enough for that."""
    before: dict[str, list[_Part]] = {}
    known: dict[str, Selector] = {}
    for part in parts:
        key = part.requirement.key
        known[key] = Selector.all_of([*known.get(key, EVERYTHING).requirements, part.requirement])
        if known[key].contradictory:
            return part, next((other for other in before[key] if _all((other, part)).contradictory), None)
        before.setdefault(key, []).append(part)
    raise AssertionError("the selector is contradictory")


@check(
    "redundant-expression",
    Severity.WARNING,
    "An expression of a selector says what the rest of it says already.",
)
def redundant_expression(review: Review) -> Iterator[Found]:
    """Expressions without which the selector is the same."""
    for policy, one in _selectors(review):
        if one.selector.contradictory or not 0 < len(one.written.match_expressions) <= MOST_EXPRESSIONS:
            continue
        path = (*one.path, "matchExpressions")
        for part, implied_by in _redundant(_parts(one)):
            alone = len(one.written.match_expressions) == 1
            edit = Edit(path if alone else (*path, part.expression or 0))
            yield Found(
                policy.object,
                part.path,
                f"{part.requirement} says nothing more than {implied_by or 'the rest of the selector'}",
                "delete the expression",
                Fix("delete the expression", (edit,)),
            )


def _redundant(parts: Sequence[_Part]) -> Iterator[tuple[_Part, Requirement | None]]:
    """Expressions that can all go at once, last ones first, each with a requirement that stays and implies it."""
    kept: dict[str, list[_Part]] = {}
    for part in parts:
        kept.setdefault(part.requirement.key, []).append(part)
    for same in kept.values():
        whole = _all(same)
        gone: list[_Part] = []
        for part in reversed(same[:]):
            rest = [other for other in same if other is not part]
            if part.expression is not None and rest and _all(rest) == whole:
                same.remove(part)
                gone.append(part)
        for part in gone:
            yield part, next((other.requirement for other in same if _implies(other, part)), None)


def _implies(one: _Part, other: _Part) -> bool:
    return _all((one, other)) == _all((one,))


@check(
    "unstable-label",
    Severity.WARNING,
    "A selector asks for a label whose value a controller changes by itself.",
)
def unstable_label(review: Review) -> Iterator[Found]:
    """Values of labels that are others after the next rollout, or the next run."""
    for policy, one in _selectors(review):
        if one.of_namespaces or not any(map(_is_unstable, one.selector.requirements)):
            continue
        for part in _parts(one):
            if _is_unstable(part.requirement):
                run = part.requirement.key in _JOB_NAMES
                when = "the next run of the CronJob" if run else "the next rollout"
                yield Found(
                    policy.object,
                    part.path,
                    f"{part.requirement}: the value of this label is another one after {when}",
                    "select by labels of the pod template",
                )


def _is_unstable(requirement: Requirement) -> bool:
    if requirement.key in _UNSTABLE:
        return bool(requirement.values)
    return requirement.key in _JOB_NAMES and any(map(_RUN.search, requirement.values))


CHECKS: tuple[Check, ...] = (contradictory_selector, redundant_expression, unstable_label)
