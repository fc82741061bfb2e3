"""`haechi test`: whether policies allow and deny what a file of assertions expects.

The answer is 0 if every assertion holds, 1 if one does not, 2 if the assertions or the manifests cannot be used. It is
exact: every address and port that an assertion means is judged, and no packet is sent. `haechi lab run --tests` sends
them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from haechi.cli.arguments import INPUT_OPTIONS, InputOptions, Paths, PathText
from haechi.cli.entry import STDIN
from haechi.cli.failure import CommandError, ExitCode

if TYPE_CHECKING:
    from haechi.analysis.assertions import Suite
    from haechi.cli.progress import ProgressLine
    from haechi.model import Problem
    from haechi.report import Basis

Output = Literal["text", "json", "junit"]


def judge_assertions(
    tests: Annotated[PathText, Parameter(name="TESTS", help="A file or folder of ConnectivityTests, or -.")],
    /,
    *paths: Paths,
    ipblock_matches_pods: Annotated[bool | None, Parameter(show_default=False)] = None,
    output: Annotated[Output, Parameter(name=("--output", "-o"))] = "text",
    options: InputOptions = INPUT_OPTIONS,
) -> int:
    """Judge assertions about connectivity.

    Args:
        tests: A file or folder of ConnectivityTests, or - for standard input.
        *paths: Files, folders or - for standard input.
        ipblock_matches_pods: Whether an ipBlock means pods with its addresses; on some networks it never does.
        output: Lines for people, JSON for programs or JUnit XML for CI.
        options: How input is read and validated.
    """
    from haechi.analysis.assertions import World, judge
    from haechi.analysis.cluster import Assumption, Cluster
    from haechi.cli import terminal
    from haechi.cli.assertions import write
    from haechi.cli.configuration import Configuration
    from haechi.cli.input import answered, read_on, write_remarks
    from haechi.cli.progress import ProgressLine

    if tests == STDIN and STDIN in paths:
        raise CommandError("standard input cannot be both the assertions and the manifests", "TESTS")
    matches_pods = Configuration.find(ipblock_matches_pods=ipblock_matches_pods).ipblock_matches_pods
    suites, skipped = read_tests(tests, options)
    with ProgressLine(terminal.errors(), logged=not options.quiet) as progress:
        found = read_on(paths, options, progress)
        progress("understanding policies")
        cluster = Cluster.of(found.manifests, ipblock_matches_pods=matches_pods)
        judgement = judge(World.of(cluster), one_by_one(suites, progress))
    write_remarks(terminal.errors(), options.verbosity, cluster.notes)

    def basis() -> Basis:
        assumptions = dict.fromkeys((Assumption.OWN_NODE, cluster.ipblock_assumption, *cluster.assumptions))
        return replace(found, skipped=(*skipped, *found.skipped)).basis(cluster, assumptions=assumptions)

    write(terminal.output(), judgement, cluster.location, output, basis)
    return answered(ExitCode.FOUND if judgement.failures else ExitCode.GOOD, found)


def one_by_one(suites: Iterable[Suite], progress: ProgressLine) -> Iterator[Suite]:
    """The same assertions, each a test of its own that is shown when its turn comes."""
    import msgspec

    listed = list(suites)
    total, done = sum(len(suite.assertions) for suite in listed), count(1)
    for suite in listed:
        for number, (assertion, location) in enumerate(zip(suite.assertions, suite.locations, strict=True)):
            progress("judging assertion", next(done), total)
            named = msgspec.structs.replace(assertion, name=assertion.title(number))
            yield replace(suite, assertions=(named,), locations=(location,))


def read_tests(path: str, options: InputOptions = INPUT_OPTIONS) -> tuple[tuple[Suite, ...], tuple[Problem, ...]]:
    """The tests of a file, a folder or standard input, and what was skipped; problems go to standard error.

    Args:
        path: where they are.
        options: whether a skipped document is an error, and how much is written.

    Raises:
        CommandError: there is an error among them, or no test.
    """
    from haechi.analysis.assertions import read_suites
    from haechi.cli.input import skipped_as_errors, write_problem, write_skipped
    from haechi.cli.terminal import errors
    from haechi.files import read_all
    from haechi.model import Problem, Severity

    suites: list[Suite] = []
    problems: list[Problem] = []
    for source in read_all(["-" if path == STDIN else path], None if sys.stdin is None else sys.stdin.buffer):
        if isinstance(source, Problem):
            problems.append(source)
        else:
            some, wrong = read_suites(source)
            suites += some
            problems += wrong
    skipped = tuple(problem for problem in problems if problem.severity is Severity.SKIPPED)
    wrong = tuple(problem for problem in problems if problem.severity is Severity.ERROR)
    if options.strict:
        foreign, skipped = skipped_as_errors(skipped)
        wrong = tuple(sorted((*wrong, *foreign), key=lambda problem: problem.location))
    write_skipped(errors(), skipped, options.verbosity)
    for problem in wrong:
        write_problem(errors(), problem)
    if wrong:
        words = "an error" if len(wrong) == 1 else f"{len(wrong)} errors"
        raise CommandError(f"{words} in the assertions, see above; nothing was judged")
    if not suites:
        raise CommandError("there is no ConnectivityTest in it", "TESTS", ["docs/assertions.md shows one"])
    return tuple(suites), skipped
