"""Excerpts of manifests around a finding, with a caret under what it is about, as ruff and rustc draw them.

       |
     5 |   podSelector: {}
     6 |   policyTypes: [Ingress]
     7 |   egress:
       |   ^^^^^^
     8 |   - {}
       |

Whatever the text holds, an excerpt stays in its lines: controls are escaped, tabs are four columns, wide characters
count as two, long lines are cut around the caret. A line of more than `MAX_LINE` bytes has no excerpt.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from haechi.cli.terminal import Style, Terminal, columns
from haechi.model import Location, Source, printable

MAX_LINE = 64 * 1024
"""Bytes."""
WIDTH = 100
"""Columns of text that are shown of a line."""
_AROUND = 2  # lines before and after
_BEFORE = WIDTH // 3  # columns before the caret that are shown of a long line
_TAB = " " * 4
_TOKEN = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'[^']*'|[^\s,{}\[\]]+?(?=:(?:\s|$)|[\s,{}\[\]]|$)")


@dataclass(frozen=True)
class Excerpt:
    """Some lines around a place.

    Attributes:
        lines: what is shown of each, by number.
        number: the line of the place.
        begin: the column of its caret, from 0.
        width: how many columns the caret underlines.
    """

    lines: dict[int, str]
    number: int
    begin: int
    width: int

    @property
    def gutter(self) -> int:
        """The width of the line numbers."""
        return len(str(max(self.lines)))

    def write(self, terminal: Terminal, style: Style) -> None:
        """Write it, its caret in a style."""
        edge = terminal.paint(f"{' ' * self.gutter} |", Style.DIM)
        terminal.write(f"{edge}\n")
        for number, line in self.lines.items():
            bar = terminal.paint(f"{number:>{self.gutter}} |", Style.DIM)
            terminal.write(f"{bar} {line}\n" if line else f"{bar}\n")
            if number == self.number:
                terminal.write(f"{edge} {' ' * self.begin}{terminal.paint('^' * self.width, style)}\n")
        terminal.write(f"{edge}\n")


class Excerpts:
    """The excerpts of some sources; fast if they are asked for in order of place."""

    def __init__(self, sources: Iterable[Source]) -> None:
        self._texts = {source.name: _Lines(source.data) for source in sources}

    def of(self, location: Location) -> Excerpt | None:
        """The lines around a place; None if it has no line, or one that is too long."""
        text = self._texts.get(location.file)
        if text is None or not location.line:
            return None
        first = max(1, location.line - _AROUND)
        read = dict(enumerate(text.read(first, location.line + _AROUND - first + 1), first))
        if len(read.get(location.line, b"")) >= MAX_LINE:
            return None
        lines = {number: line.decode("utf-8", "replace").rstrip("\r\n") for number, line in read.items()}
        filled = [number for number, line in lines.items() if line.strip()] or [location.line]
        shown, begin, width = _window(lines.get(location.line, ""), location.column - 1)
        numbers = range(min(filled[0], location.line), max(filled[-1], location.line) + 1)
        around = {number: _window(lines.get(number, ""), 0)[0].rstrip() for number in numbers}
        return Excerpt({**around, location.line: shown}, location.line, begin, width)


class _Lines:
    """The lines of a text, by number from 1; going forward, each byte is looked at once."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._number, self._begin = 1, 0

    def read(self, first: int, count: int) -> list[bytes]:
        """At most the first `MAX_LINE` bytes of each line, fewer lines at the end of the text."""
        if first < self._number:
            self._number, self._begin = 1, 0
        while self._number < first and self._begin < len(self._data):
            self._number, self._begin = self._number + 1, self._after(self._begin)
        lines: list[bytes] = []
        begin = self._begin
        while len(lines) < count and begin < len(self._data):
            end = self._after(begin)
            lines.append(self._data[begin : min(end, begin + MAX_LINE)])
            begin = end
        return lines

    def _after(self, begin: int) -> int:
        """Where the next line begins."""
        return self._data.find(b"\n", begin) + 1 or len(self._data)


def _window(line: str, column: int) -> tuple[str, int, int]:
    """What is shown of a line, and the first column and the width of what begins at a character of it."""
    cells = [_TAB if character == "\t" else printable(character) for character in line]
    widths = [columns(cell) or 1 for cell in cells] if len(cells) > WIDTH else list(map(columns, cells))
    column = min(column, len(cells))
    token = _TOKEN.match(line, column)
    end = token.end() if token else column + 1
    first = 0
    if sum(widths) > WIDTH and sum(widths[:column]) > _BEFORE:
        first = column
        while sum(widths[first - 1 : column]) <= _BEFORE:
            first -= 1
    last = first
    while last < len(cells) and sum(widths[first : last + 1]) <= WIDTH:
        last += 1
    cut = "…" if first else ""
    shown = cut + "".join(cells[first:last]) + ("…" if last < len(cells) else "")
    return shown, len(cut) + sum(widths[first:column]), max(1, sum(widths[column : min(end, last)]))
