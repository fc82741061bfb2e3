"""Folders that have to be built before they are manifests: kustomizations and Helm charts.

Read as plain files they would give wrong answers: a kustomization sets namespaces, names and labels, and the templates
of a chart are not YAML. They are recognised by the files that their tools require, and built by those tools or
reported.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from haechi.model import Code, Location, Problem, Severity, Source, SyntaxProblem, parse_yaml, printable

KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")
CHART = "Chart.yaml"
TIMEOUT = 120.0
"""Seconds that a tool may take; a kustomization may fetch what it refers to."""
MAX_MESSAGE = 200
"""Characters of a tool's message that are shown."""


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
        command = " ".join((*self.commands[0], self.name))
        return self._error(
            f"is a {self.kind}: its files are not what it deploys", f"use --build, or {command} | haechi … -"
        )

    def built(self) -> Source | Problem:
        """The manifests that its tool makes of it, or why there are none."""
        found = ((shutil.which(tool), tool, arguments) for tool, *arguments in self.commands)
        path, tool, arguments = next((each for each in found if each[0]), (None, "", []))
        if path is None:
            tools = " or ".join(tool for tool, *_ in self.commands)
            return self._error(f"is a {self.kind}, and {tools} is not on the PATH", "install it, or build it elsewhere")
        try:
            done = subprocess.run(
                [path, *arguments, self.name], stdin=subprocess.DEVNULL, capture_output=True, timeout=TIMEOUT
            )
        except subprocess.TimeoutExpired:
            return self._error(f"{tool} did not end within {TIMEOUT:.0f} seconds")
        if done.returncode:
            lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
            why = printable(lines[-1])[:MAX_MESSAGE] if lines else f"exit code {done.returncode}"
            return self._error(f"{' '.join((tool, *arguments))} failed: {why}")
        return Source(f"{self.name} ({self.kind})", done.stdout)

    def _error(self, message: str, hint: str = "") -> Problem:
        return Problem(Severity.ERROR, Code.UNBUILT, message, Location(printable(self.name)), hint=hint)

    def refers_to(self) -> Iterator[Path]:
        """The folders that a kustomization builds on."""
        for name in KUSTOMIZATIONS:
            try:
                data = (self.folder / name).read_bytes()
                content = parse_yaml(data, 0, len(data)).data
            except (OSError, SyntaxProblem):
                continue
            for field in ("resources", "bases", "components"):
                entries = content.get(field) if isinstance(content, dict) else None
                for entry in entries if isinstance(entries, list) else ():
                    if isinstance(entry, str):
                        yield (self.folder / entry).resolve()


def roots(found: Iterable[Buildable]) -> list[Buildable]:
    """Those that none of the others builds on: the others are parts of them.

    Of kustomizations that build on one another in a circle all are roots: their tool reports the circle.
    """
    listed = {each.folder.resolve(): each for each in found}
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
