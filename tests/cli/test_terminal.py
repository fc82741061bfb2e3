"""Streams as terminals."""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haechi.cli import main
from haechi.cli.app import app
from haechi.cli.terminal import Style, Terminal, columns, fold
from tests.cli import manifests
from tests.cli.conftest import Haechi


class Screen(io.StringIO):
    """A stream that says that it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "77")


def test_a_file_gets_neither_colours_nor_a_width() -> None:
    terminal = Terminal.of(io.StringIO())
    assert (terminal.interactive, terminal.colours, terminal.width) == (False, False, None)


def test_a_window_gets_both() -> None:
    terminal = Terminal.of(Screen())
    assert (terminal.interactive, terminal.colours, terminal.width) == (True, True, 77)
    assert terminal.paint("x", Style.RED) == "\x1b[31mx\x1b[0m"


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_the_environment_can_refuse_colours(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    assert Terminal.of(Screen()).paint("x", Style.RED) == "x"


def test_an_empty_no_color_refuses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "")
    assert Terminal.of(Screen()).colours


def test_sequences_of_the_input_are_shown_and_not_obeyed() -> None:
    screen = Screen()
    Terminal.of(screen).line("a\x1b]0;title\x07b\rc", Style.BOLD)
    assert screen.getvalue() == "\x1b[1ma\\x1b]0;title\\x07b\\rc\x1b[0m\n"


def test_paragraphs_are_broken_between_words_in_a_window_only() -> None:
    text = " ".join(["namespace/name-of-a-pod"] * 6)
    screen, file = Screen(), io.StringIO()
    Terminal.of(screen).paragraph(text)
    Terminal.of(file).paragraph(text)
    assert file.getvalue() == text + "\n"
    lines = screen.getvalue().splitlines()
    assert len(lines) == 2
    assert all(len(line) <= 77 for line in lines)
    assert lines[1].startswith("  namespace/name-of-a-pod ")


def test_folding_keeps_long_names_whole() -> None:
    assert fold("x" * 90, 30) == ["x" * 90]
    assert fold("", 30) == [""]


def test_korean_letters_are_two_columns_wide() -> None:
    assert fold("모든 파드를 선택한다", 12, "  ") == ["모든 파드를", "  선택한다"]
    assert columns("한글 a") == 6
    assert columns("e\u0301") == 1


@given(st.text("ab 한글", max_size=60), st.integers(10, 30))
def test_folding_loses_no_word_and_stays_within_the_width(text: str, width: int) -> None:
    lines = fold(text, width, "  ")
    assert " ".join(lines).split() == text.split()
    assert all(columns(line) <= width or len(line.split()) == 1 for line in lines)


# -- every command -----------------------------------------------------------------------------------------------------

SGR = re.compile(r"\x1b\[[0-9;]*m")
SOUND = {
    "lab run": ["SOUND"],
    "compile": ["SOUND", "--node", "node-a"],
    "verify": ["SOUND", "--node", "node-a", "--ruleset", "RULESET"],
    "can": ["shop/client", "shop/web", "8080", "SOUND"],
    "diff": ["PODS", "SOUND"],
    "test": ["TESTS", "SOUND"],
}
"""Arguments about a sound cluster; a command that is not here takes a PATH and nothing else."""
TESTS = """\
apiVersion: haechi/v1alpha1
kind: ConnectivityTest
metadata: {name: shop}
spec:
  assertions:
  - {from: {pod: shop/client}, to: {pod: shop/web}, ports: [8080], expect: allow}
  - {from: {pod: shop/client}, to: {pod: shop/web}, ports: [8080], expect: deny}
"""


def commands() -> list[str]:
    """All commands that the program knows."""
    names = [name for name in app if not name.startswith("-") and name != "lab"]
    return [*names, *(f"lab {name}" for name in app["lab"] if not name.startswith("-"))]


@pytest.fixture
def files(haechi: Haechi, tmp_path: Path) -> dict[str, str]:
    """What the words in capitals stand for."""
    bad = (manifests.CLUSTER, manifests.BAD, manifests.DOUBTFUL, manifests.SECRET, "a: [\n")
    texts = {
        "SOUND": "---\n".join((manifests.CLUSTER, manifests.DOUBTFUL, manifests.SECRET)),
        "BAD": "---\n".join(bad),
        "PODS": "---\n".join((manifests.POD, manifests.OTHER_POD)),
        "TESTS": TESTS,
    }
    for name, text in texts.items():
        (tmp_path / f"{name}.yaml").write_text(text)
    found = {name: str(tmp_path / f"{name}.yaml") for name in texts}
    ruleset = tmp_path / "ruleset.nft"
    ruleset.write_text(haechi("compile", found["SOUND"], "--node", "node-a").out)
    return found | {"RULESET": str(ruleset)}


def _ran(monkeypatch: pytest.MonkeyPatch, arguments: list[str], window: bool) -> str:
    """Everything that a command writes, with the figures that differ between runs left out."""
    out, err = (Screen(), Screen()) if window else (io.StringIO(), io.StringIO())
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    main(arguments)
    return re.sub(r"[0-9.]+ seconds", "some seconds", f"{out.getvalue()}\n{err.getvalue()}")


@pytest.mark.parametrize("what", ["SOUND", "BAD"])
@pytest.mark.parametrize(
    "command",
    [pytest.param(name, marks=pytest.mark.kernel if name.startswith("lab ") else ()) for name in commands()],
)
def test_colours_of_every_command_are_for_windows_that_want_them(
    monkeypatch: pytest.MonkeyPatch, files: dict[str, str], command: str, what: str
) -> None:
    asked = [what if word == "SOUND" else word for word in SOUND.get(command, ["SOUND"])]
    arguments = [*command.split(), *(files.get(word, word) for word in asked)]
    coloured = _ran(monkeypatch, arguments, window=True)
    assert SGR.search(coloured)
    assert "internal error" not in coloured
    monkeypatch.setenv("NO_COLOR", "1")
    plain = _ran(monkeypatch, arguments, window=True)
    monkeypatch.delenv("NO_COLOR")
    if not command.startswith("lab "):  # its progress is what it happens to be
        assert plain == SGR.sub("", coloured)
    assert not SGR.search(plain)
    assert "\x1b" not in _ran(monkeypatch, arguments, window=False)
    monkeypatch.setenv("TERM", "dumb")
    assert "\x1b" not in _ran(monkeypatch, arguments, window=True)
