"""A lab report as a table for people: what is allowed between whom, whether the packets agree, and what that means.

The table of a terminal is as wide as its window and folds long cells; elsewhere no line is folded. Equal reports give
equal text, but for the seconds that the run took.
"""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from haechi.cli import wording
from haechi.cli.outcomes import Group, Line, groups
from haechi.cli.terminal import Style, Terminal
from haechi.lab.report import Report
from haechi.model import printable
from haechi.model.verdict import PolicyKey

MAX_MISMATCHES = 30
_WIDE = 100_000  # columns: nothing is folded
_NARROW = 40  # columns: below, a table cannot be read anyway


def write_table(terminal: Terminal, report: Report, chosen: bool) -> None:
    """The whole answer: table, isolation, mismatches, notes, legend and sum.

    Args:
        terminal: where to.
        report: what was found.
        chosen: whether the ports were chosen by the caller.
    """
    found = groups(report.rows, report.words)
    terminal.write(_table(terminal, found))
    terminal.line()
    for line in isolation(report):
        terminal.line(line)
    if report.mismatches:
        terminal.line()
        for line in _mismatches(report):
            terminal.line(line, Style.RED)
    terminal.line()
    for line in legend(report, chosen):
        terminal.line(line, Style.DIM)
    for note in report.notes:
        terminal.line(f"Note: {note}.", Style.YELLOW)
    terminal.line()
    terminal.line(summary(report), Style.RED if report.mismatches else Style.GREEN)


def summary(report: Report) -> str:
    """How many questions were asked, and whether kernel and policies agree."""
    versions = wording.joined([f"IPv{version}" for version in sorted({row.family for row in report.rows})])
    asked = f"{wording.counted(len(report.rows), 'connection')} tried over {versions} in {report.seconds:.1f} seconds"
    wrong = len(report.mismatches)
    return f"{asked}: {f'{wrong} NOT as the policies say' if wrong else 'all as the policies say'}."


def _table(terminal: Terminal, found: tuple[Group, ...]) -> str:
    everyone = sorted({name for group in found for line in group.lines for name in line.sources})
    places = sorted({name for group in found for name in group.destinations})
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for title in ("FROM", "TO", "ALLOWED", "DENIED", "RESULT", "WHY"):
        table.add_column(title, overflow="fold")
    for group in found:
        to = wording.names(group.destinations, places)
        for line in group.lines:
            allowed, denied = wording.allowed_and_denied(line.answers)
            cells = (wording.sources(line, group, everyone), to, allowed, denied)
            why = wording.reason(group, line)
            table.add_row(*map(_cell, cells), _result(line), _cell(why))
    return _rendered(terminal, table)


def _cell(text: str) -> Text:
    return Text(printable(text))


def _result(line: Line) -> Text:
    wrong = sum(not answer.as_expected for _, _, answer in line.answers)
    return Text("MISMATCH", style="bold red") if wrong else Text("as expected", style="green")


def _rendered(terminal: Terminal, table: Table) -> str:
    text = StringIO()
    width = _WIDE if terminal.width is None else max(terminal.width, _NARROW)
    console = Console(
        file=text,
        width=width,
        force_terminal=terminal.colours,
        color_system="standard" if terminal.colours else None,
        legacy_windows=False,
    )
    console.print(table)
    return "".join(f"{line.rstrip()}\n" for line in text.getvalue().splitlines())


# -- in words ------------------------------------------------------------------------------------------------------------


def isolation(report: Report) -> Iterator[str]:
    """Who is isolated by what, in whole sentences; everyone else in one."""
    sends: dict[str, set[PolicyKey]] = {}
    receives: dict[str, set[PolicyKey]] = {}
    for row in report.rows:
        sends.setdefault(row.source, set()).update(row.expected.egress.policies)
        receives.setdefault(row.destination, set()).update(row.expected.ingress.policies)
    pods = sorted(name for name in {*sends, *receives} if name not in report.words)
    alike: dict[tuple[tuple[PolicyKey, ...], tuple[PolicyKey, ...]], list[str]] = {}
    for name in pods:
        key = tuple(sorted(receives.get(name, ()))), tuple(sorted(sends.get(name, ())))
        alike.setdefault(key, []).append(name)
    open_pods = alike.pop(((), ()), [])
    for (ingress, egress), some in alike.items():
        yield _sentence(wording.names(some, pods), len(some) > 1, ingress, egress)
    if open_pods:
        who = "all pods" if not alike else wording.names(open_pods, pods)
        yield f"No policy selects {who}: open to everything that the other end allows."


def _sentence(who: str, several: bool, ingress: tuple[PolicyKey, ...], egress: tuple[PolicyKey, ...]) -> str:
    receive, send = ("receive", "send") if several else ("receives", "sends")
    if ingress == egress:
        return f"{who} {receive} and {send} only what {_allow(ingress)}."
    parts = []
    if ingress:
        parts.append(f"{receive} only what {_allow(ingress)}")
    if egress:
        parts.append(f"{send} only what {_allow(egress)}")
    return f"{who} {' and '.join(parts)}."


def _allow(keys: tuple[PolicyKey, ...]) -> str:
    many = len(keys) > 1
    return f"{'policies' if many else 'policy'} {wording.policies(keys, 5)} {'allow' if many else 'allows'}"


def _mismatches(report: Report) -> Iterator[str]:
    for row in report.mismatches[:MAX_MISMATCHES]:
        says, shows = wording.verdict(row.expected), wording.packets(row.arrived, row.replied)
        where = f"{row.source} → {row.destination} over IPv{row.family}, {row.protocol} {row.port}"
        yield f"MISMATCH {where}: policies say {says}, packets say {shows}"
    more = len(report.mismatches) - MAX_MISMATCHES
    if more > 0:
        yield f"and {more} more; -o json lists all"


def legend(report: Report, chosen: bool) -> Iterator[str]:
    """How to read the table, and who is in it."""
    numbers = sorted({row.port for row in report.rows})
    protocols = [word for word in ("TCP", "UDP", "SCTP") if any(row.protocol == word for row in report.rows)]
    why = "" if chosen else " (all that a policy or container names, and one that nobody does)"
    yield f"Everything means {wording.joined(protocols)} on {_ports(numbers)}{why}."
    yield "ALLOWED and DENIED are what the policies say; RESULT compares it with what packets did."
    places = [f"{wording.counted(len(pods), 'pod')} on {node}" for node, pods in report.nodes.items()]
    yield f"The lab had {wording.joined(places)}."
    hosts: dict[str, list[str]] = {}
    for name, words in report.words.items():
        hosts.setdefault(words, []).append(name)
    for words, some in hosts.items():
        several = len(some) > 1
        yield f"{wording.joined(some)} {'are' if several else 'is'} {_plural(words) if several else words}."


def _ports(numbers: list[int]) -> str:
    return f"{'ports' if len(numbers) > 1 else 'port'} {wording.joined([str(number) for number in numbers])}"


def _plural(words: str) -> str:
    return "outside hosts" if words == "an outside host" else words
