"""Addresses that no policy tells from others."""

from __future__ import annotations

from itertools import islice, repeat

from hypothesis import given
from hypothesis import strategies as st

from haechi.analysis.cluster.synthetic import Synthetic, blocks
from haechi.model import NetworkPolicy
from haechi.sets import AddressSet, text_to_point
from tests.building import policy
from tests.clusters import policies


def first(found: list[NetworkPolicy], count: int, taken: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    synthetic = Synthetic(found, map(text_to_point, taken))
    return [synthetic.next() for _ in islice(repeat(None), count)]


def test_each_family_gives_one() -> None:
    assert first([], 2) == [("10.0.0.1", "fd00::1"), ("10.0.0.2", "fd00::2")]


def test_what_somebody_has_is_not_given_again() -> None:
    assert first([], 2, ("10.0.0.1", "fd00::2")) == [("10.0.0.2", "fd00::1"), ("10.0.0.3", "fd00::3")]


@given(st.lists(policies(), max_size=4))
def test_no_block_narrower_than_everything_holds_them(found: list[NetworkPolicy]) -> None:
    narrow = [AddressSet.from_cidr(text) for block in blocks(found) for text in (block.cidr, *block.except_)]
    held = AddressSet.union_all([one for one in narrow if one not in (AddressSet.V4, AddressSet.V6)])
    given_out = [text for pair in first(found, 5) for text in pair]
    assert len(set(given_out)) == 10
    assert not any(text_to_point(text) in held for text in given_out)


def test_a_family_that_blocks_fill_gives_none() -> None:
    halves = "{ingress: [{from: [{ipBlock: {cidr: 0.0.0.0/1}}, {ipBlock: {cidr: 128.0.0.0/1}}]}]}"
    assert first([policy(halves)], 1) == [("fd00::1",)]
