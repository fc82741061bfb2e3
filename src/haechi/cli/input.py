"""Manifests for a command: read, checked, and everything that is wrong with them told.

Every command that enforces or proves refuses input with errors (`read_sound`): to leave out a policy or a pod and say
"as expected" would be a lie. A command that only answers reads on (`read_on`) and ends with `answered`, which alone
decides what errors make of its exit code. Skipped documents are told, and are no error unless they are to be.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from haechi.cli.entry import STDIN
from haechi.cli.failure import ExitCode, Unusable
from haechi.cli.progress import ProgressLine
from haechi.cli.terminal import Style, Terminal, errors
from haechi.files import load
from haechi.model import (
    Code,
    GateError,
    Gates,
    KubernetesVersion,
    Loaded,
    Manifests,
    NetworkPolicy,
    Object,
    Problem,
    Severity,
    VersionError,
    check_one,
    printable,
)

if TYPE_CHECKING:
    from haechi.analysis.cluster import Assumption, Cluster
    from haechi.report import Basis

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
        unsound: those of the objects that an error is about.
        name: what errors call the whole.
    """

    manifests: Manifests
    findings: tuple[Problem, ...]
    skipped: tuple[Problem, ...]
    unsound: tuple[Loaded[Object], ...] = ()
    name: str = "the input"

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The findings that make an object unusable."""
        return tuple(problem for problem in self.findings if problem.severity is Severity.ERROR)

    @property
    def objects(self) -> tuple[Object, ...]:
        """All objects, without their places."""
        return tuple(loaded.object for loaded in self.manifests.objects)

    @property
    def broken(self) -> tuple[NetworkPolicy, ...]:
        """The policies with errors, which allow nothing where they cannot be read."""
        return tuple(loaded.object for loaded in self.unsound if isinstance(loaded.object, NetworkPolicy))

    def strict(self) -> Input:
        """The same with an error for every document that was skipped; a file that was read already is none."""
        refused, rest = strictly(self.skipped)
        return replace(self, findings=_ordered([*self.findings, *refused]), skipped=rest)

    def usable(self) -> Input:
        """The same without the objects that errors are about; policies stay."""
        left_out = {id(loaded) for loaded in self.unsound if not isinstance(loaded.object, NetworkPolicy)}
        if not left_out:
            return self
        objects = tuple(loaded for loaded in self.manifests.objects if id(loaded) not in left_out)
        return replace(self, manifests=Manifests(objects, self.manifests.problems))

    def basis(self, cluster: Cluster, *, assumptions: Iterable[Assumption] = ()) -> Basis:
        """What a document about its cluster rests on; `assumptions` instead of the cluster's, if given."""
        from haechi.report import basis, synthesized

        return basis(
            assumptions=assumptions or cluster.assumptions,
            skipped=self.skipped,
            unreadable=self.errors,
            synthesized=synthesized(cluster),
            notes=cluster.notes,
        )


def strictly(skipped: Iterable[Problem]) -> tuple[tuple[Problem, ...], tuple[Problem, ...]]:
    """What was skipped, as errors, and what stays skipped: a file that was read already has not been passed over."""
    kept = list(skipped)
    foreign = (problem for problem in kept if problem.code is not Code.ALREADY_READ)
    return (
        tuple(replace(problem, severity=Severity.ERROR, hint="skipped without --strict") for problem in foreign),
        tuple(problem for problem in kept if problem.code is Code.ALREADY_READ),
    )


