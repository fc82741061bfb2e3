"""Rows stand for exactly the connections that they are made of."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haechi.cli.rows import Line, Row, Wording, grouped, is_outside, outside_texts
from haechi.sets import AddressSet

V4, V6 = "0.0.0.0-255.255.255.255", "::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"
NAMES = ("x/a[Pod]", "x/b[Pod]", "x/c[Deployment]{v=1}", "y/d[Pod]")
OUTSIDE = (V4, V6, "10.0.0.0-10.0.0.255")


def connections(row: Row) -> set[Line]:
    """The connections of a row; none goes from something to itself where all are of each other."""
    if row.destinations:
        return {Line(source, destination, row.rest) for source, destination in product(row.sources, row.destinations)}
    pairs = product(row.sources, repeat=2)
    return {Line(source, destination, row.rest) for source, destination in pairs if source != destination}


ENDS = st.sampled_from((*NAMES, *OUTSIDE))
LINES = st.lists(st.builds(Line, ENDS, ENDS, st.sampled_from(("TCP 80", "everything"))), unique=True)


@given(LINES)
def test_every_connection_is_in_exactly_one_row(lines: list[Line]) -> None:
    rows = list(grouped(lines))
    found = [line for row in rows for line in connections(row)]
    assert len(found) == len(set(found))
    assert set(found) == set(lines)
    for row in rows:
        assert len({is_outside(name) for name in row.sources}) == 1


def texts(*lines: tuple[str, str], most: int | None = 3, everyone: tuple[str, ...] = NAMES) -> list[str]:
    wording = Wording(everyone, most=most)
    return [wording.row(row) for row in grouped(Line(*line, "everything") for line in lines)]


def test_those_who_all_reach_each_other_are_one_row() -> None:
    pairs = [(one, other) for one, other in product(NAMES, repeat=2) if one != other]
    assert texts(*pairs) == ["all 4 workloads -> each other: everything"]
    assert texts(*pairs, ("x/e[Pod]", "x/a[Pod]")) == [
        "all 4 workloads -> each other: everything",
        "x/e[Pod] -> x/a[Pod]: everything",
    ]


def test_both_families_are_outside_and_one_is_told() -> None:
    assert texts(("x/a[Pod]", V4), ("x/a[Pod]", V6), ("x/b[Pod]", V4)) == [
        "x/a[Pod] -> outside: everything",
        "x/b[Pod] -> outside IPv4: everything",
    ]
    assert texts((V4, "x/a[Pod]"), (V6, "x/a[Pod]"), (V6, "x/b[Pod]")) == [
        "outside IPv4 -> x/a[Pod]: everything",
        "outside IPv6 -> x/a[Pod] and x/b[Pod]: everything",
    ]
    assert texts((V4, "x/a[Pod]"), (V6, "x/a[Pod]"), ("y/d[Pod]", "x/a[Pod]")) == [
        "y/d[Pod] -> x/a[Pod]: everything",
        "outside -> x/a[Pod]: everything",
    ]


def test_of_many_names_three_are_shown_and_all_with_verbose() -> None:
    many = [f"x/w{number}[Pod]" for number in range(12)]
    lines = [(name, "x/db[Pod]") for name in many]
    assert texts(*lines) == ["x/w0[Pod], x/w1[Pod], x/w2[Pod] and 9 more -> x/db[Pod]: everything"]
    assert texts(*lines, everyone=tuple(many)) == ["all 12 workloads -> x/db[Pod]: everything"]
    (row,) = texts(*lines, most=None, everyone=tuple(many))
    assert all(name in row for name in many)


@pytest.mark.parametrize(
    ("addresses", "words"),
    [
        ("0.0.0.0/0, ::/0", ["outside"]),
        ("::/0", ["outside IPv6"]),
        ("0.0.0.0-9.255.255.255, 11.0.0.0-255.255.255.255", ["outside IPv4 except 10.0.0.0/8"]),
        ("10.0.0.0/8", ["10.0.0.0/8"]),
        ("8.8.8.8, 10.0.0.0-10.0.0.2", ["8.8.8.8", "10.0.0.0-10.0.0.2"]),
    ],
)
def test_outside_addresses_in_words(addresses: str, words: list[str]) -> None:
    found = AddressSet.union_all([AddressSet.parse(part) for part in addresses.split(", ")])
    assert list(outside_texts(found)) == words
