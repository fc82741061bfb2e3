"""A few names, and how many more."""

from __future__ import annotations

import pytest

from haechi.analysis.lint.wording import several


@pytest.mark.parametrize(
    ("names", "text"),
    [
        ("", ""),
        ("a", "a"),
        ("ab", "a and b"),
        ("aba", "a and b"),
        ("abc", "a, b and c"),
        ("abcd", "a, b, c and d"),
        ("abcde", "a, b, c and 2 more"),
    ],
)
def test_names(names: str, text: str) -> None:
    assert several(names) == text


def test_the_first_ones_of_many() -> None:
    assert several("abcdef", 100) == "a, b, c and 97 more"
    assert several("ab", 2) == "a and b"
