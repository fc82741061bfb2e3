"""Selectors that say the same are equal, and mean what they say."""

from __future__ import annotations

from itertools import combinations, combinations_with_replacement, product
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haechi.model import LabelSelector, LabelSelectorRequirement
from haechi.select import EVERYTHING, NOTHING, InvalidSelector, Requirement, Selector, SelectorOperator
from tests import clusters
from tests.building import selector
from tests.clusters import VALUES

KEYS = ("app", "x")
# Every object that can be told apart by selectors over these keys and values: "other" stands for all other values.
UNIVERSE = [
    {key: value for key, value in zip(KEYS, chosen, strict=True) if value}
    for chosen in product(("", *VALUES, "other"), repeat=len(KEYS))
]


def few_keys() -> st.SearchStrategy[LabelSelector]:
    """Selectors over the universe, often with several requirements on one key."""
    key = st.sampled_from(KEYS)
    values = st.lists(st.sampled_from(VALUES), min_size=1, max_size=3).map(tuple)
    valued = st.builds(LabelSelectorRequirement, key=key, operator=st.sampled_from(("In", "NotIn")), values=values)
    bare = st.builds(LabelSelectorRequirement, key=key, operator=st.sampled_from(("Exists", "DoesNotExist")))
    expressions = st.lists(valued | bare, max_size=4).map(tuple)
    pairs = st.dictionaries(key, st.sampled_from(VALUES), max_size=2)
    return st.builds(LabelSelector, match_labels=pairs, match_expressions=expressions)


def literally(given: LabelSelector, labels: dict[str, str]) -> bool:
    """The specification of LabelSelector, word for word."""
    answers = [labels.get(key) == value for key, value in given.match_labels.items()]
    for one in given.match_expressions:
        answers.append(
            {
                "In": one.key in labels and labels[one.key] in one.values,
                "NotIn": one.key not in labels or labels[one.key] not in one.values,
                "Exists": one.key in labels,
                "DoesNotExist": one.key not in labels,
            }[one.operator]
        )
    return all(answers)


@given(clusters.selectors(), clusters.labels)
def test_matches_is_the_literal_meaning(given: LabelSelector, labels: dict[str, str]) -> None:
    assert Selector.parse(given).matches(labels) == literally(given, labels)


@given(few_keys(), few_keys())
def test_equal_meaning_is_equal_value(one: LabelSelector, other: LabelSelector) -> None:
    same = all(literally(one, labels) == literally(other, labels) for labels in UNIVERSE)
    assert (Selector.parse(one) == Selector.parse(other)) == same


@given(few_keys(), st.randoms(use_true_random=False), st.booleans())
def test_order_and_repetition_do_not_matter(given: LabelSelector, random: Random, whole: bool) -> None:
    expressions = [LabelSelectorRequirement(key=k, operator="In", values=(v,)) for k, v in given.match_labels.items()]
    expressions += [
        LabelSelectorRequirement(
            key=one.key, operator=one.operator, values=tuple(random.sample(one.values * 2, 2 * len(one.values)))
        )
        for one in given.match_expressions
    ]
    expressions *= 1 + whole
    random.shuffle(expressions)
    parsed, again = Selector.parse(given), Selector.parse(LabelSelector(match_expressions=tuple(expressions)))
    assert parsed == again
    assert hash(parsed) == hash(again)
    assert str(parsed) == str(again)


@given(few_keys())
def test_canonical_form_is_sorted_and_stays(given: LabelSelector) -> None:
    parsed = Selector.parse(given)
    assert Selector.all_of(parsed.requirements) == parsed or parsed == NOTHING
    assert list(parsed.requirements) == sorted(parsed.requirements, key=lambda one: one.key)
    assert all(list(one.values) == sorted(set(one.values)) for one in parsed.requirements)


@given(few_keys())
def test_nothing_is_the_one_contradiction(given: LabelSelector) -> None:
    assert (Selector.parse(given) == NOTHING) == (not any(literally(given, labels) for labels in UNIVERSE))


@given(few_keys(), few_keys())
def test_implies_is_what_holds_of_all_labels(one: LabelSelector, other: LabelSelector) -> None:
    within = all(literally(other, labels) for labels in UNIVERSE if literally(one, labels))
    assert Selector.parse(one).implies(Selector.parse(other)) == within


def test_implies_on_one_key_with_every_requirement() -> None:
    some = [chosen for size in (1, 2, 3) for chosen in combinations(VALUES, size)]
    valued = [
        Requirement("app", operator, chosen)
        for operator in (SelectorOperator.IN, SelectorOperator.NOT_IN)
        for chosen in some
    ]
    every = [
        *valued,
        Requirement("app", SelectorOperator.EXISTS),
        Requirement("app", SelectorOperator.DOES_NOT_EXIST),
    ]
    both = [Selector.all_of(pair) for pair in combinations_with_replacement(every, 2)]
    for one, other in product([EVERYTHING, *both], repeat=2):
        assert one.implies(other) == all(other.matches(labels) for labels in UNIVERSE if one.matches(labels))


