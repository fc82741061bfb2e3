"""The algebra of interval sets, point by point against Python's own sets."""

from __future__ import annotations

import copy
import operator
import pickle
import sys
from itertools import combinations
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haechi.sets import AddressSet, IntervalError, IntervalSet, PortSet
from tests.sets.strategies import STARTS, pairs, points, sets, triples, types, unhurried

if TYPE_CHECKING:
    from collections.abc import Callable

OPERATIONS = [operator.or_, operator.and_, operator.sub, operator.xor]
COMPARISONS = [operator.le, operator.lt, operator.ge, operator.gt, operator.eq, operator.ne]
KINDS = [IntervalSet, AddressSet, PortSet]


@unhurried
@given(pairs)
def test_operations_agree_with_python(pair: tuple[IntervalSet, IntervalSet]) -> None:
    a, b = pair
    for operation in OPERATIONS:
        assert points(operation(a, b)) == operation(points(a), points(b))


@unhurried
@given(pairs)
def test_comparisons_agree_with_python(pair: tuple[IntervalSet, IntervalSet]) -> None:
    a, b = pair
    for comparison in COMPARISONS:
        assert comparison(a, b) == comparison(points(a), points(b))
        assert comparison(a, a | b) == comparison(points(a), points(a | b))


@unhurried
@given(types.flatmap(sets))
def test_a_set_is_canonical(a: IntervalSet) -> None:
    assert all(first <= last for first, last in a.intervals)
    assert all(next_first > last + 1 for (_, last), (next_first, _) in zip(a.intervals, a.intervals[1:], strict=False))
    assert type(a)(a.intervals) == a
    assert type(a).of(*points(a)) == a
    assert a.edges == tuple(edge for first, last in a.intervals for edge in (first, last + 1))


@unhurried
@given(types.flatmap(sets))
def test_a_set_measures_itself(a: IntervalSet) -> None:
    expected = points(a)
    assert len(a) == a.size == len(expected)
    assert bool(a) == bool(expected)
    if expected:
        assert (a.min, a.max) == (min(expected), max(expected))


@unhurried
@given(types.flatmap(sets))
def test_membership_of_every_point(a: IntervalSet) -> None:
    start = STARTS[type(a)]
    stretch = range(max(start - 2, 0), start + 30)
    assert {point for point in stretch if point in a} == points(a)


@unhurried
@given(triples)
def test_the_laws_of_a_boolean_algebra(triple: tuple[IntervalSet, IntervalSet, IntervalSet]) -> None:
    a, b, c = triple
    assert a | b == b | a
    assert a | (b | c) == (a | b) | c == a.union(b, c) == type(a).union_all([a, b, c])
    assert a & (b | c) == (a & b) | (a & c)
    assert a - (b | c) == (a - b) & (a - c)
    assert (a ^ b) ^ b == a
    assert (a & b) | (a - b) == a
    assert (a <= b) == (a - b == type(a).empty()) == (a | b == b)
    assert a.isdisjoint(b) == (not a & b)


@unhurried
@given(pairs)
def test_equal_sets_hash_alike_however_they_came_about(pair: tuple[IntervalSet, IntervalSet]) -> None:
    a, b = pair
    assert hash(a | b) == hash(b | a)
    assert len({a | b, b | a, (a ^ b) | (a & b)}) == 1


@unhurried
@given(pairs)
def test_results_have_the_type_of_the_operands(pair: tuple[IntervalSet, IntervalSet]) -> None:
    a, b = pair
    results = [a | b, a & b, a - b, a ^ b, a.union(b), type(a).union_all([a, b]), type(a).empty()]
    assert {type(result) for result in results} == {type(a)}


@pytest.mark.parametrize(("one", "other"), [*combinations(KINDS, 2)])
@pytest.mark.parametrize("mixing", [*OPERATIONS, *COMPARISONS[:4]])
def test_types_do_not_mix(
    mixing: Callable[[object, object], object], one: type[IntervalSet], other: type[IntervalSet]
) -> None:
    with pytest.raises(TypeError):
        mixing(one.of(1), other.of(1))
    with pytest.raises(TypeError):
        mixing(other.of(1), one.of(1))


