"""Findings of `haechi validate` as SARIF 2.1.0 (OASIS), which code scanning services show beside the code."""

from __future__ import annotations

from pathlib import PurePath
from typing import Final
from urllib.parse import quote

import msgspec

from haechi import __version__
from haechi.cli.loading import Input
from haechi.model import Code, Problem, Severity

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
_IDS = list(RULES)


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


def findings_sarif(found: Input) -> str:
    """The findings, skipped documents as notes, as SARIF text."""
    rules = [Rule(code.value, Message(words)) for code, words in RULES.items()]
    results = [_result(problem) for problem in (*found.findings, *found.skipped)]
    run = Run(Tool(Driver("haechi", __version__, rules)), "unicodeCodePoints", results)
    return msgspec.json.format(msgspec.json.encode(Log(SCHEMA, "2.1.0", [run])), indent=1).decode() + "\n"


def _result(problem: Problem) -> Result:
    subject = f"{problem.subject}: " if problem.subject else ""
    hint = f" ({problem.hint})" if problem.hint else ""
    text = f"{subject}{problem.message}{hint}"
    return Result(
        problem.code.value,
        _IDS.index(problem.code),
        _LEVELS[problem.severity],
        Message(text),
        [_place(problem)],
    )


def _place(problem: Problem) -> Place:
    location = problem.location
    region = Region(location.line, location.column) if location.line else None
    names = [Logical(".".join(filter(None, (problem.subject, problem.path))))] if problem.subject else []
    return Place(Physical(Artifact(_uri(location.file)), region), names)


def _uri(file: str) -> str:
    """A relative reference as it is, an absolute path as file: (RFC 8089); `<stdin>` has no better name."""
    path = PurePath(file)
    return f"file://{quote(str(path))}" if path.is_absolute() else quote(str(path))
