"""The commit that the program was made from, read without git.

A wheel and an sdist have it in `haechi/COMMIT`, which the build hook adds; it runs this file to find it. In a checkout
it is what HEAD names in `.git` beside `src`.
"""

from __future__ import annotations

import re
from pathlib import Path

_PACKAGE = Path(__file__).parent
_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


def commit(package: Path = _PACKAGE) -> str:
    """The full name of the commit, or an empty text if it is unknown."""
    recorded = _read(package / "COMMIT")
    if recorded:
        return _valid(recorded)
    if package.parent.name != "src":
        return ""  # installed: a repository around the environment is another project's
    return commit_of_checkout(package.parents[1])


def commit_of_checkout(root: Path) -> str:
    """The commit that HEAD of a checkout names, or an empty text.

    Args:
        root: the folder that has `.git`, which is a file in a worktree or a submodule.
    """
    pointer = _read(root / ".git")
    git = root / pointer.removeprefix("gitdir: ") if pointer.startswith("gitdir: ") else root / ".git"
    head = _read(git / "HEAD")
    if not head.startswith("ref: "):
        return _valid(head)
    branch = head.removeprefix("ref: ")
    common = git / (_read(git / "commondir") or ".")
    return _valid(_read(git / branch) or _read(common / branch)) or _packed(_read(common / "packed-refs"), branch)


def _packed(references: str, branch: str) -> str:
    for line in references.splitlines():
        name, _, reference = line.partition(" ")
        if reference == branch:
            return _valid(name)
    return ""


def _valid(name: str) -> str:
    return name if _COMMIT.fullmatch(name) else ""


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        return ""
