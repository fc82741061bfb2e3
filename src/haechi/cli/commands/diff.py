"""`haechi diff`: what two sets of manifests allow differently.

The answer is 0 if there is no difference (of the sort that `--fail-on` names), 1 if there is one, 2 if the input cannot
be used.
"""

from __future__ import annotations

import os
import re
import shlex
from dataclasses import dataclass
from itertools import compress
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from haechi.cli.arguments import INPUT_OPTIONS, InputOptions, PathText, Verbosity
from haechi.cli.entry import STDIN

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from haechi.analysis.cluster import Cluster
    from haechi.analysis.reach import ClusterComparison, Difference
    from haechi.cli.input import Input
    from haechi.cli.progress import ProgressLine
    from haechi.cli.rows import Wording
    from haechi.files import Given, RevisionPath
    from haechi.report import Basis

Output = Literal["text", "json", "csv", "md"]
Sort = Literal["added", "removed", "any"]
_REVISIONS = re.compile(r"(?!\.\.?/)(.*[^/.])?\.{2,3}([^/.].*)?|(HEAD|@)([~^].*)?")
"""Texts that are more likely git revisions than paths, such as `main..` and `HEAD~1`."""
_PATHS = Parameter(metavar="PATH...", consume_multiple=True, negative="", show_default=False)


def diff(
    *paths: Annotated[PathText, Parameter(name="PATH", help="OLD and NEW: files, folders or - for standard input.")],
    to: Annotated[tuple[PathText, ...], _PATHS] = (),
    with_: Annotated[tuple[PathText, ...], Parameter(name="--with"), _PATHS] = (),
    git: Annotated[str | None, Parameter(metavar="REV|A..B|A...B", show_default=False)] = None,
    ipblock_matches_pods: Annotated[bool | None, Parameter(show_default=False)] = None,
    fail_on: Sort = "any",
    output: Annotated[Output, Parameter(name=("--output", "-o"))] = "text",
    options: InputOptions = INPUT_OPTIONS,
) -> int:
    """Compare two sets of manifests.

    Args:
        *paths: The manifests as they were and as they are to be; all as they were with --to; of both with --git.
        to: The manifests as they are to be.
        with_: Manifests that belong to both.
        git: Compare PATHs of two revisions, or of REV and the files on disk, as git diff does; nothing is checked out.
        ipblock_matches_pods: Whether an ipBlock means pods with its addresses; on some networks it never does.
        fail_on: Which differences make the exit code 1: something more is allowed, something less, or any.
        output: Lines for people, JSON or CSV for programs, or Markdown for a comment.
        options: How input is read and validated.
    """
    from haechi.analysis.cluster import Cluster
    from haechi.analysis.reach import compare
    from haechi.cli import terminal
    from haechi.cli.configuration import Configuration
    from haechi.cli.failure import CommandError, ExitCode
    from haechi.cli.input import answered, read_each, shared, write_side_remarks
    from haechi.cli.progress import ProgressLine

    matches_pods = Configuration.find(ipblock_matches_pods=ipblock_matches_pods).ipblock_matches_pods
    with ProgressLine(terminal.errors(), logged=not options.quiet) as progress:
        if (*paths, *to, *with_).count(STDIN) > 1:
            raise CommandError("standard input can be read once only")
        sides = _sides(paths, to, git, progress, live=options.is_live(paths))
        both = shared(with_)  # first, so that its pods without addresses get the same ones on both sides
        given = {side.name.upper(): [*both, *side.paths] for side in sides}
        inputs = read_each(given, options, progress, may_be_empty=True)
        if not any(each.manifests.objects for each in inputs):
            raise CommandError("both sides are empty: there is nothing to compare")
        progress("understanding policies")
        clusters = [Cluster.of(each.manifests, ipblock_matches_pods=matches_pods) for each in inputs]
        progress("comparing")
        found = compare(*clusters)
    for side, each, cluster in zip(sides, inputs, clusters, strict=True):
        side.notes += cluster.notes if each.manifests.objects else ("this side is empty", *cluster.notes)
    terminal.output().write("".join(_rendered(found, sides, inputs, clusters, output)))
    remarks = {str(side.name): (side.notes, cluster.assumptions) for side, cluster in zip(sides, clusters, strict=True)}
    write_side_remarks(terminal.errors(), options.verbosity, remarks)
    return answered(ExitCode.FOUND if _fails(found.differences, fail_on) else ExitCode.GOOD, *inputs)


@dataclass
class _Side:
    """What is compared: its name, what it is read from, and remarks about it."""

    name: Literal["old", "new"]
    paths: Sequence[Given]
    notes: tuple[str, ...] = ()


def _sides(
    paths: tuple[str, ...], to: tuple[str, ...], git: str | None, progress: ProgressLine, *, live: bool
) -> tuple[_Side, _Side]:
    """What is read for each side; with a live cluster, what is applied over it."""
    from haechi.cli.failure import CommandError

    if git is not None:
        if to:
            raise CommandError("--git says what both sides are", "--to")
        return _of_revisions(git, paths, progress)
    for path in (*paths, *to):
        if _REVISIONS.fullmatch(path) and not os.path.lexists(path):
            rest = [each for each in (*paths, *to) if each != path] or ["PATH..."]
            hint = f"haechi diff {shlex.join(['--git', path, *rest])}"
            raise CommandError(f"{path} is no file; revisions are given by --git", "PATH", [hint])
    if to:
        return _Side("old", paths), _Side("new", to)
    if live and len(paths) == 1:
        return _Side("old", ()), _Side("new", paths)
    if len(paths) != 2:
        hints = ["haechi diff OLD NEW", "haechi diff OLD... --to NEW...", "haechi diff --git main.. PATH..."]
        hints.append("haechi diff PATH --context NAME")
        raise CommandError("needs two PATHs, --to or --git", "", hints)
    return _Side("old", paths[:1]), _Side("new", paths[1:])


