"""Rows of a report, grouped for people."""

from __future__ import annotations

from collections import Counter

from hypothesis import given

from haechi.cli.lab.outcomes import Group, Line, groups
from haechi.model.verdict import Direction, PolicyKey
from haechi.report import LabRun
from tests.cli.reports import reports, rows, shop, side


@given(reports())
def test_every_row_is_told_in_exactly_one_line_with_its_own_answer(report: LabRun) -> None:
    asked = {(row.source, row.destination) for row in report.results}
    told: dict[tuple[str, str], Line] = {}
    for group in groups(report.results, report.words):
        for line in group.lines:
            for source in line.sources:
                for destination in group.destinations:
                    if (source, destination) in asked:
                        assert (source, destination) not in told
                        told[source, destination] = line
    assert told.keys() == asked
    for row in report.results:
        found = {
            (answer.allowed, answer.as_expected)
            for version, port, answer in told[row.source, row.destination].answers
            if version in (0, row.family) and port == (row.protocol, row.port)
        }
        assert found == {(row.expected.allowed, row.is_as_expected)}


@given(reports())
def test_groups_depend_on_the_rows_and_not_on_their_order(report: LabRun) -> None:
    assert groups(report.results, report.words) == groups(reversed(report.results), report.words)


@given(reports())
def test_every_destination_is_in_one_group_with_the_policies_that_isolate_it(report: LabRun) -> None:
    found = groups(report.results, report.words)
    places = Counter(name for group in found for name in group.destinations)
    assert set(places.values()) <= {1}
    for group in found:
        for row in report.results:
            if row.destination in group.destinations and row.expected.ingress.isolated:
                assert row.expected.ingress.policies == group.ingress


def test_destinations_that_differ_in_themselves_only_share_a_group() -> None:
    found = groups([*rows("a/x", "a/y"), *rows("a/y", "a/x"), *rows("a/z", "a/x"), *rows("a/z", "a/y")], ())
    assert [group.destinations for group in found] == [("a/x", "a/y")]


def test_hosts_never_share_a_group_with_pods() -> None:
    found = groups([*rows("a/x", "a/y"), *rows("a/x", "host/h")], ["host/h"])
    assert [(group.destinations, group.outside) for group in found] == [(("a/y",), False), (("host/h",), True)]


def test_the_isolated_come_first_and_the_open_last() -> None:
    report = shop()
    names = [group.destinations for group in groups(report.results, report.words)]
    assert names == [("shop/db",), ("host/office",), ("shop/web-0", "shop/web-1")]


def test_of_equally_many_sources_those_that_are_allowed_less_are_the_rest() -> None:
    group = _only(groups([*rows("a/x", "a/z", ()), *rows("a/y", "a/z", [("TCP", 80)])], ()))
    assert [(line.sources, line.is_rest) for line in group.lines] == [(("a/y",), False), (("a/x",), True)]


def test_ip_versions_are_told_apart_only_where_they_differ() -> None:
    same = _only(groups([*rows("a/x", "a/z", families=(4,)), *rows("a/y", "a/z", families=(4, 6))], ()))
    assert [line.sources for line in same.lines] == [("a/x", "a/y")]
    apart = _only(groups([*rows("a/x", "a/z", (), families=(4,)), *rows("a/x", "a/z", families=(6,))], ()))
    assert {version for version, _, _ in apart.lines[0].answers} == {4, 6}


def test_who_denies_is_told_only_if_it_is_so_for_everything_denied() -> None:
    closed = side(False, "a/p")
    both = _only(groups(rows("a/x", "a/z", (), egress=closed, ingress=("a/q",)), ()))
    assert both.lines[0].deniers == {Direction.EGRESS, Direction.INGRESS}
    assert both.ingress == (PolicyKey("a", "q"),)
    mixed = [*rows("a/x", "a/z", egress=closed, ingress=("a/q",)), *rows("a/y", "a/z", (), ingress=("a/q",))]
    assert _only(groups(mixed, ())).lines[0].deniers == frozenset()


def _only(found: tuple[Group, ...]) -> Group:
    (group,) = found
    return group
