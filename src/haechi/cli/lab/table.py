"""A lab report as a table for people: what is allowed between whom, whether the packets agree, and what that means.

A table for a terminal is as wide as its window and folds long cells between names; elsewhere nothing is folded. Equal
reports give equal text, but for the seconds that the run took.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest

from haechi.cli.lab import wording
from haechi.cli.lab.outcomes import Group, Line, groups
from haechi.cli.terminal import Style, Terminal, fold
from haechi.model import PolicyKey
from haechi.report import LabRun, mismatch_text
from haechi.verify import Proof

MAX_MISMATCHES = 30
TITLES = ("FROM", "ALLOWED", "DENIED", "DENIED BY", "RESULT")
_GAP = "  "
_RESULT = 4  # the column that is coloured
_Cells = tuple[str, str, str, str, str]


def write_table(terminal: Terminal, report: LabRun, chosen: bool) -> None:
    """The whole answer: table, isolation, mismatches, legend, notes and sum.

    Args:
        terminal: where to.
        report: what was found.
        chosen: whether the ports were chosen by the caller.
    """
    _write_groups(terminal, report)
    terminal.line()
    for sentence in isolation(report):
        terminal.paragraph(sentence)
    if report.mismatches:
        terminal.line()
        for sentence in mismatches(report):
            terminal.paragraph(sentence, Style.RED)
    terminal.line()
    for sentence in legend(report, chosen):
        terminal.paragraph(sentence, Style.DIM)
    for note in report.notes:
        terminal.paragraph(f"Note: {note}.", Style.YELLOW)
    terminal.line()
    terminal.paragraph(summary(report), Style.RED if report.mismatches else Style.GREEN)
    for proof in report.proofs:
        for sentence in proved(proof):
            terminal.paragraph(sentence, Style.GREEN if proof.holds else Style.RED)


# -- the table ---------------------------------------------------------------------------------------------------------


def _write_groups(terminal: Terminal, report: LabRun) -> None:
    found = groups(report.results, report.words)
    everyone = sorted(report.endpoints)
    pods = [name for name in everyone if name not in report.words]
    blocks = [
        (group, [_cells(group, line, pods if group.outside else everyone) for line in group.lines]) for group in found
    ]
    widths = _widths([TITLES, *(cells for _, some in blocks for cells in some)], terminal.width)
    terminal.line(_padded(TITLES, widths), Style.BOLD)
    for group, some in blocks:
        terminal.line()
        terminal.paragraph(_heading(group, everyone), Style.BOLD)
        for line, cells in zip(group.lines, some, strict=True):
            _write_cells(terminal, cells, widths, Style.GREEN if line.is_as_expected else Style.RED)


def _heading(group: Group, everyone: Sequence[str]) -> str:
    who = wording.names(group.destinations, everyone)
    if group.outside:
        return f"to {who}: outside"
    return f"to {who}: {f'isolated for ingress by {wording.policies(group.ingress)}' if group.ingress else 'open'}"


def _cells(group: Group, line: Line, senders: Sequence[str]) -> _Cells:
    allowed, denied = wording.allowed_and_denied(line.answers)
    result = "as expected" if line.is_as_expected else "MISMATCH"
    return f"  {wording.sources(line, group, senders)}", allowed, denied, wording.deniers(line), result


def _widths(table: Sequence[_Cells], window: int | None) -> list[int]:
    """Of every column: what it needs, or, where the window is too narrow, less for the first three."""
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    if window is None:
        return widths
    for column, least in ((0, 30), (2, 15), (1, 12), (0, 20)):
        excess = sum(widths) + len(_GAP) * (len(widths) - 1) - window
        widths[column] = max(min(widths[column], least), widths[column] - max(excess, 0))
    return widths


def _write_cells(terminal: Terminal, cells: _Cells, widths: Sequence[int], style: Style) -> None:
    """One row of the table, over several lines where its cells are folded."""
    folded = [_folded(cell, width) for cell, width in zip(cells, widths, strict=True)]
    for number, parts in enumerate(zip_longest(*folded, fillvalue="")):
        text = _padded(parts, widths)
        if number or not terminal.colours:
            terminal.line(text)
        else:
            before = text[: len(text) - len(cells[_RESULT])]
            terminal.write(f"{before}{terminal.paint(cells[_RESULT], style)}\n")


def _folded(cell: str, width: int) -> list[str]:
    if len(cell) <= width:
        return [cell]
    indent = "  " if cell.startswith("  ") else ""
    return [indent + line for line in fold(cell.strip(), width - len(indent))]


def _padded(cells: Sequence[str], widths: Sequence[int]) -> str:
    return _GAP.join(f"{cell:{width}}" for cell, width in zip(cells, widths, strict=True)).rstrip()


# -- in words ----------------------------------------------------------------------------------------------------------


def summary(report: LabRun) -> str:
    """How many questions were asked, and whether kernel and policies agree."""
    versions = wording.joined([f"IPv{version}" for version in sorted({row.family for row in report.results})])
    asked = (
        f"{wording.counted(len(report.results), 'connection')} probed over {versions} in {report.seconds:.1f} seconds"
    )
    wrong = len(report.mismatches)
    return f"{asked}: {f'{wrong} NOT as the policies say' if wrong else 'all as the policies say'}."


def proved(proof: Proof) -> Iterator[str]:
    """Whether a node's table, read back from its kernel, means what the policies mean."""
    size = f"{wording.counted(proof.pods, 'pod')}, {wording.counted(proof.comparisons, 'comparison')}"
    if proof.holds:
        yield f"Proved on {proof.node}, for every packet there is: the kernel does what the policies say ({size})."
        return
    yield f"NOT proved on {proof.node} ({size}):"
    for counterexample in proof.counterexamples:
        yield from counterexample.explanation().splitlines()
    for gap in proof.gaps:
        yield f"not understood: {gap}"


