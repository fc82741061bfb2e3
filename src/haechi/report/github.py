"""Workflow commands of GitHub Actions, which become annotations of a change: `::error file=…,line=…::message`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from haechi.model import printable
from haechi.report.alert import Alert

_COMMANDS = {"error": "error", "warning": "warning", "note": "notice"}


def github_text(alerts: Iterable[Alert]) -> str:
    """A workflow command for each alert, each on a line of its own whatever the input holds."""
    return "".join(f"{_line(one)}\n" for one in alerts)


def _line(alert: Alert) -> str:
    properties: dict[str, object] = {"title": f"haechi ({alert.rule})"}
    place = alert.location
    if place is not None:
        properties["file"] = place.file
        if place.line:
            properties |= {"line": place.line, "col": place.column}
    return f"::{_COMMANDS[alert.level]} {_listed(properties)}::{_escaped(alert.text)}"


def _listed(properties: Mapping[str, object]) -> str:
    values = {name: _escaped(str(value)).replace(":", "%3A").replace(",", "%2C") for name, value in properties.items()}
    return ",".join(f"{name}={value}" for name, value in values.items())


def _escaped(text: str) -> str:
    """As the toolkit of GitHub Actions escapes; there are no line breaks in a printable text."""
    return printable(text).replace("%", "%25")
