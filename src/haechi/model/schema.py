"""Schemas of custom resources, and the errors of data that do not fit them, as an API server reports them.

The rules are those of `pkg/validation` of kube-openapi, of apiextensions-apiserver (lists that are sets, unknown
fields, ratcheting) and, for the few CEL rules that the definitions have, functions by the rule's text. Of a rule the
server says something only if nothing else is wrong that could make it senseless.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import cache

import msgspec

from haechi.model.fielderror import (
    ErrorType,
    FieldError,
    duplicate,
    invalid_json,
    not_supported,
    required,
    too_long,
    too_many,
)
from haechi.model.problem import Path, path_text
from haechi.model.quoting import json_value, quoted
from haechi.model.schemarules import ABSENT, HOLDS, NoAnswer, field_of
from haechi.model.tree import Data

_UNCHECKED = (
    "some validation rules were not checked because the object was invalid; correct the existing errors to complete "
    "validation"
)
_BLOCKING = {ErrorType.NOT_SUPPORTED, ErrorType.REQUIRED, ErrorType.TOO_LONG, ErrorType.TOO_MANY, ErrorType.WRONG_TYPE}


class ValidationRule(msgspec.Struct, frozen=True, kw_only=True):
    """A rule in CEL, and the message where it does not hold."""

    rule: str
    message: str


class Schema(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A structural schema, by the names of a CustomResourceDefinition's `openAPIV3Schema`."""

    type: str
    format: str = ""
    properties: Mapping[str, Schema] = {}
    additional_properties: Schema | None = None
    items: Schema | None = None
    required: tuple[str, ...] = ()
    enum: tuple[str, ...] = ()
    default: str | None = None
    minimum: int | None = None
    maximum: int | None = None
    min_items: int | None = None
    max_items: int | None = None
    min_properties: int | None = None
    max_properties: int | None = None
    min_length: int | None = None
    max_length: int | None = None
    pattern: str = ""
    list_type: str = msgspec.field(default="", name="x-kubernetes-list-type")
    rules: tuple[ValidationRule, ...] = msgspec.field(default=(), name="x-kubernetes-validations")

    def of_field(self, name: str) -> Schema | None:
        """The schema of a field; None if there is no such field."""
        return self.properties.get(name) or self.additional_properties


def schema_errors(data: Data, schema: Schema, others: tuple[FieldError, ...], old: Data = ABSENT) -> list[FieldError]:
    """What is wrong with the data of an object, apart from its metadata; `others` are the errors of these.

    What is equal in `old`, the stored object, may stay as it is.
    """
    found = [*_errors(data, schema, (), old)]
    if old is ABSENT or not [*_duplicates(old, schema, ())]:
        found += _duplicates(data, schema, ())
    if any(error.type in _BLOCKING for error in (*others, *found)):
        return [*found, invalid_json((), "null", _UNCHECKED, unnamed=True)]
    return [*found, *(error for error, kept in _broken_rules(data, schema, (), old) if not kept)]


def schema_warnings(data: Data, schema: Schema, old: Data) -> Iterator[FieldError]:
    """The rules that an update does not keep, which its stored object `old` did not keep either."""
    return (error for error, kept in _broken_rules(data, schema, (), old) if kept)


def unknown_fields(data: Data, schema: Schema | None, path: Path = ()) -> Iterator[Path]:
    """The fields that the schema does not have, which a server drops."""
    if isinstance(data, dict):
        for name, value in data.items():
            inner = None if schema is None else schema.of_field(name)
            if inner is None:
                yield (*path, name)
            else:
                yield from unknown_fields(value, inner, (*path, name))
    elif isinstance(data, list):
        for index, item in enumerate(data):
            yield from unknown_fields(item, None if schema is None else schema.items, (*path, index))


def stored_form(data: Data, schema: Schema | None) -> Data:
    """The data as a server stores them: without unknown and null fields, with the schema's defaults."""
    if isinstance(data, dict):
        fields = {} if schema is None else schema.properties
        stored: dict[str, Data] = {name: one.default for name, one in fields.items() if one.default is not None}
        for name, value in data.items():
            inner = None if schema is None else schema.of_field(name)
            if inner is not None and value is not None:
                stored[name] = stored_form(value, inner)
        return stored
    if isinstance(data, list):
        return [stored_form(item, None if schema is None else schema.items) for item in data]
    return data


def _errors(data: Data, schema: Schema, path: Path, old: Data) -> Iterator[FieldError]:
    """The errors against the schema; none if the old value is the same."""
    found = [*_own_errors(data, schema, path)]
    if isinstance(data, dict):
        for name, value in data.items():
            inner = schema.of_field(name)
            if inner is not None:
                found += _errors(value, inner, (*path, name), field_of(old, name))
        found += (required((*path, name)) for name in schema.required if name not in data)
    elif isinstance(data, list) and schema.items is not None:
        for index, item in enumerate(data):
            found += _errors(item, schema.items, (*path, index), ABSENT)
    if found and not _is_same(data, old):
        yield from found


def _own_errors(data: Data, schema: Schema, path: Path) -> Iterator[FieldError]:
    name = f"{path_text(path)} in body"
    expected = _expected(data, schema)
    if expected:
        yield FieldError(path, ErrorType.WRONG_TYPE, quoted(expected[1]), f"{name} {_of_type(*expected)}")
    if data is None:
        return
    if schema.enum and data not in schema.enum:
        yield not_supported(path, _shown(data), schema.enum)
    if isinstance(data, str):
        yield from _text_errors(data, schema, path, name)
    elif isinstance(data, int | float) and not isinstance(data, bool):
        yield from _number_errors(data, schema, path, name)
    elif isinstance(data, dict | list):
        yield from _size_errors(data, schema, path, name)


