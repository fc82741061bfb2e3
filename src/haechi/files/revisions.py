"""Manifests of a git revision, read from the repository: nothing is checked out, fetched or executed.

The files of the tree are written into a temporary folder, and that is read as any folder: kustomizations, links and
overlapping paths mean the same there. Places are named as git names them, `REV:path`, the path from the top of the
repository.

A repository may be hostile. So git is called by its plumbing only, which runs no filter, textconv or hook; the file
system monitor is off, and no protocol is allowed by which missing objects could be fetched. Names that a checkout would
refuse are refused, no link leads out of the tree, and links are made when all files have been written.
"""

from __future__ import annotations

import os
import shutil
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from haechi.errors import HaechiError
from haechi.files import running
from haechi.files.building import CHART, KUSTOMIZATIONS
from haechi.files.opening import MAX_BYTES, SUFFIXES
from haechi.model import Code, Location, Problem, Severity, printable

MAX_TREE = 4 * MAX_BYTES
"""Bytes of all files that are read of one revision."""
MAX_LINKS = 40
"""Links that are followed on the way to a file, as in Linux."""
_LINK_LENGTH = 4096  # PATH_MAX of Linux
_MOST = MAX_BYTES - 1024  # bytes of a file that git prints with its name and size
_BATCH = 64 * 1024 * 1024  # bytes of files that git is asked for at once
_GIT = ("--no-pager", "-c", "core.fsmonitor=false", "-c", f"core.hooksPath={os.devnull}")
_ENVIRONMENT = {"GIT_ALLOW_PROTOCOL": "", "GIT_NO_LAZY_FETCH": "1", "GIT_OPTIONAL_LOCKS": "0"}
_LINK, _SUBMODULE = "120000", "160000"


class UnknownRevision(HaechiError):
    """A git revision that cannot be read.

    Attributes:
        revision: what was asked for.
        reason: why it cannot be read.
        hint: what to do, or empty.
    """

    def __init__(self, revision: str, reason: str, hint: str = "") -> None:
        self.revision, self.reason, self.hint = revision, reason, hint
        super().__init__(revision, reason, hint)

    def __str__(self) -> str:
        return f"{self.revision}: {self.reason}"


class _Entry(NamedTuple):
    mode: str
    blob: str


@dataclass(frozen=True)
class Revision:
    """A commit of the repository of the current directory: `Revision.of("main") / "policies"` is a folder of it.

    Attributes:
        name: what places begin with.
        commit: the commit's id.
        prefix: the current directory within the repository, ending in a slash unless it is the top.
    """

    name: str
    commit: str
    prefix: str = ""

    @classmethod
    def of(cls, text: str) -> Revision:
        """The commit that git understands by `text`: a branch, a tag, `HEAD~2` and so on.

        Raises:
            UnknownRevision: there is none, no repository, or no git on the PATH.
        """
        if not text or text.startswith("-") or "\0" in text:
            raise UnknownRevision(text, "is not the name of a revision")
        prefix = os.fsdecode(_git(text, "rev-parse", "--show-prefix").removesuffix(b"\n"))
        hint = "fetch it first: a shallow clone or the checkout of a CI job may lack it"
        commit = _git(text, "rev-parse", "--verify", "--quiet", f"{text}^{{commit}}", or_else="is not known", hint=hint)
        return cls(text, commit.decode().strip(), prefix)

    @classmethod
    def of_range(cls, text: str) -> tuple[Revision, Revision | None]:
        """The two sides that `git diff` compares: of `A..B`, `A...B` (from their merge base on), or `A` alone.

        An absent A or B is HEAD; of `A` alone the other side, None, are the files on disk.

        Raises:
            UnknownRevision: one of them cannot be read.
        """
        dots = "..." if "..." in text else ".."
        first, found, second = text.partition(dots)
        if not found:
            return cls.of(text), None
        old, new = cls.of(first or "HEAD"), cls.of(second or "HEAD")
        if dots == "...":
            hint = "a shallow clone may lack their common history"
            base = _git(text, "merge-base", old.commit, new.commit, or_else="have no merge base", hint=hint)
            commit = base.decode().strip()
            old = replace(old, name=commit[:12], commit=commit)
        return old, new

    def __truediv__(self, path: str | os.PathLike[str]) -> RevisionPath:
        """A file or folder of it; `path` is relative to the current directory, as always."""
        return RevisionPath(self, self._from_top(os.fspath(path)))

    def _from_top(self, path: str) -> str:
        """The path from the top of the repository; it begins with `..` if it is not in it."""
        if Path(path).is_absolute():
            folder, name = os.path.split(os.path.normpath(path))
            path = os.path.relpath(os.path.join(os.path.realpath(folder), name))  # noqa: PTH118  (keeps a last link)
        found = os.path.normpath(self.prefix + path)
        return "" if found == "." else found

    @cached_property
    def tree(self) -> Tree:
        """All entries of the commit.

        Raises:
            UnknownRevision: the repository is broken, or the tree too large.
        """
        listing = _git(self.name, "ls-tree", "-r", "-z", "--full-tree", self.commit)
        entries = {}
        for line in listing.split(b"\0")[:-1]:
            head, _, path = line.partition(b"\t")
            mode, _, blob = head.decode().split(" ")
            entries[os.fsdecode(path)] = _Entry(mode, blob)
        return Tree(self, entries)


