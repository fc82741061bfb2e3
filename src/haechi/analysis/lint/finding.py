"""What a check has to say: a finding, and where it is certain, the edit that ends it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from haechi.model import Edit, Location, printable


class Severity(StrEnum):
    """How bad."""

    ERROR = "error"
    """What is written has no effect, or another than it says."""
    WARNING = "warning"
    """Most likely not what was meant."""
    NOTE = "note"
    """Worth knowing."""


@dataclass(frozen=True, slots=True)
class Fix:
    """Edits that end a finding and change nothing else that the object means. They belong together.

    Attributes:
        words: what is done, such as `delete the item`.
        edits: paths are those of the object before any of them.
    """

    words: str
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is likely not meant.

    Attributes:
        code: which check, stable: `dash-trap`.
        severity: how bad.
        message: what is wrong and why, one sentence.
        subject: the object, `Kind/namespace/name`.
        path: the field, as in API errors: `spec.ingress[0].from[1]`; empty for the object as a whole.
        location: where it was read; None for objects that were made in Python.
        hint: what to do about it, such as `did you mean app=web?`; may be empty.
        fix: the change that is certain, if one is.
    """

    code: str
    severity: Severity
    message: str
    subject: str
    path: str = ""
    location: Location | None = None
    hint: str = ""
    fix: Fix | None = None

    def __str__(self) -> str:
        """`file:line:column: severity: subject: message (hint) [code]`, in one line whatever the input held."""
        place = f"{self.location}: " if self.location is not None else ""
        hint = f" ({self.hint})" if self.hint else ""
        return printable(f"{place}{self.severity}: {self.subject}: {self.message}{hint} [{self.code}]")
