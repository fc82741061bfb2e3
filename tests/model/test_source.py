"""Lines and columns of bytes, across blocks and in characters."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from haechi.model.source import Source


@given(st.lists(st.sampled_from(["a", "é", "☃", "\n", "xyz" * 9000, "\n" * 70000, "ü" * 40000]), max_size=8), st.data())
def test_places_are_those_of_the_characters(parts: list[str], data: st.DataObject) -> None:
    """Against splitting the text before the offset; parts are larger than the index's blocks."""
    text = "".join(parts)
    index = data.draw(st.integers(0, len(text)))
    before = text[:index].split("\n")
    place = Source("f", text.encode()).at(len(text[:index].encode()))
    assert (place.line, place.column) == (len(before), len(before[-1]) + 1)


def test_places_beyond_the_end_are_the_end() -> None:
    """No offset is out of range."""
    source = Source("f", b"ab\nc")
    assert source.at(99) == source.at(4)
    assert source.at(-1) == source.at(0)
    assert Source("f", b"").at(5).line == 1


def test_a_name_cannot_carry_escape_sequences() -> None:
    """A file name is input, too."""
    assert Source("a\x1b[2J\n", b"").whole.file == r"a\x1b[2J\n"
