"""A Code Quality report of GitLab, which merge requests show. Fields are those that GitLab reads."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from haechi.model import Location, printable
from haechi.report.alert import Alert

_SEVERITIES = {"error": "major", "warning": "minor", "note": "info"}


class GitlabLines(msgspec.Struct, frozen=True):
    """The first line, from 1."""

    begin: int


class GitlabLocation(msgspec.Struct, frozen=True):
    """A file, by its path from the root of the repository, and where in it."""

    path: str
    lines: GitlabLines


class GitlabIssue(msgspec.Struct, frozen=True):
    """An entry of the report. GitLab shows entries with the same fingerprint once."""

    description: str
    check_name: str
    fingerprint: str
    severity: str
    location: GitlabLocation


def gitlab_json(alerts: Iterable[Alert]) -> str:
    """The alerts as JSON text."""
    return msgspec.json.format(msgspec.json.encode([_issue(one) for one in alerts]), indent=1).decode() + "\n"


def _issue(alert: Alert) -> GitlabIssue:
    from pathlib import PurePath

    place = alert.location or Location("unknown")
    location = GitlabLocation(str(PurePath(place.file)), GitlabLines(place.line or 1))
    return GitlabIssue(printable(alert.text), alert.rule, alert.fingerprint, _SEVERITIES[alert.level], location)
