"""Lists of names in sentences."""

from __future__ import annotations

import pytest

from haechi.analysis.lint.wording import name_list


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
    assert name_list(names) == text


def test_the_first_ones_of_many() -> None:
    assert name_list("abcdef", 100) == "a, b, c and 97 more"
    assert name_list("ab", 2) == "a and b"
