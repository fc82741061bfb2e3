"""Attributes are padded, nested and strictly read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haechi.nft import DecodeError, attributes
from haechi.nft.attributes import Fields, walk


@given(st.lists(st.tuples(st.integers(0, 0x3FFF), st.binary(max_size=40))))
def test_what_is_written_is_read(pairs: list[tuple[int, bytes]]) -> None:
    data = b"".join(attributes.attribute(kind, payload) for kind, payload in pairs)
    assert len(data) % 4 == 0
    assert list(walk(data, "test")) == pairs


@given(st.binary(max_size=60))
def test_any_bytes_are_attributes_or_a_decode_error(data: bytes) -> None:
    try:
        fields = Fields(data, "test")
        for kind in fields.kinds():
            fields.text(kind)
            fields.u32(kind)
            fields.nest(kind)
    except DecodeError:
        pass


@pytest.mark.parametrize("data", [b"\1", b"\3\0\1\0", b"\x08\0\1\0\0\0\0", b"\xff\xff\1\0"])
def test_what_does_not_fit_is_refused(data: bytes) -> None:
    with pytest.raises(DecodeError):
        list(walk(data, "test"))


def test_flags_are_no_part_of_a_type() -> None:
    assert next(iter(walk(attributes.nested(3, attributes.u8(1, 7)), "test")))[0] == 3


def test_numbers_are_in_network_order_and_of_one_width() -> None:
    fields = Fields(attributes.u16(1, 0x1234) + attributes.u64(2, 7) + attributes.u32(3, -1), "test")
    assert fields.raw(1) == b"\x12\x34"
    assert fields.u64(2) == 7
    assert fields.u32(3) == 0xFFFFFFFF
    with pytest.raises(DecodeError, match="has 2 bytes instead of 4"):
        fields.u32(1)


def test_what_is_missing_is_an_error_unless_there_is_a_default() -> None:
    fields = Fields(b"", "test")
    assert fields.u32(1, 5) == 5
    assert fields.text(1, "x") == "x"
    with pytest.raises(DecodeError, match="attribute 1 is missing"):
        fields.raw(1)


def test_text_ends_at_its_nul_and_is_utf8() -> None:
    assert Fields(attributes.text(1, "größe"), "test").text(1) == "größe"
    with pytest.raises(DecodeError, match="UTF-8"):
        Fields(attributes.attribute(1, b"\xff\0"), "test").text(1)
