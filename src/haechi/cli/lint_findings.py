"""Findings of `haechi lint` for people, as SARIF and, as version 1 of the schema in docs/cli.md, for programs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal, get_args

import msgspec

from haechi.analysis.lint import CATALOGUE, Check, Finding, Severity
from haechi.cli.findings import FindingOut, subject
from haechi.cli.input import Input
from haechi.cli.lab.wording import counted
from haechi.cli.sarif import Report
from haechi.cli.terminal import Style, Terminal
from haechi.model import Location, NetworkPolicy, Pod, Workload, printable

VERSION: Final = 1
_STYLES = {Severity.ERROR: Style.RED, Severity.WARNING: Style.YELLOW, Severity.NOTE: Style.DIM}
_NOWHERE = Location("")
_MAKERS = (Pod, *get_args(Workload))


class LintFindingOut(FindingOut, frozen=True):
    """One finding; `fix` is what `--fix` would do, null if nothing is certain."""

    fix: str | None


class LintOut(msgspec.Struct, frozen=True):
    """The document."""

    version: Literal[1]
    findings: list[LintFindingOut]


def write_text(results: Terminal, findings: Iterable[Finding]) -> None:
    """A line for each finding."""
    for finding in findings:
        before, mark, after = str(finding).partition(f"{finding.severity}:")
        severity = results.paint(mark, _STYLES[finding.severity])
        results.write(f"{before}{severity}{printable(after)}\n")
    results.stream.flush()


def tell_sum(remarks: Terminal, findings: Iterable[Finding], checks: Iterable[Check], found: Input) -> None:
    """How many findings of each severity, what could be corrected, and what was not looked for."""
    listed = list(findings)
    policies = counted(len(found.manifests.all(NetworkPolicy)), "NetworkPolicy", "NetworkPolicies")
    counts = {severity: sum(one.severity is severity for one in listed) for severity in Severity}
    words = [counted(count, str(severity)) for severity, count in counts.items() if count]
    fixable = sum(one.fix is not None for one in listed)
    parts = [f"{', '.join(words) or 'nothing found'} in {policies}"]
    if fixable:
        parts.append(f"--fix corrects {fixable}")
    made = {check.code for check in checks}
    left = sum(check.on_request and check.code not in made for check in CATALOGUE)
    if left:
        parts.append(f"{counted(left, 'check')} on request: --select all")
    remarks.line("; ".join(parts))
    if not any(isinstance(loaded.object, _MAKERS) for loaded in found.manifests.objects):
        remarks.line("no pods in the input: what needs them was not looked at", Style.DIM)


def as_json(findings: Iterable[Finding]) -> str:
    """The findings as JSON text."""
    document = LintOut(VERSION, [_finding(one) for one in findings])
    return msgspec.json.format(msgspec.json.encode(document), indent=1).decode() + "\n"


def _finding(one: Finding) -> LintFindingOut:
    place = one.location or _NOWHERE
    return LintFindingOut(
        place.file,
        place.line,
        place.column,
        one.severity.value,
        one.code,
        subject(one.subject),
        one.path,
        one.message,
        one.hint,
        None if one.fix is None else one.fix.words,
    )


def as_sarif(findings: Iterable[Finding]) -> str:
    """The findings as SARIF text."""
    report = Report({check.code: check.words for check in CATALOGUE})
    for one in findings:
        hint = f" ({one.hint})" if one.hint else ""
        text = f"{one.subject}: {one.message}{hint}"
        report.add(one.code, one.severity.value, text, one.location or _NOWHERE, (one.subject, one.path))
    return report.text()
