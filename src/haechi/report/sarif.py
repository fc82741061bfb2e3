"""SARIF 2.1.0 (OASIS), which code scanning shows beside the code. Classes have the names of the standard's objects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from haechi._version import __version__
from haechi.model import Location, Severity
from haechi.report.document import problem_text

if TYPE_CHECKING:
    from haechi.report.document import Basis, ProblemJson

SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"


class SarifValue(msgspec.Struct, frozen=True, rename="camel"):
    """Base: SARIF's property names."""


class SarifMessage(SarifValue, frozen=True):
    """A message (section 3.11)."""

    text: str


class SarifReportingDescriptor(SarifValue, frozen=True):
    """A rule (section 3.49)."""

    id: str
    short_description: SarifMessage


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


class SarifResult(SarifValue, frozen=True):
    """Section 3.27."""

    rule_id: str
    rule_index: int
    level: str
    message: SarifMessage
    locations: list[SarifLocation]


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


class Alert(NamedTuple):
    """What is to become a result.

    Attributes:
        rule: the id of its rule.
        level: `error`, `warning` or `note`.
        subject: the object that it is about; empty for none.
        path: the field.
        message: what is wrong.
        hint: what to do about it; empty for nothing.
        location: where; None for an object that was not read from a file.
    """

    rule: str
    level: str
    subject: str
    path: str
    message: str
    hint: str
    location: Location | None


def sarif_log(rules: Mapping[str, str], alerts: Iterable[Alert], basis: Basis) -> str:
    """The log as JSON text; `rules` are the words of every rule that there is, by id."""
    driver = SarifToolComponent(
        "haechi", __version__, [SarifReportingDescriptor(rule, SarifMessage(words)) for rule, words in rules.items()]
    )
    index = {rule: number for number, rule in enumerate(rules)}
    results = [
        SarifResult(one.rule, index[one.rule], one.level, SarifMessage(_text(one)), _locations(one)) for one in alerts
    ]
    invocation = SarifInvocation(not basis.partial, [_notification(one) for one in basis.caveats])
    run = SarifRun(SarifTool(driver), [invocation], "unicodeCodePoints", results)
    log = SarifLog(SCHEMA, "2.1.0", [run])
    return msgspec.json.format(msgspec.json.encode(log), indent=1).decode() + "\n"


def _text(alert: Alert) -> str:
    subject = f"{alert.subject}: " if alert.subject else ""
    hint = f" ({alert.hint})" if alert.hint else ""
    return f"{subject}{alert.message}{hint}"


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
