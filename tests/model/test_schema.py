"""What a definition's schema refuses; `tests/conformance` compares whole answers with a real server."""

from __future__ import annotations

import pytest

from haechi.model.schema import Schema, schema_errors, unknown_fields

NAME = Schema(type="string", max_length=3)
NUMBER = Schema(type="integer", format="int32", minimum=1, maximum=100)
SCHEMA = Schema(
    type="object",
    properties={
        "name": NAME,
        "number": NUMBER,
        "set": Schema(type="array", items=NAME, max_items=2, list_type="set"),
        "kind": Schema(type="string", enum=("a", "b")),
        "one": Schema(type="object", properties={"x": NAME, "y": NAME}, min_properties=1, max_properties=1),
        "pattern": Schema(type="string", pattern="^a$"),
    },
    required=("name",),
)
UNCHECKED = (
    "<nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct the "
    "existing errors to complete validation"
)


def errors(data: object, schema: Schema = SCHEMA, **old: object) -> list[str]:
    return [str(error) for error in schema_errors(data, schema, (), **old)]


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("number", 101, "number: Invalid value: 101: number in body should be less than or equal to 100"),
        ("number", 0, "number: Invalid value: 0: number in body should be greater than or equal to 1"),
        ("set", ["a", "a"], 'set[1]: Duplicate value: "a"'),
        ("one", {}, "one: Invalid value: 0: one in body should have at least 1 properties"),
        ("pattern", "a\n", "pattern: Invalid value: \"a\\n\": pattern in body should match '^a$'"),
    ],
)
def test_a_wrong_value_is_one_error(field: str, value: object, expected: str) -> None:
    assert errors({"name": "n", field: value}) == [expected]


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("number", "1", 'number: Invalid value: "string": number in body must be of type integer: "string"'),
        ("number", True, 'number: Invalid value: "": number in body must be of type int32: ""'),
        ("set", None, 'set: Invalid value: "null": set in body must be of type array: "null"'),
        ("set", ["a", "b", "c"], "set: Too many: 3: must have at most 2 items"),
        ("kind", "c", 'kind: Unsupported value: "c": supported values: "a", "b"'),
        ("one", {"x": "", "y": ""}, "one: Too many: 2: must have at most 1 item"),
        ("name", "long", "name: Too long: may not be more than 3 bytes"),
    ],
)
def test_after_an_error_that_may_make_rules_senseless_none_is_evaluated(
    field: str, value: object, expected: str
) -> None:
    assert errors({"name": "n", field: value}) == [expected, UNCHECKED]


def test_a_required_field_is_missed() -> None:
    assert errors({}) == ["name: Required value", UNCHECKED]


def test_what_is_equal_in_the_stored_object_may_stay() -> None:
    """Only along fields: an item of a list is not compared with another."""
    wrong = {"name": "long", "number": 0}
    assert errors(wrong, old={**wrong, "kind": "a"}) == []
    assert errors(wrong, old={"name": "long", "number": 101})[0].startswith("number: Invalid value: 0")
    nested = Schema(type="array", items=SCHEMA)
    assert errors([wrong], nested, old=[wrong]) == []
    assert len(errors([wrong, {"name": "n"}], nested, old=[wrong])) == 3


def test_duplicates_may_stay_if_the_stored_object_has_some() -> None:
    old = {"name": "n", "set": ["a", "a"]}
    assert errors({"name": "n", "set": ["b", "b"]}, old=old) == []


@pytest.mark.parametrize(
    ("data", "unknown"),
    [
        ({"name": "n", "new": 1}, [("new",)]),
        ({"one": {"z": {"y": 1}}}, [("one", "z")]),
        ({"set": [{"a": 1}]}, [("set", 0, "a")]),
        ({"set": {"a": 1}}, [("set", "a")]),
        ({"one": [[{"a": 1}]]}, [("one", 0, 0, "a")]),
    ],
)
def test_a_field_is_unknown_wherever_the_schema_has_none(data: object, unknown: list[tuple[object, ...]]) -> None:
    assert [*unknown_fields(data, SCHEMA)] == unknown
