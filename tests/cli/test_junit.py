"""The report as JUnit XML."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from hypothesis import given

from haechi.cli.junit import report_junit
from haechi.report import Report
from tests.cli.reports import reports, rows, shop


@given(reports())
def test_every_row_is_a_case_and_every_mismatch_a_failure(report: Report) -> None:
    root = ET.fromstring(report_junit(report).encode())
    assert root.tag == "testsuites"
    assert len(root.findall("testsuite/testcase")) == len(report.rows) == int(root.get("tests", ""))
    assert len(root.findall("testsuite/testcase/failure")) == len(report.mismatches) == int(root.get("failures", ""))
    for suite in root.findall("testsuite"):
        assert len(suite.findall("testcase")) == int(suite.get("tests", ""))


def test_a_case_says_what_was_asked_and_a_failure_what_went_wrong() -> None:
    root = ET.fromstring(report_junit(shop(broken=[("UDP", 80)])).encode())
    case = root.find("testsuite/testcase/failure/..")
    assert case is not None
    assert (case.get("classname"), case.get("name")) == ("shop/web-0 → shop/db", "UDP 80 over IPv4 is denied")
    failure = case.find("failure")
    assert failure is not None
    assert failure.get("message") == failure.text == "policies: denied (ingress: shop/db); packets: allowed"


def test_characters_that_xml_has_not_are_escaped() -> None:
    report = Report(tuple(rows('a/<&"\x00\x1b', "a/y")), {})
    root = ET.fromstring(report_junit(report).encode())
    assert root.find("testsuite") is not None
