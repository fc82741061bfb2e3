"""The SCTP packets are such as the standard and conntrack want them."""

from __future__ import annotations

import struct

import pytest

from haechi.lab.sctp import crc32c, init, init_ack


@pytest.mark.parametrize(
    ("content", "checksum"),
    [  # RFC 3720, appendix B.4, and the check value of the catalogues
        (bytes(32), 0x8A9136AA),
        (b"\xff" * 32, 0x62A8AB43),
        (bytes(range(32)), 0x46DD794E),
        (bytes(range(31, -1, -1)), 0x113FDB5C),
        (b"123456789", 0xE3069283),
        (b"", 0),
    ],
)
def test_the_checksum_agrees_with_published_vectors(content: bytes, checksum: int) -> None:
    assert crc32c(content) == checksum


@pytest.mark.parametrize("packet", [init(1, 2, 3), init_ack(2, 1, 3)])
def test_a_packet_carries_its_own_checksum_and_length(packet: bytes) -> None:
    (checksum,) = struct.unpack_from("<I", packet, 8)
    assert checksum == crc32c(packet[:8] + bytes(4) + packet[12:])
    assert struct.unpack_from("!H", packet, 14)[0] == len(packet) - 12


def test_an_init_has_no_verification_tag_and_its_answer_has_the_initiate_tag() -> None:
    assert struct.unpack_from("!HHI", init(1000, 80, 77)) == (1000, 80, 0)
    assert struct.unpack_from("!HHI", init_ack(80, 1000, 77)) == (80, 1000, 77)
