"""Completion as people meet it: a real shell on a pseudo-terminal, and the TAB key."""

from __future__ import annotations

import contextlib
import os
import pty
import shutil
import subprocess
from pathlib import Path

import pytest

from haechi.cli import main

REGISTERED = {
    "bash": 'source "$SCRIPTS/bash"\n',
    "zsh": 'autoload -Uz compinit && compinit -u -D\nsource "$SCRIPTS/zsh"\n',
    "zsh in fpath": 'fpath=("$SCRIPTS/fpath" $fpath)\nautoload -Uz compinit && compinit -u -D\n',
}
STARTUP = """
haechi() { printf '%s\\n' "$@" > "$TYPED"; exit; }
PS1=
"""
"""The command line that was completed is what the shell runs: it stores its arguments."""


@pytest.fixture(scope="module")
def scripts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The script of each shell."""
    folder = tmp_path_factory.mktemp("scripts")
    for shell in ("bash", "zsh", "fish"):
        with (folder / shell).open("w", encoding="utf-8") as file, contextlib.redirect_stdout(file):
            assert main(["completion", shell]) == 0
    (folder / "fpath").mkdir()
    shutil.copy(folder / "zsh", folder / "fpath" / "_haechi")
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Files to complete."""
    (tmp_path / "work" / "policies of mine").mkdir(parents=True)
    (tmp_path / "work" / "policies of mine" / "web.yaml").touch()
    (tmp_path / "work" / "rules.nft").touch()
    return tmp_path


def environment(folder: Path, scripts: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "ZDOTDIR": str(folder),
        "TERM": "dumb",
        "LC_ALL": "C.UTF-8",
        "SCRIPTS": str(scripts),
        "TYPED": str(folder / "typed"),
    }


def typed(folder: Path, scripts: Path, way: str, keys: str) -> list[str]:
    """The arguments of haechi after typing keys into a shell."""
    shell = way.split()[0]
    startup = folder / (".zshrc" if shell == "zsh" else "bashrc")
    startup.write_text(REGISTERED[way] + STARTUP)
    command = ["bash", "--noprofile", "--rcfile", str(startup), "-i"] if shell == "bash" else ["zsh", "-d", "-i"]
    controller, terminal = pty.openpty()
    os.write(controller, f"{keys}\r".encode())
    process = subprocess.Popen(
        command,
        cwd=folder / "work",
        env=environment(folder, scripts),
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        start_new_session=True,
    )
    os.close(terminal)
    try:
        while os.read(controller, 4096):
            pass
    except OSError:
        pass  # the shell has closed its terminal
    finally:
        os.close(controller)
        process.wait()
    return (folder / "typed").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("way", REGISTERED)
@pytest.mark.parametrize(
    ("keys", "arguments"),
    [
        ("haechi lin\t--outp\tsa\tpol\tw\t", ["lint", "--output", "sarif", "policies of mine/web.yaml"]),
        ("haechi la\tr\t--ip\td\tru\t", ["lab", "run", "--ip-family", "dual", "rules.nft"]),
        ("haechi verify --rules\tru\t--stri\t", ["verify", "--ruleset", "rules.nft", "--strict"]),
        ("haechi can a/b c/d 80 ru\t", ["can", "a/b", "c/d", "80", "rules.nft"]),
        ("haechi diff ru\tpol\tw\t", ["diff", "rules.nft", "policies of mine/web.yaml"]),
        ("haechi test ru\tpol\tw\t", ["test", "rules.nft", "policies of mine/web.yaml"]),
        ("haechi completion zs\t", ["completion", "zsh"]),
        ("haechi list --kubec\tru\t-A", ["list", "--kubeconfig", "rules.nft", "-A"]),
    ],
)
def test_the_tab_key_completes(folder: Path, scripts: Path, way: str, keys: str, arguments: list[str]) -> None:
    if shutil.which(way.split()[0]) is None:
        pytest.skip(f"{way.split()[0]} is not installed")
    assert typed(folder, scripts, way, keys) == arguments


@pytest.mark.skipif(shutil.which("fish") is None, reason="fish is not installed")
@pytest.mark.parametrize(
    ("line", "candidates"),
    [
        ("haechi li", ["lint", "list"]),
        ("haechi lint --outp", ["--output"]),
        ("haechi lint --output s", ["sarif"]),
        ("haechi lint pol", ["policies of mine/"]),
        ("haechi can a/b c/d 80 pol", ["policies of mine/"]),
        ("haechi verify --ruleset ru", ["rules.nft"]),
        ("haechi completion ", ["bash", "zsh", "fish"]),
    ],
)
def test_fish_completes(folder: Path, scripts: Path, line: str, candidates: list[str]) -> None:
    program = 'source "$SCRIPTS/fish"; complete -C "$argv[1]"'
    done = subprocess.run(
        ["fish", "--no-config", "-c", program, line],
        cwd=folder / "work",
        env=environment(folder, scripts),
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stderr == ""
    assert {one.split("\t")[0] for one in done.stdout.splitlines()} == set(candidates)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_is_valid(scripts: Path, shell: str) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    done = subprocess.run([shell, "-n", scripts / shell], check=True, capture_output=True, text=True)
    assert done.stderr == ""
