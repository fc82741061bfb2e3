"""`haechi can`: may one reach another, and why.

The answer is 0 if it may, 1 if it may not, 2 if the question or the input cannot be used.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from haechi.cli.arguments import INPUT_OPTIONS, InputOptions, PathText

if TYPE_CHECKING:
    from haechi.analysis.cluster import Cluster
    from haechi.analysis.why import Answer
    from haechi.cli.input import Input
    from haechi.report import Basis

Output = Literal["text", "json"]
_PORT = re.compile(r"[0-9]+(/[A-Za-z]+)?|[a-z0-9-]{1,15}(/[A-Za-z]+)?|ICMP(v6)?")

_ARGUMENTS = {"source": "SRC", "destination": "DST"}


def can(
    src: Annotated[str, Parameter(name="SRC", allow_leading_hyphen=False)],
    dst: Annotated[str, Parameter(name="DST", allow_leading_hyphen=False)],
    /,
    *paths: Annotated[
        PathText,
        Parameter(name="[PORT] PATH", allow_leading_hyphen=False, help="A port, then the input."),
    ],
    what_if: Annotated[bool, Parameter(negative="", show_default=False)] = False,
    ipblock_matches_pods: Annotated[bool | None, Parameter(show_default=False)] = None,
    output: Annotated[Output, Parameter(name=("--output", "-o"))] = "text",
    options: InputOptions = INPUT_OPTIONS,
) -> int:
    """Answer whether a connection is allowed.

    Args:
        src: The source.
        dst: The destination.
        *paths: A port, then files, folders or - for standard input.
        what_if: Also propose what to add so that it is allowed, or the smallest changes that would reverse the answer.
        ipblock_matches_pods: Whether an ipBlock means pods with its addresses; on some networks it never does.
        output: Sentences for people or JSON for programs.
        options: How input is read and validated.
    """
    from haechi.analysis.cluster import Cluster
    from haechi.analysis.why import WhatIf
    from haechi.analysis.why import can as ask
    from haechi.cli import terminal
    from haechi.cli.answer_text import write_text
    from haechi.cli.configuration import Configuration
    from haechi.cli.failure import ExitCode, named_by
    from haechi.cli.input import answered, read_on, write_remarks
    from haechi.cli.progress import ProgressLine

    matches_pods = Configuration.find(ipblock_matches_pods=ipblock_matches_pods).ipblock_matches_pods
    port, inputs = _split(paths, options)
    with ProgressLine(terminal.errors(), logged=not options.quiet) as progress:
        found = read_on(inputs, options.for_reading(inputs), progress)
        progress("understanding policies")
        cluster = Cluster.of(found.manifests, ipblock_matches_pods=matches_pods)
        progress("judging")
        with named_by(_ARGUMENTS):
            answer = ask(cluster, src, dst, port, options.namespaces)
        what_ifs = {}
        if what_if:
            progress("trying changes")
            what_ifs = {one: WhatIf.of(cluster, one, _is_file) for one in answer.shown}
    if output == "json":
        from haechi.report import answer_json

        terminal.output().write(answer_json(answer, _basis(found, cluster, answer), what_ifs))
    else:
        write_text(terminal.output(), answer, what_ifs)
        write_remarks(terminal.output(), found.verbosity, cluster.notes, answer.assumptions)
    return answered(ExitCode.GOOD if answer.allowed else ExitCode.FOUND, found)


def _split(paths: tuple[str, ...], options: InputOptions) -> tuple[str | None, tuple[str, ...]]:
    """The port, if the first word is one and no file, and the paths."""
    first, rest = (*paths[:1], "")[0], paths[1:]
    is_number, is_path = first.split("/")[0].isdigit(), Path(first).exists()
    has_input = bool(rest) or options.is_live(rest)
    if _PORT.fullmatch(first) and ((has_input and not is_path) or (is_number and (has_input or not is_path))):
        return first, rest
    return None, paths


def _is_file(name: str) -> bool:
    return Path(name).is_file()


def _basis(found: Input, cluster: Cluster, answer: Answer) -> Basis:
    """What the answer rests on; only the pods that it is about count as synthesized."""
    from haechi.report import basis, synthesized

    pods = dict.fromkeys(key for pair in answer.pairs for one in pair for key in (one.source, one.destination))
    return basis(
        assumptions=answer.assumptions,
        skipped=found.unused,
        unreadable=found.errors,
        synthesized=synthesized([cluster.pods[key] for key in pods if key is not None], cluster.given),
        notes=cluster.notes,
    )
