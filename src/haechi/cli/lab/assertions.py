"""`haechi lab run --tests`: the assertions of `haechi test`, judged on packets that were sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haechi.cli.assertions import write
from haechi.cli.commands.test import read_tests
from haechi.cli.failure import CommandError, ExitCode
from haechi.cli.lab.session import LabOptions, announce, buildable, finished, lab_basis, progress_line
from haechi.cli.lab.trial import Trial
from haechi.cli.terminal import Style, errors, output
from haechi.cli.wording import counted
from haechi.lab import run_lab
from haechi.model import Service
from haechi.report import LabRun

if TYPE_CHECKING:
    from haechi.cli.arguments import InputOptions
    from haechi.cli.input import Input

_NO_SAMPLE = " (no sample, however long: an assertion is about each of them)"


def judge_and_write(path: str, found: Input, options: LabOptions, input_options: InputOptions) -> int:
    """Run a lab for the assertions of a file and write whether they hold in it.

    Raises:
        CommandError: the assertions, or the options beside them, cannot be used, or the lab cannot be built.
    """
    chosen = {
        "--from": options.sources,
        "--to": options.destinations,
        "--port": options.ports,
        "--budget": options.budget,
        "--seed": options.seed,
    }
    for argument, value in chosen.items():
        if value:
            raise CommandError("not with --tests: all that the assertions are about is tried", argument)
    if options.keep:
        raise CommandError("not with --tests", "--keep")
    suites, skipped = read_tests(path, input_options)
    cluster = buildable(found.objects, options)
    services = tuple(one for one in found.objects if isinstance(one, Service))
    trial = Trial.of(suites, cluster, options.families, services)
    plan = trial.plan()
    with progress_line(found) as progress:
        run = finished(
            lambda: run_lab(trial.cluster, plan, progress, None, lambda chosen: announce(chosen, found, _NO_SAMPLE))
        )
    for note in cluster.notes:
        errors().line(f"note: {note}", Style.DIM)
    judgement = trial.judged(run)
    write(
        output(),
        judgement,
        found.location,
        options.output,
        lambda: lab_basis(found, trial.cluster, run.notes, skipped),
    )
    errors().line(_summary(run))
    return ExitCode.FOUND if judgement.failures or not run.holds else ExitCode.GOOD


def _summary(run: LabRun) -> str:
    """How much was tried, and whether packets and policies agree."""
    wrong = len(run.mismatches)
    agreed = f"{wrong} did not match the policies" if wrong else "all matched the policies"
    return f"{counted(len(run.results), 'connection')} tried: {agreed}"
