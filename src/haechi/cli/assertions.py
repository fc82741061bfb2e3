"""What became of assertions, for `haechi test` and `haechi lab run --tests`: text, JSON and JUnit XML."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Literal

from haechi.cli.rows import Line, grouped, outside_texts
from haechi.cli.terminal import Style, Terminal, folded
from haechi.cli.wording import counted, first_names
from haechi.report import assertions_json, assertions_junit, rule_text, violation_reasons

if TYPE_CHECKING:
    from haechi.analysis.assertions import AssertionOutcome, Judgement, NamedEnd
    from haechi.report import Basis, Places

Output = Literal["text", "json", "junit"]


def write(terminal: Terminal, judgement: Judgement, places: Places, output: Output, basis: Callable[[], Basis]) -> None:
    """Write a judgement in one of the three forms; `basis` is not asked for text."""
    if output == "text":
        _write_text(terminal, judgement, places)
    elif output == "json":
        terminal.write(assertions_json(judgement, places, basis()))
    else:
        terminal.write(assertions_junit(judgement, places, basis()))
    terminal.stream.flush()


def _reasons(outcome: AssertionOutcome, places: Places) -> Iterator[str]:
    """Why an assertion does not hold; pairs with the same reasons together, and outside addresses first of them."""
    yield from (f"asserts nothing: {words}" for words in outcome.empty)
    pairs: dict[tuple[str, ...], list[Line]] = {}
    for one in outcome.violations:
        reasons = tuple(violation_reasons(one, places))
        pairs.setdefault(reasons, []).append(Line(_end(one.source), _end(one.destination), reasons[0]))
    for reasons, lines in pairs.items():
        for row in grouped(sorted(lines, key=lambda line: ("/" in line.source, "/" in line.destination))):
            to = first_names(row.destinations) if row.destinations else "each other"
            yield f"{first_names(row.sources)} → {to} {row.rest}"
        yield from (f" {line}" for line in reasons[1:])
    if outcome.has_more:
        yield "and more pairs like these"


def _end(one: NamedEnd) -> str:
    return one.name or ", ".join(outside_texts(one.addresses))


def _write_text(terminal: Terminal, judgement: Judgement, places: Places) -> None:
    width = terminal.of_tables.width
    for outcome in judgement.outcomes:
        mark = terminal.paint("ok  ", Style.GREEN) if outcome.holds else terminal.paint("FAIL", Style.RED)
        title = folded(f"{outcome.suite}: {outcome.title} ({outcome.location})", width, "      ")
        terminal.write(f"{mark}{title[4:]}")
        for line in _reasons(outcome, places):
            terminal.write(folded(line.strip(), width, "          " if line.startswith(" ") else "      "))
    rules, unexercised = judgement.rules, judgement.unexercised
    terminal.line()
    for rule in unexercised:
        terminal.write(folded(f"not exercised: {rule_text(rule, places)}", width))
    failed = len(judgement.failures)
    parts = [counted(len(judgement.outcomes), "assertion"), f"{failed} failed" if failed else "all hold"]
    if rules:
        parts.append(f"{len(rules) - len(unexercised)} of {counted(len(rules), 'rule')} exercised")
    if judgement.uncounted:
        parts.append(f"{counted(judgement.uncounted, 'rule')} of tiers not counted")
    terminal.line(", ".join(parts))
