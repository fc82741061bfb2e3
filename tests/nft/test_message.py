"""Messages are framed exactly and read strictly."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haechi.nft import DecodeError, attributes
from haechi.nft import message as wire
from haechi.nft.message import MessageType, encode_batch, encode_message, read_messages


def test_a_message_is_read_as_written() -> None:
    payload = attributes.text(1, "haechi")
    (found,) = read_messages(encode_message(MessageType.NEW_TABLE, wire.CREATE, 7, 1, payload))
    assert found.is_nftables(MessageType.NEW_TABLE)
    assert (found.flags, found.sequence, found.family, found.payload) == (wire.CREATE | wire.REQUEST, 7, 1, payload)


def test_a_batch_is_between_its_beginning_and_its_end() -> None:
    one = encode_message(MessageType.NEW_TABLE, 0, 2, 1, b"")
    found = list(read_messages(encode_batch([one], 1, 3)))
    assert [each.type for each in found] == [16, wire.SUBSYSTEM << 8, 17]
    assert [each.sequence for each in found] == [1, 2, 3]


@given(st.binary(max_size=80))
def test_any_bytes_are_messages_or_a_decode_error(data: bytes) -> None:
    try:
        for each in read_messages(data):
            each.error()
            attributes.Fields(each.error_attributes(), "error")
            assert each.family >= 0
            assert len(each.payload) >= 0
    except DecodeError:
        pass


@pytest.mark.parametrize("data", [b"\1", bytes(16), struct.pack("=IHHII", 17, 1, 0, 0, 0)])
def test_what_does_not_add_up_is_refused(data: bytes) -> None:
    with pytest.raises(DecodeError):
        list(read_messages(data))


@pytest.mark.parametrize("capped", [True, False])
def test_the_explanation_follows_the_request_or_its_header(capped: bool) -> None:
    words = attributes.text(1, "no")
    request = struct.pack("=IHHII", 20, 0, 0, 7, 0) + (b"" if capped else b"\1\0\0\0")
    flags = wire.ACK_ATTRIBUTES | (wire.CAPPED if capped else 0)
    found = wire.NetlinkMessage(wire.ERROR, flags, 7, struct.pack("=i", -2) + request + words)
    assert found.error() == 2
    assert attributes.Fields(found.error_attributes(), "error").text(1) == "no"
