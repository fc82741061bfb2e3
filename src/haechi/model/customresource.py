"""Custom resources as an API server decodes and judges them: by the schema of their definition, on plain data.

Unlike a built-in kind, a custom resource is decoded whatever the types of its fields are; the schema refuses them
later. Its metadata are decoded like those of every object.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import inf
from typing import get_args

from haechi.model.adminnetworkpolicy import TierPolicy
from haechi.model.decoding import DecodingProblem, clean, meant
from haechi.model.definitions import ReleaseChannel, definition
from haechi.model.fielderror import FieldError
from haechi.model.problem import Code, Path, path_text
from haechi.model.quoting import quoted
from haechi.model.schema import Schema, schema_errors, schema_warnings, stored_form, unknown_fields
from haechi.model.schemarules import ABSENT
from haechi.model.tree import Data, LimitProblem, RepeatedKeys

CUSTOM: frozenset[type[object]] = frozenset(get_args(TierPolicy))
"""Kinds that are defined by a CustomResourceDefinition that is known here."""

MAX_DEPTH = 200
"""Of the data of a custom resource; no definition has a tenth of it."""
_META = ("apiVersion", "kind", "metadata")


def plain_data(data: Data, *, is_json: bool, depth: int = 0) -> Data:
    """The data as Go has them: without repeated keys, and with floats for integers of more than 64 bits.

    Raises:
        LimitProblem: they are nested too deeply.
    """
    if depth > MAX_DEPTH:
        raise LimitProblem("nested too deeply", 0)
    if isinstance(data, dict):
        return {clean(name): plain_data(value, is_json=is_json, depth=depth + 1) for name, value in data.items()}
    if isinstance(data, list):
        return [plain_data(item, is_json=is_json, depth=depth + 1) for item in data]
    if isinstance(data, str):
        return clean(data)
    if isinstance(data, float) and not is_json and data.is_integer() and abs(data) < 1e21:
        data = int(data)
    if isinstance(data, int) and not -(2**63) <= data < 2**63:
        try:
            return float(data)
        except OverflowError:
            return inf
    return data


def meaningful(data: Data) -> Data:
    """The data without the status and, outside of the metadata, null fields, which a server drops."""
    assert isinstance(data, dict)
    return {
        name: value if name in _META else _without_nulls(value)
        for name, value in data.items()
        if name != "status" and (value is not None or name in _META)
    }


def _without_nulls(data: Data) -> Data:
    if isinstance(data, dict):
        return {name: _without_nulls(value) for name, value in data.items() if value is not None}
    return [_without_nulls(item) for item in data] if isinstance(data, list) else data


def repeated_keys(data: Data, path: Path = ()) -> Iterator[DecodingProblem]:
    """The keys that are repeated anywhere in the data, in the words of the server's decoders."""
    items: list[tuple[str | int, Data]] = [*enumerate(data)] if isinstance(data, list) else []
    if isinstance(data, dict):
        items += data.items()
    if isinstance(data, RepeatedKeys):
        words = [(name, f"line {line}: key {quoted(name)} already set in map") for name, line in data.lines]
        in_json = [(name, f"duplicate field {quoted(path_text((*path, name)))}") for name in data.repeated]
        for name, text in words or in_json:
            yield DecodingProblem((*path, name), Code.DUPLICATE_FIELD, f"strict decoding error: {text}")
        items += data.overridden
    for step, value in items if len(path) < MAX_DEPTH else ():
        yield from repeated_keys(value, (*path, step))


def unknown_field(path: Path, names: Iterable[str] = ()) -> DecodingProblem:
    """A field that the definition does not have, beside those of `names`."""
    message = f'strict decoding error: unknown field "{path_text(path)}"'
    return DecodingProblem(path, Code.UNKNOWN_FIELD, message, meant(str(path[-1]), dict.fromkeys(names)))


class CustomResource:
    """The data of an object, and its definition.

    Args:
        kind: of a definition that is known.
        data: the plain data.
        channel: of the definitions that the server has.
    """

    def __init__(self, kind: str, data: Data, channel: ReleaseChannel) -> None:
        assert isinstance(data, dict)
        self._schema = definition(kind, channel, data.get("apiVersion"))
        self._written = {name: value for name, value in data.items() if name not in _META}
        self._meta = {name: value for name, value in data.items() if name in _META}

    def unknown(self) -> Iterator[DecodingProblem]:
        """The fields that the definition does not have."""
        return (unknown_field(path, self._known(path)) for path in unknown_fields(self._written, self._schema))

    def _known(self, path: Path) -> tuple[str, ...]:
        schema: Schema | None = self._schema
        for step in path[:-1]:
            schema = None if schema is None else schema.items if isinstance(step, int) else schema.of_field(step)
        return () if schema is None else tuple(schema.properties)

    def errors(self, others: tuple[FieldError, ...], old: CustomResource | None = None) -> list[FieldError]:
        """What is wrong, beside the errors of the metadata, with creating the object, or with updating `old` to it."""
        return schema_errors(self._stored(), self._schema, others, ABSENT if old is None else old._stored())

    def warnings(self, old: CustomResource) -> Iterator[FieldError]:
        """What would be wrong, but was so already before the update."""
        return schema_warnings(self._stored(), self._schema, old._stored())

    def _stored(self) -> Data:
        """As the server has it when it validates; the status is set by other requests."""
        stored = stored_form(self._written, self._schema)
        assert isinstance(stored, dict)
        return {
            **self._meta,
            "metadata": self._meta.get("metadata") or {},
            **{name: value for name, value in stored.items() if name != "status"},
        }
