"""The output of a command: plain text for programs and files, colours and folded lines on a terminal.

Promises that what is not a terminal gets no escape sequence, and lines as they are except in tables, that NO_COLOR
(no-color.org) and TERM=dumb are respected, and that text from the input cannot contain sequences.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import unicodedata
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TextIO

from haechi.model import MAX_VALUE, printable

_LONGEST_NAME = 255  # characters of a name, a part of a label, or a file's name
_TOO_LONG = re.compile(rf"[^\s/,=:;()\[\]{{}}\"'|]{{{_LONGEST_NAME + 1},}}")
PIPED_WIDTH = 100
"""Columns of tables that go to a file or a program."""


class Style(StrEnum):
    """SGR parameters of ECMA-48."""

    PLAIN = ""
    BOLD = "1"
    DIM = "2"
    RED = "31"
    GREEN = "32"
    YELLOW = "33"


@dataclass(frozen=True)
class Terminal:
    """One of the two output streams.

    Attributes:
        stream: where the text goes.
        interactive: whether it is a terminal on which lines can be erased.
        colours: whether text may be coloured.
        width: columns of the window; None if there is none.
    """

    stream: TextIO
    interactive: bool = False
    colours: bool = False
    width: int | None = None

    @classmethod
    def of(cls, stream: TextIO) -> Terminal:
        """A stream with what the environment allows on it."""
        if not stream.isatty():
            return cls(stream)
        dumb = os.environ.get("TERM") == "dumb"
        width = shutil.get_terminal_size().columns
        return cls(stream, not dumb, not dumb and not os.environ.get("NO_COLOR"), width)

    @property
    def of_tables(self) -> Terminal:
        """The same for tables and texts, which are folded elsewhere than in a window, too."""
        return self if self.width is not None else replace(self, width=PIPED_WIDTH)

    def paint(self, text: str, style: Style) -> str:
        """The text in a style, where there are colours."""
        return f"\x1b[{style}m{text}\x1b[0m" if self.colours and style and text else text

    def line(self, text: str = "", style: Style = Style.PLAIN) -> None:
        """Write a line, which may contain text from the input."""
        self.stream.write(self.paint(printable(abridged(text)), style) + "\n")

    def paragraph(self, text: str, style: Style = Style.PLAIN) -> None:
        """Write a sentence or more, broken between words where the window is narrower."""
        lines = [text] if self.width is None else fold(text, self.width, "  ")
        for line in lines:
            self.line(line, style)

    def write(self, text: str) -> None:
        """Write text that contains nothing from the input, or only what is `printable`."""
        self.stream.write(text)


def fold(text: str, width: int, indent: str = "") -> list[str]:
    """The text in lines of at most `width` columns, later ones indented; names are never broken."""
    lines: list[str] = []
    line = ""
    for word in text.split():
        longer = f"{line} {word}" if line.strip() else line + word
        if line.strip() and columns(longer) > max(width, 10):
            lines.append(line)
            line = indent + word
        else:
            line = longer
    return [*lines, line]


def folded(text: str, width: int | None, indent: str = "") -> str:
    """A line of a table, which may contain text from the input, over several lines where it is wider."""
    safe = printable(abridged(text))
    lines = [safe] if width is None else fold(safe, width - len(indent), "    ")
    return "".join(f"{indent}{line}\n" for line in lines)


def abridged(text: str) -> str:
    """The text with every name that is longer than an API server allows cut to `MAX_VALUE` characters and a `…`."""
    if len(text) <= _LONGEST_NAME:
        return text
    return _TOO_LONG.sub(lambda match: f"{match[0][:MAX_VALUE]}…", text)


def columns(text: str) -> int:
    """How many columns of a terminal the text takes: Korean letters are two wide (UAX #11), combining marks none."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def output() -> Terminal:
    """Standard output."""
    return Terminal.of(sys.stdout)


def errors() -> Terminal:
    """Standard error."""
    return Terminal.of(sys.stderr)
