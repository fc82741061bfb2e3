"""SARIF as code scanning reads it: valid by the schema of OASIS, whatever was found."""

from __future__ import annotations

import tomllib
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from haechi.analysis.lint import CATALOGUE, Finding
from haechi.cli.lint_rules import lint_rules
from haechi.model import Location, ObjectName, Severity
from haechi.report import basis, lint_sarif
from haechi.report.alert import Alert
from haechi.report.sarif import RuleText, sarif_log
from tests.report.documents import checked_sarif

RULES = {"one": RuleText("The first."), "other": RuleText("The other.", "Because.", "# Other", "note")}
TEXTS = st.text(st.characters(codec="utf-8"), max_size=20)
PLACES = st.none() | st.builds(Location, TEXTS, st.integers(0, 9), st.integers(1, 9))
ALERTS = st.builds(
    Alert,
    st.sampled_from([*RULES]),
    st.sampled_from(["error", "warning", "note"]),
    TEXTS,
    TEXTS,
    TEXTS,
    TEXTS,
    PLACES,
    TEXTS,
)


@given(st.lists(ALERTS, max_size=4))
def test_any_alerts_make_a_valid_log_with_a_rule_for_each(alerts: list[Alert]) -> None:
    (run,) = checked_sarif(sarif_log(RULES, alerts, basis()))["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert rules == list(RULES)
    assert [(rules[each["ruleIndex"]], each["level"]) for each in run["results"]] == [one[:2] for one in alerts]


def test_an_object_that_was_not_read_from_a_file_has_no_place() -> None:
    finding = Finding(CATALOGUE[0].code, Severity.NOTE, "so", ObjectName("NetworkPolicy", "x", "p"), "spec")
    (result,) = checked_sarif(lint_sarif([finding], basis(), lint_rules().values()))["runs"][0]["results"]
    assert (result["message"]["text"], result["locations"]) == ("NetworkPolicy/x/p: so", [])


def test_rules_lead_to_the_text_about_them_once_the_project_has_an_address() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert "urls" not in project, "let HELP_URI lead to docs/lint.md there"