def _ordered(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    return tuple(sorted(problems, key=lambda problem: problem.location))


def read(paths: Iterable[str], rules: Rules, progress: ProgressLine | None = None) -> Input:
    """Load and check everything that `paths` mean; `-` is standard input. `progress` shows the steps."""
    line = ProgressLine.silent() if progress is None else progress
    manifests = load(_announced(paths, line), None if sys.stdin is None else sys.stdin.buffer)
    line("checking what was read")
    problems = list(manifests.problems)
    named = manifests.distinct()
    unsound: list[Loaded[Object]] = []
    for loaded, kept in zip(manifests.objects, named.objects, strict=True):
        found = check_one(loaded, rules.version, rules.gates)
        problems += found
        if loaded.problems or any(problem.severity is Severity.ERROR for problem in found):
            unsound.append(kept)
    ordered = _ordered(problems)
    return Input(
        named,
        tuple(problem for problem in ordered if problem.severity is not Severity.SKIPPED),
        tuple(problem for problem in ordered if problem.severity is Severity.SKIPPED),
        tuple(unsound),
    )


def _announced(paths: Iterable[str], progress: ProgressLine) -> Iterator[str]:
    """The paths as the reader takes them, each shown when its turn comes, but not to a person who types one."""
    given = ["-" if path == STDIN else path for path in paths]
    for number, path in enumerate(given, 1):
        if path != "-":
            progress(f"reading {path}", number, len(given))
        elif sys.stdin is not None and sys.stdin.isatty():
            progress.wipe()
        else:
            progress("reading standard input", number, len(given))
        yield path


def read_sound(paths: Iterable[str], rules: Rules) -> Input:
    """The same for a command that goes on to act: problems are told on standard error.

    Raises:
        Unusable: there is an error among them.
    """
    found = read(paths, rules)
    _tell_all(found)
    if found.errors:
        raise Unusable(f"{_counted(found)}, see above; nothing was done")
    return found


def read_on(paths: Iterable[str], rules: Rules, strict: bool = False, progress: ProgressLine | None = None) -> Input:
    """The same for a command that only answers: what cannot be used is told and left out.

    The objects of the result can be used: a NetworkPolicy with errors allows nothing where it cannot be read, any other
    object with errors is left out. The command ends with `answered`.

    Args:
        paths: files, folders or `-`.
        rules: by which they are judged.
        strict: whether every error, and every skipped document, refuses the whole.
        progress: shows the steps.

    Raises:
        Unusable: one of the paths cannot be read at all, nothing is left, or it is refused for being strict.
    """
    (found,) = read_each({"the input": paths}, rules, strict, progress)
    return found


def read_each(
    inputs: Mapping[str, Iterable[str]], rules: Rules, strict: bool = False, progress: ProgressLine | None = None
) -> tuple[Input, ...]:
    """Several inputs, by what errors call them, each as `read_on`; everything wrong is told before any is refused.

    Raises:
        Unusable: one of them is refused.
    """
    given = {name: tuple(paths) for name, paths in inputs.items()}
    read_ones = [replace(read(paths, rules, progress), name=name) for name, paths in given.items()]
    found = [each.strict() for each in read_ones] if strict else read_ones
    if progress is not None:
        progress.wipe()
    for each in found:
        _tell_all(each)
    usable = tuple(each.usable() for each in found)
    refused = [
        each
        for each in usable
        if each.errors and (strict or not each.manifests.objects or _unread(each, given[each.name]))
    ]
    if refused:
        raise Unusable(f"{_counted(*refused)}, see above; nothing was answered")
    return usable


def answered(code: ExitCode, *inputs: Input) -> ExitCode:
    """The exit code of a command that has given its answer on standard output.

    Args:
        code: what it is if nothing is missing from the answer.
        *inputs: what the answer is about, from `read_on` or `read_each`.

    Raises:
        Unusable: the answer is without something that could not be read, whatever it is.
    """
    wrong = [found for found in inputs if found.errors]
    if not wrong:
        return code
    sys.stdout.flush()  # this is the last word
    raise Unusable(f"{_counted(*wrong)}, see above: the answer is without what could not be read{_closed(wrong)}")


def _closed(wrong: Iterable[Input]) -> str:
    count = sum(len(found.broken) for found in wrong)
    if count == 1:
        return "; the NetworkPolicy with errors counts as closed where it could not be read"
    return f"; {count} NetworkPolicies with errors count as closed where they could not be read" if count else ""


def _unread(found: Input, paths: Iterable[str]) -> bool:
    """Whether an error is about the whole of a path that was given."""
    texts = (os.fsencode(Path(path)).decode("utf-8", "backslashreplace") for path in paths)
    names = {printable(text) for text in texts} | {"<stdin>"}
    return any(not error.location.line and error.location.file in names for error in found.errors)


def _tell_all(found: Input) -> None:
    terminal = errors()
    tell_skipped(terminal, found.skipped)
    for problem in found.findings:
        tell(terminal, problem)


def _counted(*inputs: Input) -> str:
    """`an error in the input`, `2 errors in OLD, an error in NEW`."""
    counts = [(len(found.errors), found.name) for found in inputs]
    return ", ".join(f"{'an error' if count == 1 else f'{count} errors'} in {name}" for count, name in counts)


def tell(terminal: Terminal, problem: Problem) -> None:
    """One problem, one line: `file:line:column: severity: …`."""
    severity = terminal.paint(f"{problem.severity}:", _STYLES[problem.severity])
    terminal.write(f"{printable(str(problem.location))}: {severity} {printable(problem.text)}\n")


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
