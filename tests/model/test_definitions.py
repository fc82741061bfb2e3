"""The schemas of policies of tiers; `tests/conformance` compares them with the published definitions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

import msgspec
import pytest
from msgspec import inspect

from haechi.model import Path, ReleaseChannel, TierPolicy
from haechi.model.definitions import definition
from haechi.model.schema import Schema


def fields_of_schema(schema: Schema, path: Path = ()) -> Iterator[Path]:
    for name, inner in schema.properties.items():
        yield (*path, name)
        yield from fields_of_schema(inner, (*path, name))
    if schema.items is not None:
        yield from fields_of_schema(schema.items, path)


def fields_of_struct(info: inspect.Type, path: Path = ()) -> Iterator[Path]:
    match info:
        case inspect.StructType():
            for field in info.fields:
                yield (*path, field.encode_name)
                yield from fields_of_struct(field.type, (*path, field.encode_name))
        case inspect.VarTupleType():
            yield from fields_of_struct(info.item_type, path)
        case inspect.UnionType():
            for one in info.types:
                yield from fields_of_struct(one, path)


@pytest.mark.parametrize("kind", get_args(TierPolicy))
def test_structs_read_every_field_that_a_definition_has(kind: type[msgspec.Struct]) -> None:
    defined = {*fields_of_schema(definition(kind.__name__, ReleaseChannel.EXPERIMENTAL))}
    read = {*fields_of_struct(inspect.type_info(kind))}
    assert {path for path in defined if path[0] == "spec"} <= read


@pytest.mark.parametrize("kind", get_args(TierPolicy))
def test_the_standard_channel_has_less(kind: type[msgspec.Struct]) -> None:
    less, more = ({*fields_of_schema(definition(kind.__name__, one))} for one in reversed(ReleaseChannel))
    assert less < more
