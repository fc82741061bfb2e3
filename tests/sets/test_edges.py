"""The algebra on tuples of edges, above and below the size at which it cuts instead of merging."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haechi.sets import edges
from tests.sets.strategies import unhurried

LINE = range(80)
bits = st.one_of(
    st.frozensets(st.sampled_from(LINE)),
    # Every third point or so: sets of many intervals.
    st.frozensets(st.sampled_from(LINE[::3]), min_size=8).map(lambda some: some | {p + 1 for p in some if p % 2}),
)


def held(flips: edges.Edges) -> frozenset[int]:
    return frozenset(point for start, end in edges.intervals(flips) for point in range(start, end))


@pytest.mark.parametrize(
    ("bounds", "expected"),
    [
        ([], ()),
        ([(3, 4)], (3, 4)),
        ([(3, 4), (4, 6)], (3, 6)),
        ([(3, 4), (5, 6)], (3, 4, 5, 6)),
        ([(0, 9), (2, 3), (8, 12)], (0, 12)),
        ([(5, 6), (0, 1), (5, 6)], (0, 1, 5, 6)),
    ],
)
def test_bounds_in_any_order_become_edges(bounds: list[tuple[int, int]], expected: edges.Edges) -> None:
    assert edges.from_bounds([start for start, _ in bounds], [end for _, end in bounds]) == expected


@unhurried
@given(bits)
def test_points_survive_the_way_to_edges_and_back(a: frozenset[int]) -> None:
    assert held(edges.from_points(a)) == a


@unhurried
@given(bits)
def test_edges_strictly_increase_and_come_in_pairs(a: frozenset[int]) -> None:
    flips = edges.from_points(a)
    assert list(flips) == sorted(set(flips))
    assert len(flips) % 2 == 0


@unhurried
@given(bits, bits)
def test_operations_give_the_canonical_edges_of_the_result(a: frozenset[int], b: frozenset[int]) -> None:
    left, right = edges.from_points(a), edges.from_points(b)
    assert edges.union(left, right) == edges.from_points(a | b)
    assert edges.intersection(left, right) == edges.from_points(a & b)
    assert edges.difference(left, right) == edges.from_points(a - b)
    assert edges.symmetric_difference(left, right) == edges.from_points(a ^ b)


@unhurried
@given(bits, bits)
def test_comparisons_agree_with_python(a: frozenset[int], b: frozenset[int]) -> None:
    left, right = edges.from_points(a), edges.from_points(b)
    assert edges.is_subset(left, right) == (a <= b)
    assert edges.is_subset(left, edges.union(left, right))
    assert edges.is_disjoint(left, right) == a.isdisjoint(b)
    assert edges.is_disjoint(edges.difference(left, right), right)


@unhurried
@given(st.lists(bits, max_size=6))
def test_union_of_many(many: list[frozenset[int]]) -> None:
    assert edges.union_all(map(edges.from_points, many)) == edges.from_points(frozenset().union(*many))


def test_sets_apart_are_joined_without_merging() -> None:
    low, high = edges.from_points(range(0, 40, 2)), edges.from_points(range(50, 90, 2))
    assert edges.union(low, high) == low + high == edges.union(high, low)
    assert edges.intersection(low, high) == () == edges.intersection(high, low)


def test_sets_that_touch_are_joined_into_one_interval() -> None:
    low, high = edges.from_points(range(0, 40, 2)), edges.from_points(range(39, 79, 2))
    assert edges.union(low, high) == low[:-1] + high[1:]


def test_an_operation_that_changes_nothing_returns_its_operand() -> None:
    many = edges.from_points(range(0, 100, 3))
    assert edges.union(many, ()) is many
    assert edges.union(many, (3, 4)) is many
    assert edges.difference(many, (1, 3)) is many
    assert edges.difference(many, ()) is many
