"""Redundant sets can be removed at once, and no other one after them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from haechi.analysis.lint.facts.set_cover import redundant_sets
from haechi.sets import AddressSet

CIDRS = [f"10.0.0.{start}/{32 - bits}" for bits in range(4) for start in range(0, 8, 1 << bits)] + ["fd00::/126"]
# Excepts make sets that are no CIDRs: they may overlap in part.
sets = st.builds(
    lambda cidr, excepts: AddressSet.from_cidr(cidr) - AddressSet.from_cidrs(excepts),
    st.sampled_from(CIDRS),
    st.lists(st.sampled_from(CIDRS), max_size=1),
)


@given(st.lists(sets, max_size=8))
def test_all_redundant_sets_can_be_removed_and_nothing_more(given: list[AddressSet]) -> None:
    found = redundant_sets(given)
    remaining = [number for number in range(len(given)) if number not in found]
    union = AddressSet.union_all(given)
    assert AddressSet.union_all([given[number] for number in remaining]) == union
    for number in remaining:
        rest = AddressSet.union_all([given[other] for other in remaining if other != number])
        assert not given[number] or not given[number] <= rest


@given(st.lists(sets, max_size=8))
def test_the_covering_sets_stay_and_together_cover_it(given: list[AddressSet]) -> None:
    found = redundant_sets(given)
    for number, others in found.items():
        assert given[number] <= AddressSet.union_all([given[other] for other in others])
        assert found.keys().isdisjoint(others)
        assert all(not given[other].isdisjoint(given[number]) for other in others)


@given(st.lists(sets, max_size=8))
def test_empty_sets_are_left_out_and_of_equal_ones_the_first_stays_if_one_does(given: list[AddressSet]) -> None:
    found = redundant_sets(given)
    assert all(given[number] for number in found)
    for number in set(range(len(given))) - found.keys():
        assert not given[number] or given[number] not in given[:number]


def test_smaller_sets_are_redundant_rather_than_a_large_one_that_they_fill() -> None:
    halves = [AddressSet.from_cidr(text) for text in ("10.0.0.0/25", "10.0.0.0/24", "10.0.0.128/25")]
    assert redundant_sets(halves) == {0: (1,), 2: (1,)}
    assert redundant_sets([halves[0], halves[2], halves[1] - halves[0]]) == {2: (1,)}
    assert redundant_sets([halves[0], halves[2], halves[1]]) == {0: (2,), 1: (2,)}
    assert redundant_sets([]) == {}
