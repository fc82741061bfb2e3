"""Asking the index is asking every object in it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from pyroaring import BitMap

from haechi.model import LabelSelector
from haechi.select import EVERYTHING, NOTHING, LabelIndex, Selector
from tests import clusters
from tests.building import selector

Labels = dict[str, str]
steps = st.lists(st.tuples(st.integers(0, 7), clusters.labels | st.none()), max_size=20)
groups = st.lists(st.tuples(clusters.labels, st.sets(st.integers(0, 20), max_size=4)), max_size=5)


def assert_answers(index: LabelIndex, present: dict[int, Labels], asked: list[LabelSelector]) -> None:
    assert index.all == BitMap(present)
    for one in asked:
        chosen = Selector.parse(one)
        assert index.select(chosen) == BitMap(n for n, labels in present.items() if chosen.matches(labels))


@given(groups, steps, st.lists(clusters.selectors(), min_size=1, max_size=8))
def test_select_is_brute_force_whatever_came_and_went(
    bulk: list[tuple[Labels, set[int]]], changes: list[tuple[int, Labels | None]], asked: list[LabelSelector]
) -> None:
    present: dict[int, Labels] = {}
    index = LabelIndex()
    fresh: list[tuple[Labels, set[int]]] = []
    for labels, numbers in bulk:
        fresh.append((labels, numbers - present.keys()))
        present.update(dict.fromkeys(numbers - present.keys(), labels))
    index.extend(fresh)
    assert_answers(index, present, asked)
    for number, change in changes:
        if number in present:
            index.remove(number, present.pop(number))
        if change is not None:
            index.add(number, change)
            present[number] = change
    assert_answers(index, present, asked)


@given(groups)
def test_an_emptied_index_keeps_nothing(bulk: list[tuple[Labels, set[int]]]) -> None:
    index = LabelIndex()
    present = {number: labels for labels, numbers in bulk for number in numbers}
    for number, labels in present.items():
        index.add(number, labels)
    for number, labels in present.items():
        index.remove(number, labels)
    assert not index.all
    assert not index._keys
    assert not index._values


def test_what_select_gives_is_the_callers_own() -> None:
    index = LabelIndex()
    index.extend([({"a": "1"}, [1, 2]), ({"a": "1", "b": "1"}, [3])])
    for text in ("{}", "{matchLabels: {a: '1'}}", "{matchExpressions: [{key: a, operator: Exists}]}"):
        chosen = Selector.parse(selector(text))
        found = index.select(chosen)
        found.clear()
        assert index.select(chosen) == BitMap([1, 2, 3])
    assert index.select(EVERYTHING) == BitMap([1, 2, 3])
    assert index.select(NOTHING) == BitMap()


def test_groups_of_one_label_do_not_share_their_bitmaps() -> None:
    index = LabelIndex()
    index.extend([({"a": "1"}, [1])])
    index.add(2, {"a": "1"})
    index.remove(1, {"a": "1"})
    assert index.select(Selector.parse(selector("{matchLabels: {a: '1'}}"))) == BitMap([2])
    assert index.all == BitMap([2])
