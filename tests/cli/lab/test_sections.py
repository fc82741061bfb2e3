"""The results of a run, grouped for people."""

from __future__ import annotations

from collections import Counter
from itertools import product

from hypothesis import given

from haechi.cli.lab.sections import TableRow, TableSection, table_sections
from haechi.model.verdict import Direction, PolicyKey
from haechi.report import LabRun
from tests.cli.reports import reports, rows, shop, side


@given(reports())
def test_every_result_is_in_exactly_one_row_with_its_own_outcome(run: LabRun) -> None:
    probed = {(one.source, one.destination) for one in run.results}
    found: dict[tuple[str, str], TableRow] = {}
    for section in table_sections(run.results, run.descriptions):
        for row in section.rows:
            for pair in product(row.sources, section.destinations):
                if pair in probed:
                    assert pair not in found
                    found[pair] = row
    assert found.keys() == probed
    for one in run.results:
        outcomes = {
            (outcome.allowed, outcome.as_expected)
            for version, port, outcome in found[one.source, one.destination].outcomes
            if version in (0, one.family) and port == (one.protocol, one.port)
        }
        assert outcomes == {(one.expected.allowed, one.is_as_expected)}


@given(reports())
def test_sections_depend_on_the_results_and_not_on_their_order(run: LabRun) -> None:
    sections = table_sections(run.results, run.descriptions)
    assert sections == table_sections(reversed(run.results), run.descriptions)


@given(reports())
def test_every_destination_is_in_one_section_with_the_policies_that_isolate_it(run: LabRun) -> None:
    found = table_sections(run.results, run.descriptions)
    places = Counter(name for section in found for name in section.destinations)
    assert set(places.values()) <= {1}
    for section in found:
        for one in run.results:
            if one.destination in section.destinations and one.expected.ingress.isolated:
                assert one.expected.ingress.policies == section.ingress


def test_destinations_that_differ_in_themselves_only_share_a_section() -> None:
    found = table_sections([*rows("a/x", "a/y"), *rows("a/y", "a/x"), *rows("a/z", "a/x"), *rows("a/z", "a/y")], ())
    assert [section.destinations for section in found] == [("a/x", "a/y")]


def test_hosts_never_share_a_section_with_pods() -> None:
    found = table_sections([*rows("a/x", "a/y"), *rows("a/x", "host/h")], ["host/h"])
    assert [(section.destinations, section.outside) for section in found] == [(("a/y",), False), (("host/h",), True)]


def test_the_isolated_come_first() -> None:
    report = shop()
    names = [section.destinations for section in table_sections(report.results, report.descriptions)]
    assert names == [("shop/db",), ("host/office",), ("shop/web-0", "shop/web-1")]


def test_of_equally_many_sources_those_that_are_allowed_less_are_the_rest() -> None:
    section = _only(table_sections([*rows("a/x", "a/z", ()), *rows("a/y", "a/z", [("TCP", 80)])], ()))
    assert [(row.sources, row.is_rest) for row in section.rows] == [(("a/y",), False), (("a/x",), True)]


def test_ip_versions_are_shown_apart_only_where_they_differ() -> None:
    same = _only(table_sections([*rows("a/x", "a/z", families=(4,)), *rows("a/y", "a/z", families=(4, 6))], ()))
    assert [row.sources for row in same.rows] == [("a/x", "a/y")]
    apart = _only(table_sections([*rows("a/x", "a/z", (), families=(4,)), *rows("a/x", "a/z", families=(6,))], ()))
    assert {version for version, _, _ in apart.rows[0].outcomes} == {4, 6}


def test_the_denying_side_is_shown_only_if_it_is_so_for_everything_denied() -> None:
    closed = side(False, "a/p")
    both = _only(table_sections(rows("a/x", "a/z", (), egress=closed, ingress=("a/q",)), ()))
    assert both.rows[0].deniers == {Direction.EGRESS, Direction.INGRESS}
    assert both.ingress == (PolicyKey("a", "q"),)
    mixed = [*rows("a/x", "a/z", egress=closed, ingress=("a/q",)), *rows("a/y", "a/z", (), ingress=("a/q",))]
    assert _only(table_sections(mixed, ())).rows[0].deniers == frozenset()


def _only(found: tuple[TableSection, ...]) -> TableSection:
    (section,) = found
    return section
