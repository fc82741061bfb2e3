"""Changes of files as a unified diff, which `git apply` and `patch -p1` apply."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import diff_bytes, unified_diff
from pathlib import Path

from haechi.cli.terminal import Style, Terminal

_STYLES = {b"+": Style.GREEN, b"-": Style.RED, b"@": Style.DIM}
_NO_NEWLINE = b"\n\\ No newline at end of file\n"


def patch(name: str, old: bytes, new: bytes) -> Iterator[bytes]:
    """The lines of the diff of a file. A name below the working directory is relative to it."""
    path = Path(name)
    if path.is_absolute() and path.is_relative_to(Path.cwd()):
        path = path.relative_to(Path.cwd())
    tab = "\t" if " " in str(path) else ""  # ends the name, as git and diff write it
    before, after = (f"{side}/{path}{tab}".encode() for side in "ab")
    for line in diff_bytes(unified_diff, _lines(old), _lines(new), before, after):
        yield line if line.endswith(b"\n") else line + _NO_NEWLINE


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