def _expected(data: Data, schema: Schema) -> tuple[str, str] | None:
    """The type that the data should have and the one that they have; None if it is right."""
    found = _type(data)
    is_whole = found == "number" and isinstance(data, float) and data.is_integer() and abs(data) < 2**53
    if found == schema.type or (schema.type == "integer" and is_whole):
        return None
    if schema.format.startswith("int") and found not in ("string", "array", "null"):
        return schema.format, "float64" if found == "number" else ""
    return schema.type, found


def _of_type(expected: str, found: str) -> str:
    return f"must be of type {expected}: {quoted(found)}"


def _type(data: Data) -> str:
    match data:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
    return "object"


def _text_errors(text: str, schema: Schema, path: Path, name: str) -> Iterator[FieldError]:
    if schema.max_length is not None and len(text) > schema.max_length:
        yield too_long(path, f"may not be more than {schema.max_length} bytes")
    elif schema.pattern and not _compiled(schema.pattern).search(text):
        yield invalid_json(path, quoted(text), f"{name} should match '{schema.pattern}'")


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """The pattern as Go compiles it, where `$` is the end of the text."""
    return re.compile(pattern.replace("$", r"\Z"), re.ASCII)


def _number_errors(number: float, schema: Schema, path: Path, name: str) -> Iterator[FieldError]:
    if schema.type != "integer":
        return
    if not (float(number).is_integer() and -(2**31) <= number < 2**31):
        words = f"Checked value must be of type integer with format {schema.format} in {path_text(path)}"
        yield invalid_json(path, '""', words, unnamed=True)
    if schema.maximum is not None and number > schema.maximum:
        yield invalid_json(path, _shown(number), f"{name} should be less than or equal to {schema.maximum}")
    if schema.minimum is not None and number < schema.minimum:
        yield invalid_json(path, _shown(number), f"{name} should be greater than or equal to {schema.minimum}")


def _size_errors(data: dict[str, Data] | list[Data], schema: Schema, path: Path, name: str) -> Iterator[FieldError]:
    least, most, noun = schema.min_items, schema.max_items, "items"
    if isinstance(data, dict):
        least, most, noun = schema.min_properties, schema.max_properties, "properties"
    if least is not None and len(data) < least:
        yield invalid_json(path, str(len(data)), f"{name} should have at least {least} {noun}")
    if most is not None and len(data) > most:
        yield too_many(path, len(data), most)


def _duplicates(data: Data, schema: Schema, path: Path) -> Iterator[FieldError]:
    """Items of sets that are there already; of each the second."""
    if isinstance(data, dict):
        for name, value in data.items():
            inner = schema.of_field(name)
            if inner is not None:
                yield from _duplicates(value, inner, (*path, name))
    elif isinstance(data, list):
        seen: dict[str, int] = {}
        for index, item in enumerate(data if schema.list_type == "set" else ()):
            text = json_value(item)
            seen[text] = seen.get(text, 0) + 1
            if seen[text] == 2:
                yield (
                    duplicate((*path, index), item)
                    if isinstance(item, str)
                    else FieldError((*path, index), ErrorType.DUPLICATE, _shown(item), "")
                )
        for index, item in enumerate(data if schema.items is not None else ()):
            assert schema.items is not None
            yield from _duplicates(item, schema.items, (*path, index))


def _broken_rules(
    data: Data, schema: Schema, path: Path, old: Data, *, kept: bool = False
) -> Iterator[tuple[FieldError, bool]]:
    """The rules that do not hold, and whether they did not hold for an equal old value either."""
    kept = kept if old is ABSENT else _is_same(data, old)
    for one in schema.rules:
        value = quoted(data) if isinstance(data, str) else ""
        try:
            if not HOLDS[one.rule](data):
                yield invalid_json(path, value, one.message, unnamed=not path), kept
        except NoAnswer as error:
            words = f"{error} evaluating rule: {one.message}"
            yield invalid_json(path, quoted(schema.type), words), False
    if isinstance(data, dict):
        for name, value in data.items():
            inner = schema.of_field(name)
            if inner is not None:
                yield from _broken_rules(value, inner, (*path, name), field_of(old, name), kept=kept)
    elif isinstance(data, list) and schema.items is not None:
        for index, item in enumerate(data):
            yield from _broken_rules(item, schema.items, (*path, index), ABSENT, kept=kept)


def _is_same(data: Data, old: Data) -> bool:
    """Whether the values are equal, and of equal types."""
    if isinstance(data, dict) and isinstance(old, dict):
        return data.keys() == old.keys() and all(_is_same(value, old[name]) for name, value in data.items())
    if isinstance(data, list) and isinstance(old, list):
        return len(data) == len(old) and all(map(_is_same, data, old))
    return type(data) is type(old) and data == old


def _shown(data: Data) -> str:
    """A value as Go prints it in an error."""
    if isinstance(data, str):
        return quoted(data)
    if isinstance(data, float):
        return _go_float(data)
    return json_value(_sorted(data))


def _sorted(data: Data) -> Data:
    if isinstance(data, dict):
        return {name: _sorted(data[name]) for name in sorted(data)}
    return [_sorted(item) for item in data] if isinstance(data, list) else data


def _go_float(number: float) -> str:
    """A float by Go's `%v`."""
    digits = Decimal(repr(number)).normalize()
    exponent = digits.adjusted()
    if -4 <= exponent < 6 or not number:
        return format(digits, "f")
    mantissa = format(digits.scaleb(-exponent), "f")
    return f"{mantissa}e{exponent:+03}"
