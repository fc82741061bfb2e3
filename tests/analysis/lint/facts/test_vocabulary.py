"""A typo is one typing error; two are a hint; anything else is another name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haechi.analysis.lint.facts.vocabulary import Label, Vocabulary, typing_errors
from haechi.select import Requirement, SelectorOperator

LETTERS = "abcd"
words = st.text(LETTERS, max_size=6)


def wanted(key: str, *values: str) -> Requirement:
    return Requirement(key, SelectorOperator.IN if values else SelectorOperator.EXISTS, values)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("frontend", "fronted"),
        ("frontend", "front-end"),
        ("frontend", "Frontend"),
        ("frontend", "forntend"),
        ("frontend", "frontemd"),
        ("web", "webs"),
        ("app.kubernetes.io/name", "app.kubernetes.io/names"),
    ],
)
def test_typos(one: str, other: str) -> None:
    assert typing_errors(one, other) == typing_errors(other, one) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("prometheus", "promtheuss"),
        ("rook-ceph-operator", "rook-ceph-opertaors"),
        ("alert-manager", "allertmangger"),
    ],
)
def test_two_errors(one: str, other: str) -> None:
    assert typing_errors(one, other) == typing_errors(other, one) == 2


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("app", "api"),  # short words differ by a letter
        ("db", "dbs"),
        ("app-1", "app-2"),  # numbers tell things apart
        ("app-1", "app-11"),
        ("frontend", "backend"),
        ("abcdef", "abdcfe"),  # two errors
        ("", "a"),
        ("rook-ceph-mds", "rook-ceph-mgr"),
        ("rook-ceph-mds", "rook-ceph-osd"),
        ("team-a", "team-b"),
        ("importer", "exporter"),
        ("singleuser", "user-scheduler"),
        ("x" * 400, "x" * 401),  # no label
    ],
)
def test_no_typos(one: str, other: str) -> None:
    assert typing_errors(one, other) == typing_errors(other, one) == 3


def test_a_word_is_no_typo_of_itself() -> None:
    assert typing_errors("web", "web") == 0


def edited(word: str) -> set[str]:
    """Every word that one edit makes of a word."""
    places = range(len(word) + 1)
    return {
        *(word[:n] + word[n + 1 :] for n in places),
        *(word[:n] + letter + word[n:] for n in places for letter in LETTERS),
        *(word[:n] + letter + word[n + 1 :] for n in places[:-1] for letter in LETTERS),
        *(word[:n] + word[n + 1 : n + 2] + word[n : n + 1] + word[n + 2 :] for n in places),
    } - {word}


@given(words, words)
def test_a_typo_is_one_edit_of_a_word_that_is_long_enough(one: str, other: str) -> None:
    near = other in edited(one)
    swapped = sorted(one) == sorted(other)
    long_enough = max(len(one), len(other)) >= (4 if len(one) != len(other) or swapped else 5)
    assert (typing_errors(one, other) == 1) == (near and long_enough)


@given(st.lists(words, max_size=8), words)
def test_the_index_of_words_misses_no_typo(known: list[str], word: str) -> None:
    found = Vocabulary({"k": one} for one in known).typo(wanted("k", word))
    typos = sorted(one for one in known if typing_errors(one, word) == 1)
    assert found == (Label("k", typos[0]) if typos else None)


def test_a_key_may_be_the_typo() -> None:
    vocabulary = Vocabulary([{"component": "db"}])
    assert vocabulary.typo(wanted("componnet", "db")) == Label("component", "db")
    assert vocabulary.typo(wanted("componnet", "web")) is None
    assert vocabulary.typo(wanted("componnet")) == Label("component")
    assert vocabulary.typo(Requirement("component", SelectorOperator.NOT_IN, ("bd",))) is None


def test_a_hint_goes_one_error_further_and_no_more() -> None:
    vocabulary = Vocabulary([{"app.kubernetes.io/name": "web", "env": "prod"}, {"tier": "prometheus", "name": "web"}])
    assert vocabulary.nearest(wanted("name", "web")) is None  # it is there
    assert vocabulary.nearest(wanted("app", "web")) is None  # another key
    assert vocabulary.nearest(wanted("env", "production")) is None
    assert vocabulary.nearest(wanted("tier", "promtheuss")) == Label("tier", "prometheus")
    assert vocabulary.typo(wanted("tier", "promtheuss")) is None
    assert vocabulary.nearest(wanted("tiers")) == Label("tier")
    assert vocabulary.values("tier") == ["prometheus"]
    assert vocabulary.values("none") == []
    assert "env" in vocabulary
    assert "prod" not in vocabulary


@given(words, words)
def test_errors_are_edits(one: str, other: str) -> None:
    errors = typing_errors(one, other)
    near = edited(one) | {one}
    assert errors == 3 or other in (near if errors < 2 else {each for some in near for each in edited(some)})


def test_words_too_long_for_labels_are_not_compared() -> None:
    vocabulary = Vocabulary([{"x" * 1_000_000: "y" * 1_000_000}])
    assert vocabulary.nearest(wanted("x" * 999_999, "y" * 999_999)) is None
    assert vocabulary.nearest(wanted("x" * 999_999)) is None


def test_a_label_prints_as_a_selector_is_written() -> None:
    assert list(map(str, (Label("app", "web"), Label("app", ""), Label("app")))) == ["app=web", "app=", "app"]
