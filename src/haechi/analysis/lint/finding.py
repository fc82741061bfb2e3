"""Findings, with the edits that resolve them where these are certain."""

from __future__ import annotations

from dataclasses import dataclass

from haechi.model import Edit, Location, ObjectName, Severity, printable


@dataclass(frozen=True, slots=True)
class Fix:
    """Edits that resolve a finding and change nothing else in the meaning of the object. They belong together.

    Attributes:
        description: what they do, such as `delete the item`.
        edits: with the paths of the object before any of them.
    """

    description: str
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """A likely mistake.

    Attributes:
        code: the check that found it: `dash-trap`.
        severity: how bad it is.
        message: what is wrong and why, one sentence.
        object: the object that it is about.
        path: the field, as in API errors: `spec.ingress[0].from[1]`; empty for the object as a whole.
        location: where it was read; None for objects that were made in Python.
        hint: how to resolve it, such as `did you mean app=web?`; may be empty.
        fix: edits that resolve it, if they are certain.
        fingerprint: the same in each run until the check, the object or the item is another one, wherever it stands;
            no two findings of a run have the same.
    """

    code: str
    severity: Severity
    message: str
    object: ObjectName
    path: str = ""
    location: Location | None = None
    hint: str = ""
    fix: Fix | None = None
    fingerprint: str = ""

    @property
    def subject(self) -> str:
        """The object as `Kind/namespace/name`."""
        return str(self.object)

    def __str__(self) -> str:
        """`file:line:column: severity: subject: message (hint) [code]`, always one line."""
        place = f"{self.location}: " if self.location is not None else ""
        hint = f" ({self.hint})" if self.hint else ""
        return printable(f"{place}{self.severity}: {self.subject}: {self.message}{hint} [{self.code}]")
