"""Finding files: folders, links, and all that is no regular file."""

from __future__ import annotations

import io
import os
import socket
from pathlib import Path

import pytest

from haechi.files import opening, read_all
from haechi.files import reading as under_test
from haechi.model import Code, Problem, Severity
from haechi.model.source import Source


def read(*paths: Path | str, stdin: bytes | None = None) -> tuple[list[str], list[Problem]]:
    found = list(read_all(paths, None if stdin is None else io.BytesIO(stdin)))
    return [each.name for each in found if isinstance(each, Source)], [
        each for each in found if isinstance(each, Problem)
    ]


def test_a_folder_is_read_recursively_in_order(tmp_path: Path) -> None:
    """Manifests only, nothing hidden, names sorted."""
    for name in ("b.yaml", "a.json", "c/d.yml", "c/e.txt", ".hidden.yaml", ".git/f.yaml", "README.md"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("{}")
    names, problems = read(tmp_path)
    assert names == [str(tmp_path / name) for name in ("a.json", "b.yaml", "c/d.yml")]
    assert problems == []


def test_a_file_that_is_named_is_read_whatever_it_is_called(tmp_path: Path) -> None:
    """Suffixes matter in folders only."""
    (tmp_path / "x.txt").write_text("{}")
    assert read(tmp_path / "x.txt")[0] == [str(tmp_path / "x.txt")]


def test_a_file_is_read_once(tmp_path: Path) -> None:
    """Through overlapping paths and links alike; the second time is reported."""
    (tmp_path / "a.yaml").write_text("{}")
    (tmp_path / "b.yaml").symlink_to("a.yaml")
    names, problems = read(tmp_path / "a.yaml", tmp_path)
    assert names == [str(tmp_path / "a.yaml")]
    assert [(p.severity, p.code) for p in problems] == [(Severity.SKIPPED, Code.ALREADY_READ)] * 2


def test_a_loop_of_links_ends(tmp_path: Path) -> None:
    """A folder is visited once."""
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "up").symlink_to(tmp_path)
    (tmp_path / "self.yaml").symlink_to("self.yaml")
    (tmp_path / "a.yaml").write_text("{}")
    names, problems = read(tmp_path)
    assert names == [str(tmp_path / "a.yaml")]
    assert [p.location.file for p in problems] == [str(tmp_path / "self.yaml")]


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    """Missing paths, broken links, empty folders, impossible names."""
    (tmp_path / "broken.yaml").symlink_to("nowhere")
    (tmp_path / "empty").mkdir()
    names, problems = read(tmp_path / "missing", tmp_path / "broken.yaml", tmp_path / "empty", "a\0b")
    assert names == []
    assert [p.code for p in problems] == [Code.UNREADABLE, Code.UNREADABLE, Code.EMPTY, Code.UNREADABLE]
    assert all(p.severity is Severity.ERROR and p.message for p in problems)


def test_nothing_but_regular_files_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A FIFO without a writer would block for ever."""
    monkeypatch.setattr(opening, "WRITER_TIMEOUT", 0.01)
    os.mkfifo(tmp_path / "fifo.yaml")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket.yaml"))
        names, problems = read(tmp_path, tmp_path / "fifo.yaml", "/dev/zero", tmp_path / "socket.yaml")
    assert names == []
    assert len(problems) == 5
    assert {p.code for p in problems} == {Code.UNREADABLE}


def test_a_file_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    """Opening works, reading fails (for root as well); the others are read."""
    (tmp_path / "b.yaml").touch()
    names, problems = read("/proc/self/mem", tmp_path)
    assert names == [str(tmp_path / "b.yaml")]
    assert [(p.code, p.message) for p in problems] == [(Code.UNREADABLE, "input/output error")]


def test_a_file_above_the_limit_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And not read any further than the limit."""
    monkeypatch.setattr(under_test, "MAX_BYTES", 10)
    (tmp_path / "a.yaml").write_bytes(b"x" * 10)
    (tmp_path / "b.yaml").write_bytes(b"x" * 11)
    names, problems = read(tmp_path, "-", stdin=b"x" * 11)
    assert names == [str(tmp_path / "a.yaml")]
    assert [p.code for p in problems] == [Code.LIMIT] * 2


def test_a_dash_is_standard_input() -> None:
    """As given by the caller, and an error if there is none."""
    assert read("-", stdin=b"{}") == (["<stdin>"], [])
    assert [p.code for p in read("-")[1]] == [Code.UNREADABLE]


def test_a_name_that_is_no_text_is_printed_escaped(tmp_path: Path) -> None:
    """Linux allows any bytes in a name."""
    (tmp_path / os.fsdecode(b"a\xff\n.yaml")).write_text("{}")
    assert read(tmp_path)[0] == [rf"{tmp_path}/a\xff\n.yaml"]
