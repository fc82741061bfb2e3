"""`haechi validate`: everything that the API server would refuse or warn of, with places.

The answer is 0 if nothing is wrong (warnings are allowed), 1 if something is, 2 if some input cannot be read or holds
nothing at all.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from haechi.cli.arguments import INPUT_OPTIONS, InputOptions, Paths, Verbosity
from haechi.cli.failure import ExitCode

if TYPE_CHECKING:
    from haechi.cli.input import Input
    from haechi.cli.terminal import Terminal
    from haechi.model import Problem

Output = Literal["text", "json", "sarif"]
Channel = Literal["experimental", "standard"]


def validate(
    *paths: Paths,
    update: Annotated[
        tuple[str, ...],
        Parameter(name="--update", metavar="NEW", negative="", consume_multiple=True, show_default=False),
    ] = (),
    channel: Channel = "experimental",
    output: Annotated[Output, Parameter(name=("--output", "-o"))] = "text",
    options: InputOptions = INPUT_OPTIONS,
) -> int:
    """Check manifests as the API server would.

    Args:
        *paths: Files, folders or - for standard input.
        update: Check these as updates of the objects of PATH, and those that are new as creates.
        channel: The channel of the definitions of ClusterNetworkPolicy and its predecessors on that server.
        output: Lines for people, JSON for programs or SARIF 2.1.0 for code scanning.
        options: How input is read and validated.
    """
    from haechi.cli import terminal
    from haechi.cli.input import read
    from haechi.cli.progress import ProgressLine
    from haechi.model import Code, ReleaseChannel
    from haechi.report import validation_json, validation_sarif

    definitions = ReleaseChannel(channel)
    with ProgressLine(terminal.errors(), logged=not options.quiet) as progress:
        if update:
            old = read(paths, options, progress)
            stored, rest = old.manifests.objects, _files_only(options, old.namespace)
            found = read(update, rest, progress, create=True, stored=stored, channel=definitions)
            found = replace(found, findings=(*_unread(old), *found.findings))
        else:
            found = read(paths, options, progress, create=True, channel=definitions)
    if options.strict:
        found = found.strict()
    if output == "text":
        _write_text(terminal.output(), terminal.errors(), found)
    elif output == "json":
        terminal.output().write(validation_json(len(found.manifests.objects), found.findings, found.skipped))
    else:
        terminal.output().write(validation_sarif(found.findings, found.skipped))
    if any(problem.code in (Code.UNREADABLE, Code.UNBUILT, Code.EMPTY) for problem in found.errors):
        return ExitCode.UNUSABLE
    return ExitCode.FOUND if found.errors else ExitCode.GOOD


def _files_only(options: InputOptions, namespace: str) -> InputOptions:
    """The options without the cluster that they name: that is what is updated."""
    return replace(options, context=None, kubeconfig=None, namespaces=(namespace,), all_namespaces=False)


def _unread(old: Input) -> tuple[Problem, ...]:
    """What cannot be read of the objects that are updated; whether the server would take them is not asked."""
    return tuple(error for error in old.errors if not error.object)


def _write_text(results: Terminal, remarks: Terminal, found: Input) -> None:
    """A line for each finding as result; skipped documents and the summary as remarks."""
    from haechi.cli.input import write_problem, write_remarks, write_skipped
    from haechi.cli.wording import counted

    for problem in found.findings:
        write_problem(results, problem)
    results.stream.flush()
    write_skipped(remarks, found.skipped, found.verbosity)
    if found.verbosity is Verbosity.QUIET:
        return
    write_remarks(remarks, found.verbosity, found.manifests.notes)
    errors = len(found.errors)
    counts = {"object": len(found.manifests.objects), "error": errors, "warning": len(found.findings) - errors}
    skipped = [f"{len(found.skipped)} skipped"] if found.skipped else []
    remarks.line(", ".join([*(counted(number, noun) for noun, number in counts.items()), *skipped]))
