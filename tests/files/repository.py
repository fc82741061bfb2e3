"""A real git repository in a temporary folder."""

from __future__ import annotations

import os
import subprocess
from itertools import count
from pathlib import Path

_ENVIRONMENT = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    **{f"GIT_{who}_{what}": "a@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
}


_NUMBERS = count()  # commits of one second differ by their messages


def git(folder: Path, *arguments: str, given: bytes = b"") -> str:
    """What a git command prints, whatever repository and settings the tests are run with."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    done = subprocess.run(
        ["git", *arguments],
        cwd=folder,
        input=given,
        capture_output=True,
        check=True,
        env=clean | _ENVIRONMENT,
    )
    return done.stdout.decode().strip()


def new_repository(folder: Path) -> Path:
    """An empty repository with the branch `main`."""
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch=main")
    return folder


def commit(folder: Path) -> str:
    """The id of a commit of everything that is in the folder."""
    git(folder, "add", "--all", "--force")
    git(folder, "commit", "--quiet", "--allow-empty", f"--message=change {next(_NUMBERS)}")
    return git(folder, "rev-parse", "HEAD")


def commit_of(folder: Path, *entries: tuple[str, str, bytes]) -> str:
    """The id of a commit whose tree has entries of (mode, name, content), which no index would take."""
    lines = []
    for mode, name, content in entries:
        kind = "tree" if mode == "040000" else "blob"
        blob = content.decode() if kind == "tree" else git(folder, "hash-object", "-w", "--stdin", given=content)
        lines.append(f"{mode} {kind} {blob}\t{name}\0")
    tree = git(folder, "mktree", "-z", given="".join(lines).encode())
    return git(folder, "commit-tree", tree, "-m", "hostile")
