"""Code Quality reports: the fields that GitLab requires, whatever was found."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from haechi.report.alert import Alert
from haechi.report.gitlab import gitlab_json
from tests.report.test_github import LEVELS, PLACES

TEXTS = st.text(st.characters(codec="utf-8"), max_size=20)
ALERTS = st.builds(Alert, TEXTS, LEVELS, TEXTS, TEXTS, TEXTS, TEXTS, PLACES, TEXTS)


@given(st.lists(ALERTS, max_size=4))
def test_any_alert_has_what_gitlab_requires(alerts: list[Alert]) -> None:
    entries = json.loads(gitlab_json(alerts))
    assert [one["fingerprint"] for one in entries] == [alert.fingerprint for alert in alerts]
    for entry in entries:
        assert set(entry) == {"description", "check_name", "fingerprint", "severity", "location"}
        assert entry["severity"] in {"info", "minor", "major"}
        assert entry["description"].isprintable()
        assert isinstance(entry["location"]["path"], str)
        assert entry["location"]["lines"]["begin"] >= 1
