"""Finding and reading the files that a person means by PATH, whatever is there.

A folder stands for its *.yaml, *.yml and *.json files, recursively, in sorted order, without hidden entries. Only
regular files are opened, so that nothing can block; at most `MAX_BYTES` of each are read. Each file is read once,
however often and through however many links it is named. What cannot be read becomes a problem, never an exception.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from haechi.files.building import CHART, KUSTOMIZATIONS, Buildable, roots
from haechi.files.opening import MAX_BYTES, open_regular
from haechi.model import Code, Location, Manifests, Problem, Severity, Source, printable, read_manifests

SUFFIXES = (".yaml", ".yml", ".json")
STDIN = "-"

_Identity = tuple[int, int]  # device and inode


def load(paths: Iterable[str | os.PathLike[str]], stdin: BinaryIO | None = None, *, build: bool = False) -> Manifests:
    """The manifests of everything that `paths` mean: files, folders, and `-` for `stdin`.

    Kustomizations and Helm charts are built by their tools with `build`, and are errors otherwise.

    Never raises for what it finds there: look at `Manifests.problems`.
    """
    return read_manifests(read_all(paths, stdin, build=build))


def read_all(
    paths: Iterable[str | os.PathLike[str]], stdin: BinaryIO | None, *, build: bool = False
) -> Iterator[Source | Problem]:
    """The contents of everything that `paths` mean, in order, and the problems with it. `-` means `stdin`."""
    reader = _Reader(build=build)
    for path in paths:
        if os.fspath(path) == STDIN:
            yield _read_stdin(stdin)
        else:
            yield from reader.read(Path(path))


def _name(path: Path) -> str:
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _error(path: Path, message: str, code: Code = Code.UNREADABLE) -> Problem:
    return Problem(Severity.ERROR, code, message, Location(printable(_name(path))))


def _why(error: OSError) -> str:
    return (error.strerror or "cannot be read").lower()


def _too_large(name: str) -> Problem:
    message = f"larger than {MAX_BYTES // (1024 * 1024)} MiB; split it"
    return Problem(Severity.ERROR, Code.LIMIT, message, Location(printable(name)))


def _read_stdin(stdin: BinaryIO | None) -> Source | Problem:
    name = "<stdin>"
    if stdin is None:
        return Problem(Severity.ERROR, Code.UNREADABLE, "there is no standard input to read", Location(name))
    try:
        data = stdin.read(MAX_BYTES + 1)
    except OSError as error:
        return Problem(Severity.ERROR, Code.UNREADABLE, _why(error), Location(name))
    return _too_large(name) if len(data) > MAX_BYTES else Source(name, data)


def _content(file: BinaryIO, path: Path) -> Source | Problem:
    try:
        data = file.read(MAX_BYTES + 1)
    except OSError as error:
        return _error(path, _why(error))
    return _too_large(_name(path)) if len(data) > MAX_BYTES else Source(_name(path), data)


class _Reader:
    """Remembers what has been read, so that links and overlapping paths are harmless."""

    def __init__(self, *, build: bool) -> None:
        self._build = build
        self._files: dict[_Identity, str] = {}
        self._folders: set[_Identity] = set()

    def read(self, path: Path) -> Iterator[Source | Problem]:
        """A file, or all that a folder stands for."""
        try:
            mode = path.stat().st_mode
        except (OSError, ValueError) as error:
            yield _error(path, _why(error) if isinstance(error, OSError) else "is not a path")
            return
        if not stat.S_ISDIR(mode):
            alone = Buildable.of(path.parent) if path.name in (*KUSTOMIZATIONS, CHART) else None
            yield self._read_file(path) if alone is None else self._built(alone)
            return
        found = False
        for entry in self._folder(path):
            found = True
            yield entry
        if not found:
            yield _error(path, f"no {', '.join(SUFFIXES)} file in this folder", Code.EMPTY)

    def _folder(self, folder: Path) -> Iterator[Source | Problem]:
        waiting = [(folder, False)]
        buildable: list[Buildable] = []
        while waiting:
            path, is_part = waiting.pop()
            try:
                if path.is_dir():
                    if (found := Buildable.of(path)) is not None:
                        buildable.append(found)
                        is_part = True
                    entries = self._entries(path) if found is None or found.may_contain_others else []
                    waiting += [(entry, is_part) for entry in reversed(entries)]
                elif path.name.endswith(SUFFIXES) and not is_part:
                    yield self._read_file(path)
            except OSError as error:
                yield _error(path, _why(error))
        yield from map(self._built, roots(buildable))

    def _built(self, found: Buildable) -> Source | Problem:
        return found.built() if self._build else found.unbuilt()

    def _entries(self, folder: Path) -> list[Path]:
        """What to visit in a folder; nothing in one that was visited before (links may form a loop)."""
        status = folder.stat()
        identity = (status.st_dev, status.st_ino)
        if identity in self._folders:
            return []
        self._folders.add(identity)
        return sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))

    def _read_file(self, path: Path) -> Source | Problem:
        try:
            file = open_regular(path)
        except OSError as error:
            return _error(path, _why(error))
        with file:
            status = os.fstat(file.fileno())
            identity = (status.st_dev, status.st_ino)
            if identity in self._files:
                message = f"already read as {printable(self._files[identity])}"
                return Problem(Severity.SKIPPED, Code.ALREADY_READ, message, Location(printable(_name(path))))
            self._files[identity] = _name(path)
            return _content(file, path)