def _of_revisions(git: str, paths: tuple[str, ...], progress: ProgressLine) -> tuple[_Side, _Side]:
    """The same files and folders of two revisions, or of one and the disk, each where it exists.

    Raises:
        CommandError: a revision cannot be read, or a path is on neither side.
    """
    from haechi.cli.failure import CommandError
    from haechi.files import Revision, UnknownRevision

    if not paths or STDIN in paths:
        raise CommandError("needs files or folders of the repository", "--git", ["haechi diff --git main.. PATH..."])
    progress("reading the repository")
    try:
        old, new = Revision.of_range(git)
        tracked: list[Sequence[str | RevisionPath]] = [
            [old / path for path in paths],
            paths if new is None else [new / path for path in paths],
        ]
        there = [[_exists(path) for path in listed] for listed in tracked]
    except UnknownRevision as error:
        raise CommandError(str(error), "--git", [error.hint] if error.hint else ()) from error
    places = (old.name, "the files on disk" if new is None else new.name)
    for path, *on in zip(paths, *there, strict=True):
        if not any(on):
            raise CommandError(f"{path} is neither in {places[0]} nor in {places[1]}", "PATH")
    notes = [
        tuple(f"{path} is not in {place}" for path, exists in zip(paths, on, strict=True) if not exists)
        for place, on in zip(places, there, strict=True)
    ]
    kept = [list(compress(listed, on)) for listed, on in zip(tracked, there, strict=True)]
    return _Side("old", kept[0], notes[0]), _Side("new", kept[1], notes[1])


def _exists(path: str | RevisionPath) -> bool:
    return os.path.lexists(path) if isinstance(path, str) else path.exists()


def _rendered(
    found: ClusterComparison, sides: Sequence[_Side], inputs: Sequence[Input], clusters: Sequence[Cluster], output: str
) -> Iterable[str]:
    from haechi import report
    from haechi.cli import terminal
    from haechi.cli.rows import FEW, Wording

    empty = [each.name for each in inputs if not each.manifests.objects]
    if output == "text":
        most = None if inputs[0].verbosity is Verbosity.VERBOSE else FEW
        wording = Wording(found.pods, most=most)
        return [*(f"{name} is empty\n" for name in empty), *_text(found, wording, terminal.output().of_tables.width)]
    if output == "csv":
        return report.diff_csv(found)
    bases = [_basis(*one) for one in zip(sides, inputs, clusters, strict=True)]
    if output == "json":
        return [report.diff_json(found, *bases)]
    return report.diff_markdown(found, *bases, remarks=[f"{name} is empty" for name in empty])


def _basis(side: _Side, found: Input, cluster: Cluster) -> Basis:
    from haechi.cli.input import listing_assumptions

    basis = found.basis(cluster, assumptions=listing_assumptions(cluster))
    return basis._replace(notes=list(side.notes))


def _text(found: ClusterComparison, wording: Wording, width: int | None) -> Iterator[str]:
    """Connections, exposures, and the policies that change neither."""
    from haechi.cli.terminal import folded

    yield from _rows(found.connections, wording, width)
    if not found.connections:
        yield "no connection changes between these pods and with outside addresses\n"
    if found.exposures:
        yield "exposure to pods that need not exist:\n"
        yield from _rows(found.exposures, wording, width)
    for cause, reason in found.ineffective:
        yield folded(f"{cause} changes nothing: {reason}", width)


def _rows(found: Iterable[Difference], wording: Wording, width: int | None) -> Iterator[str]:
    """`+ sources -> destinations: ports`, `-` for what is gone, `~` for other ports, each with its policies."""
    from haechi.analysis.cluster import ports_text
    from haechi.analysis.reach import ChangeKind
    from haechi.cli.rows import Line, grouped
    from haechi.cli.terminal import folded
    from haechi.cli.wording import first_names

    lines: dict[ChangeKind, list[Line]] = {kind: [] for kind in ChangeKind}
    for one in found:
        ports = ports_text(one.after or one.before)
        if one.kind is ChangeKind.CHANGED:
            ports = f"{ports_text(one.before)}, now {ports_text(one.after)}"
        was = f" (was: {first_names(one.previously, wording.most)})" if one.previously else ""
        causes = first_names([*map(str, one.causes)], wording.most) or "pods, labels or namespaces"
        lines[one.kind].append(Line(one.source, one.destination, f"{ports}{was} by {causes}"))
    for kind, mark in ((ChangeKind.ADDED, "+"), (ChangeKind.REMOVED, "-"), (ChangeKind.CHANGED, "~")):
        for row in grouped(lines[kind]):
            yield folded(f"{mark} {wording.row(row)}", width)


def _fails(found: Iterable[Difference], sort: str) -> bool:
    if sort == "any":
        return any(True for _ in found)
    return any(one.adds if sort == "added" else one.removes for one in found)
