"""Parsed documents before they become objects: plain data, with the place of every field.

`ParsedDocument` is what the YAML and JSON readers pass to the decoder. Data are `dict`, `list`, `str`, `int`, `float`,
`bool` and `None`; a mapping in which a key was repeated is a `RepeatedKeys`, because the API server rejects those.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from haechi.model.problem import Path, Step

Data = object


class RepeatedKeys(dict[str, Data]):
    """A mapping in which some keys occur more than once; the last occurrence counts.

    Attributes:
        repeated: those keys.
        overridden: in JSON, the occurrences that do not count.
        lines: in YAML, each further occurrence of a key, with the line of its value in the document; those in values
            that do not count are among them.
        again: in YAML, the character index at which the keys begin again, each time that they do.
    """

    repeated: tuple[str, ...] = ()
    overridden: tuple[tuple[str, Data], ...] = ()
    lines: tuple[tuple[str, int], ...] = ()
    again: tuple[int, ...] = ()

    @classmethod
    def of(cls, data: Mapping[str, Data], repeated: Iterable[str], again: Iterable[int] = ()) -> RepeatedKeys:
        """The mapping with the names of its repeated keys, each once."""
        mapping = cls(data)
        mapping.repeated = tuple(dict.fromkeys(repeated))
        mapping.again = tuple(again)
        return mapping


@dataclass(frozen=True, slots=True)
class ParsedDocument:
    """A document: its data, and where each field is.

    `marks` has, by the identity of each mapping or list, the character index in `text` of each key or item; `text`
    begins at byte `begin` of the input and `root` is the index of the document's own first character.
    """

    data: Data
    begin: int
    text: str
    root: int = 0
    marks: Mapping[int, Mapping[str, int] | list[int]] = field(default_factory=dict)

    def offset(self, path: Path) -> int:
        """Byte offset in the input of the field at `path` (its key, or the list's item), or of the nearest ancestor."""
        node, index = self.data, self.root
        for step in path:
            mark = self._mark(node, step)
            if mark is None:
                break
            index = mark
            node = node[step]  # type: ignore[index]
        return self.begin + byte_length(self.text, index)

    def _mark(self, node: Data, step: Step) -> int | None:
        marks = self.marks.get(id(node))
        if isinstance(marks, list):
            return marks[step] if isinstance(step, int) and 0 <= step < len(marks) else None
        return marks.get(step) if marks is not None and isinstance(step, str) else None


def byte_length(text: str, index: int) -> int:
    """How many bytes of UTF-8 the first `index` characters of `text` are."""
    return index if text.isascii() else len(text[:index].encode("utf-8", "surrogatepass"))


class SyntaxProblem(Exception):
    """A document that cannot be parsed: why, and at which byte."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset


class LimitProblem(SyntaxProblem):
    """A document that is refused because reading it could cost too much."""
