"""What is wrong at a place, as code review tools show it: SARIF, annotations of GitHub, reports of GitLab."""

from __future__ import annotations

from typing import NamedTuple

from haechi.model import Location


class Alert(NamedTuple):
    """What is to be shown.

    Attributes:
        rule: the id of its rule.
        level: `error`, `warning` or `note`.
        subject: the object that it is about; empty for none.
        path: the field.
        message: what is wrong.
        hint: what to do about it; empty for nothing.
        location: where; None for an object that was not read from a file.
        fingerprint: what recognises it in another run; may be empty.
    """

    rule: str
    level: str
    subject: str
    path: str
    message: str
    hint: str
    location: Location | None
    fingerprint: str = ""

    @property
    def text(self) -> str:
        """`subject: message (hint)`."""
        subject = f"{self.subject}: " if self.subject else ""
        hint = f" ({self.hint})" if self.hint else ""
        return f"{subject}{self.message}{hint}"
