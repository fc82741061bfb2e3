"""Findings for people: each with an excerpt of its source, or on one line."""

from __future__ import annotations

from collections.abc import Iterable

from haechi.analysis.lint import Finding
from haechi.cli.excerpt import Excerpts
from haechi.cli.terminal import Style, Terminal
from haechi.model import Severity, Source, printable, shortened

_STYLES = {Severity.ERROR: Style.RED, Severity.WARNING: Style.YELLOW, Severity.NOTE: Style.DIM}


def write_concise(terminal: Terminal, findings: Iterable[Finding]) -> None:
    """A line for each finding, as editors and grep expect it: `file:line:column: severity: …`."""
    for one in findings:
        place = "" if one.location is None else f"{one.location}: "
        hint = f" ({one.hint})" if one.hint else ""
        severity = terminal.paint(f"{one.severity}:", _STYLES[one.severity])
        words = printable(f"{shortened(f'{one.subject}: {one.message}{hint}')} [{one.code}]")
        terminal.write(f"{printable(place)}{severity} {words}\n")
    terminal.stream.flush()


def write_full(terminal: Terminal, findings: Iterable[Finding], sources: Iterable[Source]) -> None:
    """What is wrong, where, an excerpt of the source, and what to do; an empty line after each finding."""
    excerpts = Excerpts(sources)
    for one in findings:
        style = _STYLES[one.severity]
        terminal.write(terminal.paint(f"{one.severity}[{one.code}]", style))
        terminal.line(f": {one.subject}: {one.message}")
        excerpt = None if one.location is None else excerpts.of(one.location)
        margin = " " * (1 if excerpt is None else excerpt.gutter)
        if one.location is not None:
            terminal.line(f"{margin}--> {one.location}")
        if excerpt is not None:
            excerpt.write(terminal, style)
        if one.hint:
            terminal.line(f"{margin} = help: {one.hint}")
        if one.fix is not None:
            terminal.line(f"{margin} = fix: {one.fix.description} (--fix)")
        terminal.line()
    terminal.stream.flush()
