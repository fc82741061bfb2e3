"""Changes of files as a unified diff, which `git apply` and `patch -p1` apply.

`difflib.unified_diff` looks at all that is left of a file for each change, so thousands of changes take minutes.
Changes of manifests are small, so windows are compared here, one after the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher
from pathlib import Path
from typing import Literal

from haechi.cli.terminal import Style, Terminal

_STYLES = {b"+": Style.GREEN, b"-": Style.RED, b"@": Style.DIM}
_WINDOW = 2000  # lines
_CONTEXT = 3
_NO_NEWLINE = b"\n\\ No newline at end of file\n"

_Tag = Literal["replace", "delete", "insert", "equal"]


def patch(name: str, old: bytes, new: bytes) -> Iterator[bytes]:
    """The lines of the diff of a file. A name below the working directory is relative to it."""
    path = Path(name)
    if path.is_absolute() and path.is_relative_to(Path.cwd()):
        path = path.relative_to(Path.cwd())
    tab = "\t" if " " in str(path) else ""  # ends the name, as git and diff write it
    before, after = (f"{side}/{path}{tab}".encode() for side in "ab")
    if old != new:
        yield b"--- %b\n" % before
        yield b"+++ %b\n" % after
    for line in _hunks(_lines(old), _lines(new)):
        yield line if line.endswith(b"\n") else line + _NO_NEWLINE


def _hunks(old: list[bytes], new: list[bytes]) -> Iterator[bytes]:
    for group in _Windows(old, new).get_grouped_opcodes(_CONTEXT):
        _, first, _, its_first, _ = group[0]
        _, _, last, _, its_last = group[-1]
        yield f"@@ -{_range(first, last)} +{_range(its_first, its_last)} @@\n".encode()
        for tag, one, end, other, its_end in group:
            if tag == "equal":
                yield from (b" " + line for line in old[one:end])
            else:
                yield from (b"-" + line for line in old[one:end])
                yield from (b"+" + line for line in new[other:its_end])


def _range(first: int, end: int) -> str:
    """Lines as POSIX writes them: the first from 1, or the one before if there are none, and how many if not one."""
    return f"{first + 1}" if end - first == 1 else f"{first + (end > first)},{end - first}"


class _Windows(SequenceMatcher[bytes]):
    """Two files, compared by windows: each begins after the last equal lines of the one before."""

    def __init__(self, old: list[bytes], new: list[bytes]) -> None:
        super().__init__(None, (), ())
        self._old, self._new = old, new

    def get_opcodes(self) -> list[tuple[_Tag, int, int, int, int]]:
        found: list[tuple[_Tag, int, int, int, int]] = []
        one = other = 0
        while one < len(self._old) or other < len(self._new):
            for tag, first, end, its_first, its_end in self._window(one, other):
                if found and found[-1][0] == tag == "equal":
                    _, first_equal, _, its_first_equal, _ = found.pop()
                    found.append((tag, first_equal, one + end, its_first_equal, other + its_end))
                else:
                    found.append((tag, one + first, one + end, other + its_first, other + its_end))
            _, _, one, _, other = found[-1]
        return found

    def _window(self, one: int, other: int) -> list[tuple[_Tag, int, int, int, int]]:
        """The changes from two lines on, up to equal lines or to the ends."""
        size = _WINDOW
        while True:
            a, b = self._old[one : one + size], self._new[other : other + size]
            found = SequenceMatcher(None, a, b).get_opcodes()
            if one + size >= len(self._old) and other + size >= len(self._new):
                return found
            while found and found[-1][0] != "equal":
                found.pop()
            if found:
                return found
            size *= 2


def _lines(data: bytes) -> list[bytes]:
    lines = [line + b"\n" for line in data.split(b"\n")]
    last = lines.pop()[:-1]
    return [*lines, last] if last else lines


def write_patch(terminal: Terminal, lines: Iterable[bytes]) -> None:
    """Write a diff: byte by byte, or in colours and with controls escaped on a terminal."""
    buffer = None if terminal.interactive else getattr(terminal.stream, "buffer", None)
    if buffer is not None:
        terminal.stream.flush()
        buffer.writelines(lines)
        buffer.flush()
        return
    for line in lines:
        bold = line.startswith((b"--- a/", b"+++ b/"))
        style = Style.BOLD if bold else _STYLES.get(line[:1], Style.PLAIN)
        for part in line.decode("utf-8", "replace").rstrip("\n").split("\n"):
            terminal.line(part.rstrip("\r"), style)
