"""JUnit XML that every CI reads, whatever the names and reasons hold."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from haechi.model import Location, printable
from haechi.report import basis
from haechi.report.junit import JUnitCase, JUnitFailure, JUnitSuite, junit_text
from tests.report.documents import checked_junit

WORDS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)
LINES = st.lists(WORDS, min_size=1, max_size=3).map(tuple)
FAILURES = st.none() | st.builds(JUnitFailure, st.just("assertion"), LINES, st.booleans())
CASES = st.builds(JUnitCase, WORDS, FAILURES, st.none() | st.builds(Location, WORDS, st.integers(1, 9)))
SUITES = st.builds(JUnitSuite, WORDS, st.lists(CASES, max_size=3).map(tuple), st.just(()) | LINES)


@given(st.lists(SUITES, max_size=3))
def test_names_places_and_reasons_come_back_and_are_counted(suites: list[JUnitSuite]) -> None:
    root = checked_junit(junit_text("some", suites, basis(), 0.5))
    assert (root.get("name"), root.get("time")) == ("some", "0.500")
    for found, suite in zip(root, suites, strict=True):
        assert found.get("name") == printable(suite.name)
        for each, case in zip(found.findall("testcase"), suite.cases, strict=True):
            failure = each.find("error" if case.failure is not None and case.failure.error else "failure")
            assert each.get("name") == printable(case.name)
            assert each.get("file") == (None if case.location is None else printable(case.location.file))
            assert (None if failure is None else failure.text) == (
                None if case.failure is None else "\n".join(map(printable, case.failure.lines))
            )
