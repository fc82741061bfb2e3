"""The table of `haechi lab run`, for people."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from syrupy.assertion import SnapshotAssertion

from haechi.cli.lab.table import MAX_MISMATCHES, isolation, summary, write_table
from haechi.cli.terminal import Terminal
from haechi.report import LabRun, ProbeResult
from tests.cli.goldens import TextFile
from tests.cli.reports import reports, rows, shop, side


@pytest.fixture
def golden(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    return snapshot.use_extension(TextFile)


def report_of(*found: ProbeResult) -> LabRun:
    names = sorted({name for row in found for name in (row.source, row.destination)})
    return LabRun(found, dict.fromkeys(names, ()))


def table(report: LabRun, width: int | None = None, colours: bool = False, chosen: bool = False) -> str:
    text = io.StringIO()
    write_table(Terminal(text, width is not None, colours, width), report, chosen)
    return text.getvalue()


def test_a_report_where_all_is_well(golden: SnapshotAssertion) -> None:
    assert table(shop()) == golden


def test_a_mismatch_is_shown_in_detail(golden: SnapshotAssertion) -> None:
    assert table(shop(broken=[("TCP", 5432), ("UDP", 80)]), chosen=True) == golden


def test_a_narrow_coloured_window(golden: SnapshotAssertion) -> None:
    assert table(shop(broken=[("TCP", 80)]), width=72, colours=True) == golden


@given(reports())
def test_nothing_is_coloured_or_broken_for_a_file(report: LabRun) -> None:
    if report.results:
        text = table(report)
        assert "\x1b" not in text
        assert not any(line.endswith(" ") for line in text.splitlines())
        assert summary(report) in text.splitlines()


@given(reports(), st.integers(min_value=80, max_value=200))
def test_a_window_is_wide_enough_for_every_line(report: LabRun, width: int) -> None:
    if report.results:
        assert max(len(line) for line in table(report, width=width).splitlines()) <= width


def test_names_longer_than_the_window_are_never_broken() -> None:
    name = f"{'n' * 63}/{'p' * 253}"
    report = report_of(*rows(name, "a/x"), *rows("a/x", name, ()))
    assert name in table(report, width=60)


def test_very_many_mismatches_are_cut_with_a_word() -> None:
    found = [row for number in range(MAX_MISMATCHES) for row in rows("a/x", f"a/y{number}", broken=[("TCP", 80)])]
    lines = table(report_of(*found)).splitlines()
    assert sum(line.startswith("MISMATCH") for line in lines) == MAX_MISMATCHES
    assert f"and {MAX_MISMATCHES} more; -o json lists all" in lines


def test_the_sum_names_the_ip_versions_and_whether_all_is_well() -> None:
    report = shop()
    assert (
        summary(report)
        == f"{len(report.results)} connections probed over IPv4 and IPv6 in 0.2 seconds: all match the policies."
    )
    one = LabRun(tuple(rows("a/x", "a/y", families=(6,), broken=[("TCP", 80)])), {}, seconds=1.26)
    assert summary(one) == "4 connections probed over IPv6 in 1.3 seconds: 1 did NOT match the policies."


def test_isolation_in_both_directions_by_different_policies() -> None:
    found = [*rows("a/x", "a/y", egress=side(True, "a/out")), *rows("a/y", "a/x", ingress=("a/in", "a/more"))]
    report = report_of(*found)
    assert list(isolation(report, {})) == [
        "a/x receives only what policies a/in and a/more allow and sends only what policy a/out allows.",
        "No policy selects the 1 other pod: only the policies of the other end restrict it.",
    ]


def test_of_a_pod_that_was_asked_in_one_direction_nothing_more_is_claimed() -> None:
    assert list(isolation(report_of(*rows("a/x", "a/y")), {})) == []


def test_equal_reports_give_equal_text() -> None:
    report = shop()
    shuffled = replace(report, results=tuple(reversed(report.results)))
    assert table(report) == table(shuffled)
