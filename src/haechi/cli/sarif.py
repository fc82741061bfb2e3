"""Findings of `haechi validate` and `haechi lint` as SARIF 2.1.0 (OASIS), which code scanning shows beside the code."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import PurePath
from typing import Final
from urllib.parse import quote

import msgspec

from haechi._version import __version__
from haechi.cli.input import Input
from haechi.model import Code, Location, Problem, Severity

SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.SKIPPED: "note"}
RULES: Final = {
    Code.UNREADABLE: "The input cannot be read.",
    Code.EMPTY: "The input holds no objects.",
    Code.LIMIT: "The input is larger or deeper than any sensible one.",
    Code.ENCODING: "The text is not UTF-8.",
    Code.SYNTAX: "The document is neither YAML nor JSON.",
    Code.NOT_AN_OBJECT: "The document is not a Kubernetes object.",
    Code.API_VERSION: "No server knows this kind under this apiVersion.",
    Code.UNKNOWN_KIND: "The kind is not used.",
    Code.ALREADY_READ: "The file has been read already.",
    Code.TYPE: "The field has a value of another type.",
    Code.UNKNOWN_FIELD: "There is no such field.",
    Code.DUPLICATE_FIELD: "The field is given twice.",
    Code.DUPLICATE_OBJECT: "The object is defined twice.",
    Code.INVALID: "The API server refuses the value.",
    Code.DOUBTFUL: "The API server warns of the value.",
}


class _Struct(msgspec.Struct, frozen=True, rename="camel"):
    """SARIF's property names."""


class Message(_Struct, frozen=True):
    """A text."""

    text: str


class Rule(_Struct, frozen=True):
    """A reportingDescriptor (section 3.49)."""

    id: str
    short_description: Message


class Driver(_Struct, frozen=True):
    """The tool (section 3.19)."""

    name: str
    version: str
    rules: list[Rule]


class Tool(_Struct, frozen=True):
    """Section 3.18."""

    driver: Driver


class Artifact(_Struct, frozen=True):
    """An artifactLocation (section 3.4)."""

    uri: str


class Region(_Struct, frozen=True):
    """Lines and columns from 1 (section 3.30)."""

    start_line: int
    start_column: int


class Physical(_Struct, frozen=True, omit_defaults=True):
    """A physicalLocation (section 3.29); without region it is the whole file."""

    artifact_location: Artifact
    region: Region | None = None


class Logical(_Struct, frozen=True):
    """A logicalLocation (section 3.33): the object and its field."""

    fully_qualified_name: str


class Place(_Struct, frozen=True, omit_defaults=True):
    """A location (section 3.28)."""

    physical_location: Physical
    logical_locations: list[Logical] = []


class Result(_Struct, frozen=True):
    """Section 3.27."""

    rule_id: str
    rule_index: int
    level: str
    message: Message
    locations: list[Place]


class Run(_Struct, frozen=True):
    """Section 3.14. Columns count characters, not UTF-16 units."""

    tool: Tool
    column_kind: str
    results: list[Result]


class Log(_Struct, frozen=True):
    """The document (section 3.13)."""

    schema: str = msgspec.field(name="$schema")
    version: str
    runs: list[Run]


class Report:
    """What a command found, while it is put together.

    Args:
        rules: every code that there may be, and what it means.
    """

    def __init__(self, rules: Mapping[str, str]) -> None:
        self._rules = [Rule(code, Message(words)) for code, words in rules.items()]
        self._places = {code: place for place, code in enumerate(rules)}
        self._results: list[Result] = []

    def add(self, code: str, level: str, text: str, location: Location, logical: Iterable[str]) -> None:
        """Add one finding; `logical` is the object and the field, as far as there are."""
        region = Region(location.line, location.column) if location.line else None
        name = ".".join(filter(None, logical))
        place = Place(Physical(Artifact(_uri(location.file)), region), [Logical(name)] if name else [])
        self._results.append(Result(code, self._places[code], level, Message(text), [place]))

    def text(self) -> str:
        """The document."""
        run = Run(Tool(Driver("haechi", __version__, self._rules)), "unicodeCodePoints", self._results)
        return msgspec.json.format(msgspec.json.encode(Log(SCHEMA, "2.1.0", [run])), indent=1).decode() + "\n"


def findings_sarif(found: Input) -> str:
    """What `haechi validate` found, skipped documents as notes, as SARIF text."""
    report = Report({code.value: words for code, words in RULES.items()})
    for problem in (*found.findings, *found.skipped):
        report.add(
            problem.code.value,
            _LEVELS[problem.severity],
            _text(problem),
            problem.location,
            (problem.subject, problem.path) if problem.subject else (),
        )
    return report.text()


def _text(problem: Problem) -> str:
    subject = f"{problem.subject}: " if problem.subject else ""
    hint = f" ({problem.hint})" if problem.hint else ""
    return f"{subject}{problem.message}{hint}"


def _uri(file: str) -> str:
    """A relative reference as it is, an absolute path as file: (RFC 8089); `<stdin>` has no better name."""
    path = PurePath(file)
    return f"file://{quote(str(path))}" if path.is_absolute() else quote(str(path))
