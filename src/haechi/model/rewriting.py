"""Edits of an object in the text that it was read from, which leave every other character as it is.

Why: a file that people maintain has comments, blank lines and a style, and a fix must be a small change in a review.
Round-trip writers bring the whole document into their own style, and lose the comment after a deleted item. So the text
is cut at the marks of the parser:

    - from:                      Edit(("spec", "ingress", 0, "ports", 1)) deletes the lines of the item
      ports:
      - port: 80
    < - port: 81   # both >      with the comment on them; comments between items stay
      # the last one

What is added is written in the style of what is around it, and after the comments of the value before it.

Promises that the new text, parsed again, is exactly the old value with the edits; this is checked each time. Text that
cannot be cut like this is not changed: anchors, and the first key of an item of a list.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator
from itertools import pairwise

import yaml

from haechi.errors import HaechiError
from haechi.model.edits import Edit, apply_edits
from haechi.model.loaded import Place
from haechi.model.problem import Path, path_text
from haechi.model.tree import SyntaxProblem
from haechi.model.yamltext import YAML_LOADER, parse_yaml

_PLAIN = re.compile(r"[A-Za-z0-9./][A-Za-z0-9./:_-]*")
_Cut = tuple[int, int, str]  # first character, end, and the text that replaces them


class RewriteError(HaechiError):
    """A text that cannot be edited; `str()` is the reason."""


def rewrite(text: str, edits: Iterable[Edit], *, is_json: bool = False) -> str:
    """The text of a document after some edits.

    Args:
        text: one YAML document, or one JSON value.
        edits: applied at once; their paths are those in `text`.
        is_json: whether the text must stay JSON.

    Raises:
        RewriteError: the edits cannot be made without changing anything else.
    """
    listed = list(edits)
    expected = _values(text, is_json)
    try:
        apply_edits(expected, listed)
        root = yaml.compose(text, Loader=YAML_LOADER)
    except (LookupError, yaml.YAMLError) as error:
        raise RewriteError("it is written in an unusual way") from error
    cuts = sorted(_YamlText(text, root, is_json).cuts(listed))
    if any(one[1] > other[0] for one, other in pairwise(cuts)):
        raise RewriteError("its fixes overlap")
    for first, end, new in reversed(cuts):
        text = text[:first] + new + text[end:]
    try:
        same = _exact(_values(text, is_json)) == _exact(expected)
    except RewriteError:
        same = False
    if not same:
        raise RewriteError("it is written in an unusual way")
    return text


def document_edits(place: Place, edits: Iterable[Edit]) -> Iterator[Edit]:
    """Edits of an object as edits of the document that it is in."""
    return (Edit((*place.prefix, *edit.path), edit.value, edit.inserted) for edit in edits)


def _values(text: str, is_json: bool) -> object:
    """The value of a text, without aliases: no part is shared."""
    try:
        data = text.encode()
        return json.loads(text) if is_json else json.loads(json.dumps(parse_yaml(data, 0, len(data)).data))
    except (SyntaxProblem, ValueError) as error:
        raise RewriteError("it is written in an unusual way") from error


def _exact(value: object) -> str:
    """A text in which 1, 1.0 and true differ, and the order of keys does not matter."""
    return json.dumps(value, sort_keys=True)


class _YamlText:
    """A text and its nodes."""

    def __init__(self, text: str, root: yaml.Node | None, is_json: bool) -> None:
        self._text, self._root, self._is_json = text, root, is_json

    def cuts(self, edits: Iterable[Edit]) -> Iterator[_Cut]:
        """The cuts for some edits."""
        deleted: dict[Path, set[int]] = {}
        for edit in edits:
            last = edit.path[-1]
            if isinstance(last, int) and edit.value is None:
                deleted.setdefault(edit.path[:-1], set()).add(last)
            else:
                yield self._value(edit)
        for path, places in deleted.items():
            yield from self._items(path, places)

    # -- items of a list -----------------------------------------------------------------------------------------------

    def _items(self, path: Path, places: set[int]) -> Iterator[_Cut]:
        """Delete items with the rest of their lines; comments between items stay."""
        node = self._node(path)
        if not isinstance(node, yaml.SequenceNode):
            raise _strange(path)
        items = node.value
        if len(places) == len(items):
            yield self._value(Edit(path, []))
        elif node.flow_style:
            last = max(place for place in range(len(items)) if place not in places)
            if last < len(items) - 1:
                yield _end(items[last]), _end(items[-1]), ""
            yield from (
                (items[place].start_mark.index, items[place + 1].start_mark.index, "")
                for place in places
                if place < last
            )
        else:
            yield from (self._lines(items[place], path) for place in places)

    def _lines(self, item: yaml.Node, path: Path) -> _Cut:
        start = item.start_mark.index
        dash = self._text.rfind("-", 0, start)
        line = self._text.rfind("\n", 0, dash) + 1
        if dash < 0 or self._text[line:dash].strip() or self._text[dash + 1 : start].strip():
            raise _strange(path)
        return line, self._line_end(_end(item)), ""

    def _appended(self, container: yaml.SequenceNode, edit: Edit) -> _Cut:
        """Add an item after the others, before comments that follow them."""
        items = container.value
        if container.flow_style or not items:
            return self._between_brackets(container, items, self._flow(edit.value, container))
        start, _, _ = self._lines(items[0], edit.path[:-1])
        dash = self._text.index("-", start)
        place = self._after(_end(items[-1]), dash - self._text.rfind("\n", 0, dash) - 1)
        before = "" if self._text[:place].endswith("\n") else "\n"
        return place, place, before + _block([edit.value], self._text[start:dash])

    def _inserted(self, container: yaml.SequenceNode, number: int, edit: Edit) -> _Cut:
        """Add an item before another one and the comments on that."""
        item = container.value[number]
        start = item.start_mark.index
        line = self._text.rfind("\n", 0, start) + 1
        if container.flow_style:
            around = self._text[line:start]
            break_ = f"\n{around}" if line and not around.strip() else " "
            return start, start, f"{self._flow(edit.value, container)},{break_}"
        place, _, _ = self._lines(item, edit.path[:-1])
        indent = self._text[place : self._text.index("-", place)]
        if number:
            place = self._after(_end(container.value[number - 1]), len(indent))
        else:
            while (above := self._line_above(place)).lstrip().startswith("#"):
                place -= len(above)
        return place, place, _block([edit.value], indent)

    def _line_above(self, place: int) -> str:
        """The line that ends where another one begins."""
        return self._text[self._text.rfind("\n", 0, max(place - 1, 0)) + 1 : place]

    def _between_brackets(self, container: yaml.CollectionNode, parts: list[yaml.Node], text: str) -> _Cut:
        """Add an item or a field after the others; on a line of its own if the closing bracket is on a later line."""
        if not parts:
            place = container.start_mark.index + 1
            return place, place, text
        start, place = parts[-1].start_mark, _end(parts[-1])
        end = self._line_end(place)
        if end >= container.end_mark.index:
            return place, place, f", {text}"
        rest = self._text[place : end - 1]
        comma = "," if rest.lstrip().startswith(",") else ""
        indent = " " * start.column
        if start.line > container.start_mark.line:
            line = self._text[start.index - start.column : start.index]
            indent = line[: len(line) - len(line.lstrip())]
        return place, end, f"{'' if comma else ','}{rest}\n{indent}{text}{comma}\n"

    def _flow(self, value: object, around: yaml.Node) -> str:
        """A value on one line: YAML, or JSON where what is around it is."""
        if self._is_json or _has_quoted_keys(around):
            return json.dumps(value, ensure_ascii=False)
        text: str = yaml.safe_dump(
            [value], default_flow_style=True, sort_keys=False, allow_unicode=True, width=math.inf
        )
        return text.strip()[1:-1]

    # -- fields --------------------------------------------------------------------------------------------------------

    def _value(self, edit: Edit) -> _Cut:
        """Replace a value, or add or delete a field."""
        *above, last = edit.path
        container = self._node(tuple(above))
        if isinstance(container, yaml.SequenceNode) and isinstance(last, int):
            if last == len(container.value):
                return self._appended(container, edit)
            if edit.inserted:
                return self._inserted(container, last, edit)
            return self._replaced(container.value[last], edit)
        if not isinstance(container, yaml.MappingNode):
            raise _strange(edit.path)
        for key, value in container.value:
            if key.value == last:
                if edit.value is None:
                    return self._field(container, key, value, edit.path)
                if isinstance(value, yaml.CollectionNode) and not value.flow_style:
                    colon = self._text.index(":", key.end_mark.index) + 1
                    return colon, _end(value), " " + self._flow(edit.value, container)
                if _is_nested(edit.value) and not container.flow_style and not value.value:
                    return self._filled(key, value, edit.value)
                return self._replaced(value, edit)
        return self._added(container, edit)

    def _replaced(self, node: yaml.Node, edit: Edit) -> _Cut:
        if isinstance(node, yaml.CollectionNode) and not node.flow_style:
            raise _strange(edit.path)
        text = json.dumps(edit.value, ensure_ascii=False)
        if isinstance(edit.value, list | dict):
            text = self._flow(edit.value, node)
        if isinstance(edit.value, str) and isinstance(node, yaml.ScalarNode):
            if not node.style and _is_plain(edit.value):
                text = edit.value
            elif node.style == "'" and text == f'"{edit.value}"' and "'" not in text:
                text = f"'{edit.value}'"
        return node.start_mark.index, _end(node), text

    def _filled(self, key: yaml.Node, empty: yaml.Node, value: object) -> _Cut:
        """Replace a field's empty value by lines; a comment after it stays with the key."""
        colon = self._text.index(":", key.end_mark.index) + 1
        end = self._line_end(_end(empty))
        rest = self._text[_end(empty) : end].removesuffix("\n").rstrip()
        lines = _block({key.value: value}, " " * key.start_mark.column).partition("\n")[2]
        return colon, end, f"{rest}\n{lines}"

    def _field(self, container: yaml.MappingNode, key: yaml.Node, value: yaml.Node, path: Path) -> _Cut:
        """Delete a field with its lines."""
        line = self._text.rfind("\n", 0, key.start_mark.index) + 1
        if container.flow_style or self._text[line : key.start_mark.index].strip():
            raise _strange(path)
        return line, self._line_end(max(_end(value), key.end_mark.index)), ""

    def _added(self, container: yaml.MappingNode, edit: Edit) -> _Cut:
        """Add a field after the others."""
        name, value = str(edit.path[-1]), edit.value
        if container.flow_style:
            text = self._flow({name: value}, container)[1:-1]
            return self._between_brackets(container, [value for _, value in container.value], text)
        column = container.value[0][0].start_mark.column
        indent = "\n" + " " * column
        place = self._after(_end(container), column)
        before = "" if self._text[:place].endswith("\n") else "\n"
        if _is_nested(value):
            return place, place, before + _block({name: value}, indent[1:])
        if isinstance(value, list) and value:
            lines = "".join(f"{indent}- {one if _is_plain(one) else json.dumps(one)}" for one in value)
        else:
            lines = " " + json.dumps(value, ensure_ascii=False)
        return place, place, before + f"{indent}{name}:{lines}"[1:] + "\n"

    # -- the text ------------------------------------------------------------------------------------------------------

    def _node(self, path: Path) -> yaml.Node | None:
        node = self._root
        for step in path:
            if isinstance(node, yaml.SequenceNode) and isinstance(step, int):
                node = node.value[step]
            elif isinstance(node, yaml.MappingNode):
                node = next((value for key, value in node.value if key.value == step), None)
            else:
                raise _strange(path)
        return node

    def _after(self, index: int, column: int) -> int:
        """The beginning of the next line that is no comment on the value before, which is one right of `column`."""
        place = self._line_end(index)
        while comment := re.compile(rf" {{{column + 1},}}#[^\n]*\n?").match(self._text, place):
            place = comment.end()
        return place

    def _line_end(self, index: int) -> int:
        """The beginning of the next line, unless `index` is at one already."""
        if self._text[index - 1 : index] == "\n":
            return index
        end = self._text.find("\n", index)
        return len(self._text) if end < 0 else end + 1


def _end(node: yaml.Node) -> int:
    """The end of the last value in a node: comments after it belong to what follows."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return max(_end(one) for one in (last if isinstance(last, tuple) else (last,)))
    return int(node.end_mark.index)


def _block(value: object, indent: str) -> str:
    """A value in block style, each line with an indent."""
    lines = yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=1_000).splitlines()
    return "".join(f"{indent}{line}\n" for line in lines)


def _is_nested(value: object) -> bool:
    """Whether it is a list or mapping of lists or mappings."""
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(isinstance(one, list | dict) for one in parts)


def _has_quoted_keys(node: yaml.Node) -> bool:
    """Whether the first key in a node is quoted, as in JSON."""
    while isinstance(node, yaml.SequenceNode) and node.value:
        node = node.value[0]
    return isinstance(node, yaml.MappingNode) and bool(node.value) and node.value[0][0].style == '"'


def _is_plain(value: object) -> bool:
    """Whether it is a string that needs no quotes."""
    if not isinstance(value, str) or not _PLAIN.fullmatch(value):
        return False
    return parse_yaml(value.encode(), 0, len(value)).data == value


def _strange(path: Path) -> RewriteError:
    return RewriteError(f"{path_text(path)} is written in an unusual way")
