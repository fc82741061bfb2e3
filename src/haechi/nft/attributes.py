"""Netlink attributes: length, type, payload, padded to four bytes.

The layout is `struct nlattr` of linux/netlink.h: two 16-bit numbers in the machine's byte order, then the payload.
Numbers inside nf_tables payloads are in network order. Reading is strict: an attribute that does not fit into the data
is a `DecodeError`.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

from haechi.nft.errors import DecodeError

HEADER: Final = struct.Struct("=HH")
NESTED: Final = 0x8000
"""NLA_F_NESTED: the payload consists of attributes."""
LONGEST: Final = 0xFFFF
"""An attribute's length, header included, is a 16-bit number."""

_KIND_MASK: Final = 0x3FFF  # without NLA_F_NESTED and NLA_F_NET_BYTEORDER
_PADDING: Final = (b"", b"\0\0\0", b"\0\0", b"\0")


def attribute(kind: int, payload: bytes) -> bytes:
    """One attribute, padded. Raises `struct.error` for a payload above 65,531 bytes."""
    length = len(payload)
    return HEADER.pack(length + 4, kind) + payload + _PADDING[length & 3]


def nested(kind: int, *parts: bytes) -> bytes:
    """An attribute that consists of attributes."""
    return attribute(kind | NESTED, b"".join(parts))


def text(kind: int, value: str) -> bytes:
    """A NUL-terminated UTF-8 string."""
    return attribute(kind, value.encode() + b"\0")


def u8(kind: int, value: int) -> bytes:
    """An unsigned 8-bit number."""
    return attribute(kind, bytes((value,)))


def u16(kind: int, value: int) -> bytes:
    """An unsigned 16-bit number in network order."""
    return attribute(kind, value.to_bytes(2, "big"))


def u32(kind: int, value: int) -> bytes:
    """A 32-bit number in network order; negative ones (verdicts) as two's complement."""
    return attribute(kind, (value & 0xFFFFFFFF).to_bytes(4, "big"))


def u64(kind: int, value: int) -> bytes:
    """An unsigned 64-bit number in network order."""
    return attribute(kind, value.to_bytes(8, "big"))


def walk(data: bytes, what: str) -> Iterator[tuple[int, bytes]]:
    """Each attribute of ``data`` as (type, payload), in order."""
    offset, end = 0, len(data)
    while offset < end:
        if end - offset < 4:
            raise DecodeError(what, f"{end - offset} bytes left over after the last attribute")
        length, kind = HEADER.unpack_from(data, offset)
        if length < 4 or offset + length > end:
            raise DecodeError(what, f"an attribute of length {length} with {end - offset} bytes left")
        yield kind & _KIND_MASK, data[offset + 4 : offset + length]
        offset += (length + 3) & ~3


class Fields:
    """The attributes of one message or nest, by type. The last one of a repeated type is used, as in the kernel."""

    __slots__ = ("_values", "what")

    def __init__(self, data: bytes, what: str) -> None:
        self._values = dict(walk(data, what))
        self.what = what

    def __contains__(self, kind: int) -> bool:
        return kind in self._values

    def kinds(self) -> frozenset[int]:
        """The types that are present."""
        return frozenset(self._values)

    def raw(self, kind: int) -> bytes:
        """The payload of a required attribute."""
        value = self._values.get(kind)
        if value is None:
            raise DecodeError(self.what, f"attribute {kind} is missing")
        return value

    def text(self, kind: int, absent: str | None = None) -> str:
        """A string; ``absent`` if there is no such attribute."""
        if absent is not None and kind not in self._values:
            return absent
        try:
            return self.raw(kind).rstrip(b"\0").decode()
        except UnicodeDecodeError:
            raise DecodeError(self.what, f"attribute {kind} is not UTF-8") from None

    def number(self, kind: int, width: int, absent: int | None = None) -> int:
        """An unsigned number of ``width`` bytes in network order."""
        if absent is not None and kind not in self._values:
            return absent
        value = self.raw(kind)
        if len(value) != width:
            raise DecodeError(self.what, f"attribute {kind} has {len(value)} bytes instead of {width}")
        return int.from_bytes(value, "big")

    def u32(self, kind: int, absent: int | None = None) -> int:
        """An unsigned 32-bit number."""
        return self.number(kind, 4, absent)

    def u64(self, kind: int, absent: int | None = None) -> int:
        """An unsigned 64-bit number."""
        return self.number(kind, 8, absent)

    def nest(self, kind: int) -> Fields:
        """The attributes inside an attribute."""
        return Fields(self.raw(kind), f"{self.what}/{kind}")
