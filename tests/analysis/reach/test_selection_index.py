"""Asking the index is comparing every selection."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from haechi.analysis.reach.selection_index import SelectionIndex
from haechi.engine import ANY_POD, PodSelection, read_peer
from haechi.model import NAME_LABEL
from haechi.select import EVERYTHING, NOTHING, Requirement, Selector, SelectorOperator
from tests import clusters
from tests.analysis.lint.linting import LARGE_EXAMPLES


def selections() -> st.SearchStrategy[list[PodSelection]]:
    peers = clusters.peers().filter(lambda peer: peer.ip_block is None)
    return st.lists(peers.map(lambda peer: next(iter(read_peer(peer, "a").selections))), max_size=8)


@LARGE_EXAMPLES
@given(selections(), selections())
def test_the_index_finds_what_comparing_all_finds(filed: list[PodSelection], asked: list[PodSelection]) -> None:
    index = SelectionIndex(filed)
    for one in [*filed, *asked, ANY_POD]:
        if not one.contradictory:
            expected = {other for other in filed if not other.contradictory and one.implies(other)}
            assert set(index.implied_by(one)) == expected
            assert len(index.implied_by(one)) == len(expected)


def test_many_values_and_many_names() -> None:
    many = Requirement("app", SelectorOperator.IN, tuple(f"v{n:02}" for n in range(20)))
    names = Requirement(NAME_LABEL, SelectorOperator.IN, ("a", "b"))
    wide = PodSelection(Selector((names,)), Selector((many,)))
    index = SelectionIndex([wide, PodSelection("a", EVERYTHING), PodSelection(NOTHING, EVERYTHING)])
    one = PodSelection("a", Selector((Requirement("app", SelectorOperator.IN, ("v07",)),)))
    assert set(index.implied_by(one)) == {wide, PodSelection("a", EVERYTHING)}
    assert index.implied_by(ANY_POD) == ()