@pytest.mark.parametrize(
    ("one", "other", "implied"),
    [
        ("{matchLabels: {a: x, b: y}}", "{matchLabels: {a: x}}", True),
        ("{matchLabels: {a: x}}", "{matchLabels: {a: x, b: y}}", False),
        ("{matchLabels: {a: x}}", "{matchExpressions: [{key: a, operator: NotIn, values: [z, y]}]}", True),
        ("{matchExpressions: [{key: a, operator: DoesNotExist}]}", "{matchLabels: {a: x}}", False),
        (
            "{matchExpressions: [{key: a, operator: DoesNotExist}]}",
            "{matchExpressions: [{key: a, operator: NotIn, values: [x]}]}",
            True,
        ),
        (
            "{matchExpressions: [{key: a, operator: Exists}]}",
            "{matchExpressions: [{key: b, operator: Exists}]}",
            False,
        ),
        ("{}", "{matchExpressions: [{key: a, operator: NotIn, values: [x]}]}", False),
    ],
)
def test_who_implies_whom(one: str, other: str, implied: bool) -> None:
    assert Selector.parse(selector(one)).implies(Selector.parse(selector(other))) == implied


@given(few_keys())
def test_anchor_is_met_by_every_selected_object_through_a_label(given: LabelSelector) -> None:
    parsed = Selector.parse(given)
    anchor = parsed.anchor()
    if anchor is None:
        assert parsed == NOTHING or parsed.matches({})
        return
    assert anchor in parsed.requirements
    assert anchor.operator in (SelectorOperator.IN, SelectorOperator.EXISTS)
    for labels in UNIVERSE:
        if parsed.matches(labels):
            assert anchor.key in labels
            assert not anchor.values or labels[anchor.key] in anchor.values


def test_anchor_is_the_shortest_in() -> None:
    parsed = Selector.parse(
        selector(
            "{matchExpressions: [{key: a, operator: Exists}, {key: b, operator: In, values: [x, y]},"
            " {key: c, operator: In, values: [z]}]}"
        )
    )
    assert parsed.anchor() == Requirement("c", SelectorOperator.IN, ("z",))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("{}", "<none>"),
        ("{matchLabels: {b: x, a: y}}", "a=y,b=x"),
        ("{matchExpressions: [{key: a, operator: In, values: [x]}]}", "a=x"),
        ("{matchExpressions: [{key: a, operator: In, values: [y, x, y]}]}", "a in (x,y)"),
        (
            "{matchExpressions: [{key: a, operator: NotIn, values: [x]}, {key: a, operator: NotIn, values: [b]}]}",
            "a notin (b,x)",
        ),
        ("{matchExpressions: [{key: a, operator: NotIn, values: [x]}, {key: a, operator: DoesNotExist}]}", "!a"),
        ("{matchExpressions: [{key: a, operator: NotIn, values: [x]}, {key: a, operator: Exists}]}", "a,a notin (x)"),
        ("{matchExpressions: [{key: a, operator: In, values: [x, y]}, {key: a, operator: Exists}]}", "a in (x,y)"),
        ("{matchLabels: {a: x}, matchExpressions: [{key: a, operator: In, values: [x, y]}]}", "a=x"),
        ("{matchLabels: {a: x}, matchExpressions: [{key: a, operator: DoesNotExist}]}", "<nothing>"),
        ("{matchLabels: {a: x}, matchExpressions: [{key: a, operator: In, values: [y]}]}", "<nothing>"),
        ("{matchLabels: {a: x}, matchExpressions: [{key: a, operator: NotIn, values: [x]}]}", "<nothing>"),
        ("{matchExpressions: [{key: a, operator: Exists}, {key: a, operator: DoesNotExist}]}", "<nothing>"),
    ],
)
def test_words_of_the_fewest_requirements(given: str, words: str) -> None:
    assert str(Selector.parse(selector(given))) == words


def test_the_empty_selector_is_everything_and_nothing_matches_nothing() -> None:
    assert Selector.parse(LabelSelector()) == EVERYTHING
    assert EVERYTHING.matches({})
    assert EVERYTHING.anchor() is None
    assert not NOTHING.matches({})
    assert EVERYTHING != NOTHING


@pytest.mark.parametrize(
    ("operator", "values"),
    [
        ("In", ()),
        ("NotIn", ()),
        ("Exists", ("1",)),
        ("DoesNotExist", ("1",)),
        ("Gt", ("1",)),
        ("", ()),
        ("in", ("1",)),
        ("IN", ("1",)),
    ],
)
def test_what_the_api_server_refuses_is_invalid(operator: str, values: tuple[str, ...]) -> None:
    expression = LabelSelectorRequirement(key="app", operator=operator, values=values)
    with pytest.raises(InvalidSelector) as caught:
        Selector.parse(LabelSelector(match_labels={"a": "b"}, match_expressions=(expression,)))
    error = caught.value
    assert (error.key, error.operator, error.values) == ("app", operator, values)
    assert "'app'" in str(error)
    assert repr(operator) in str(error)
