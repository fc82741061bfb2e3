"""Plain data to structs as Go's decoder does it, with every mistake found at once.

Null is the zero value (an absent field, `{}` in a list of objects, `""` in a list or map of strings). Numbers are
32 bits wide. With `strict`, fields that the API does not know and keys that are repeated are mistakes too, in the words
of sigs.k8s.io/json, and fields that the struct leaves out are checked against their type in the API all the same.
msgspec decodes the good objects of a large dump faster; this decodes what must be strict and finds out what is wrong
with the rest.
"""

from __future__ import annotations

import difflib
import re
from calendar import monthrange
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

import msgspec
from msgspec import inspect

from haechi.model.base import Struct
from haechi.model.fields import FIELDS
from haechi.model.problem import Code, Path, path_text
from haechi.model.quoting import quoted
from haechi.model.tree import Data, RepeatedKeys

_TOP_FIELDS = ("apiVersion", "kind")
_OF_ALL = {"metadata": "ObjectMeta"}
"""Types of fields that custom resources have as well."""
_TIME = re.compile(
    r"\d{4}-(?P<month>\d\d)-(?P<day>\d\d)T(?P<hour>\d\d?):(?P<minute>\d\d):(?P<second>\d\d)([.,]\d+)?"
    r"(Z|[+-](?P<ahead>\d\d):(?P<minutes>\d\d))",
    re.ASCII,
)
_MOST = {"hour": 23, "minute": 59, "second": 59, "ahead": 24, "minutes": 60}
_QUANTITY = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([numkMGTPE]|[KMGTPE]i|[eE][+-]?\d+)?", re.ASCII)


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
    whole: bool

    def wrong_type(self, path: Path, expected: str, value: Data, hint: str = "") -> None:
        message = f"{path_text(path) or 'the document'} must be {expected}, not {_described(value)}"
        self.mistakes.append(DecodingProblem(path, Code.TYPE, message, hint))


_Convert = Callable[[Data, Path, _Context], object]


def decode_struct(
    kind: type[Struct], data: Data, *, strict: bool, whole_numbers: bool = False
) -> tuple[Struct, tuple[DecodingProblem, ...]]:
    """The object, and the mistakes in the data; where there is a mistake the object has the zero value.

    With `whole_numbers`, `80.0` is not an integer: right for JSON that goes to the server as it is.
    """
    context = _Context([], strict, whole_numbers)
    value = _struct(kind, kind.__name__, top=True)(data, (), context)
    assert isinstance(value, kind)
    return value, tuple(context.mistakes)


@cache
def _types() -> Mapping[str, Mapping[str, str]]:
    """The types of the API: of each field its type."""
    lines = (line.split() for line in FIELDS.split("\n") if line)
    return {name: dict(field.split(":", 1) for field in fields) for name, *fields in lines}


def _converter(info: inspect.Type, type_name: str) -> _Convert:
    """Decodes into the Python type `info`; `type_name` is the API's type."""
    match info:
        case inspect.StructType():
            return _struct(info.cls, type_name)
        case inspect.VarTupleType():
            return _list(_converter(info.item_type, type_name.removeprefix("[]")))
        case inspect.DictType():
            return _map
        case inspect.UnionType():
            return _union(info, type_name)
        case inspect.BoolType():
            return _boolean
        case inspect.IntType():
            return _integer if info.le is None else _long
        case inspect.StrType():
            return _time if type_name == "Time" else _string
    raise TypeError(info)  # a struct of this package has a field of a type that the API has not


@cache
def _struct(cls: type[msgspec.Struct], type_name: str, top: bool = False) -> _Convert:
    info = inspect.type_info(cls)
    assert isinstance(info, inspect.StructType)
    of_api = _types().get(type_name, {})
    fields = {
        field.encode_name: (
            field.name,
            _converter(field.type, of_api.get(field.encode_name, _OF_ALL.get(field.encode_name, ""))),
        )
        for field in info.fields
        if not of_api or field.encode_name in of_api  # some kinds share a struct
    }
    left_out = {name: _checker(of) for name, of in of_api.items() if name not in fields}
    if top:
        left_out |= dict.fromkeys(_TOP_FIELDS, _string)

    def convert(data: Data, path: Path, context: _Context) -> object:
        if data is None:
            return cls()
        if not isinstance(data, dict):
            context.wrong_type(path, "a mapping", data)
            return cls()
        found: dict[str, object] = {}
        for name, value in _items(data, context):
            known = fields.get(name)
            if known is not None:
                found[known[0]] = known[1](value, (*path, name), context) if value is not None else None
            elif context.strict:
                _left_out(left_out, fields, name)(value, (*path, name), context)
        _check_repeated(data, path, context, {**left_out, **fields})
        return cls(**{name: value for name, value in found.items() if value is not None})

    return convert


@cache
def _checker(type_name: str) -> _Convert:
    """Finds the mistakes in a value of a type of the API."""
    if type_name.startswith("[]"):
        return _list(_checker(type_name[2:]))
    if type_name == "{}string":
        return _map
    if type_name.startswith("{}"):
        return _map_of(_checker(type_name[2:]))
    return _SCALARS.get(type_name) or _fields(type_name)


def _fields(type_name: str) -> _Convert:
    def check(data: Data, path: Path, context: _Context) -> None:
        if data is None:
            return
        if not isinstance(data, dict):
            context.wrong_type(path, "a mapping", data)
            return
        fields = _types()[type_name]
        for name, value in _items(data, context):
            known = _checker(fields[name]) if name in fields else _unknown(fields)
            known(value, (*path, name), context)
        _check_repeated(data, path, context, fields)

    return check


