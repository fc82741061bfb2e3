"""YAML as kubectl reads it, from libyaml's events: plain data, the place of every field, bounded work.

A stream is split at its `---` lines first, as kubectl does, so that a syntax error stays inside its document. Anchors
and merges work as in go-yaml v2 (a merge overrides the keys before it). Nesting is at most `MAX_DEPTH` deep and aliases
add at most `MAX_ALIASED` nodes to a document, so a small file cannot become a large value. Refused: anchors that
contain themselves, NaN and infinities, mapping keys that are no scalars.

The nodes of a document take twenty times the memory of its text. So the items of a large list, as `kubectl get -o yaml`
writes it, are cut out by their lines and parsed one by one, and other documents have at most `MAX_NODES` nodes.
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from typing import Any

import yaml
from yaml.events import (
    AliasEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    StreamEndEvent,
)

from haechi.model.scalars import Scalar, ScalarError, key_text, resolve_plain, resolve_tagged
from haechi.model.tree import Data, LimitProblem, ParsedDocument, RepeatedKeys, SyntaxProblem, byte_length

MAX_DEPTH = 128
MAX_ALIASED = 100_000
MAX_NODES = 1_000_000
"""Of a document; the API server takes 3 MiB, which are fewer."""
LARGE_LIST = 1 << 20
"""Bytes from which the items of a list are parsed one by one."""

_BLANK = b" \t\r\n"
_ANCHORED_TEXT = re.compile(rb"(?:^|[\s,:\[{-])[&*][0-9A-Za-z_-]")
_ITEMS = re.compile(rb"^items:[ \t]*(?:#[^\n]*)?\r?\n", re.MULTILINE)
_FIRST_ITEM = re.compile(rb"(?:[ \t\r]*(?:#[^\n]*)?\n)*( *)-[ \t\r\n]")
_TOP_LEVEL = re.compile(rb"^[^-#\s]", re.MULTILINE)
_MERGE_TAG = "tag:yaml.org,2002:merge"
YAML_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # PyYAML built without libyaml is slower, nothing else


def split_yaml(data: bytes, start: int = 0) -> Iterator[tuple[int, int]]:
    """(first, end) byte offsets of the documents of a stream; documents of blanks and comments are left out."""
    begin, waiting = start, -1
    for end in _ends(data, start):
        if waiting >= 0:  # directives belong to the document after them
            begin, waiting = waiting, -1
        if end < len(data) and _only_directives(data, begin, end):
            waiting = begin
        elif _has_content(data, begin, end):
            yield begin, end
        begin = end


def _ends(data: bytes, begin: int) -> Iterator[int]:
    """Where each next `---` line begins, or the line after a `...` line, and last the end."""
    dashes = dots = -1
    while begin < len(data):
        if dashes <= begin:
            dashes = _marker(data, b"\n---", begin) + 1
        if dots < begin:
            dots = _marker(data, b"\n...", begin) + 1
        if dots < dashes:
            line = data.find(b"\n", dots)
            begin = len(data) if line < 0 else line + 1
        else:
            begin = min(dashes, len(data))
        yield begin


def _marker(data: bytes, marker: bytes, begin: int) -> int:
    found = data.find(marker, begin)
    while found >= 0:
        if data[found + 4 : found + 5] in (b"", b" ", b"\t", b"\r", b"\n"):
            return found
        found = data.find(marker, found + 1)
    return len(data)


def _has_content(data: bytes, begin: int, end: int) -> bool:
    if data.startswith(b"---", begin) and data[begin + 3 : begin + 4] in (b"", b" ", b"\t", b"\r", b"\n"):
        begin += 3
    while begin < end:
        line_end = data.find(b"\n", begin, end)
        line_end = end if line_end < 0 else line_end
        line = data[begin : min(line_end, begin + 1024)].strip(_BLANK)
        if line and not line.startswith(b"#") and line != b"...":
            return True
        begin = line_end + 1
    return False


def _only_directives(data: bytes, begin: int, end: int) -> bool:
    if not data.startswith(b"%", begin):
        return False
    return all(line[:1] in (b"%", b"#", b"") for line in data[begin:end].splitlines())


def split_list(data: bytes, begin: int, end: int) -> tuple[bytes, list[tuple[int, int]]] | None:
    """A large list without its items, and (first, end) byte offsets of the items, each a list of one with its dash.

    None if the document in ``data[begin:end]`` is no large list, has anchors, or is not written as programs do.
    """
    if end - begin < LARGE_LIST or _ANCHORED_TEXT.search(data, begin, end) or data.startswith(b"%", begin):
        return None
    found = list(_ITEMS.finditer(data, begin, end))
    first = _FIRST_ITEM.match(data, found[0].end(), end) if len(found) == 1 else None
    if first is None:
        return None
    after = _TOP_LEVEL.search(data, first.end(), end)
    last = after.start() if after else end
    dash = re.compile(rb"^%b-[ \t\r\n]" % first[1], re.MULTILINE)
    borders = [match.start() for match in dash.finditer(data, first.start(1), last)]
    return data[begin : borders[0]] + data[last:end], list(pairwise([*borders, last]))


def parse_yaml(data: bytes, begin: int, end: int) -> ParsedDocument:
    """The document in ``data[begin:end]``.

    Raises:
        SyntaxProblem: not readable as YAML. LimitProblem: nested too deeply, or too many nodes by aliases.
    """
    text = _text(data, begin, end)
    composer = _Composer(text)
    try:
        root = composer.document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        words = ", ".join(part for part in (error.context, error.problem) if part)
        raise SyntaxProblem(words or "not YAML", begin + byte_length(text, mark.index if mark else 0)) from None
    except yaml.reader.ReaderError as error:
        index, reason = _unreadable(error, text)
        raise SyntaxProblem(reason, begin + byte_length(text, index)) from None
    except _Refused as error:
        raise error.kind(error.message, begin + byte_length(text, error.index)) from None
    return ParsedDocument(root, begin, text, composer.root, composer.marks)


def _begins_again(repeated: Iterable[tuple[str, int]]) -> Iterator[int]:
    """Where the keys of a mapping begin again: at a key that has occurred since they last did."""
    since: set[str] | None = None
    for key, index in repeated:
        if since is None or key in since:
            since = set()
            yield index
        since.add(key)


def _text(data: bytes, begin: int, end: int) -> str:
    try:
        return data[begin:end].decode()
    except UnicodeDecodeError as error:
        raise SyntaxProblem("invalid UTF-8", begin + error.start) from None


def _unreadable(error: yaml.reader.ReaderError, text: str) -> tuple[int, str]:
    found = yaml.reader.Reader.NON_PRINTABLE.search(text)
    if found is None:
        return 0, error.reason
    return found.start(), f"character U+{ord(found[0]):04X} is not allowed in YAML"


class _Refused(Exception):
    """What libyaml accepts and go-yaml or this reader does not, at a character of the text."""

    def __init__(self, message: str, event: Event, kind: type[SyntaxProblem] = SyntaxProblem) -> None:
        super().__init__(message)
        self.message, self.kind = message, kind
        self.index = _index(event)


def _index(event: Event) -> int:
    return event.start_mark.index if event.start_mark else 0


class _Anchored:
    """A finished anchor: what aliases of it stand for, and how many nodes that is."""

    __slots__ = ("size", "value")

    def __init__(self, value: Data, size: int) -> None:
        self.value, self.size = value, size


class _Composer:
    """Builds one document from events, with `marks`: the character index of every key and list item."""

    def __init__(self, text: str) -> None:
        self._next: Callable[[], Any] = YAML_LOADER(text).get_event
        self.marks: dict[int, dict[str, int] | list[int]] = {}
        self.root = 0
        self._anchors: dict[str, _Anchored | None] = {}  # None: not finished yet
        self._plain: dict[str, Scalar] = {}
        self._nodes = 0
        self._aliased = 0

    def document(self) -> Data:
        """The only document of the text; null if there is none."""
        self._next()  # StreamStart
        if isinstance(self._next(), StreamEndEvent):
            return None
        event = self._next()
        self.root = event.start_mark.index
        data = self._node(event, 0)
        self._next()  # DocumentEnd
        after = self._next()
        if not isinstance(after, StreamEndEvent):
            raise _Refused("a second document begins without a --- line", after)
        return data

    def _node(self, event: NodeEvent, depth: int) -> Data:
        self._nodes += 1
        if type(event) is AliasEvent:
            return self._alias(event)
        if self._nodes > MAX_NODES:
            raise _Refused(f"more than {MAX_NODES} nodes in one document", event, LimitProblem)
        if depth > MAX_DEPTH:
            raise _Refused(f"nested more than {MAX_DEPTH} deep", event, LimitProblem)
        anchor = event.anchor
        before = self._nodes
        if anchor is not None:
            self._anchors[anchor] = None
        if type(event) is ScalarEvent:
            value: Data = self._scalar(event)
        elif type(event) is MappingStartEvent:
            value = self._mapping(depth)
        else:
            value = self._sequence(depth)
        if anchor is not None:
            self._anchors[anchor] = _Anchored(value, self._nodes - before + 1)
        return value

    def _alias(self, event: NodeEvent) -> Data:
        if event.anchor not in self._anchors:
            raise _Refused(f"unknown anchor '{event.anchor}' referenced", event)
        anchored = self._anchors[event.anchor]
        if anchored is None:
            raise _Refused(f"anchor '{event.anchor}' value contains itself", event)
        self._nodes += anchored.size
        self._aliased += anchored.size
        if self._aliased > MAX_ALIASED:
            raise _Refused(f"aliases add more than {MAX_ALIASED} nodes to the document", event, LimitProblem)
        return anchored.value

    def _scalar(self, event: ScalarEvent) -> Scalar:
        value = self._resolve(event)
        if isinstance(value, float) and not math.isfinite(value):
            raise _Refused(f"unsupported value: {event.value}", event)
        return value

    def _resolve(self, event: ScalarEvent) -> Scalar:
        text: str = event.value
        if event.tag is None and event.implicit[0]:
            try:
                return self._plain[text]
            except KeyError:
                return self._plain.setdefault(text, resolve_plain(text))
        if event.tag is None or event.tag == "!":
            return text
        try:
            return resolve_tagged(event.tag, text)
        except ScalarError as error:
            raise _Refused(str(error), event) from None

    def _sequence(self, depth: int) -> list[Data]:
        items: list[Data] = []
        marks: list[int] = []
        while type(event := self._next()) is not SequenceEndEvent:
            marks.append(event.start_mark.index)
            items.append(self._node(event, depth + 1))
        self.marks[id(items)] = marks
        return items

    def _mapping(self, depth: int) -> dict[str, Data]:
        data: dict[str, Data] = {}
        marks: dict[str, int] = {}
        merged: set[str] = set()
        repeated: list[tuple[str, int]] = []
        lines: list[tuple[str, int]] = []
        while type(event := self._next()) is not MappingEndEvent:
            if _is_merge(event):
                merged.update(self._merge(data, marks, depth))
                continue
            key = self._key(event, depth)
            value = self._next()
            if key in data:
                if key not in merged:
                    repeated.append((key, _index(event)))
                    lines += [*_lines(data[key]), (key, value.start_mark.line + 1)]
                merged.discard(key)
            marks[key] = _index(event)
            data[key] = self._node(value, depth + 1)
        if repeated:
            data = RepeatedKeys.of(data, [key for key, _ in repeated], _begins_again(repeated))
            data.lines = tuple(lines)
        self.marks[id(data)] = marks
        return data

    def _key(self, event: NodeEvent, depth: int) -> str:
        value: Data = self._resolve(event) if type(event) is ScalarEvent and event.anchor is None else None
        if type(value) is not str:
            if type(event) is not ScalarEvent or event.anchor is not None:
                value = self._node(event, depth + 1)
            try:
                value = key_text(value)
            except ScalarError as error:
                raise _Refused(str(error), event) from None
        return sys.intern(value)

    def _merge(self, data: dict[str, Data], marks: dict[str, int], depth: int) -> set[str]:
        """Take over the mappings after `<<`, of a list the first ones last; the names that came with them."""
        event = self._next()
        value = self._node(event, depth + 1)
        names: set[str] = set()
        for source in reversed(value) if isinstance(value, list) else (value,):
            if not isinstance(source, dict):
                raise _Refused("map merge requires map or sequence of maps as the value", event)
            places = self.marks.get(id(source), {})
            data.update(source)
            marks.update(places if isinstance(places, dict) else {})
            names.update(source)
            self._aliased += len(source)
        return names


def _lines(data: Data) -> Iterator[tuple[str, int]]:
    """The repeated keys within a value that itself does not count."""
    if isinstance(data, RepeatedKeys):
        yield from data.lines
    if isinstance(data, dict | list):
        for value in data.values() if isinstance(data, dict) else data:
            yield from _lines(value)


def _is_merge(event: Event) -> bool:
    return type(event) is ScalarEvent and event.value == "<<" and (event.implicit[0] or event.tag == _MERGE_TAG)