@dataclass(frozen=True)
class RevisionPath:
    """A file or folder of a revision. `path` is that from the top of the repository, empty for the top itself."""

    revision: Revision
    path: str

    def __str__(self) -> str:
        """As git names it: `REV:path`."""
        return f"{self.revision.name}:{self.path}"

    def exists(self) -> bool:
        """Whether there is such a file or folder, or at least a link on the way to it."""
        return self.revision.tree.has(self.path)


class Tree:
    """The entries of a commit, by their paths."""

    def __init__(self, revision: Revision, entries: dict[str, _Entry]) -> None:
        self._revision, self._entries = revision, entries
        self._paths = sorted(entries)
        blobs = {path: entry.blob for path, entry in entries.items() if entry.mode == _LINK}
        targets = dict(self._contents(blobs.values(), _LINK_LENGTH)) if blobs else {}
        self.links = {path: os.fsdecode(targets.get(blob) or b"/") for path, blob in blobs.items()}

    def within(self, path: str) -> list[str]:
        """The entry at `path`, or all below it."""
        if not path:
            return self._paths
        if path in self._entries:
            return [path]
        return self._paths[bisect_left(self._paths, f"{path}/") : bisect_left(self._paths, f"{path}0")]  # / then 0

    def has(self, path: str) -> bool:
        """Whether there is something at `path`, or at least a link on the way to it."""
        real, links, _ = self._resolved(path)
        return bool(links) or (real is not None and bool(self.within(real)))

    def write(self, paths: Iterable[str], root: Path, *, whole: bool) -> Iterator[Problem]:
        """Write what reading `paths` needs below `root`: manifests and what marks a kustomization or chart.

        Args:
            paths: from the top of the repository.
            root: an empty folder.
            whole: whether to write every file, for tools that build some of them.

        Yields:
            A problem with each entry that is not written.
        """
        files, folders, links, visited = set[str](), set[str](), set[str](), set[str]()
        ahead = [*paths, ""] if whole else [*paths]
        while ahead:
            path = ahead.pop()
            real, on_the_way, left = self._resolved(path)
            links.update(on_the_way)
            folders.update(folder for folder in left if self._is_folder(folder))
            if real is None or real in visited:
                continue
            visited.add(real)
            if self._is_folder(real):
                folders.add(real)
            for found in self.within(real):
                if found in self.links:
                    ahead.append(found)
                elif self._entries[found].mode == _SUBMODULE:
                    yield self._error(found, "is a submodule: its files are not in this repository")
                elif whole or found == real or found.endswith(SUFFIXES) or _marks_buildable(found):
                    files.add(found)
        for path in sorted(path for path in files | links if not _is_sane(path)):
            yield self._error(path, "is not a name that a file of a repository can have")
        for path in sorted(folders):
            (root / path).mkdir(parents=True, exist_ok=True)  # it may have no manifest
        yield from self._write_files(sorted(filter(_is_sane, files)), root)
        yield from self._write_links(sorted(filter(_is_sane, links)), root)

    def _is_folder(self, path: str) -> bool:
        """Whether it is a folder that a checkout would write."""
        return _is_sane(path) and path not in self._entries and bool(self.within(path))

    def _resolved(self, path: str) -> tuple[str | None, list[str], list[str]]:
        """The path without links, the links on the way, and the folders that `..` leaves.

        The path is None if it is not in the tree, or the links form a loop.
        """
        real: list[str] = []
        links: list[str] = []
        left: list[str] = []
        ahead = path.split("/")[::-1]
        while ahead:
            step = ahead.pop()
            if step == "..":
                if not real:
                    return None, links, left
                left.append("/".join(real))
                real.pop()
            elif step not in ("", "."):
                here = "/".join((*real, step))
                if here not in self.links:
                    real.append(step)
                elif len(links) == MAX_LINKS or self.links[here].startswith("/"):
                    return None, [*links, here], left
                else:
                    links.append(here)
                    ahead += self.links[here].split("/")[::-1]
        return "/".join(real), links, left

    def _write_files(self, paths: list[str], root: Path) -> Iterator[Problem]:
        written = 0
        at: dict[str, list[str]] = {}
        for path in paths:
            at.setdefault(self._entries[path].blob, []).append(path)
        for blob, content in self._contents(at, _MOST):
            for path in at.pop(blob):
                if content is None:
                    yield self._error(path, f"larger than {MAX_BYTES // (1024 * 1024)} MiB; split it", Code.LIMIT)
                    continue
                written += len(content)
                if written > MAX_TREE:
                    message = f"its files are larger than {MAX_TREE // (1024 * 1024)} MiB together; name fewer"
                    yield self._error("", message, Code.LIMIT)
                    return
                try:
                    (root / path).parent.mkdir(parents=True, exist_ok=True)
                    with (root / path).open("xb") as file:
                        file.write(content)
                except OSError as error:
                    yield self._error(path, (error.strerror or "cannot be written").lower())
        for path in (path for lost in at.values() for path in lost):
            yield self._error(path, "is not in this repository: a partial clone lacks it, or it is broken")

    def _write_links(self, paths: list[str], root: Path) -> Iterator[Problem]:
        """Links, when all folders are there: none is made through another one."""
        made: list[Path] = []
        with suppress(OSError):  # then the link cannot be made either
            for path in paths:
                (root / path).parent.mkdir(parents=True, exist_ok=True)
        for path in paths:
            try:
                (root / path).symlink_to(self.links[path])
                made.append(root / path)
            except OSError as error:
                yield self._error(path, (error.strerror or "cannot be written").lower())
        top = os.path.realpath(root)
        for link in made:
            if not f"{os.path.realpath(link)}/".startswith(f"{top}/"):
                link.unlink()
                yield self._error(str(link.relative_to(root)), "is a link that leads out of the repository")

    def _contents(self, blobs: Iterable[str], most: int) -> Iterator[tuple[str, bytes | None]]:
        """Each blob that is there with its bytes; None if it has more than `most`."""
        name = self._revision.name
        wanted = "\n".join(dict.fromkeys(blobs)) + "\n"
        sizes = _git(name, "cat-file", "--batch-check=%(objectname) %(objectsize)", given=wanted)
        batch: list[str] = []
        total = 0
        for line in sizes.decode("utf-8", "replace").splitlines():
            blob, size = line.split(" ", 1)
            if not size.isdecimal():
                continue  # missing
            if int(size) > most:
                yield blob, None
                continue
            if batch and total + int(size) > _BATCH:
                yield from self._read(batch)
                batch, total = [], 0
            batch.append(blob)
            total += int(size)
        yield from self._read(batch)

    def _read(self, blobs: list[str]) -> Iterator[tuple[str, bytes]]:
        data = _git(self._revision.name, "cat-file", "--batch", given="".join(f"{blob}\n" for blob in blobs))
        begin = 0
        while begin < len(data):
            end = data.index(b"\n", begin)
            blob, _, size = data[begin:end].decode().split(" ")
            begin = end + 1 + int(size) + 1
            yield blob, data[end + 1 : begin - 1]

    def _error(self, path: str, message: str, code: Code = Code.UNREADABLE) -> Problem:
        name = os.fsencode(f"{self._revision.name}:{path}").decode("utf-8", "backslashreplace")
        return Problem(Severity.ERROR, code, message, Location(printable(name)))


