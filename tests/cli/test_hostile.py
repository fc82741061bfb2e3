"""Input that nobody should send: a clear message with its place, and nothing half done."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.cli import manifests
from tests.cli.conftest import Haechi

BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)
DOCUMENTS = {
    "a malformed manifest": (b"kind: Pod\nmetadata:\n  name: [a\n", "4:1", "while parsing a flow sequence"),
    "no manifest": (b"- a\n", "1:1", "must be an object, not a list"),
    "binary data": (bytes(range(256)) * 64, "2:118", "invalid UTF-8"),
    "text that is not UTF-8": (b"kind: \xff\n", "1:7", "invalid UTF-8"),
    "UTF-16": ("kind: Pod\n".encode("utf-16"), "", "is UTF-16 text; save it as UTF-8"),
    "an alias bomb": (BOMB.encode(), "6:8", "aliases add more than 100000 nodes"),
    "nesting": (b"[" * 200_000, "1:130", "nested more than 128 deep"),
    "a policy of a removed version": (
        b"apiVersion: extensions/v1beta1\nkind: NetworkPolicy\nmetadata: {name: a}\n",
        "1:1",
        "removed in Kubernetes 1.16",
    ),
    "a wrong CIDR": (manifests.BAD.encode(), "11:9", 'Invalid value: "10.0.0.0/33"'),
}
COMMANDS = {"validate": (["validate"], 1), "lab run": (["lab", "run"], 2), "compile": (["compile", "--node", "n"], 2)}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("what", DOCUMENTS)
def test_a_bad_document_is_told_with_its_place(haechi: Haechi, tmp_path: Path, what: str, command: str) -> None:
    content, place, words = DOCUMENTS[what]
    arguments, code = COMMANDS[command]
    file = tmp_path / "input.yaml"
    file.write_bytes(content)
    outcome = haechi(*arguments, file)
    assert outcome.code == code
    told = outcome.out if command == "validate" else outcome.err
    first = told.splitlines()[0]
    assert first.startswith(f"{file}:{place}: error: " if place else f"{file}: error: ")
    assert words in first
    assert "Traceback" not in outcome.out + outcome.err
    if command != "validate":
        assert outcome.out == ""
        assert "nothing was done" in outcome.err


@pytest.mark.parametrize("command", COMMANDS)
def test_a_missing_file(haechi: Haechi, tmp_path: Path, command: str) -> None:
    outcome = haechi(*COMMANDS[command][0], tmp_path / "nothing.yaml")
    assert outcome.code == 2
    assert f"{tmp_path}/nothing.yaml: error: no such file or directory" in outcome.out + outcome.err


@pytest.mark.parametrize("command", COMMANDS)
def test_an_empty_folder(haechi: Haechi, tmp_path: Path, command: str) -> None:
    outcome = haechi(*COMMANDS[command][0], tmp_path)
    assert outcome.code == 2
    assert f"{tmp_path}: error: no .yaml, .yml, .json file in this folder" in outcome.out + outcome.err


@pytest.mark.parametrize("command", COMMANDS)
def test_empty_standard_input(haechi: Haechi, command: str) -> None:
    outcome = haechi(*COMMANDS[command][0], "-", stdin="")
    assert outcome.code == 2
    assert "<stdin>: error: no objects found" in outcome.out + outcome.err


def test_an_unreadable_file(haechi: Haechi, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    outcome = haechi("validate", tmp_path / "pipe.yaml")
    assert (outcome.code, outcome.out) == (2, f"{tmp_path}/pipe.yaml: error: is not a regular file\n")


def test_fifty_megabytes_of_one_word(haechi: Haechi, tmp_path: Path) -> None:
    file = tmp_path / "large.yaml"
    file.write_bytes(b"a: " + b"x" * 50_000_000)
    outcome = haechi("validate", file)
    assert (outcome.code, outcome.out) == (1, f"{file}:1:1: error: kind is missing\n")


def test_one_bad_document_hides_no_other(haechi: Haechi) -> None:
    text = "---\n".join((manifests.BAD, "a: [\n", manifests.MISSPELT, "just text\n", manifests.GOOD))
    outcome = haechi("validate", "-", stdin=text)
    assert outcome.code == 1
    assert len(outcome.out.splitlines()) == 5
    assert outcome.err == "3 objects, 5 errors, 0 warnings\n"


def test_a_bad_policy_stops_the_lab_before_it_begins(haechi: Haechi) -> None:
    outcome = haechi("lab", "run", "-", stdin="---\n".join((manifests.CLUSTER, manifests.BAD)))
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.count(": error: NetworkPolicy/shop/bad: ") == 2
    assert outcome.err.endswith("haechi: error: 2 errors in the input, see above; nothing was done\n")


def test_escape_sequences_of_the_input_are_not_passed_on(haechi: Haechi) -> None:
    outcome = haechi("validate", "-", stdin='apiVersion: v1\nkind: "Po\\e[31md\\r"\n')
    assert "\x1b" not in outcome.out + outcome.err
    assert "\r" not in outcome.out + outcome.err
