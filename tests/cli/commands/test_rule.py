"""`haechi rule`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from haechi.analysis.lint import CATALOGUE
from tests.cli.conftest import Haechi

PAGES = Path(__file__).parents[3] / "docs" / "lint"


@pytest.mark.parametrize("check", CATALOGUE, ids=lambda check: check.code)
def test_a_check_is_explained_in_the_words_of_its_page(haechi: Haechi, check: object) -> None:
    code, page = check.code, check.page  # type: ignore[attr-defined]
    heading, text = haechi("rule", code).out.split("\n\n", 1)
    assert heading == f"# {code}"
    assert f"## {code}\n\n{text}" in (PAGES / f"{page}.md").read_text(encoding="utf-8")


def test_without_a_code_every_check_has_a_line(haechi: Haechi) -> None:
    outcome = haechi("rule")
    assert outcome.code == 0
    assert [line.split()[0] for line in outcome.out.splitlines()] == [check.code for check in CATALOGUE]


def test_patterns_and_all_select_several(haechi: Haechi) -> None:
    assert haechi("rule", "named-port-*", "dash-trap").out.count("# named-port-") == 4
    out = haechi("rule", "--all").out
    assert all(f"# {check.code}\n" in out for check in CATALOGUE)


def test_json_has_the_text_and_both_examples(haechi: Haechi) -> None:
    (rule,) = json.loads(haechi("rule", "dash-trap", "-o", "json").out)["rules"]
    assert (rule["code"], rule["severity"], rule["onRequest"]) == ("dash-trap", "warning", False)
    assert rule["text"].startswith(f"Warning. {rule['summary']}")
    for example in (rule["wrong"], rule["right"]):
        assert example.startswith("apiVersion: ")
        assert f"```yaml\n{example}```" in rule["text"]
    assert len(json.loads(haechi("rule", "-o", "json").out)["rules"]) == len(CATALOGUE)


def test_an_unknown_code_is_refused_with_a_hint(haechi: Haechi) -> None:
    outcome = haechi("rule", "dash-tarp")
    assert (outcome.code, outcome.out) == (2, "")
    assert "did you mean dash-trap" in outcome.err
