"""What became of assertions, as JSON and JUnit XML."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import TYPE_CHECKING, Literal

from haechi.model import AnyRuleRef, Location
from haechi.report.document import (
    API_VERSION,
    Basis,
    Document,
    JsonValue,
    ObjectReference,
    Places,
    PolicyField,
    PortRange,
    address_ranges,
    document_text,
    placed_rule,
    policy_reference,
    port_ranges_json,
)
from haechi.report.junit import JUnitCase, JUnitFailure, JUnitSuite, junit_text

if TYPE_CHECKING:
    from haechi.analysis.assertions import AssertionOutcome, Judgement, Violation


class ViolationJson(JsonValue, frozen=True):
    """A pair that does otherwise than was asserted. Names are empty for outside addresses.

    `allowed` is what packets do; the policies are those that isolate each end. `rules` are those that allow; of a
    denied pair, those of tiers that deny.
    """

    source: str
    source_addresses: list[str]
    destination: str
    destination_addresses: list[str]
    ports: list[PortRange]
    allowed: bool
    egress_policies: list[ObjectReference]
    ingress_policies: list[ObjectReference]
    rules: list[PolicyField]


class AssertionJson(JsonValue, frozen=True):
    """An assertion. `empty`: why it asserts nothing; `hasMore`: whether there are violations that are not listed."""

    test: str
    name: str
    location: Location
    holds: bool
    empty: list[str]
    violations: list[ViolationJson]
    has_more: bool


class AssertionSummary(JsonValue, frozen=True):
    """How many assertions there are and how many fail; how many rules of NetworkPolicies, and how many are exercised.

    Some assertion about a packet that passes exercises a rule. `uncounted` rules are those of tiers.
    """

    assertions: int
    failed: int
    rules: int
    exercised: int
    uncounted: int


class AssertionReport(Document, frozen=True):
    """All assertions, and the rules of NetworkPolicies that none of them exercises."""

    kind: Literal["AssertionReport"]
    assertions: list[AssertionJson]
    unexercised: list[PolicyField]
    summary: AssertionSummary


def assertions_json(judgement: Judgement, places: Places, basis: Basis) -> str:
    """A judgement as JSON text."""
    rules, unexercised = len(judgement.rules), judgement.unexercised
    return document_text(
        AssertionReport(
            API_VERSION,
            "AssertionReport",
            *basis,
            [_assertion(outcome, places) for outcome in judgement.outcomes],
            [placed_rule(ref, places) for ref in unexercised],
            AssertionSummary(
                len(judgement.outcomes),
                len(judgement.failures),
                rules,
                rules - len(unexercised),
                judgement.uncounted,
            ),
        )
    )


def _assertion(outcome: AssertionOutcome, places: Places) -> AssertionJson:
    return AssertionJson(
        outcome.suite,
        outcome.title,
        outcome.location,
        outcome.holds,
        list(outcome.empty),
        [_violation(violation, places) for violation in outcome.violations],
        outcome.has_more,
    )


def _violation(one: Violation, places: Places) -> ViolationJson:
    return ViolationJson(
        one.source.name,
        address_ranges(one.source.addresses),
        one.destination.name,
        address_ranges(one.destination.addresses),
        port_ranges_json(one.ports),
        one.allowed,
        [*map(policy_reference, one.verdict.egress.policies)],
        [*map(policy_reference, one.verdict.ingress.policies)],
        [placed_rule(ref, places) for ref in one.rules],
    )


# -- JUnit -------------------------------------------------------------------------------------------------------------


def assertions_junit(judgement: Judgement, places: Places, basis: Basis) -> str:
    """A judgement as JUnit XML: a suite for each test, a case for each assertion; coverage is output of the last."""
    suites = [
        JUnitSuite(name, tuple(_case(outcome, places) for outcome in outcomes))
        for name, outcomes in groupby(judgement.outcomes, key=lambda outcome: outcome.suite)
    ]
    unexercised = tuple(f"not exercised: {rule_text(ref, places)}" for ref in judgement.unexercised)
    if unexercised:
        suites.append(JUnitSuite("coverage", output=unexercised))
    return junit_text("haechi test", suites, basis)


def _case(outcome: AssertionOutcome, places: Places) -> JUnitCase:
    failure = None if outcome.holds else JUnitFailure("assertion", tuple(_reasons(outcome, places)))
    return JUnitCase(outcome.title, failure, outcome.location)


def _reasons(outcome: AssertionOutcome, places: Places) -> Iterator[str]:
    """Why an assertion does not hold, line by line; that it asserts nothing also where that is allowed."""
    for words in outcome.empty:
        yield f"asserts nothing: {words}"
    for violation in outcome.violations:
        words, *deciders = violation_reasons(violation, places)
        yield f"{violation.source} → {violation.destination} {words}"
        for line in deciders:
            yield f"    {line}"
    if outcome.has_more:
        yield "and more pairs like these"


def violation_reasons(violation: Violation, places: Places) -> Iterator[str]:
    """What is wrong with a pair, without its names, and which policies and rules decide it, line by line."""
    is_, must = ("allowed", "denied") if violation.allowed else ("denied", "allowed")
    yield f"on {violation.ports}: {is_}, must be {must}"
    yield from _deciders(violation, places)


def _deciders(violation: Violation, places: Places) -> Iterable[str]:
    """Which policies and rules decide a pair."""
    verdict = violation.verdict
    if violation.allowed:
        for ref in violation.rules:
            yield f"{ref.direction.lower()} allowed by {rule_text(ref, places)}"
        if not violation.rules:
            yield "no policy restricts it" if verdict.allowed else "policies deny it"
        return
    for word, side in (("egress", verdict.egress), ("ingress", verdict.ingress)):
        if side.tier_rule is not None and not side.allowed:
            yield f"{word} denied by {rule_text(side.tier_rule, places)}"
        elif not side.allowed:
            policies = [f"{key}{_at(places(key, ''))}" for key in side.policies]
            yield f"{word} denied: {', '.join(policies) or 'several pods claim one of the addresses'}"
    if verdict.allowed:
        yield "policies allow it"


def rule_text(ref: AnyRuleRef, places: Places) -> str:
    """`policy path (place)`."""
    return f"{ref.policy} {ref.path}{_at(places(ref.policy, ref.path))}"


def _at(place: Location | None) -> str:
    return "" if place is None else f" ({place})"
