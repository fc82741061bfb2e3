"""Workflow commands: one line each, read back as the runner reads them."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from haechi.model import Location, printable
from haechi.report.alert import Alert
from haechi.report.github import github_text

TEXTS = st.text(max_size=20)
PLACES = st.none() | st.builds(Location, TEXTS, st.integers(0, 9), st.integers(1, 9))
LEVELS = st.sampled_from(["error", "warning", "note"])
ALERTS = st.builds(Alert, TEXTS, LEVELS, TEXTS, TEXTS, TEXTS, TEXTS, PLACES)


def unescaped(text: str) -> str:
    for code, character in (("%3A", ":"), ("%2C", ","), ("%0D", "\r"), ("%0A", "\n"), ("%25", "%")):
        text = text.replace(code, character)
    return text


def read(line: str) -> tuple[str, dict[str, str], str]:
    """The command, its properties and its message, as the runner of GitHub Actions takes a line apart."""
    match = re.fullmatch(r"::([^ ]+) (.*?)::(.*)", line)
    assert match is not None
    pairs = (pair.split("=", 1) for pair in match[2].split(","))
    return match[1], {name: unescaped(value) for name, value in pairs}, unescaped(match[3])


@given(st.lists(ALERTS, max_size=4))
def test_any_alert_is_read_back_as_it_is(alerts: list[Alert]) -> None:
    lines = github_text(alerts).splitlines()
    assert len(lines) == len(alerts)
    for alert, (command, properties, message) in zip(alerts, map(read, lines), strict=True):
        assert command == {"note": "notice"}.get(alert.level, alert.level)
        assert message == printable(alert.text)
        assert properties["title"] == printable(f"haechi ({alert.rule})")
        place = alert.location
        assert properties.get("file") == (None if place is None else printable(place.file))
        assert properties.get("line") == (str(place.line) if place is not None and place.line else None)
