"""One input in memory: its bytes, and the line and column of any byte.

The bytes are kept as long as an object from them is, so that the place of a field is looked up only when it is asked
for it: most objects of a large dump are never asked about.
"""

from __future__ import annotations

from typing import Protocol

from haechi.model.problem import Location, Path, printable

_BLOCK = 1 << 12
_CONTINUATION = bytes(range(0x80, 0xC0))  # UTF-8: all bytes of a character but its first


class Findable(Protocol):
    """A parsed document."""

    def offset(self, path: Path) -> int:
        """Byte offset of the field at `path`, or of its nearest ancestor."""
        ...


class Source:
    """Name and content of a file or of standard input; `parsed` is the document that was last asked for.

    An object of a cluster has a name and no content, so that the whole is the place of all its fields.
    """

    __slots__ = ("_marks", "data", "name", "parsed")

    def __init__(self, name: str, data: bytes = b"") -> None:
        self.name = printable(name)
        self.data = data
        self.parsed: tuple[tuple[int, int], Findable] | None = None
        self._marks: list[tuple[int, int]] = []

    @property
    def whole(self) -> Location:
        """The input as a whole."""
        return Location(self.name)

    def at(self, offset: int) -> Location:
        """The place of the byte at `offset`; costs at most 4 KiB of counting once the input has been indexed."""
        if not self._marks:
            self._index()
        offset = max(0, min(offset, len(self.data)))
        block = offset // _BLOCK
        line, column = _advance(self._marks[block], self.data[block * _BLOCK : offset])
        return Location(self.name, line, column + 1)

    def _index(self) -> None:
        mark = (1, 0)
        self._marks.append(mark)
        for start in range(0, len(self.data), _BLOCK):
            mark = _advance(mark, self.data[start : start + _BLOCK])
            self._marks.append(mark)


def _advance(mark: tuple[int, int], text: bytes) -> tuple[int, int]:
    """(line from 1, characters before in that line) after `text`."""
    line, column = mark
    last = text.rfind(b"\n")
    characters = len(text[last + 1 :].translate(None, _CONTINUATION))
    return (line + text.count(b"\n"), characters) if last >= 0 else (line, column + characters)
