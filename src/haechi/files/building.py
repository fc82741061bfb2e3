"""Folders that have to be built before they are manifests: kustomizations and Helm charts.

Read as plain files they would give wrong answers: a kustomization sets namespaces, names and labels, and the templates
of a chart are not YAML. They are recognised by the files that their tools require, and built by those tools or
reported.
"""

from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from haechi.files import running
from haechi.files.opening import MAX_BYTES, open_regular
from haechi.model import Code, Location, Problem, Severity, Source, SyntaxProblem, parse_yaml, printable

KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")
CHART = "Chart.yaml"
MAX_MESSAGE = 200
"""Characters of a tool's message that are shown."""
MAX_KUSTOMIZATION = 1024 * 1024
"""Bytes of a kustomization file; what a larger one builds on is not looked for, its tool reads it alone."""


@dataclass(frozen=True)
class Buildable:
    """A folder that a tool builds.

    Attributes:
        folder: which.
        kind: what it is, in words.
        commands: what builds it, the preferred tool first; the folder comes last.
    """

    folder: Path
    kind: str
    commands: tuple[tuple[str, ...], ...]

    @classmethod
    def of(cls, folder: Path) -> Buildable | None:
        """The folder as what it has to be built as; None if its files are plain manifests."""
        if any((folder / name).is_file() for name in KUSTOMIZATIONS):
            return cls(folder, "kustomization", (("kubectl", "kustomize"), ("kustomize", "build")))
        return cls(folder, "Helm chart", (("helm", "template"),)) if (folder / CHART).is_file() else None

    @property
    def may_contain_others(self) -> bool:
        """Whether folders in it may be buildable themselves; all other files in them are parts of it."""
        return self.kind == "kustomization"

    @property
    def name(self) -> str:
        """What messages call it."""
        return str(self.folder)

    def unbuilt(self) -> Problem:
        """The error for a folder that is not built, with what to do."""
        return self._error(f"is a {self.kind}: its files are not what it deploys", f"use --build, or {self._by_hand}")

    def unbuilt_part(self, path: Path, role: str, severity: Severity) -> Problem:
        """The error, or a warning, for a file or folder in it that is read by itself."""
        message = f"is {role} the {self.kind} {self.name}, and not what it deploys"
        hint = f"give the folder with --build, or {self._by_hand}"
        return Problem(severity, Code.UNBUILT, message, Location(printable(str(path))), hint=hint)

    @property
    def _by_hand(self) -> str:
        folder = self.name if self.folder.is_absolute() or self.name == "." else f"./{self.name}"
        return f"{shlex.join((*self.commands[0], printable(folder)))} | haechi … -"

    def built(self) -> Source | Problem:
        """The manifests that its tool makes of it, or why there are none."""
        odd = [name for name in KUSTOMIZATIONS if (self.folder / name).exists() and not (self.folder / name).is_file()]
        if odd:
            return self._error(f"is a {self.kind}, but {' and '.join(odd)} in it is not a regular file")
        found = ((shutil.which(tool), tool, arguments) for tool, *arguments in self.commands)
        path, tool, arguments = next((each for each in found if each[0]), (None, "", []))
        if path is None:
            tools = " or ".join(tool for tool, *_ in self.commands)
            return self._error(f"is a {self.kind}, and {tools} is not on the PATH", "install it, or build it elsewhere")
        try:
            # The folder is never an argument: a tool could take its name for an option or for a repository elsewhere.
            code, out, err = running.run([str(Path(path).absolute()), *arguments, "."], self.folder)
        except OSError as error:
            return self._error(f"{tool} cannot be started: {error.strerror}")
        if len(out) > MAX_BYTES:
            return self._error(f"{tool} made more than {MAX_BYTES // (1024 * 1024)} MiB of it")
        if code is None:
            return self._error(f"{tool} did not end within {running.TIMEOUT:.0f} seconds")
        if code:
            lines = err.decode("utf-8", "replace").strip().splitlines()
            why = printable(lines[-1])[:MAX_MESSAGE] if lines else f"exit code {code}"
            return self._error(f"{' '.join((tool, *arguments))} failed: {why}")
        return Source(f"{self.name} ({self.kind})", out)

    def _error(self, message: str, hint: str = "") -> Problem:
        return Problem(Severity.ERROR, Code.UNBUILT, message, Location(printable(self.name)), hint=hint)

    def refers_to(self) -> Iterator[Path]:
        """The files and folders that a kustomization builds on."""
        for name in KUSTOMIZATIONS:
            try:
                with open_regular(self.folder / name) as file:
                    data = file.read(MAX_KUSTOMIZATION + 1)
                content = parse_yaml(data, 0, len(data)).data if len(data) <= MAX_KUSTOMIZATION else None
            except (OSError, SyntaxProblem):
                continue
            for field in ("resources", "bases", "components", "patches", "patchesStrategicMerge"):
                entries = content.get(field) if isinstance(content, dict) else None
                for each in entries if isinstance(entries, list) else ():
                    entry = each.get("path") if isinstance(each, dict) else each
                    if isinstance(entry, str):
                        with suppress(ValueError):  # no path can have such a name
                            yield _real(self.folder / entry)


def part_of(path: Path, known: dict[Path, frozenset[Path]]) -> Problem | None:
    """What is wrong with reading a file or folder by itself: a template of a chart, or listed by a kustomization.

    Helm's language is not YAML, so a template is an error. A file of a kustomization can be read, which is a warning:
    what is deployed may have another namespace, other labels and patches.

    Args:
        path: which; it is not buildable itself.
        known: what kustomizations in the folders above were found to list.
    """
    whole = _real(path)
    for folder in whole.parents:
        found = Buildable.of(folder)
        if found is None:
            continue
        shown = found if path.is_absolute() else replace(found, folder=Path(os.path.relpath(folder)))
        if not found.may_contain_others:
            is_template = whole.relative_to(folder).parts[0] == "templates"
            return shown.unbuilt_part(path, "a template of", Severity.ERROR) if is_template else None
        if folder not in known:
            listed = frozenset(found.refers_to())
            known[folder] = listed.union(*(each.parents for each in listed if folder in each.parents)) - {folder}
        if whole in known[folder]:
            return shown.unbuilt_part(path, "listed in", Severity.WARNING)
    return None


def _real(path: Path) -> Path:
    """The path without links. Unlike `Path.resolve`, links that form a loop are no error.

    Raises:
        ValueError: it contains a NUL byte.
    """
    return Path(os.path.realpath(path))


def roots(found: Iterable[Buildable]) -> list[Buildable]:
    """Those that none of the others builds on: the others are parts of them.

    Of kustomizations that build on one another in a circle all are roots: their tool reports the circle.
    """
    listed = {_real(each.folder): each for each in found}
    parts = {folder: [part for part in each.refers_to() if part in listed] for folder, each in listed.items()}
    outermost = listed.keys() - {part for folder, own in parts.items() for part in own if part != folder}
    reached: set[Path] = set()
    ahead = list(outermost)
    while ahead:
        folder = ahead.pop()
        if folder not in reached:
            reached.add(folder)
            ahead += parts[folder]
    return [each for folder, each in listed.items() if folder in outermost or folder not in reached]