def _is_sane(path: str) -> bool:
    """Whether a checkout would write it."""
    return not any(step.lower() in ("", ".", "..", ".git") for step in path.split("/"))


def _marks_buildable(path: str) -> bool:
    return path.rpartition("/")[2] in (*KUSTOMIZATIONS, CHART)


def _git(revision: str, *arguments: str, given: str = "", or_else: str = "", hint: str = "") -> bytes:
    """The output of a git command in the current directory.

    Raises:
        UnknownRevision: it fails; the reason is what git prints, or `or_else` if it prints nothing.
    """
    path = shutil.which("git")
    if path is None:
        raise UnknownRevision(revision, "git is not on the PATH", "install it")
    command = [str(Path(path).absolute()), *_GIT, *arguments]
    try:
        code, out, err = running.run(command, Path.cwd(), given.encode(), env={**os.environ, **_ENVIRONMENT})
    except OSError as error:
        raise UnknownRevision(revision, f"git cannot be started: {error.strerror}") from error
    if code == 0 and len(out) <= MAX_BYTES:
        return out
    if code is None or len(out) > MAX_BYTES:
        raise UnknownRevision(revision, f"git {arguments[0]} did not end, or printed too much")
    lines = err.decode("utf-8", "replace").strip().splitlines()
    fatal = next((line for line in lines if line.startswith("fatal: ")), lines[0] if lines else "")
    raise UnknownRevision(revision, fatal.removeprefix("fatal: ") or or_else or f"git ended with {code}", hint)
