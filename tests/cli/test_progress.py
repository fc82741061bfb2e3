"""The line that says how far a run is."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haechi.cli.progress import ProgressLine, picture
from haechi.cli.terminal import Terminal


@given(st.text("abc ", max_size=30), st.integers(0, 10**6), st.integers(0, 10**6), st.integers(5, 200))
def test_a_picture_fits_into_one_line_of_the_window(words: str, done: int, total: int, width: int) -> None:
    assert len(picture(words, done, total, width)) < width


def test_a_picture_shows_words_bar_and_count() -> None:
    assert picture("sending", 2, 4, 24) == "sending ━━━━━────── 2/4"
    assert picture("building", 0, 1, 80) == "building "


def test_a_long_name_gives_way_to_the_count() -> None:
    assert picture("reading a/folder/far/below.yaml", 2, 30, 24) == "reading a/folder/f 2/30"


def test_nothing_is_written_where_nobody_looks() -> None:
    stream = io.StringIO()
    with ProgressLine(Terminal(stream)) as told:
        told("sending", 1, 2)
    assert stream.getvalue() == ""


def test_it_leaves_an_empty_line_behind_also_after_an_error() -> None:
    stream = io.StringIO()
    told = ProgressLine(Terminal(stream, interactive=True, width=40))

    def fail() -> None:
        with told:
            told("sending", 1, 2)
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert "sending" in stream.getvalue()
    assert stream.getvalue().endswith("\r\x1b[K")


def test_new_words_are_shown_at_once_and_counts_now_and_then() -> None:
    stream = io.StringIO()
    told = ProgressLine(Terminal(stream, interactive=True, width=40))
    for number in range(1000):
        told("sending", number, 1000)
    told("done", 0, 1)
    assert "done" in stream.getvalue()
    assert stream.getvalue().count("sending") < 1000
