"""Findings of `haechi validate` for people and, as version 1 of the schema in docs/cli.md, for programs."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from haechi.cli.input import Input, tell, tell_skipped
from haechi.cli.lab.wording import counted
from haechi.cli.terminal import Terminal
from haechi.model import KINDS, Problem, Severity

VERSION: Final = 1
_CLUSTER_SCOPED = frozenset(kind.kind for kind in KINDS if not kind.namespaced)


class ObjectOut(msgspec.Struct, frozen=True):
    """The object that a finding is about. `namespace` is empty for kinds that have none."""

    kind: str
    namespace: str
    name: str


class FindingOut(msgspec.Struct, frozen=True):
    """One finding. Line and column count from 1, 0 is the file as a whole; `object` is null for what is none."""

    file: str
    line: int
    column: int
    severity: str
    code: str
    object: ObjectOut | None
    field: str
    message: str
    hint: str


class SummaryOut(msgspec.Struct, frozen=True):
    """How many objects were read, and how many findings there are of each severity."""

    objects: int
    errors: int
    warnings: int
    skipped: int


class FindingsOut(msgspec.Struct, frozen=True):
    """The document. `skipped` are documents that are not for Haechi."""

    version: Literal[1]
    findings: list[FindingOut]
    skipped: list[FindingOut]
    summary: SummaryOut


def write_text(results: Terminal, remarks: Terminal, found: Input) -> None:
    """A line for each finding as result; skipped documents and the sum as remarks."""
    for problem in found.findings:
        tell(results, problem)
    results.stream.flush()
    tell_skipped(remarks, found.skipped)
    sums = summary(found)
    words = [counted(sums.objects, "object"), counted(sums.errors, "error"), counted(sums.warnings, "warning")]
    remarks.line(", ".join([*words, *([f"{sums.skipped} skipped"] if sums.skipped else [])]))


def findings_json(found: Input) -> str:
    """The findings as JSON text."""
    document = FindingsOut(
        VERSION,
        [_finding(problem) for problem in found.findings],
        [_finding(problem) for problem in found.skipped],
        summary(found),
    )
    return msgspec.json.format(msgspec.json.encode(document), indent=1).decode() + "\n"


def summary(found: Input) -> SummaryOut:
    """The sums."""
    errors = len(found.errors)
    return SummaryOut(len(found.manifests.objects), errors, len(found.findings) - errors, len(found.skipped))


def subject(text: str) -> ObjectOut | None:
    """The object that `Kind/name` or `Kind/namespace/name` means; None for no text."""
    if not text:
        return None
    kind, _, rest = text.partition("/")
    namespace, name = ("", rest) if kind in _CLUSTER_SCOPED else _split(rest)
    return ObjectOut(kind, namespace, name)


def _split(key: str) -> tuple[str, str]:
    namespace, _, name = key.partition("/")
    return namespace, name


def _finding(problem: Problem) -> FindingOut:
    place = problem.location
    severity = Severity(problem.severity).value
    return FindingOut(
        place.file,
        place.line,
        place.column,
        severity,
        problem.code.value,
        subject(problem.subject),
        problem.path,
        problem.message,
        problem.hint,
    )
