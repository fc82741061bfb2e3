"""What became of assertions, for people, programs and CI: text, JSON (version 1, see docs/assertions.md) and JUnit XML.

Pure: facts in, text out. Places of rules come from whoever has read them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import groupby
from typing import Final, Literal
from xml.sax.saxutils import escape, quoteattr

import msgspec

from haechi.analysis.assertions import AssertionOutcome, Judgement, Violation
from haechi.cli.lab.wording import counted
from haechi.cli.terminal import Style, Terminal
from haechi.model import Location, PolicyKey, RuleRef, printable

VERSION: Final = 1
Output = Literal["text", "json", "junit"]
Places = Callable[[PolicyKey, str], Location | None]
"""Where a field of a policy is written; `""` is the policy itself."""


def write(terminal: Terminal, judgement: Judgement, places: Places, output: Output) -> None:
    """Write a judgement in one of the three forms."""
    if output == "text":
        _write_text(terminal, judgement, places)
    else:
        terminal.write(as_json(judgement, places) if output == "json" else as_junit(judgement, places))
    terminal.stream.flush()


# -- text ----------------------------------------------------------------------------------------------------------


def _write_text(terminal: Terminal, judgement: Judgement, places: Places) -> None:
    for outcome in judgement.outcomes:
        mark = terminal.paint("ok  ", Style.GREEN) if outcome.holds else terminal.paint("FAIL", Style.RED)
        terminal.write(f"{mark}  ")
        terminal.line(f"{outcome.suite}: {outcome.title} ({outcome.location})")
        for line in reasons(outcome, places):
            terminal.line(f"      {line}")
    rules, silent = judgement.rules, judgement.unexercised
    terminal.line()
    for key in silent:
        terminal.line(f"not exercised: {_rule(key, places)}")
    failed = len(judgement.failures)
    sums = [counted(len(judgement.outcomes), "assertion"), f"{failed} failed" if failed else "all hold"]
    if rules:
        sums.append(f"{len(rules) - len(silent)} of {counted(len(rules), 'rule')} exercised")
    terminal.line(", ".join(sums))


def reasons(outcome: AssertionOutcome, places: Places) -> Iterator[str]:
    """Why an assertion does not hold, line by line; what means nobody is told even where that is allowed."""
    for words in outcome.empty:
        yield f"asserts nothing: {words}"
    for violation in outcome.violations:
        is_, must = ("allowed", "denied") if violation.allowed else ("denied", "allowed")
        yield f"{violation.source} → {violation.destination} on {violation.ports}: {is_}, must be {must}"
        for line in deciders(violation, places):
            yield f"    {line}"
    if outcome.has_more:
        yield "and more pairs like these"


def deciders(violation: Violation, places: Places) -> Iterator[str]:
    """Which policies and rules decide a pair."""
    verdict = violation.verdict
    if violation.allowed:
        for key in violation.rules:
            yield f"{key.direction.lower()} allowed by {_rule(key, places)}"
        if not violation.rules:
            yield "no policy restricts it" if verdict.allowed else "policies deny it"
        return
    for word, side in (("egress", verdict.egress), ("ingress", verdict.ingress)):
        if not side.allowed:
            policies = [f"{key}{_at(places(key, ''))}" for key in side.policies]
            yield f"{word} denied: {', '.join(policies) or 'several pods claim one of the addresses'}"
    if verdict.allowed:
        yield "policies allow it"


def _rule(key: RuleRef, places: Places) -> str:
    return f"{key.policy} {key.path}{_at(places(key.policy, key.path))}"


def _at(place: Location | None) -> str:
    return "" if place is None else f" ({place})"


# -- JSON ----------------------------------------------------------------------------------------------------------


class PlaceOut(msgspec.Struct, frozen=True):
    """Line and column count from 1."""

    file: str
    line: int
    column: int


class RuleOut(msgspec.Struct, frozen=True):
    """A rule: `policy` is namespace/name, `path` as in API errors."""

    policy: str
    path: str
    place: PlaceOut | None


class PortsOut(msgspec.Struct, frozen=True):
    """A range of ports; `protocol` is the IP protocol number."""

    protocol: int
    first: int
    last: int


class DifferenceOut(msgspec.Struct, frozen=True):
    """A pair that does otherwise than was asserted. Names are empty for outside addresses."""

    source: str
    source_addresses: str
    destination: str
    destination_addresses: str
    ports: list[PortsOut]
    allowed: bool
    egress_policies: list[str]
    ingress_policies: list[str]
    rules: list[RuleOut]


class AssertionOut(msgspec.Struct, frozen=True):
    """One assertion."""

    test: str
    name: str
    place: PlaceOut
    holds: bool
    empty: list[str]
    violations: list[DifferenceOut]
    more: bool


class JudgementOut(msgspec.Struct, frozen=True):
    """The document."""

    version: Literal[1]
    assertions: list[AssertionOut]
    failed: int
    rules: int
    unexercised: list[RuleOut]


def as_json(judgement: Judgement, places: Places) -> str:
    """A judgement as JSON text."""
    document = JudgementOut(
        VERSION,
        [_assertion_out(outcome, places) for outcome in judgement.outcomes],
        len(judgement.failures),
        len(judgement.rules),
        [_rule_out(key, places) for key in judgement.unexercised],
    )
    return msgspec.json.format(msgspec.json.encode(document), indent=1).decode() + "\n"


def _assertion_out(outcome: AssertionOutcome, places: Places) -> AssertionOut:
    return AssertionOut(
        outcome.suite,
        outcome.title,
        _place_out(outcome.location),
        outcome.holds,
        list(outcome.empty),
        [_difference_out(violation, places) for violation in outcome.violations],
        outcome.has_more,
    )


def _difference_out(one: Violation, places: Places) -> DifferenceOut:
    return DifferenceOut(
        one.source.name,
        str(one.source.addresses),
        one.destination.name,
        str(one.destination.addresses),
        [PortsOut(protocol, first, last) for protocol, first, last in one.ports.parts()],
        one.allowed,
        [str(key) for key in one.verdict.egress.policies],
        [str(key) for key in one.verdict.ingress.policies],
        [_rule_out(key, places) for key in one.rules],
    )


def _rule_out(key: RuleRef, places: Places) -> RuleOut:
    place = places(key.policy, key.path)
    return RuleOut(str(key.policy), key.path, None if place is None else _place_out(place))


def _place_out(place: Location) -> PlaceOut:
    return PlaceOut(place.file, place.line, place.column)


# -- JUnit ---------------------------------------------------------------------------------------------------------


def as_junit(judgement: Judgement, places: Places) -> str:
    """A judgement as JUnit XML: a suite for each test, a case for each assertion, coverage as its output."""
    totals = f'tests="{len(judgement.outcomes)}" failures="{len(judgement.failures)}" errors="0"'
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f'<testsuites name="haechi test" {totals}>']
    for name, outcomes in groupby(judgement.outcomes, key=lambda outcome: outcome.suite):
        lines += _suite(name, list(outcomes), places)
    if judgement.unexercised:
        lines.append('  <testsuite name="coverage" tests="0" failures="0" errors="0">')
        silent = [f"not exercised: {_rule(key, places)}" for key in judgement.unexercised]
        lines += ["    <system-out>" + _text(silent) + "</system-out>", "  </testsuite>"]
    return "\n".join([*lines, "</testsuites>", ""])


def _suite(name: str, outcomes: list[AssertionOutcome], places: Places) -> Iterator[str]:
    failed = sum(not outcome.holds for outcome in outcomes)
    yield f'  <testsuite name={_attribute(name)} tests="{len(outcomes)}" failures="{failed}" errors="0">'
    for outcome in outcomes:
        place = outcome.location
        where = f'file={_attribute(place.file)} line="{place.line}"'
        case = f"    <testcase classname={_attribute(name)} name={_attribute(outcome.title)} {where}"
        if outcome.holds:
            yield f"{case}/>"
            continue
        lines = list(reasons(outcome, places))
        yield f"{case}>"
        yield f'      <failure type="assertion" message={_attribute(lines[0])}>{_text(lines)}</failure>'
        yield "    </testcase>"
    yield "  </testsuite>"


def _attribute(text: str) -> str:
    return quoteattr(printable(text))


def _text(lines: list[str]) -> str:
    return escape("\n".join(printable(line) for line in lines))
