"""Excerpts: the caret stands under what a finding is about, whatever the text holds."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haechi.cli.excerpt import MAX_LINE, WIDTH, Excerpt, Excerpts
from haechi.cli.terminal import Style, Terminal, columns
from haechi.model import Location, Source, printable


def excerpt(text: str | bytes, line: int, column: int) -> Excerpt | None:
    data = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
    return Excerpts([Source("f.yaml", data)]).of(Location("f.yaml", line, column))


def drawn(text: str | bytes, line: int, column: int) -> list[str]:
    found = excerpt(text, line, column)
    assert found is not None
    stream = io.StringIO()
    found.write(Terminal(stream), Style.RED)
    return stream.getvalue().splitlines()


def marked(text: str | bytes, line: int, column: int) -> str:
    """What the caret underlines."""
    found = excerpt(text, line, column)
    assert found is not None
    shown, begin = found.lines[line], 0
    while columns(shown[:begin]) < found.begin:
        begin += 1
    end = begin
    while end < len(shown) and columns(shown[begin:end]) < found.width:
        end += 1
    return shown[begin:end]


def test_the_line_has_two_lines_around_it_and_a_caret() -> None:
    text = "a: 1\nb: 2\nc:\n  dee: 3\ne: 4\nf: 5\ng: 6\n"
    assert drawn(text, 4, 3) == [
        "  |",
        "2 | b: 2",
        "3 | c:",
        "4 |   dee: 3",
        "  |   ^^^",
        "5 | e: 4",
        "6 | f: 5",
        "  |",
    ]


def test_blank_lines_at_both_ends_are_left_out_and_numbers_are_aligned() -> None:
    text = "\n" * 8 + "a: 1\n\nb: 2\n"
    assert drawn(text, 9, 1) == ["   |", " 9 | a: 1", "   | ^", "10 |", "11 | b: 2", "   |"]


@pytest.mark.parametrize(
    ("line", "column", "expected"),
    [
        ("  podSelector: {}", 3, "podSelector"),
        ("- 10.0.0.0/8  # all", 3, "10.0.0.0/8"),
        ("- cidr: 2001:db8::/32", 9, "2001:db8::/32"),
        ("- ::/0", 3, "::/0"),
        ("{app: web}", 2, "app"),
        ('["a b", c]', 2, '"a b"'),
        ("'it: is': 1", 1, "'it: is'"),
        ("a: {}", 4, "{"),
    ],
)
def test_the_caret_is_under_the_key_or_the_value(line: str, column: int, expected: str) -> None:
    assert marked(f"{line}\n", 1, column) == expected


@pytest.mark.parametrize(
    ("text", "column", "shown", "begin"),
    [
        ("\tkey: 1", 2, "    key: 1", 4),
        ("웹서버: {key: 1}", 7, "웹서버: {key: 1}", 9),
        ("e\u0301: {key: 1}", 6, "e\u0301: {key: 1}", 4),
        ("\x1b[31m: {key: 1}", 9, "\\x1b[31m: {key: 1}", 11),
        ("\u202ea: {key: 1}", 6, "\\u202ea: {key: 1}", 10),
    ],
)
def test_tabs_wide_letters_marks_and_controls_keep_the_caret_in_its_place(
    text: str, column: int, shown: str, begin: int
) -> None:
    found = excerpt(f"{text}\n", 1, column)
    assert found is not None
    assert (found.lines[1], found.begin, found.width) == (shown, begin, 3)


def test_line_ends_of_windows_are_no_part_of_a_line() -> None:
    assert drawn("a: 1\r\nb: 2\r\n", 2, 1) == ["  |", "1 | a: 1", "2 | b: 2", "  | ^", "  |"]


@pytest.mark.parametrize("before", [0, 20, 60, 5000])
def test_a_long_line_is_cut_around_the_caret(before: int) -> None:
    line = f"{'x' * before} target: {'y' * 5000}"
    found = excerpt(f"{line}\n", 1, before + 2)
    assert found is not None
    assert marked(f"{line}\n", 1, before + 2) == "target"
    assert columns(found.lines[1]) <= WIDTH + 2
    assert found.lines[1].endswith("…")


def test_a_huge_line_has_no_excerpt() -> None:
    assert excerpt(f'{{"a": "{"x" * MAX_LINE}"}}', 1, 2) is None
    assert drawn(f"a: 1\n# {'x' * 3 * MAX_LINE}\nb: 2\n", 1, 1)[2] == "  | ^"


def test_a_line_of_combining_marks_is_cut_too() -> None:
    found = excerpt("a" + "\u0301" * (MAX_LINE // 2 - 2), 1, 9000)
    assert found is not None
    assert len(found.lines[1]) <= WIDTH + 2


def test_what_has_no_line_or_no_source_has_no_excerpt() -> None:
    assert excerpt("a: 1\n", 0, 0) is None
    assert Excerpts([]).of(Location("f.yaml", 1, 1)) is None


def test_places_may_be_asked_for_in_any_order() -> None:
    data = "".join(f"key{number}: 1\n" for number in range(1, 100)).encode()
    excerpts = Excerpts([Source("f.yaml", data)])
    for number in (3, 3, 50, 99, 2, 98):
        found = excerpts.of(Location("f.yaml", number, 1))
        assert found is not None
        assert found.lines[number] == f"key{number}: 1"


@given(st.text(max_size=300), st.integers(1, 8), st.integers(1, 300))
def test_any_text_stays_printable_and_in_its_columns(text: str, line: int, column: int) -> None:
    found = excerpt(text.encode("utf-8", "replace"), line, column)
    assert found is not None
    assert line in found.lines
    for each in found.lines.values():
        assert printable(each) == each
        assert columns(each) <= WIDTH + 2
    assert found.begin + found.width <= WIDTH + 2
    assert found.width >= 1
