"""Every check has a section with a wrong and a right example, and both are what they claim to be."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from haechi.analysis.lint import CATALOGUE, Check
from tests.analysis.lint.linting import found

PAGES = Path(__file__).parents[3] / "docs" / "lint"
_BLOCK = re.compile(r"^```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def sections() -> dict[str, tuple[str, str]]:
    """By code, the page and the text under its heading."""
    texts: dict[str, tuple[str, str]] = {}
    for page in sorted(PAGES.glob("*.md")):
        parts = re.split(r"^## (.*)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
        texts |= {code: (page.stem, text) for code, text in zip(parts[1::2], parts[2::2], strict=True)}
    return texts


SECTIONS = sections()
CHECKS = pytest.mark.parametrize("check", CATALOGUE, ids=lambda check: check.code)


def examples(check: Check) -> tuple[str, str]:
    """The wrong and the right one: the first two YAML blocks of the section, and there are no more."""
    wrong, right = _BLOCK.findall(SECTIONS[check.code][1])
    return wrong, right


def test_every_check_has_a_section_and_no_other() -> None:
    assert set(SECTIONS) == {check.code for check in CATALOGUE}


def test_codes_are_unique() -> None:
    assert len({check.code for check in CATALOGUE}) == len(CATALOGUE)


def test_the_index_has_every_check_in_the_order_of_the_catalogue() -> None:
    index = (PAGES.parent / "lint.md").read_text(encoding="utf-8")
    rows = [line for line in index.splitlines() if line.startswith("| [")]
    assert rows == [
        f"| [{check.code}](lint/{check.function.__module__.rpartition('.')[2]}.md#{check.code}) "
        f"| {check.severity}{', on request' if check.on_request else ''} | {check.summary} |"
        for check in CATALOGUE
    ]


@CHECKS
def test_a_section_is_on_the_page_of_its_module_and_begins_with_the_summary_of_the_check(check: Check) -> None:
    page, text = SECTIONS[check.code]
    request = ", on request" if check.on_request else ""
    assert page == check.function.__module__.rpartition(".")[2]
    assert text.strip().startswith(f"{check.severity.capitalize()}{request}. {check.summary}")


@CHECKS
def test_the_wrong_example_is_found(check: Check) -> None:
    wrong, _ = examples(check)
    assert {finding.code for finding in found(wrong, check.code)} == {check.code}
    for finding in found(wrong, check.code):
        assert finding.location is not None
        assert finding.location.line > 0


@CHECKS
def test_in_the_right_example_nothing_is_found(check: Check) -> None:
    _, right = examples(check)
    usual = [one for one in found(right) if one.code != "open-ingress"]  # examples of ports need no clients
    assert [*usual, *found(right, check.code)] == []