def _left_out(checks: Mapping[str, _Convert], fields: Mapping[str, object], name: str) -> _Convert:
    return checks.get(name) or _unknown({**checks, **fields})


def _items(data: dict[str, Data], context: _Context) -> Iterator[tuple[str, Data]]:
    """The fields; of a strict JSON document every occurrence."""
    if context.strict and isinstance(data, RepeatedKeys):
        yield from data.overridden
    yield from data.items()


def _unknown(names: Mapping[str, object]) -> _Convert:
    """Reports a field that is none of `names`, and the keys that are repeated in it."""

    def report(data: Data, path: Path, context: _Context) -> None:
        message = f"strict decoding error: unknown field {quoted(path_text(path))}"
        hint = meant(str(path[-1]), names)
        context.mistakes.append(DecodingProblem(path, Code.UNKNOWN_FIELD, message, hint))
        _check_all_repeated(data, path, context)

    return report


def _check_all_repeated(data: Data, path: Path, context: _Context) -> None:
    """Reports the repeated keys in what is not decoded, which in YAML are mistakes all the same."""
    if isinstance(data, RepeatedKeys) and data.lines:
        _check_repeated(data, path, context)
    if isinstance(data, dict | list):
        for key, value in data.items() if isinstance(data, dict) else enumerate(data):
            _check_all_repeated(value, (*path, key), context)


def meant(name: str, names: Mapping[str, object]) -> str:
    """A question that offers the most similar of some names; "" if none is."""
    by_lower = {known.lower(): known for known in names}
    close = difflib.get_close_matches(name[:100].lower(), by_lower, 1)
    return f'did you mean "{by_lower[close[0]]}"?' if close else ""


def _check_repeated(
    data: dict[str, Data], path: Path, context: _Context, known: Mapping[str, object] | None = None
) -> None:
    """Reports repeated keys; in JSON only those of fields that are `known`, of a map all."""
    if not context.strict or not isinstance(data, RepeatedKeys):
        return
    for name, line in data.lines:
        message = f"strict decoding error: line {line}: key {quoted(name)} already set in map"
        context.mistakes.append(DecodingProblem((*path, name), Code.DUPLICATE_FIELD, message))
    for name in () if data.lines else data.repeated:
        if known is None or name in known:
            message = f"strict decoding error: duplicate field {quoted(path_text((*path, name)))}"
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
    _check_repeated(data, path, context)
    return {clean(key): _string(value, (*path, key), context) for key, value in _items(data, context)}


def _map_of(convert: _Convert) -> _Convert:
    def check_map(data: Data, path: Path, context: _Context) -> None:
        if data is None:
            return
        if not isinstance(data, dict):
            context.wrong_type(path, "a mapping", data)
            return
        _check_repeated(data, path, context)
        for key, value in _items(data, context):
            convert(value, (*path, key), context)

    return check_map


def _union(info: inspect.UnionType, type_name: str) -> _Convert:
    """`X | None`, or the API's IntOrString."""
    types = [t for t in info.types if not isinstance(t, inspect.NoneType)]
    if len(types) == 1:
        convert = _converter(types[0], type_name)
        return lambda data, path, context: None if data is None else convert(data, path, context)
    return _integer_or_string


def _integer_or_string(data: Data, path: Path, context: _Context) -> object:
    if data is None:
        return None
    if isinstance(data, str):
        return clean(data)
    if isinstance(data, bool) or not isinstance(data, int | float):
        context.wrong_type(path, "a number or a string", data)
        return None
    return _integer(data, path, context)


def _long(data: Data, path: Path, context: _Context) -> int:
    return _integer(data, path, context, 64)


def _integer(data: Data, path: Path, context: _Context, bits: int = 32) -> int:
    if data is None:
        return 0
    if isinstance(data, float) and data.is_integer() and not context.whole:
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
        return clean(data)
    if data is not None:
        quoted = str(data).lower() if isinstance(data, bool) else str(data)
        hint = f'in quotes it is a string: "{quoted}"' if isinstance(data, bool | int | float) else ""
        context.wrong_type(path, "a string", data, hint)
    return ""


def _time(data: Data, path: Path, context: _Context) -> str:
    text = _string(data, path, context)
    if isinstance(data, str) and not _is_time(text):
        context.wrong_type(path, "a time like 2006-01-02T15:04:05Z", data)
    return text


def _is_time(text: str) -> bool:
    """Whether Go reads the text as RFC 3339."""
    found = _TIME.fullmatch(text)
    if found is None or any(int(found[part] or 0) > most for part, most in _MOST.items()):
        return False
    month, year = int(found["month"]), int(text[:4])
    return 1 <= month <= 12 and 1 <= int(found["day"]) <= monthrange(year or 4, month)[1]


def _quantity(data: Data, path: Path, context: _Context) -> None:
    text = data.strip() if isinstance(data, str) else str(data)
    is_number = isinstance(data, int | float) and not isinstance(data, bool)
    if data is not None and not is_number and not (isinstance(data, str) and _QUANTITY.fullmatch(text)):
        context.wrong_type(path, "a quantity", data)


def _object(data: Data, path: Path, context: _Context) -> None:
    """Any mapping, whatever it holds."""
    if not isinstance(data, dict | None):
        context.wrong_type(path, "a mapping", data)
    _check_all_repeated(data, path, context)


_SCALARS: Mapping[str, _Convert] = {
    "string": _string,
    "boolean": _boolean,
    "int32": _integer,
    "int64": _long,
    "IntOrString": _integer_or_string,
    "Time": _time,
    "Quantity": _quantity,
    "FieldsV1": _object,
}


def clean(text: str) -> str:
    """The text without surrogates, for which Go's decoder puts U+FFFD, too."""
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
