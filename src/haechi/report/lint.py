"""Likely mistakes in policies, and the checks that find them, in every form."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import TYPE_CHECKING, Literal

from haechi.model import Location, ObjectName, Severity
from haechi.report.alert import Alert
from haechi.report.document import (
    API_VERSION,
    Basis,
    Document,
    JsonValue,
    ObjectReference,
    basis,
    document_text,
)
from haechi.report.github import github_text
from haechi.report.gitlab import gitlab_json
from haechi.report.sarif import RuleText, sarif_log

if TYPE_CHECKING:
    from haechi.analysis.lint import Finding


class LintFindingJson(JsonValue, frozen=True):
    """A likely mistake. `severity` is error, warning or note; `fix` is what `--fix` would do, empty if nothing.

    `fingerprint` recognises it in another run: it does not depend on lines.
    """

    location: Location | None
    severity: Severity
    code: str
    object: ObjectReference
    path: str
    message: str
    hint: str
    fix: str
    fingerprint: str


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
        one.fingerprint,
    )


def lint_sarif(findings: Iterable[Finding], basis: Basis, rules: Iterable[LintRule]) -> str:
    """The findings as SARIF text; `rules` are all checks."""
    texts = {one.code: RuleText(one.summary, one.reason, one.text, one.severity.value) for one in rules}
    return sarif_log(texts, _alerts(findings), basis)


def lint_github(findings: Iterable[Finding], basis: Basis) -> str:
    """The findings, and what the answer lacks, as workflow commands of GitHub Actions."""
    return github_text([*_caveats(basis), *_alerts(findings)])


def lint_gitlab(findings: Iterable[Finding], basis: Basis) -> str:
    """The findings, and what the answer lacks, as a Code Quality report of GitLab."""
    return gitlab_json([*_caveats(basis), *_alerts(findings)])


def _alerts(findings: Iterable[Finding]) -> Iterator[Alert]:
    for one in findings:
        alert = (one.code, one.severity.value, one.subject, one.path, one.message, one.hint, one.location)
        yield Alert(*alert, one.fingerprint)


def _caveats(basis: Basis) -> Iterator[Alert]:
    """Input that cannot be read, and policies of other kinds."""
    for one in basis.caveats:
        subject = "" if one.object is None else str(ObjectName(one.object.kind, one.object.namespace, one.object.name))
        alert = (one.code.value, one.severity.value, subject, one.path, one.message, one.hint, one.location)
        digest = sha256("\0".join((one.code, one.location.file, subject, one.message)).encode()).hexdigest()
        yield Alert(*alert, digest[:32])


# -- checks ------------------------------------------------------------------------------------------------------------


class LintRule(JsonValue, frozen=True):
    """A check. `text` is its section of the documentation, in Markdown; `wrong` and `right` are the examples in it."""

    code: str
    severity: Severity
    on_request: bool
    summary: str
    text: str
    wrong: str
    right: str

    @property
    def reason(self) -> str:
        """The text before the first example, without the summary, in one line."""
        _, _, rest = self.text.partition("\n\n")
        return " ".join(rest.partition("```")[0].split())


class LintRules(Document, frozen=True):
    """Checks of `haechi lint`, in the order of the documentation."""

    kind: Literal["LintRules"]
    rules: list[LintRule]


def lint_rules_json(rules: Iterable[LintRule]) -> str:
    """The checks as JSON text."""
    return document_text(LintRules(API_VERSION, "LintRules", *basis(), list(rules)))
