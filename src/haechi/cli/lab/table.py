"""A lab run as a table: what is allowed, whether the packets matched, and how to read it.

On a terminal, the table is as wide as the window and long cells are folded between names; elsewhere nothing is folded.
Equal runs give equal text, except for the seconds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest

from haechi.cli.lab import wording
from haechi.cli.lab.alike import by_class
from haechi.cli.lab.sections import TableRow, TableSection, table_sections
from haechi.cli.terminal import Style, Terminal, fold
from haechi.cli.wording import counted, joined
from haechi.model import ClusterPolicyKey, PolicyKey
from haechi.report import LabRun, mismatch_text
from haechi.verify import Proof

MAX_MISMATCHES = 30
TITLES = ("FROM", "ALLOWED", "DENIED", "DENIED BY", "RESULT")
_GAP = "  "
_RESULT = 4  # the column that is coloured
_Cells = tuple[str, str, str, str, str]


def write_table(terminal: Terminal, run: LabRun, chosen: bool) -> None:
    """Write the table, then isolation, mismatches, legend, notes and summary.

    Args:
        terminal: where the text goes.
        run: the results.
        chosen: whether `--port` chose the ports.
    """
    terminal = terminal.of_tables
    grouped, sizes = by_class(run)
    _write_sections(terminal, grouped)
    terminal.line()
    for sentence in (*isolation(grouped, sizes), *host_network(run)):
        terminal.paragraph(sentence)
    if run.mismatches:
        terminal.line()
        for sentence in mismatches(run):
            terminal.paragraph(sentence, Style.RED)
    terminal.line()
    for sentence in legend(run, chosen):
        terminal.paragraph(sentence, Style.DIM)
    for note in run.notes:
        terminal.paragraph(f"Note: {note}.", Style.YELLOW)
    terminal.line()
    terminal.paragraph(summary(run), Style.RED if run.mismatches else Style.GREEN)
    for proof in run.proofs:
        for sentence in proved(proof):
            terminal.paragraph(sentence, Style.GREEN if proof.holds else Style.RED)


# -- the table ---------------------------------------------------------------------------------------------------------


def _write_sections(terminal: Terminal, run: LabRun) -> None:
    found = table_sections(run.results, run.descriptions)
    everyone = sorted(run.endpoints)
    pods = [name for name in everyone if name not in run.descriptions]
    cells_of = [
        [_cells(section, row, pods if section.outside else everyone) for row in section.rows] for section in found
    ]
    widths = _widths([TITLES, *(cells for some in cells_of for cells in some)], terminal.width)
    terminal.line(_padded(TITLES, widths), Style.BOLD)
    for section, some in zip(found, cells_of, strict=True):
        terminal.line()
        terminal.paragraph(_heading(section, everyone), Style.BOLD)
        for row, cells in zip(section.rows, some, strict=True):
            _write_cells(terminal, cells, widths, Style.GREEN if row.is_as_expected else Style.RED)


def _heading(section: TableSection, everyone: Sequence[str]) -> str:
    who = wording.names(section.destinations, everyone)
    if section.outside:
        kinds = {"nodes" if one.startswith("node/") else "outside" for one in section.destinations}
        return f"to {who}: {joined(sorted(kinds, reverse=True))}"
    if section.ingress:
        return f"to {who}: isolated for ingress by {wording.policies(section.ingress)}"
    return f"to {who}: not isolated for ingress"


def _cells(section: TableSection, row: TableRow, senders: Sequence[str]) -> _Cells:
    allowed, denied = wording.allowed_and_denied(row.outcomes)
    result = "as expected" if row.is_as_expected else "MISMATCH"
    return f"  {wording.sources(row, section, senders)}", allowed, denied, wording.deniers(row), result


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


def summary(run: LabRun) -> str:
    """How many connections were probed, and whether all matched the policies."""
    versions = joined([f"IPv{version}" for version in sorted({row.family for row in run.results})])
    asked = f"{counted(len(run.results), 'connection')} probed over {versions} in {run.seconds:.1f} seconds"
    wrong = len(run.mismatches)
    return f"{asked}: {f'{wrong} did NOT match the policies' if wrong else 'all match the policies'}."


def proved(proof: Proof) -> Iterator[str]:
    """Whether a node's table, read back from its kernel, matches the policies."""
    size = f"{counted(proof.pods, 'pod')}, {counted(proof.comparisons, 'comparison')}"
    if proof.holds:
        yield f"Proved on {proof.node} for every possible packet: the kernel's rules match the policies ({size})."
        return
    yield f"NOT proved on {proof.node} ({size}):"
    for counterexample in proof.counterexamples:
        yield from counterexample.explanation().splitlines()
    for gap in proof.gaps:
        yield f"not understood: {gap}"


