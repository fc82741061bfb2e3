"""SARIF 2.1.0 (OASIS), which code scanning shows beside the code. Classes have the names of the standard's objects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from haechi._version import __version__
from haechi.model import Location, Severity, shortened
from haechi.report.alert import Alert
from haechi.report.document import problem_text

if TYPE_CHECKING:
    from haechi.report.document import Basis, ProblemJson

SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
FINGERPRINT: Final = "haechi/v1"
"""The name of fingerprints, with the version of what they are made of."""
HELP_URI: Final = "https://kubernetes.io/docs/concepts/services-networking/network-policies/"
"""What the rules that have a text are about. The text itself is in their help. It has no address: `project.urls` in
pyproject.toml has none by which `docs/lint.md` could be linked."""


class SarifValue(msgspec.Struct, frozen=True, rename="camel"):
    """Base: SARIF's property names."""


class SarifMessage(SarifValue, frozen=True):
    """A message (section 3.11)."""

    text: str


class SarifMultiformatMessage(SarifValue, frozen=True):
    """A message in plain text and in Markdown (section 3.12)."""

    text: str
    markdown: str


class SarifReportingConfiguration(SarifValue, frozen=True):
    """What results of a rule have in common (section 3.50)."""

    level: str


class SarifReportingDescriptor(SarifValue, frozen=True, omit_defaults=True):
    """A rule (section 3.49)."""

    id: str
    short_description: SarifMessage
    full_description: SarifMessage | None = None
    help: SarifMultiformatMessage | None = None
    help_uri: str | None = None
    default_configuration: SarifReportingConfiguration | None = None


class SarifToolComponent(SarifValue, frozen=True):
    """The driver of a tool (section 3.19)."""

    name: str
    version: str
    rules: list[SarifReportingDescriptor]


class SarifTool(SarifValue, frozen=True):
    """Section 3.18."""

    driver: SarifToolComponent


class SarifArtifactLocation(SarifValue, frozen=True):
    """Section 3.4."""

    uri: str


class SarifRegion(SarifValue, frozen=True):
    """Lines and columns from 1 (section 3.30)."""

    start_line: int
    start_column: int


class SarifPhysicalLocation(SarifValue, frozen=True, omit_defaults=True):
    """Section 3.29; without region it is the whole file."""

    artifact_location: SarifArtifactLocation
    region: SarifRegion | None = None


class SarifLogicalLocation(SarifValue, frozen=True):
    """The object and its field (section 3.33)."""

    fully_qualified_name: str


class SarifLocation(SarifValue, frozen=True, omit_defaults=True):
    """Section 3.28."""

    physical_location: SarifPhysicalLocation
    logical_locations: list[SarifLogicalLocation] = []


class SarifResult(SarifValue, frozen=True, omit_defaults=True):
    """Section 3.27."""

    rule_id: str
    rule_index: int
    level: str
    message: SarifMessage
    locations: list[SarifLocation]
    partial_fingerprints: dict[str, str] = {}


class SarifNotification(SarifValue, frozen=True):
    """A condition that the tool met, apart from results (section 3.58)."""

    level: str
    message: SarifMessage
    locations: list[SarifLocation]


class SarifInvocation(SarifValue, frozen=True):
    """How the tool ran (section 3.20): not successfully if it could not read some of its input."""

    execution_successful: bool
    tool_execution_notifications: list[SarifNotification]


class SarifRun(SarifValue, frozen=True):
    """Section 3.14. Columns count characters, not UTF-16 units."""

    tool: SarifTool
    invocations: list[SarifInvocation]
    column_kind: str
    results: list[SarifResult]


class SarifLog(SarifValue, frozen=True):
    """The document (section 3.13)."""

    schema: str = msgspec.field(name="$schema")
    version: str
    runs: list[SarifRun]


class RuleText(NamedTuple):
    """What is to become a rule: what its results have in common, why that is wrong, and all that there is to say."""

    summary: str
    reason: str = ""
    markdown: str = ""
    level: str = ""


def sarif_log(rules: Mapping[str, RuleText], alerts: Iterable[Alert], basis: Basis) -> str:
    """The log as JSON text; `rules` are all rules that there are, by id."""
    driver = SarifToolComponent("haechi", __version__, [_rule(rule, text) for rule, text in rules.items()])
    index = {rule: number for number, rule in enumerate(rules)}
    results = [
        SarifResult(
            one.rule,
            index[one.rule],
            one.level,
            SarifMessage(shortened(one.text)),
            _locations(one),
            {FINGERPRINT: one.fingerprint} if one.fingerprint else {},
        )
        for one in alerts
    ]
    invocation = SarifInvocation(not basis.partial, [_notification(one) for one in basis.caveats])
    run = SarifRun(SarifTool(driver), [invocation], "unicodeCodePoints", results)
    log = SarifLog(SCHEMA, "2.1.0", [run])
    return msgspec.json.format(msgspec.json.encode(log), indent=1).decode() + "\n"


def _rule(rule: str, text: RuleText) -> SarifReportingDescriptor:
    return SarifReportingDescriptor(
        rule,
        SarifMessage(text.summary),
        SarifMessage(text.reason) if text.reason else None,
        SarifMultiformatMessage(text.markdown, text.markdown) if text.markdown else None,
        HELP_URI if text.markdown else None,
        SarifReportingConfiguration(text.level) if text.level else None,
    )


def _notification(caveat: ProblemJson) -> SarifNotification:
    level = "error" if caveat.severity is Severity.ERROR else "warning"
    return SarifNotification(level, SarifMessage(problem_text(caveat)), [_location(caveat.location)])


def _locations(alert: Alert) -> list[SarifLocation]:
    if alert.location is None:
        return []
    name = ".".join(filter(None, (alert.subject, alert.path))) if alert.subject else ""
    return [_location(alert.location, name)]


def _location(place: Location, name: str = "") -> SarifLocation:
    region = SarifRegion(place.line, place.column) if place.line else None
    physical = SarifPhysicalLocation(SarifArtifactLocation(_uri(place.file)), region)
    return SarifLocation(physical, [SarifLogicalLocation(name)] if name else [])


def _uri(file: str) -> str:
    """A relative reference as it is, an absolute path as file: (RFC 8089); `<stdin>` has no better name."""
    from pathlib import PurePath
    from urllib.parse import quote

    path = PurePath(file)
    return f"file://{quote(str(path))}" if path.is_absolute() else quote(str(path))
