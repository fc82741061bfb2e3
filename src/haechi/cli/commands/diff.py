"""`haechi diff`: what two sets of manifests allow differently.

The answer is 0 if there is no difference (of the sort that `--fail-on` names), 1 if there is one, 2 if the input cannot
be used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from haechi.cli.arguments import QUESTION_OPTIONS, PathText, QuestionOptions
from haechi.cli.entry import STDIN

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from haechi.analysis.cluster import Cluster
    from haechi.analysis.reach import ClusterComparison, Difference
    from haechi.cli.input import Input
    from haechi.report import Basis

Output = Literal["text", "json", "csv", "md"]
Sort = Literal["added", "removed", "any"]
_SIDES = ("old", "new")


def diff(
    old: Annotated[PathText, Parameter(name="OLD", allow_leading_hyphen=False)],
    new: Annotated[PathText, Parameter(name="NEW", allow_leading_hyphen=False)],
    /,
    *,
    fail_on: Sort = "any",
    output: Annotated[Output, Parameter(name=("--output", "-o"))] = "text",
    options: QuestionOptions = QUESTION_OPTIONS,
) -> int:
    """Compare two sets of manifests.

    Args:
        old: The manifests as they were.
        new: The manifests as they are to be.
        fail_on: Which differences make the exit code 1: something more is allowed, something less, or any.
        output: Lines for people, JSON or CSV for programs, or Markdown for a comment.
        options: How input is read and validated.
    """
    from haechi.analysis.cluster import Cluster
    from haechi.analysis.reach import compare
    from haechi.cli import terminal
    from haechi.cli.failure import CommandError, ExitCode
    from haechi.cli.input import answered, read_each, write_remarks
    from haechi.cli.progress import ProgressLine

    if old == new == STDIN:
        raise CommandError("only one of the two can be standard input", "NEW")
    with ProgressLine(terminal.errors()) as progress:
        inputs = read_each({"OLD": [old], "NEW": [new]}, options, progress)
        progress("understanding policies")
        clusters = [Cluster.of(each.manifests) for each in inputs]
        progress("comparing")
        found = compare(*clusters)
    terminal.output().write("".join(_rendered(found, inputs, clusters, output)))
    remarks = terminal.errors()
    for side, cluster in zip(_SIDES, clusters, strict=True):
        write_remarks(remarks, options.verbosity, cluster.notes, cluster.assumptions, f"{side}: ")
    return answered(ExitCode.FOUND if _fails(found.differences, fail_on) else ExitCode.GOOD, *inputs)


def _rendered(
    found: ClusterComparison, inputs: Iterable[Input], clusters: Sequence[Cluster], output: str
) -> Iterable[str]:
    from haechi import report

    if output == "text":
        return _text(found)
    if output == "csv":
        return report.diff_csv(found)
    basis = _basis(inputs, clusters)
    return [report.diff_json(found, basis)] if output == "json" else report.diff_markdown(found, basis)


def _basis(inputs: Iterable[Input], clusters: Sequence[Cluster]) -> Basis:
    """What the answer rests on, on both sides."""
    from haechi.analysis.cluster import Assumption
    from haechi.report import basis, synthesized

    everywhere = (Assumption.OWN_NODE, Assumption.IPBLOCK_PODS, Assumption.EITHER_FAMILY)
    listed = list(inputs)
    return basis(
        assumptions=[*everywhere, *(one for cluster in clusters for one in cluster.assumptions)],
        skipped=[problem for each in listed for problem in each.unused],
        unreadable=[problem for each in listed for problem in each.errors],
        synthesized=[one for each in clusters for one in synthesized(each.pods.values(), each.given)],
        notes=[f"{side}: {note}" for side, cluster in zip(_SIDES, clusters, strict=True) for note in cluster.notes],
    )


def _text(found: ClusterComparison) -> Iterator[str]:
    """Connections, exposures, and the policies that change neither."""
    from haechi.model import printable

    yield from _lines(found.connections)
    if not found.connections:
        yield "no connection changes between these pods and with outside addresses\n"
    if found.exposures:
        yield "exposure to pods that need not exist:\n"
        yield from _lines(found.exposures)
    for cause, reason in found.ineffective:
        yield printable(f"{cause} changes nothing: {reason}") + "\n"


def _lines(found: Iterable[Difference]) -> Iterator[str]:
    """`+ source -> destination: ports`, `-` for what is gone, `~` for other ports, each with its policies."""
    from haechi.analysis.cluster import ports_text
    from haechi.analysis.reach import ChangeKind
    from haechi.model import printable

    marks = {ChangeKind.ADDED: "+", ChangeKind.REMOVED: "-", ChangeKind.CHANGED: "~"}
    for one in found:
        ports = ports_text(one.after or one.before)
        if one.kind is ChangeKind.CHANGED:
            ports = f"{ports_text(one.before)}, now {ports_text(one.after)}"
        causes = ", ".join(map(str, one.causes)) or "pods, labels or namespaces"
        yield printable(f"{marks[one.kind]} {one.source} -> {one.destination}: {ports} by {causes}") + "\n"


def _fails(found: Iterable[Difference], sort: str) -> bool:
    if sort == "any":
        return any(True for _ in found)
    return any(one.adds if sort == "added" else one.removes for one in found)