def isolation(run: LabRun, sizes: Mapping[str, int]) -> Iterator[str]:
    """Which pods are subject to tiers, which are isolated by which policies, in sentences, then the others.

    Args:
        run: the results; pods on the host's network are left out.
        sizes: how many pods a name stands for, if not one.
    """
    sends: dict[str, set[PolicyKey]] = {}
    receives: dict[str, set[PolicyKey]] = {}
    for row in run.results:
        sends.setdefault(row.source, set()).update(row.expected.egress.policies)
        receives.setdefault(row.destination, set()).update(row.expected.ingress.policies)
    pods = sorted(name for name in run.endpoints if name not in run.descriptions)
    by_tiers: dict[tuple[ClusterPolicyKey, ...], list[str]] = {}
    for name in sorted((sends.keys() | receives.keys()) & run.subjects.keys()):
        by_tiers.setdefault(run.subjects[name], []).append(name)
    for keys, some in by_tiers.items():
        verb = "are" if len(some) > 1 or sizes.get(some[0], 1) > 1 else "is"
        yield f"{wording.names(some, pods)} {verb} subject to tiers: {wording.policies(keys, 5)}."
    alike: dict[tuple[tuple[PolicyKey, ...], tuple[PolicyKey, ...]], list[str]] = {}
    for name in sorted({*sends, *receives} - run.descriptions.keys() - {*run.host_network}):
        key = tuple(sorted(receives.get(name, ()))), tuple(sorted(sends.get(name, ())))
        alike.setdefault(key, []).append(name)
    # Of a pod that was probed in one direction only, nothing is known about the other
    open_pods = [name for name in alike.pop(((), ()), []) if name in sends and name in receives]
    open_pods = [name for name in open_pods if name not in run.subjects]
    for (ingress, egress), some in alike.items():
        yield _sentence(wording.names(some, pods), len(some) > 1, ingress, egress)
    if open_pods:
        number = sum(sizes.get(name, 1) for name in open_pods)
        count = counted(number, "other pod" if alike or by_tiers else "pod")
        pronoun = "it" if number == 1 else "them"
        yield f"No policy selects the {count}: only the policies of the other end restrict {pronoun}."


def host_network(run: LabRun) -> Iterator[str]:
    """Which pods policies do not apply to, and why."""
    pods = [name for name in run.host_network if name not in run.descriptions]
    if pods:
        peers = "an ipBlock, networks or nodes" if run.subjects else "an ipBlock"
        yield (
            f"NetworkPolicies{' and tiers' if run.subjects else ''} do not apply to pods with hostNetwork:"
            f" {wording.names(pods, run.endpoints)}. Their traffic is that of their node: no policy isolates them, and"
            f" only {peers} can match it."
        )


def _sentence(who: str, plural: bool, ingress: tuple[PolicyKey, ...], egress: tuple[PolicyKey, ...]) -> str:
    receive, send = ("receive", "send") if plural else ("receives", "sends")
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


def mismatches(run: LabRun) -> Iterator[str]:
    """Every connection that did not match the policies; of very many the first."""
    for row in run.mismatches[:MAX_MISMATCHES]:
        where = f"{row.source} → {row.destination} over IPv{row.family}, {row.protocol} {row.port}"
        yield f"MISMATCH {where}: {mismatch_text(row)}"
    more = len(run.mismatches) - MAX_MISMATCHES
    if more > 0:
        yield f"and {more} more; -o json lists all"


def legend(run: LabRun, chosen: bool) -> Iterator[str]:
    """How to read the table, and what the lab consisted of."""
    yield "ALLOWED and DENIED: according to the policies. RESULT: whether real packets did the same."
    yield "DENIED BY: egress (the policies of the source), ingress (of the destination); one of them is enough."
    if run.sample is not None:
        yield "Alike: pods or hosts that policies cannot tell apart. Some of them were tried, with each of the others."
    numbers = [str(number) for number in sorted({row.port for row in run.results})]
    protocols = [word for word in ("TCP", "UDP", "SCTP") if any(row.protocol == word for row in run.results)]
    why = "" if chosen else " (all that a policy or a container names, and one other)"
    noun = "port" if len(numbers) == 1 else "ports"
    yield f"Everything: {joined(protocols)} on {noun} {joined(numbers)}{why}."
    places = [f"{counted(len(pods), 'pod')} on {node}" for node, pods in run.nodes.items()]
    yield f"The lab had {joined(places)}."
    yield from _hosts(run)


def _hosts(run: LabRun) -> Iterator[str]:
    alike: dict[str, list[str]] = {}
    for name, description in run.descriptions.items():
        alike.setdefault(description, []).append(name)
    for description, some in alike.items():
        yield f"{joined(some)}: {description}."
