"""A typo is one typing error; a guess is only a guess."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haechi.analysis.lint.facts.vocabulary import Label, Vocabulary, is_typo
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
    assert is_typo(one, other)
    assert is_typo(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("web", "web"),  # no difference
        ("app", "api"),  # short words differ by a letter
        ("db", "dbs"),
        ("app-1", "app-2"),  # numbers tell things apart
        ("app-1", "app-11"),
        ("frontend", "backend"),
        ("abcdef", "abdcfe"),  # two errors
        ("", "a"),
        ("x" * 400, "x" * 401),  # no label
    ],
)
def test_no_typos(one: str, other: str) -> None:
    assert not is_typo(one, other)
    assert not is_typo(other, one)


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
    assert is_typo(one, other) == (near and long_enough)


@given(st.lists(words, max_size=8), words)
def test_the_index_of_words_misses_no_typo(known: list[str], word: str) -> None:
    found = Vocabulary({"k": one} for one in known).typo(wanted("k", word))
    typos = sorted(one for one in known if is_typo(one, word))
    assert found == (Label("k", typos[0]) if typos else None)


def test_a_key_may_be_the_typo() -> None:
    vocabulary = Vocabulary([{"component": "db"}])
    assert vocabulary.typo(wanted("componnet", "db")) == Label("component", "db")
    assert vocabulary.typo(wanted("componnet", "web")) is None
    assert vocabulary.typo(wanted("componnet")) == Label("component")
    assert vocabulary.typo(Requirement("component", SelectorOperator.NOT_IN, ("bd",))) is None


def test_a_guess_goes_further() -> None:
    vocabulary = Vocabulary([{"app.kubernetes.io/name": "web", "env": "prod"}, {"tier": "backend", "name": "web"}])
    assert vocabulary.nearest(wanted("name", "web")) is None  # it is there
    assert vocabulary.nearest(wanted("app", "web")) == Label("app.kubernetes.io/name", "web")
    assert vocabulary.nearest(wanted("env", "production")) == Label("env", "prod")
    assert vocabulary.nearest(wanted("env", "xyz")) is None
    assert vocabulary.nearest(wanted("tiers")) == Label("tier")
    assert vocabulary.values("tier") == ["backend"]
    assert vocabulary.values("none") == []


def test_a_value_under_another_key_is_renamed_only_where_the_key_is_new() -> None:
    vocabulary = Vocabulary([{"app.kubernetes.io/name": "web", "env": "prod"}, {"tier": "web"}])
    assert vocabulary.renamed(wanted("name", "web")) == Label("app.kubernetes.io/name", "web")
    assert vocabulary.renamed(wanted("app", "other", "web")) == Label("app.kubernetes.io/name", "web")
    assert vocabulary.renamed(wanted("tier", "prod")) is None
    assert vocabulary.renamed(wanted("app", "other")) is None
    assert vocabulary.renamed(wanted("app")) is None
    assert "env" in vocabulary
    assert "prod" not in vocabulary


def test_words_too_long_for_labels_are_not_compared() -> None:
    vocabulary = Vocabulary([{"x" * 1_000_000: "y" * 1_000_000}])
    assert vocabulary.nearest(wanted("x" * 999_999, "y" * 999_999)) is None
    assert vocabulary.nearest(wanted("x" * 999_999)) is None


def test_a_label_prints_as_a_selector_is_written() -> None:
    assert list(map(str, (Label("app", "web"), Label("app", ""), Label("app")))) == ["app=web", "app=", "app"]
