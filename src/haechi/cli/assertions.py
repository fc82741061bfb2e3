"""What became of assertions, for `haechi test` and `haechi lab run --tests`: text, JSON and JUnit XML."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from haechi.cli.terminal import Style, Terminal, folded
from haechi.cli.wording import counted
from haechi.report import assertion_reasons, assertions_json, assertions_junit, rule_text

if TYPE_CHECKING:
    from haechi.analysis.assertions import Judgement
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


def _write_text(terminal: Terminal, judgement: Judgement, places: Places) -> None:
    width = terminal.of_tables.width
    for outcome in judgement.outcomes:
        mark = terminal.paint("ok  ", Style.GREEN) if outcome.holds else terminal.paint("FAIL", Style.RED)
        title = folded(f"{outcome.suite}: {outcome.title} ({outcome.location})", width, "      ")
        terminal.write(f"{mark}{title[4:]}")
        for line in assertion_reasons(outcome, places):
            terminal.write(folded(line, width, "      "))
    rules, unexercised = judgement.rules, judgement.unexercised
    terminal.line()
    for rule in unexercised:
        terminal.write(folded(f"not exercised: {rule_text(rule, places)}", width))
    failed = len(judgement.failures)
    parts = [counted(len(judgement.outcomes), "assertion"), f"{failed} failed" if failed else "all hold"]
    if rules:
        parts.append(f"{len(rules) - len(unexercised)} of {counted(len(rules), 'rule')} exercised")
    terminal.line(", ".join(parts))
