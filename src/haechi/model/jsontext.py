"""JSON documents in a stream of bytes: their borders, their data, and on demand the place of every field.

A dump of a cluster is one huge document. So its items are cut out without being decoded, each is decoded straight into
its struct elsewhere, and positions are scanned for only in the item that is asked for. NaN, infinities, broken
text and numbers of thousands of digits are refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from json.decoder import scanstring  # type: ignore[attr-defined]
from typing import NoReturn

import msgspec

from haechi.model.problem import Path, Step
from haechi.model.tree import Data, LimitProblem, RepeatedKeys, SyntaxProblem, byte_length

_LOOKS_LIKE = re.compile(rb'[ \t\r\n]*\{[ \t\r\n]*["}]')
_BLANK = re.compile(rb"[ \t\r\n]*")
_WHERE = re.compile(r"(.*) \(byte (\d+)\)")
_SPACE = re.compile(r"[ \t\r\n]*")
_SKIPPER = json.JSONDecoder(parse_int=len, parse_float=len, strict=False)


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """The fields that say what an object is; `items` is undecoded text, empty if there are none."""

    kind: str | None = None
    api_version: str | None = msgspec.field(default=None, name="apiVersion")
    items: msgspec.Raw = msgspec.Raw(b"")


_ENVELOPE = msgspec.json.Decoder(Envelope)
_RAWS = msgspec.json.Decoder(list[msgspec.Raw])
_ANYTHING = msgspec.json.Decoder(msgspec.Raw)


def looks_like_json(data: bytes, begin: int) -> bool:
    """Whether a JSON object begins at `begin`; YAML's ``{a: b}`` does not count."""
    return _LOOKS_LIKE.match(data, begin) is not None


def split(data: bytes, begin: int, end: int) -> Iterator[tuple[int, int]]:
    """(first, end) byte offsets of the documents that follow each other, as kubectl reads them.

    Raises:
        SyntaxProblem: at the first byte that is not JSON, or at once if there is broken UTF-8 anywhere.
    """
    _check_text(data[begin:end], begin)
    view = memoryview(data)[:end]
    begin = _skip(data, begin)
    while begin < end:
        size = _document_size(view[begin:], begin)
        yield begin, begin + size
        begin = _skip(data, begin + size)


def _check_text(text: bytes, begin: int) -> None:
    if not text.isascii():
        try:
            text.decode()
        except UnicodeDecodeError as error:
            raise SyntaxProblem("invalid UTF-8", begin + error.start) from None


def _skip(data: bytes, begin: int) -> int:
    match = _BLANK.match(data, begin)
    return match.end() if match else begin


def _document_size(text: memoryview, begin: int) -> int:
    try:
        _ANYTHING.decode(text)
    except msgspec.DecodeError as error:
        found = _WHERE.fullmatch(str(error))
        if found is None:
            raise SyntaxProblem(_reason(str(error)), begin + len(text)) from None
        if "trailing characters" in found[1]:
            return int(found[2]) - 1  # msgspec has read the first of them already
        raise SyntaxProblem(_reason(found[1]), begin + int(found[2])) from None
    except RecursionError:
        raise LimitProblem("nested too deeply", begin) from None
    return len(text)


def _reason(text: str) -> str:
    return text.removeprefix("JSON is malformed: ")


def envelope(text: bytes | memoryview) -> Envelope | None:
    """What the object says it is; None where its kind or apiVersion is not even text."""
    try:
        return _ENVELOPE.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return None


def items(array: msgspec.Raw, data: bytes, begin: int) -> list[tuple[int, int]] | None:
    """Byte offsets in `data`, from `begin` on, of the items of `array`; none of null, None if it is no array."""
    if bytes(memoryview(array)[:4]) == b"null":
        return []
    try:
        raws = _RAWS.decode(array)
    except (msgspec.DecodeError, RecursionError):
        return None
    places = []
    cursor = data.index(array, begin) + 1
    for raw in raws:
        cursor = data.index(raw, cursor)
        places.append((cursor, cursor + memoryview(raw).nbytes))
        cursor = places[-1][1]
    return places


def parse(text: bytes, begin: int) -> Data:
    """The document `text`, which begins at byte `begin` of its source, with repeated keys.

    Raises:
        SyntaxProblem: not readable as JSON.
    """
    try:
        return json.loads(text, object_pairs_hook=_mapping, parse_constant=_refuse)
    except RecursionError:
        raise LimitProblem("nested too deeply", begin) from None
    except UnicodeDecodeError as error:
        raise SyntaxProblem("invalid UTF-8", begin + error.start) from None
    except ValueError as error:
        raise SyntaxProblem(str(error), begin) from None


def _mapping(pairs: list[tuple[str, Data]]) -> dict[str, Data]:
    data = dict(pairs)
    if len(data) == len(pairs):
        return data
    last = {key: index for index, (key, _) in enumerate(pairs)}
    overridden = tuple(pair for index, pair in enumerate(pairs) if last[pair[0]] != index)
    repeated = RepeatedKeys.of(data, (key for key, _ in overridden))
    repeated.overridden = overridden
    return repeated


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


class Places:
    """Where the fields of a valid document are, found as they are asked for.

    Only the mappings and lists on the way to a field are looked into, once each; what lies beside the way is skipped by
    the standard library's scanner. So the cost is that of a few passes over the document, however many fields are asked
    for, and the document may be large.
    """

    def __init__(self, data: bytes, begin: int, end: int) -> None:
        self._begin = begin
        self._text = data[begin:end].decode("utf-8", "replace")
        self._fields: dict[int, dict[Step, tuple[int, int]]] = {}

    def offset(self, path: Path) -> int:
        """Byte offset in the input of the field at `path` (its key, or the list's item), or of the nearest ancestor."""
        mark = value = self._skip(0)
        try:
            for step in path:
                mark, value = self._look(value)[step]
        except (KeyError, ValueError, IndexError, RecursionError):
            pass  # absent, or below what could be read
        return self._begin + byte_length(self._text, mark)

    def _look(self, start: int) -> dict[Step, tuple[int, int]]:
        """Each key or index of the mapping or list at `start`, with the index of the field and of its value."""
        if start not in self._fields:
            first = self._text[start]
            found = self._mapping(start + 1) if first == "{" else self._list(start + 1) if first == "[" else ()
            self._fields[start] = dict(found)
        return self._fields[start]

    def _mapping(self, index: int) -> Iterator[tuple[Step, tuple[int, int]]]:
        index = self._skip(index)
        while self._text[index] != "}":
            key, after = scanstring(self._text, index + 1, False)
            value = self._skip(self._skip(after) + 1)  # the colon
            yield key, (index, value)
            index = self._after(value)

    def _list(self, index: int) -> Iterator[tuple[Step, tuple[int, int]]]:
        index = self._skip(index)
        count = 0
        while self._text[index] != "]":
            yield count, (index, index)
            index = self._after(index)
            count += 1

    def _after(self, value: int) -> int:
        """Where the next field, or the closing bracket, begins after the value at `value`."""
        index = self._skip(_SKIPPER.raw_decode(self._text, value)[1])
        return self._skip(index + 1) if self._text[index] == "," else index

    def _skip(self, index: int) -> int:
        match = _SPACE.match(self._text, index)
        return match.end() if match else index
