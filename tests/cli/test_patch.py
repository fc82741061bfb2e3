"""Diffs of files: git and patch apply them to exactly the new content."""

from __future__ import annotations

import io
import subprocess
from difflib import diff_bytes, unified_diff
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from haechi.cli import patch as cli_patch
from haechi.cli.patch import patch, write_patch
from haechi.cli.terminal import Terminal

LINES = st.lists(st.sampled_from([b"a: 1", b"b: \xff", b"", b"-", b"c\r", b"- - x", b"\t\x0c", b"++ 1"]), max_size=12)
TEXTS = st.builds(lambda lines, end: b"\n".join(lines) + end, LINES, st.sampled_from([b"", b"\n"]))
COMMANDS = [["git", "apply", "-"], ["patch", "-p1", "-s", "--binary"]]


def applied(folder: Path, name: str, old: bytes, new: bytes, command: list[str]) -> bytes:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(old)
    diff = b"".join(patch(name, old, new))
    subprocess.run(command, cwd=folder, input=diff, check=True, capture_output=True)
    return file.read_bytes()


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
@given(TEXTS, TEXTS)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_a_diff_is_applied_to_exactly_the_new_text(tmp_path: Path, command: list[str], old: bytes, new: bytes) -> None:
    if old != new and old and new:
        assert applied(tmp_path, "web.yaml", old, new, command) == new


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
@pytest.mark.parametrize("name", ["a/b/web.yaml", "a b.yaml", "웹.yaml", 'we"b.yaml', "-x.yaml"])
def test_any_name_below_the_folder_is_found(tmp_path: Path, name: str, command: list[str]) -> None:
    assert applied(tmp_path, name, b"a: 1\nb: 2\n", b"a: 1\n", command) == b"a: 1\n"


def test_a_name_below_the_working_directory_is_relative(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert b"".join(patch(str(tmp_path / "a.yaml"), b"a\n", b"b\n")).startswith(b"--- a/a.yaml\n+++ b/a.yaml\n@@")
    assert b"".join(patch("/elsewhere/a.yaml", b"a\n", b"b\n")).startswith(b"--- a//elsewhere/a.yaml\n")


def test_on_a_terminal_it_has_colours_and_no_controls_of_the_text() -> None:
    stream = io.StringIO()
    write_patch(Terminal(stream, interactive=True, colours=True), patch("a", b"\x1b[2J\n1\n", b"\x1b[2J\n2"))
    assert stream.getvalue().splitlines() == [
        "\x1b[1m--- a/a\x1b[0m",
        "\x1b[1m+++ b/a\x1b[0m",
        "\x1b[2m@@ -1,2 +1,2 @@\x1b[0m",
        " \\x1b[2J",
        "\x1b[31m-1\x1b[0m",
        "\x1b[32m+2\x1b[0m",
        "\x1b[32m\\ No newline at end of file\x1b[0m",
    ]


@pytest.mark.parametrize("window", [1, 2, 5])
@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
@given(TEXTS, TEXTS)
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_a_diff_of_more_lines_than_a_window_is_right_too(
    tmp_path: Path, command: list[str], window: int, old: bytes, new: bytes
) -> None:
    with pytest.MonkeyPatch.context() as context:
        context.setattr(cli_patch, "_WINDOW", window)
        if old != new and old and new:
            assert applied(tmp_path, "web.yaml", old, new, command) == new


@given(st.lists(st.integers(0, 99), unique=True, max_size=20), st.lists(st.integers(0, 99), unique=True, max_size=20))
def test_a_diff_of_few_lines_is_that_of_difflib(old: list[int], new: list[int]) -> None:
    one, other = ([b"%d\n" % number for number in numbers] for numbers in (old, new))
    expected = list(diff_bytes(unified_diff, one, other, b"a/x", b"b/x"))
    assert list(patch("x", b"".join(one), b"".join(other))) == expected


def test_thousands_of_changes_are_found_where_they_are() -> None:
    """Every tenth of 60,000 lines that look alike is gone."""
    old = [b"- port: %d\n" % (number // 4) for number in range(60_000)]
    new = [line for number, line in enumerate(old) if number % 10]
    lines = list(patch("x", b"".join(old), b"".join(new)))[2:]
    changes = [line for line in lines if line[:1] in (b"+", b"-")]
    assert changes == [b"-" + line for number, line in enumerate(old) if not number % 10]