def test_methods_do_not_mix_types_either() -> None:
    ports: IntervalSet = PortSet.of(1)
    addresses: IntervalSet = AddressSet.of(1)
    with pytest.raises(TypeError, match="AddressSet cannot be combined with PortSet"):
        addresses.isdisjoint(ports)
    with pytest.raises(TypeError, match="AddressSet cannot be combined with PortSet"):
        addresses.union(ports)
    with pytest.raises(TypeError, match="PortSet cannot be combined with AddressSet"):
        PortSet.union_all([PortSet.of(1), addresses])  # type: ignore[list-item]


def test_sets_of_different_types_are_never_equal() -> None:
    assert AddressSet.of(1) != PortSet.of(1)
    assert IntervalSet.of(1) != AddressSet.of(1)
    assert IntervalSet() != frozenset()


@pytest.mark.parametrize(
    ("kind", "interval", "reason"),
    [
        (IntervalSet, (2, 1), "the first point is above the last"),
        (IntervalSet, (-1, 1), "points cannot be negative"),
        (IntervalSet, (0, True), "both ends must be integers"),
        (IntervalSet, (0, 1.0), "both ends must be integers"),
        (IntervalSet, ("0", 1), "both ends must be integers"),
        (IntervalSet, (None, 1), "both ends must be integers"),
        (AddressSet, (0, 2**32 + 2**128), f"points of AddressSet must be below {2**32 + 2**128}"),
        (PortSet, (0, 2**24), f"points of PortSet must be below {2**24}"),
    ],
)
def test_an_impossible_interval_is_refused(kind: type[IntervalSet], interval: tuple[int, int], reason: str) -> None:
    with pytest.raises(IntervalError) as caught:
        kind([(0, 0), interval, (5, 6)])
    assert caught.value.interval == interval
    assert caught.value.reason == reason
    assert str(caught.value) == f"[{interval[0]!r}, {interval[1]!r}]: {reason}"


@pytest.mark.parametrize("point", [-1, True, 1.5, "1", 2**24])
def test_an_impossible_point_is_refused(point: int) -> None:
    with pytest.raises(ValueError):
        PortSet.of(3, point)


def test_a_point_of_another_kind_compares_with_nothing() -> None:
    with pytest.raises(TypeError):
        IntervalSet([3])  # type: ignore[list-item]


@pytest.mark.parametrize("kind", KINDS)
def test_the_empty_set_has_no_bounds(kind: type[IntervalSet]) -> None:
    with pytest.raises(ValueError, match="no lowest point"):
        _ = kind.empty().min
    with pytest.raises(ValueError, match="no highest point"):
        _ = kind.empty().max


def test_a_set_cannot_be_changed() -> None:
    a = IntervalSet([(1, 2)])
    for name in ("intervals", "edges", "size", "min", "max", "anything"):
        with pytest.raises(AttributeError):
            setattr(a, name, 3)


def test_more_points_than_len_can_count() -> None:
    assert AddressSet.V6.size == 2**128 > sys.maxsize
    with pytest.raises(OverflowError):
        len(AddressSet.V6)
    assert AddressSet.V6


def test_a_set_is_not_iterable_so_that_no_room_is_reserved_for_its_points() -> None:
    with pytest.raises(TypeError):
        list(AddressSet.V4)  # type: ignore[call-overload]


@pytest.mark.parametrize("value", [IntervalSet([(1, 2), (7, 9)]), AddressSet.V6, PortSet.tcp(80)])
def test_a_set_survives_pickling_and_copying(value: IntervalSet) -> None:
    assert pickle.loads(pickle.dumps(value)) == value
    assert copy.deepcopy(value) == copy.copy(value) == value


@unhurried
@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 5)), max_size=8))
def test_repr_says_what_the_set_is(raw: list[tuple[int, int]]) -> None:
    a = IntervalSet([(first, first + length) for first, length in raw])
    assert repr(a) == f"IntervalSet({list(a.intervals)})"


def test_an_operation_that_changes_nothing_costs_no_new_set() -> None:
    many = IntervalSet([(point, point) for point in range(0, 60, 3)])
    assert many | IntervalSet() is many
    assert IntervalSet() | many is many
    assert many - IntervalSet([(1, 2)]) is many
