"""Manifests for a command: read, checked, and everything that is wrong with them told.

Every command that enforces refuses input with errors: to leave out a policy or a pod and say "as expected" would be a
lie. Skipped documents are told and are no error.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from haechi.cli.entry import STDIN
from haechi.cli.failure import Unusable
from haechi.cli.terminal import Style, Terminal, errors
from haechi.model import (
    GateError,
    Gates,
    KubernetesVersion,
    Manifests,
    Object,
    Problem,
    Severity,
    VersionError,
    check,
    load,
    printable,
)

MAX_SKIPPED = 20
"""How many skipped documents of one kind are told one by one."""
_STYLES = {Severity.ERROR: Style.RED, Severity.WARNING: Style.YELLOW, Severity.SKIPPED: Style.DIM}


@dataclass(frozen=True)
class Rules:
    """By whose rules manifests are judged."""

    version: KubernetesVersion
    gates: Gates

    @classmethod
    def parse(cls, version: str | None, gates: Iterable[str]) -> Rules:
        """Read `--kubernetes-version` and `--feature-gates`.

        Raises:
            Unusable: one of them says nothing that is known.
        """
        try:
            chosen = KubernetesVersion() if version is None else KubernetesVersion.parse(version)
        except VersionError as error:
            raise Unusable(str(error), "--kubernetes-version") from error
        try:
            return cls(chosen, Gates.parse(",".join(gates)))
        except GateError as error:
            raise Unusable(str(error), "--feature-gates") from error


@dataclass(frozen=True)
class Input:
    """What was read, and all that there is to say about it.

    Attributes:
        manifests: objects, with their places.
        findings: errors and warnings, in order of place.
        skipped: documents that are not for us.
    """

    manifests: Manifests
    findings: tuple[Problem, ...]
    skipped: tuple[Problem, ...]

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The findings that make an object unusable."""
        return tuple(problem for problem in self.findings if problem.severity is Severity.ERROR)

    @property
    def objects(self) -> tuple[Object, ...]:
        """All objects, without their places."""
        return tuple(loaded.object for loaded in self.manifests.objects)


def read(paths: Iterable[str], rules: Rules) -> Input:
    """Load and check everything that `paths` mean; `-` is standard input."""
    given = ("-" if path == STDIN else path for path in paths)
    manifests = load(given, None if sys.stdin is None else sys.stdin.buffer)
    problems = (*manifests.problems, *check(manifests, rules.version, rules.gates))
    ordered = sorted(problems, key=lambda problem: problem.location)
    return Input(
        manifests,
        tuple(problem for problem in ordered if problem.severity is not Severity.SKIPPED),
        tuple(problem for problem in ordered if problem.severity is Severity.SKIPPED),
    )


def read_sound(paths: Iterable[str], rules: Rules) -> Input:
    """The same for a command that goes on to act: problems are told on standard error.

    Raises:
        Unusable: there is an error among them.
    """
    found = read(paths, rules)
    terminal = errors()
    tell_skipped(terminal, found.skipped)
    for problem in found.findings:
        tell(terminal, problem)
    count = len(found.errors)
    if count:
        words = "an error" if count == 1 else f"{count} errors"
        raise Unusable(f"{words} in the input, see above; nothing was done")
    return found


def tell(terminal: Terminal, problem: Problem) -> None:
    """One problem, one line: `file:line:column: severity: …`."""
    severity = terminal.paint(f"{problem.severity}:", _STYLES[problem.severity])
    before, mark, after = str(problem).partition(f" {problem.severity}:")
    terminal.write(f"{before} {severity}{after}\n" if mark else f"{printable(str(problem))}\n")


def tell_skipped(terminal: Terminal, skipped: Iterable[Problem]) -> None:
    """Every skipped document, or, where they are many of a kind, how many."""
    listed = list(skipped)
    counts = Counter(problem.message for problem in listed)
    for problem in listed:
        if counts[problem.message] <= MAX_SKIPPED:
            terminal.line(str(problem), Style.DIM)
    for message, count in sorted(counts.items()):
        if count > MAX_SKIPPED:
            terminal.line(f"skipped: {message} ({count} times)", Style.DIM)
