"""`haechi lab run --tests`: the assertions of `haechi test`, judged on packets that were sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haechi.cli.assertions import write
from haechi.cli.commands.test import read_tests
from haechi.cli.failure import CommandError, ExitCode
from haechi.cli.lab.session import Request, built, lab_basis, tried
from haechi.cli.lab.trial import Trial
from haechi.cli.lab.wording import counted
from haechi.cli.progress import ProgressLine
from haechi.cli.terminal import Style, errors, output
from haechi.lab import run_lab
from haechi.report import LabRun

if TYPE_CHECKING:
    from haechi.cli.input import Input


def hold_tests(path: str, found: Input, request: Request) -> int:
    """Run a lab for the assertions of a file and print whether they hold in it.

    Raises:
        CommandError: the assertions, or the options beside them, cannot be used, or the lab cannot be built here.
    """
    for argument, value in (("--from", request.sources), ("--to", request.destinations), ("--port", request.ports)):
        if value:
            raise CommandError("with --tests, the assertions say who tries what", argument)
    if request.keep:
        raise CommandError("not together with --tests", "--keep")
    suites, skipped = read_tests(path)
    cluster = built(found.objects, request)
    trial = Trial.of(suites, cluster, request.families)
    questions = trial.questions()
    with ProgressLine(errors(), in_child=True) as progress:
        report = tried(lambda: run_lab(trial.cluster, questions, progress))
    for note in cluster.notes:
        errors().line(f"note: {note}", Style.DIM)
    judgement = trial.judged(report)
    write(
        output(),
        judgement,
        found.location,
        "text" if request.output == "table" else request.output,
        lambda: lab_basis(found, trial.cluster, skipped),
    )
    errors().line(_summary(report))
    return ExitCode.FOUND if judgement.failures or not report.holds else ExitCode.GOOD


def _summary(report: LabRun) -> str:
    """How much was tried, and whether packets and policies agree."""
    wrong = len(report.mismatches)
    agreed = f"{wrong} went otherwise than policies say" if wrong else "all went as policies say"
    return f"{counted(len(report.results), 'connection')} tried: {agreed}"
