"""What reading and checking manifests has to say: problems, each with the place that it is about.

Problems are values, not exceptions: one of them never hides another, and nothing is skipped without one. The facts are
in fields; `str()` puts them into words as `file:line:column: severity: message`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

Step = str | int
Path = tuple[Step, ...]

MAX_VALUE = 200
"""Characters of a value that a message shows."""
_MAX_TEXT = 10_000  # characters of a message, which has few values
_LONG_VALUE = re.compile(rf'(")(?:[^"\\]|\\.){{{MAX_VALUE + 1},}}+"|\S{{{MAX_VALUE + 1},}}')
_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]|\[([^\]]*)\]")


class Severity(StrEnum):
    """How bad a problem in the input or a finding of lint is."""

    ERROR = "error"
    """The object or file cannot be used, or a part of a policy does not have the effect that it seems to have."""
    WARNING = "warning"
    """Most likely a mistake."""
    NOTE = "note"
    """Worth knowing: findings of lint only."""
    SKIPPED = "skipped"
    """Input that is not for Haechi: problems only."""


class Code(StrEnum):
    """What kind of problem, for programs."""

    UNREADABLE = "unreadable"
    UNBUILT = "unbuilt"
    EMPTY = "empty"
    LIMIT = "limit"
    ENCODING = "encoding"
    SYNTAX = "syntax"
    NOT_AN_OBJECT = "not-an-object"
    API_VERSION = "api-version"
    UNKNOWN_KIND = "unknown-kind"
    OTHER_POLICY = "other-policy"
    ALREADY_READ = "already-read"
    TYPE = "type"
    UNKNOWN_FIELD = "unknown-field"
    DUPLICATE_FIELD = "duplicate-field"
    DUPLICATE_OBJECT = "duplicate-object"
    INVALID = "invalid"
    DOUBTFUL = "doubtful"
    REFUSED_LATER = "refused-later"


@dataclass(frozen=True, slots=True, order=True)
class Location:
    """A place in an input. Line and column count from 1 (columns in characters); 0 means the file as a whole."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        """`file:line:column`, or the file alone."""
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file


class ObjectName(NamedTuple):
    """Which object: `namespace` is empty for cluster-scoped kinds."""

    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        """`Kind/namespace/name`, or `Kind/name`."""
        return "/".join(self) if self.namespace else f"{self.kind}/{self.name}"


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem of the input: with `object`, if it is about one, and with `steps` to the field, if it is about one."""

    severity: Severity
    code: Code
    message: str
    location: Location
    object: ObjectName | None = None
    steps: Path = ()
    hint: str = ""

    @property
    def path(self) -> str:
        """The field, as in API errors; empty if the problem is not about one."""
        return path_text(self.steps)

    @property
    def subject(self) -> str:
        """The object as `Kind/namespace/name`; empty if the problem is not about one."""
        return "" if self.object is None else str(self.object)

    @property
    def text(self) -> str:
        """`subject: message (hint)`."""
        about = f"{self.subject}: " if self.subject else ""
        hint = f" ({self.hint})" if self.hint else ""
        return shortened(f"{about}{self.message}{hint}")

    def __str__(self) -> str:
        """One line, without escape sequences or line breaks whatever the input held."""
        return printable(f"{self.location}: {self.severity}: {self.text}")


def printable(text: str) -> str:
    """The text with everything that a terminal could misread (controls, separators, surrogates) escaped."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def shortened(text: str) -> str:
    """A message in which every value, a quoted text or a word, has at most `MAX_VALUE` characters and a `…`."""
    if len(text) <= MAX_VALUE:
        return text
    if len(text) > _MAX_TEXT:
        text = f"{text[:_MAX_TEXT]}…"
    return _LONG_VALUE.sub(
        lambda match: f'{match[0][: MAX_VALUE + 1]}…"' if match[1] else f"{match[0][:MAX_VALUE]}…", text
    )


def path_text(path: Path) -> str:
    """A path as the API server writes it: ``("spec", "ingress", 0, "from")`` is `spec.ingress[0].from`."""
    parts: list[str] = []
    for step in path:
        parts.append(f"[{step}]" if isinstance(step, int) else f".{step}" if parts else step)
    return "".join(parts)


def path_steps(text: str) -> Path:
    """The steps of a path text; a key that holds dots can be given as `labels[example.com/key]`."""
    return tuple(
        int(match[2]) if match[2] is not None else match[1] if match[1] is not None else match[3]
        for match in _STEP.finditer(text)
    )
