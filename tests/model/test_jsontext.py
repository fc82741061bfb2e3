"""JSON documents: borders, data, and the place of every field."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haechi.model import jsontext
from haechi.model.problem import Path
from haechi.model.source import Source
from haechi.model.tree import LimitProblem, RepeatedKeys, SyntaxProblem

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


def documents(text: str) -> list[str]:
    data = text.encode()
    return [data[begin:end].decode() for begin, end in jsontext.split(data, 0, len(data))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{}", ["{}"]),
        (' {"a": 1} {"b": "}"}\n\n{"c": []} ', ['{"a": 1}', '{"b": "}"}', '{"c": []}']),
        ('{"é": "☃"}{}', ['{"é": "☃"}', "{}"]),
    ],
)
def test_documents_may_follow_each_other(text: str, expected: list[str]) -> None:
    """With or without white space between them."""
    assert [part.strip() for part in documents(text)] == expected


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [('{"a": 1\n "b": 2}', 2, 2), ('{"a":\n', 2, 1), ('{}\n{"a": tru}', 2, 8), ('{"é": x}', 1, 7)],
)
def test_syntax_errors_have_a_place(text: str, line: int, column: int) -> None:
    """In characters, after what is good."""
    with pytest.raises(SyntaxProblem) as caught:
        documents(text)
    place = Source("f", text.encode()).at(caught.value.offset)
    assert (place.line, place.column) == (line, column)


def test_broken_text_is_found_at_its_byte() -> None:
    """Even inside of what nobody decodes."""
    data = b'{"a": "\xff"}'
    with pytest.raises(SyntaxProblem) as caught:
        list(jsontext.split(data, 0, len(data)))
    assert caught.value.offset == 7


@given(st.lists(VALUES, max_size=5), st.sampled_from([None, 1]))
def test_items_are_cut_out_exactly(values: list[object], indent: int | None) -> None:
    """Also where items are equal, or occur before the list."""
    data = json.dumps({"metadata": values, "items": values}, indent=indent).encode()
    envelope = jsontext.envelope(data)
    assert envelope is not None
    places = jsontext.items(envelope.items, data, 0)
    assert places is not None
    assert [json.loads(data[begin:end]) for begin, end in places] == values


@given(VALUES)
def test_every_field_has_its_place(value: object) -> None:
    """The text at each key and item is that key and item."""
    data = json.dumps({"é": value}, ensure_ascii=False).encode("utf-8", "surrogatepass")
    check_places(data, jsontext.Places(b"  " + data, 2, len(data) + 2), ("é",), value)


def check_places(data: bytes, places: jsontext.Places, path: Path, value: object) -> None:
    at = data[places.offset(path) - 2 :]
    expected = json.dumps(path[-1] if isinstance(path[-1], str) else value, ensure_ascii=False)
    assert at.startswith(expected.encode("utf-8", "surrogatepass"))
    if isinstance(value, dict):
        for key, inner in value.items():
            check_places(data, places, (*path, key), inner)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            check_places(data, places, (*path, index), inner)


def test_repeated_keys_are_remembered() -> None:
    """Once each, and the last value counts."""
    data = jsontext.parse(b'{"a": 1, "b": 2, "a": 3, "a": {"c": 1, "c": 2}}', 0)
    assert isinstance(data, RepeatedKeys)
    assert data.repeated == ("a",)
    assert isinstance(data["a"], RepeatedKeys)


@pytest.mark.parametrize("text", ["NaN", '{"a": Infinity}', '{"a": 1' + "0" * 5000 + "}", '{"a": 1,}', "["])
def test_what_is_not_json_is_refused(text: str) -> None:
    """Constants that only Python reads, and numbers that it will not."""
    with pytest.raises(SyntaxProblem):
        jsontext.parse(text.encode(), 0)


def test_deep_nesting_is_refused_everywhere() -> None:
    """By each of the readers, without using up a stack."""
    data = b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    assert jsontext.Places(data, 0, len(data)).offset(("a", 0)) == 0
    with pytest.raises(LimitProblem):
        jsontext.parse(data, 0)
    with pytest.raises(SyntaxProblem):
        list(jsontext.split(data, 0, len(data)))
    assert jsontext.envelope(data) is None


@pytest.mark.parametrize(
    ("text", "expected"), [('{"a": 1}', True), (" \n{ }", True), ("{a: 1}", False), ("[]", False), ("a: 1", False)]
)
def test_json_is_told_from_yaml_by_its_beginning(text: str, expected: bool) -> None:
    """Flow mappings of YAML are not taken for JSON."""
    assert jsontext.looks_like_json(text.encode(), 0) is expected


def test_a_repeated_key_is_where_it_counts() -> None:
    """At the last of them, and what is absent at its nearest ancestor."""
    data = b'{"a": {"b": 1}, "a": {"b": 2}}'
    places = jsontext.Places(data, 0, len(data))
    assert places.offset(("a",)) == 16
    assert places.offset(("a", "b")) == 22
    assert places.offset(("a", "b", "c", 5)) == 22
    assert places.offset(("x",)) == 0


def test_places_in_a_large_document_are_found_quickly() -> None:
    """A thousand fields beside millions of numbers; the suite's timeout is the judge."""
    data = b'{"a": [' + b"1," * 3_000_000 + b'1], "b": {' + b",".join(b'"%d": 1' % i for i in range(100_000)) + b"}}"
    places = jsontext.Places(data, 0, len(data))
    assert [data[places.offset(("b", str(i))) :][:3] for i in range(100, 999)] == [
        b'"%d' % (i // 10) for i in range(100, 999)
    ]
