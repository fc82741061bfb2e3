"""The baseline of lint: findings that are known, so that only new ones fail.

Promises that a baseline that is missing or cannot be read is an error, never an empty one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from haechi.cli.arguments import Verbosity
from haechi.cli.failure import CommandError
from haechi.cli.fixing import write_whole
from haechi.cli.terminal import Style, Terminal
from haechi.cli.wording import counted
from haechi.report import LintBaseline

if TYPE_CHECKING:
    from haechi.analysis.lint import Finding
    from haechi.report import KnownFinding

_OPTION = "--baseline"
_BYTE = re.compile(r" \(byte (\d+)\)$")


def read_baseline(name: str) -> LintBaseline:
    """The baseline in a file.

    Raises:
        CommandError: there is none.
    """
    import msgspec

    from haechi.files import read_all
    from haechi.model import Problem

    if not Path(name).exists():
        raise CommandError(f"{name}: no such file", _OPTION, ["--write-baseline writes it"])
    source, *more = read_all([name], None)
    if isinstance(source, Problem) or more:
        raise CommandError(f"{name}: cannot be read as a file", _OPTION)
    try:
        return LintBaseline.parse(source.data)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        byte = _BYTE.search(str(error))
        place = source.whole if byte is None else source.at(int(byte[1]))
        raise CommandError(f"{place}: is no baseline: {_BYTE.sub('', str(error))}", _OPTION) from error


def write_baseline(name: str, findings: Iterable[Finding], codes: Iterable[str]) -> int:
    """Write the findings of the checks that ran; known findings of others stay. Returns how many there are.

    Raises:
        CommandError: the file cannot be written, or is something else.
    """
    ran = set(codes)
    before = read_baseline(name).findings if Path(name).exists() else []
    baseline = LintBaseline.of(findings, (one for one in before if one.code not in ran))
    try:
        write_whole(Path(name), baseline.text().encode())
    except OSError as error:
        raise CommandError(f"{name}: {(error.strerror or str(error)).lower()}", _OPTION) from error
    return len(baseline.findings)


def gone(baseline: LintBaseline, findings: Iterable[Finding], codes: Iterable[str]) -> list[KnownFinding]:
    """The known findings of checks that ran that were not found any more."""
    found, ran = {one.fingerprint for one in findings}, set(codes)
    return [one for one in baseline.findings if one.code in ran and one.fingerprint not in found]


def write_gone(terminal: Terminal, name: str, known: Iterable[KnownFinding], verbosity: Verbosity) -> None:
    """Report known findings that were not found: how many, or with `--verbose` each."""
    from haechi.model import ObjectName

    listed = list(known)
    if verbosity is Verbosity.VERBOSE:
        for one in listed:
            subject = ObjectName(one.object.kind, one.object.namespace, one.object.name)
            terminal.line(f"{name}: not found any more: {subject}: {one.message} [{one.code}]", Style.DIM)
    elif listed and verbosity is Verbosity.NORMAL:
        findings = counted(len(listed), "finding")
        terminal.line(f"{name}: {findings} not found any more (-v lists, --write-baseline removes)", Style.DIM)
