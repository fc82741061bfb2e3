"""Values in messages, as Go writes them."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haechi.model.quoting import json_list, json_text, quoted


@pytest.mark.parametrize(
    ("text", "go", "marshalled"),
    [
        ("", '""', '""'),
        ("plain é ☃ 😀", '"plain é ☃ 😀"', '"plain é ☃ 😀"'),
        ('"\\', r'"\"\\"', r'"\"\\"'),
        ("\a\b\f\n\r\t\v", r'"\a\b\f\n\r\t\v"', r'"\u0007\b\f\n\r\t\u000b"'),
        ("\x00\x1b\x7f", r'"\x00\x1b\x7f"', '"\\u0000\\u001b\x7f"'),
        ("<a&b>", '"<a&b>"', r'"\u003ca\u0026b\u003e"'),
        ("\u00a0\u200b\u2028\ufeff", r'"\u00a0\u200b\u2028\ufeff"', '"\u00a0\u200b\\u2028\ufeff"'),
        ("\U000e0001", r'"\U000e0001"', '"\U000e0001"'),
        ("\ufffd", '"\ufffd"', '"\ufffd"'),
    ],
)
def test_texts_are_quoted_as_go_does(text: str, go: str, marshalled: str) -> None:
    """`%q` and `json.Marshal` differ in nearly everything."""
    assert quoted(text) == go
    assert json_text(text) == marshalled


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_marshalled_text_is_json(text: str) -> None:
    """And means the same."""
    assert json.loads(json_text(text), strict=False) == text
    assert json.loads(json_list([text, text]), strict=False) == [text, text]


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_quoted_text_is_printable(text: str) -> None:
    """Whatever was in it."""
    assert quoted(text).isprintable()
