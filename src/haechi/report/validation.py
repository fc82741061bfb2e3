"""What the API server would refuse or warn of, as JSON and SARIF."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal

from haechi.model import Code, Problem, Severity
from haechi.report.alert import Alert
from haechi.report.document import API_VERSION, Basis, Document, JsonValue, ProblemJson, basis, document_text, problem
from haechi.report.sarif import RuleText, sarif_log

_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.SKIPPED: "note"}
RULES: Final = {
    Code.UNREADABLE: "The input cannot be read.",
    Code.UNBUILT: "A kustomization or Helm chart is not built.",
    Code.EMPTY: "The input holds no objects.",
    Code.LIMIT: "The input is larger or deeper than any sensible one.",
    Code.ENCODING: "The text is not UTF-8.",
    Code.SYNTAX: "The document is neither YAML nor JSON.",
    Code.NOT_AN_OBJECT: "The document is not a Kubernetes object.",
    Code.API_VERSION: "No server knows this kind under this apiVersion.",
    Code.UNKNOWN_KIND: "The kind is not used.",
    Code.OTHER_POLICY: "A policy of another kind is not evaluated.",
    Code.ALREADY_READ: "The file has been read already.",
    Code.TYPE: "The field has a value of another type.",
    Code.UNKNOWN_FIELD: "There is no such field.",
    Code.DUPLICATE_FIELD: "The field is given twice.",
    Code.DUPLICATE_OBJECT: "The object is defined twice.",
    Code.INVALID: "The API server refuses the value.",
    Code.DOUBTFUL: "The API server warns of the value.",
    Code.REFUSED_LATER: "Later definitions of the kind refuse the value, or may refuse it.",
}


class ValidationSummary(JsonValue, frozen=True):
    """How many objects were read, and how many findings there are of each severity."""

    objects: int
    errors: int
    warnings: int
    skipped: int


class ValidationReport(Document, frozen=True):
    """All errors and warnings. Errors about text that is no object, and so was not checked, are in `unreadable` too."""

    kind: Literal["ValidationReport"]
    findings: list[ProblemJson]
    summary: ValidationSummary


def validation_json(objects: int, findings: Iterable[Problem], skipped: Iterable[Problem]) -> str:
    """The findings as JSON text; `objects` is how many were read."""
    listed, others = list(findings), list(skipped)
    errors = sum(one.severity is Severity.ERROR for one in listed)
    return document_text(
        ValidationReport(
            API_VERSION,
            "ValidationReport",
            *_basis(listed, others),
            [problem(one) for one in listed],
            ValidationSummary(objects, errors, len(listed) - errors, len(others)),
        )
    )


def _basis(findings: Iterable[Problem], skipped: Iterable[Problem]) -> Basis:
    return basis(
        skipped=skipped, unreadable=[one for one in findings if one.severity is Severity.ERROR and not one.subject]
    )


def validation_sarif(findings: Iterable[Problem], skipped: Iterable[Problem]) -> str:
    """The findings, and skipped documents as notes, as SARIF text."""
    listed, others = list(findings), list(skipped)
    return sarif_log(
        {code.value: RuleText(words) for code, words in RULES.items()},
        (
            Alert(one.code.value, _LEVELS[one.severity], one.subject, one.path, one.message, one.hint, one.location)
            for one in (*listed, *others)
        ),
        _basis(listed, others),
    )
