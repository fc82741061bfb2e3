"""Likely mistakes in policies, as JSON and SARIF."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal

from haechi.model import Location, Severity
from haechi.report.document import (
    API_VERSION,
    Basis,
    Document,
    JsonValue,
    ObjectReference,
    document_text,
)
from haechi.report.sarif import Alert, sarif_log

if TYPE_CHECKING:
    from haechi.analysis.lint import Finding


class LintFindingJson(JsonValue, frozen=True):
    """A likely mistake. `severity` is error, warning or note; `fix` is what `--fix` would do, empty if nothing."""

    location: Location | None
    severity: Severity
    code: str
    object: ObjectReference
    path: str
    message: str
    hint: str
    fix: str


class LintReport(Document, frozen=True):
    """Likely mistakes, by place."""

    kind: Literal["LintReport"]
    findings: list[LintFindingJson]


def lint_json(findings: Iterable[Finding], basis: Basis) -> str:
    """The findings as JSON text."""
    return document_text(LintReport(API_VERSION, "LintReport", *basis, [_finding(one) for one in findings]))


def _finding(one: Finding) -> LintFindingJson:
    return LintFindingJson(
        one.location,
        one.severity,
        one.code,
        ObjectReference(*one.object),
        one.path,
        one.message,
        one.hint,
        "" if one.fix is None else one.fix.description,
    )


def lint_sarif(findings: Iterable[Finding], basis: Basis) -> str:
    """The findings as SARIF text, with every check as a rule."""
    from haechi.analysis.lint import CATALOGUE

    return sarif_log(
        {check.code: check.summary for check in CATALOGUE},
        (
            Alert(one.code, one.severity.value, one.subject, one.path, one.message, one.hint, one.location)
            for one in findings
        ),
        basis,
    )
