"""Streams as terminals."""

from __future__ import annotations

import io

import pytest

from haechi.cli.terminal import Style, Terminal, fold


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
