"""Finding and reading the files that a person means by PATH, whatever is there.

A folder stands for its *.yaml, *.yml and *.json files, recursively, in sorted order, without hidden entries. Only
regular files are opened in it, so that nothing can block; a pipe is read where it is named itself, as `<(…)` of a shell
does. At most `MAX_BYTES` of each are read. Each file is read once, however often and through however many links it is
named. What cannot be read becomes a problem, never an exception.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO

from haechi.files.building import CHART, KUSTOMIZATIONS, Buildable, part_of, roots
from haechi.files.opening import MAX_BYTES, SUFFIXES, open_regular, read_pipe
from haechi.files.revisions import Revision, RevisionPath, UnknownRevision
from haechi.model import (
    DEFAULT_NAMESPACE,
    Code,
    Location,
    Manifests,
    Problem,
    Severity,
    Source,
    printable,
    read_manifests,
)

STDIN = "-"

Given = str | os.PathLike[str] | RevisionPath | Source | Problem
"""What may be read: a file or folder, `-` for standard input, a file or folder of a git revision; or was, as such."""
_Identity = tuple[int, int]  # device and inode


def load(
    paths: Iterable[Given],
    stdin: BinaryIO | None = None,
    *,
    build: bool = False,
    namespace: str = DEFAULT_NAMESPACE,
    strict: bool = False,
) -> Manifests:
    """The manifests of everything that `paths` mean: files, folders, `-` for `stdin`, files of git revisions.

    Kustomizations and Helm charts are built by their tools with `build`, and are errors otherwise. Objects that name no
    namespace are in `namespace`.

    Never raises for what it finds there: look at `Manifests.problems`.
    """
    return read_manifests(read_all(paths, stdin, build=build), namespace, strict=strict)


def read_all(paths: Iterable[Given], stdin: BinaryIO | None, *, build: bool = False) -> Iterator[Source | Problem]:
    """The contents of everything that `paths` mean, in order, and the problems with it. `-` means `stdin`."""
    reader = _Reader(build=build)
    stdin_was_read = False
    for revision, group in groupby(paths, lambda path: path.revision if isinstance(path, RevisionPath) else None):
        if revision is not None:
            tracked = [path for path in group if isinstance(path, RevisionPath)]
            yield from _read_revision(revision, tracked, build=build)
            continue
        for path in group:
            assert not isinstance(path, RevisionPath)
            if isinstance(path, Source | Problem):
                yield path
            elif os.fspath(path) != STDIN:
                yield from reader.read(Path(path))
            elif stdin_was_read:
                yield Problem(Severity.SKIPPED, Code.ALREADY_READ, "already read", Location("<stdin>"))
            else:
                stdin_was_read = True
                yield _read_stdin(stdin)


def read_pipes(paths: Iterable[str], stdin: BinaryIO | None) -> Iterator[Given]:
    """The paths, with the contents of pipes and of `stdin` in their place: these can be read once only."""
    for path in paths:
        if path == STDIN or Path(path).is_fifo():
            yield from read_all([path], stdin)
        else:
            yield path


def _read_revision(revision: Revision, paths: list[RevisionPath], *, build: bool) -> Iterator[Source | Problem]:
    """The contents of files and folders of a revision, as if they were in a folder `REV:`."""
    reader = _Reader(build=build)
    try:
        with TemporaryDirectory(prefix="haechi-") as name:
            root = Path(name)
            yield from revision.tree.write([path.path for path in paths], root, whole=build)
            for path in paths:
                if path.path.split("/")[0] == "..":
                    yield _error(Path(str(path)), "is not in this repository")
                else:
                    yield from (_renamed(found, printable(name), revision) for found in reader.read(root / path.path))
    except UnknownRevision as error:
        yield _error(Path(revision.name), error.reason)
    except OSError as error:
        yield _error(Path(revision.name), f"cannot be written to a temporary folder: {_why(error)}")


def _renamed(found: Source | Problem, root: str, revision: Revision) -> Source | Problem:
    """The same about a revision; it was read in the temporary folder `root`."""

    def named(text: str) -> str:
        top = f"{printable(revision.name)}:"
        return text.replace(f"{root}/", top).replace(root, top)

    if isinstance(found, Source):
        return Source(named(found.name), found.data)
    location = replace(found.location, file=named(found.location.file))
    hint = "use --build" if found.hint.startswith("use --build") else named(found.hint)
    return replace(found, location=location, message=named(found.message), hint=hint)


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


def _content(file: BinaryIO, path: Path, mode: int) -> Source | Problem:
    try:
        data = read_pipe(file.fileno(), MAX_BYTES) if stat.S_ISFIFO(mode) else file.read(MAX_BYTES + 1)
    except OSError as error:
        return _error(path, _why(error))
    return _too_large(_name(path)) if len(data) > MAX_BYTES else Source(_name(path), data)


class _Reader:
    """Remembers what has been read, so that links and overlapping paths are harmless."""

    def __init__(self, *, build: bool) -> None:
        self._build = build
        self._files: dict[_Identity, str] = {}
        self._folders: set[_Identity] = set()
        self._listed: dict[Path, frozenset[Path]] = {}
        self._warned: set[str] = set()  # hints about kustomizations, one for each

    def read(self, path: Path) -> Iterator[Source | Problem]:
        """A file, or all that a folder stands for."""
        try:
            status = path.stat()
        except (OSError, ValueError) as error:
            yield _error(path, _why(error) if isinstance(error, OSError) else "is not a path")
            return
        if stat.S_ISCHR(status.st_mode) and status.st_rdev == Path(os.devnull).stat().st_rdev:
            yield _error(path, "is empty", Code.EMPTY)
            return
        part = part_of(path, self._listed) if Buildable.of(path) is None else None
        if part is not None and part.severity is Severity.ERROR:
            yield part
            return
        if part is not None and part.hint not in self._warned:
            self._warned.add(part.hint)
            yield part
        if not stat.S_ISDIR(status.st_mode):
            alone = Buildable.of(path.parent) if path.name in (*KUSTOMIZATIONS, CHART) else None
            yield self._read_file(path, or_pipe=True) if alone is None else self._built(alone)
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

    def _read_file(self, path: Path, *, or_pipe: bool = False) -> Source | Problem:
        try:
            file = open_regular(path, or_pipe=or_pipe)
        except OSError as error:
            return _error(path, _why(error))
        with file:
            status = os.fstat(file.fileno())
            identity = (status.st_dev, status.st_ino)
            if identity in self._files:
                message = f"already read as {printable(self._files[identity])}"
                return Problem(Severity.SKIPPED, Code.ALREADY_READ, message, Location(printable(_name(path))))
            self._files[identity] = _name(path)
            return _content(file, path, status.st_mode)
