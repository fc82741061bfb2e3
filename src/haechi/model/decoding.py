"""Plain data to structs as Go's decoder does it, with every mistake found at once.

Null is the zero value (an absent field, `{}` in a list of objects, `""` in a list or map of strings). Numbers are
32 bits wide. With `strict`, fields that the API does not know and keys that are repeated are mistakes too, in the words
of sigs.k8s.io/json. msgspec decodes the good objects of a large dump faster; this decodes what must be strict and finds
out what is wrong with the rest.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cache

import msgspec
from msgspec import inspect

from haechi.model.base import Struct
from haechi.model.problem import Code, Path, path_text
from haechi.model.tree import Data, RepeatedKeys

_TOP_FIELDS = frozenset({"apiVersion", "kind"})


@dataclass(frozen=True, slots=True)
class DecodingProblem:
    """Something in the data that does not fit the type, and where."""

    path: Path
    code: Code
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class _Context:
    mistakes: list[DecodingProblem]
    strict: bool

    def wrong_type(self, path: Path, expected: str, value: Data, hint: str = "") -> None:
        message = f"{path_text(path) or 'the document'} must be {expected}, not {_described(value)}"
        self.mistakes.append(DecodingProblem(path, Code.TYPE, message, hint))


_Convert = Callable[[Data, Path, _Context], object]


def decode_struct(kind: type[Struct], data: Data, *, strict: bool) -> tuple[Struct, tuple[DecodingProblem, ...]]:
    """The object, and the mistakes in the data; where there is a mistake the object has the zero value."""
    context = _Context([], strict)
    value = _struct(kind, top=True)(data, (), context)
    assert isinstance(value, kind)
    return value, tuple(context.mistakes)


def _converter(info: inspect.Type) -> _Convert:
    match info:
        case inspect.StructType():
            return _struct(info.cls)
        case inspect.VarTupleType():
            return _list(_converter(info.item_type))
        case inspect.DictType():
            return _map
        case inspect.UnionType():
            return _union(info)
        case inspect.BoolType():
            return _boolean
        case inspect.IntType():
            return _integer if info.le is None else _long
        case inspect.StrType():
            return _string
    raise TypeError(info)  # a struct of this package has a field of a type that the API has not


@cache
def _struct(cls: type[msgspec.Struct], top: bool = False) -> _Convert:
    info = inspect.type_info(cls)
    assert isinstance(info, inspect.StructType)
    assert issubclass(cls, Struct)
    fields = {field.encode_name: (field.name, _converter(field.type)) for field in info.fields}
    ignored = cls.ignored_fields | (_TOP_FIELDS if top else frozenset())

    def convert(data: Data, path: Path, context: _Context) -> object:
        if data is None:
            return cls()
        if not isinstance(data, dict):
            context.wrong_type(path, "a mapping", data)
            return cls()
        if context.strict:
            _check_names(data, fields.keys(), ignored, path, context)
        found = ((name, value) for name, value in data.items() if value is not None and name in fields)
        return cls(**{fields[name][0]: fields[name][1](value, (*path, name), context) for name, value in found})

    return convert


def _check_names(
    data: dict[str, Data], names: Collection[str], ignored: frozenset[str], path: Path, context: _Context
) -> None:
    for name in data:
        if name not in names and name not in ignored:
            where = path_text((*path, name))
            message = f'strict decoding error: unknown field "{where}"'
            context.mistakes.append(DecodingProblem((*path, name), Code.UNKNOWN_FIELD, message, _meant(name, names)))
    _check_repeated(data, path, context)


def _meant(name: str, names: Collection[str]) -> str:
    by_lower = {known.lower(): known for known in names}
    close = difflib.get_close_matches(name[:100].lower(), by_lower, 1)
    return f'did you mean "{by_lower[close[0]]}"?' if close else ""


def _check_repeated(data: Data, path: Path, context: _Context) -> None:
    for name in data.repeated if isinstance(data, RepeatedKeys) else ():
        message = f'strict decoding error: duplicate field "{path_text((*path, name))}"'
        context.mistakes.append(DecodingProblem((*path, name), Code.DUPLICATE_FIELD, message))


def _list(convert: _Convert) -> _Convert:
    def convert_list(data: Data, path: Path, context: _Context) -> object:
        if data is None:
            return ()
        if not isinstance(data, list):
            context.wrong_type(path, "a list", data)
            return ()
        return tuple([convert(item, (*path, index), context) for index, item in enumerate(data)])

    return convert_list


def _map(data: Data, path: Path, context: _Context) -> object:
    if data is None:
        return {}
    if not isinstance(data, dict):
        context.wrong_type(path, "a mapping", data)
        return {}
    if context.strict:
        _check_repeated(data, path, context)
    return {_clean(key): _string(value, (*path, key), context) for key, value in data.items()}


def _union(info: inspect.UnionType) -> _Convert:
    """`X | None`, or the API's IntOrString."""
    types = [t for t in info.types if not isinstance(t, inspect.NoneType)]
    if len(types) == 1:
        convert = _converter(types[0])
        return lambda data, path, context: None if data is None else convert(data, path, context)
    return _integer_or_string


def _integer_or_string(data: Data, path: Path, context: _Context) -> object:
    if data is None:
        return None
    if isinstance(data, str):
        return _clean(data)
    if isinstance(data, bool) or not isinstance(data, int | float):
        context.wrong_type(path, "a number or a string", data)
        return None
    return _integer(data, path, context)


def _long(data: Data, path: Path, context: _Context) -> int:
    return _integer(data, path, context, 64)


def _integer(data: Data, path: Path, context: _Context, bits: int = 32) -> int:
    if data is None:
        return 0
    if isinstance(data, float) and data.is_integer():
        data = int(data)
    if isinstance(data, bool) or not isinstance(data, int):
        context.wrong_type(path, "a whole number", data)
        return 0
    if not -(2 ** (bits - 1)) <= data < 2 ** (bits - 1):
        context.wrong_type(path, f"a number of {bits} bits", data)
        return 0
    return data


def _boolean(data: Data, path: Path, context: _Context) -> bool:
    if not isinstance(data, bool | None):
        context.wrong_type(path, "true or false", data)
    return data is True


def _string(data: Data, path: Path, context: _Context) -> str:
    if isinstance(data, str):
        return _clean(data)
    if data is not None:
        quoted = str(data).lower() if isinstance(data, bool) else str(data)
        hint = f'in quotes it is a string: "{quoted}"' if isinstance(data, bool | int | float) else ""
        context.wrong_type(path, "a string", data, hint)
    return ""


def _clean(text: str) -> str:
    """Without surrogates, for which Go's decoder puts U+FFFD, too."""
    if text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _described(value: Data) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return f"the boolean {str(value).lower()}"
        case int() | float():
            return f"the number {str(value)[:40]}"
        case str():
            return f'the string "{value[:40]}"'
        case list():
            return "a list"
    return "a mapping"