def isolation(report: LabRun) -> Iterator[str]:
    """What the policies mean: who is isolated by which, in whole sentences, then everyone else."""
    sends: dict[str, set[PolicyKey]] = {}
    receives: dict[str, set[PolicyKey]] = {}
    for row in report.results:
        sends.setdefault(row.source, set()).update(row.expected.egress.policies)
        receives.setdefault(row.destination, set()).update(row.expected.ingress.policies)
    pods = sorted(name for name in report.endpoints if name not in report.words)
    alike: dict[tuple[tuple[PolicyKey, ...], tuple[PolicyKey, ...]], list[str]] = {}
    for name in sorted({*sends, *receives} - report.words.keys()):
        key = tuple(sorted(receives.get(name, ()))), tuple(sorted(sends.get(name, ())))
        alike.setdefault(key, []).append(name)
    # Of a pod that was only asked in one direction, nothing is known about the other
    open_pods = [name for name in alike.pop(((), ()), []) if name in sends and name in receives]
    for (ingress, egress), some in alike.items():
        yield _sentence(wording.names(some, pods), len(some) > 1, ingress, egress)
    if open_pods:
        count = f"{len(open_pods)} {'other ' if alike else ''}{'pod' if len(open_pods) == 1 else 'pods'}"
        yield f"No policy selects the {count}: all is allowed that the other end allows."


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


def mismatches(report: LabRun) -> Iterator[str]:
    """Every connection that did not go as the policies say; of very many the first."""
    for row in report.mismatches[:MAX_MISMATCHES]:
        where = f"{row.source} → {row.destination} over IPv{row.family}, {row.protocol} {row.port}"
        yield f"MISMATCH {where}: {mismatch_text(row)}"
    more = len(report.mismatches) - MAX_MISMATCHES
    if more > 0:
        yield f"and {more} more; -o json lists all"


def legend(report: LabRun, chosen: bool) -> Iterator[str]:
    """How to read the table, and who is in it."""
    yield "ALLOWED and DENIED: what the policies say. RESULT: whether real packets went the same way."
    yield "DENIED BY: egress, the sender's policies; ingress, the receiver's. One denying side is enough."
    numbers = [str(number) for number in sorted({row.port for row in report.results})]
    protocols = [word for word in ("TCP", "UDP", "SCTP") if any(row.protocol == word for row in report.results)]
    why = "" if chosen else " (all that a policy or a container names, and one that nobody does)"
    noun = "port" if len(numbers) == 1 else "ports"
    yield f"Everything: {wording.joined(protocols)} on {noun} {wording.joined(numbers)}{why}."
    places = [f"{wording.counted(len(pods), 'pod')} on {node}" for node, pods in report.nodes.items()]
    yield f"The lab had {wording.joined(places)}."
    yield from _hosts(report)


def _hosts(report: LabRun) -> Iterator[str]:
    alike: dict[str, list[str]] = {}
    for name, words in report.words.items():
        alike.setdefault(words, []).append(name)
    for words, some in alike.items():
        if len(some) == 1:
            yield f"{some[0]} is {words}."
        else:
            plural = words.replace("a witness ", "witnesses ").replace("an outside host", "outside hosts")
            yield f"{wording.joined(some)} are {plural}."
