"""Netlink messages of nf_tables: `struct nlmsghdr`, `struct nfgenmsg`, attributes.

Encoding and strict decoding, without a socket. Numbers in the headers are in the machine's order, the generation
(`res_id`) in network order. Every length in the kernel's messages is checked; inconsistent ones are a `DecodeError`.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from haechi.nft.errors import DecodeError

HEADER: Final = struct.Struct("=IHHII")
GENERIC: Final = struct.Struct("=BBH")
OFFSET: Final = HEADER.size + GENERIC.size

REQUEST, MULTI, ACK = 0x1, 0x2, 0x4
DUMP_INTERRUPTED: Final = 0x10
"""NLM_F_DUMP_INTR: what is dumped changed during the dump."""
REPLACE, EXCLUSIVE, CREATE, APPEND = 0x100, 0x200, 0x400, 0x800
DUMP: Final = 0x300
CAPPED, ACK_ATTRIBUTES = 0x100, 0x200

NOOP, ERROR, DONE, OVERRUN = 1, 2, 3, 4
_BATCH_BEGIN, _BATCH_END = 16, 17
SUBSYSTEM: Final = 10
"""NFNL_SUBSYS_NFTABLES."""


class MessageType(IntEnum):
    """`enum nf_tables_msg_types`."""

    NEW_TABLE = 0
    GET_TABLE = 1
    DELETE_TABLE = 2
    NEW_CHAIN = 3
    GET_CHAIN = 4
    DELETE_CHAIN = 5
    NEW_RULE = 6
    GET_RULE = 7
    DELETE_RULE = 8
    NEW_SET = 9
    GET_SET = 10
    DELETE_SET = 11
    NEW_ELEMENTS = 12
    GET_ELEMENTS = 13
    DELETE_ELEMENTS = 14
    NEW_GENERATION = 15
    GET_GENERATION = 16


def encode_message(type: MessageType, flags: int, sequence: int, family: int, payload: bytes) -> bytes:  # noqa: A002
    """One nf_tables message. Attributes are multiples of four bytes, so it needs no padding."""
    length = OFFSET + len(payload)
    header = HEADER.pack(length, SUBSYSTEM << 8 | type, flags | REQUEST, sequence, 0)
    return header + GENERIC.pack(family, 0, 0) + payload


def encode_request(type: MessageType, sequence: int, family: int, payload: bytes, *, dump: bool) -> bytes:  # noqa: A002
    """A request for a list of nouns (`dump`), or one that is acknowledged."""
    return encode_message(type, DUMP if dump else ACK, sequence, family, payload)


def encode_batch(messages: list[bytes], sequence: int, last: int, generation: int | None = None) -> bytes:
    """Messages as one transaction, between NFNL_MSG_BATCH_BEGIN and _END.

    With a ``generation`` the kernel refuses the batch (ERESTART) unless that is the ruleset's generation.
    """
    guard = b"" if generation is None else struct.pack("=HH", 8, 1) + generation.to_bytes(4, "big")
    resource = SUBSYSTEM.to_bytes(2, "big")
    begin = HEADER.pack(OFFSET + len(guard), _BATCH_BEGIN, REQUEST, sequence, 0) + b"\0\0" + resource + guard
    end = HEADER.pack(OFFSET, _BATCH_END, REQUEST, last, 0) + b"\0\0" + resource
    return b"".join([begin, *messages, end])


@dataclass(frozen=True, slots=True)
class NetlinkMessage:
    """A message from the kernel.

    Attributes:
        type: NLMSG_ERROR and NLMSG_DONE, or the subsystem and message type.
        flags: NLM_F flags.
        sequence: that of the request.
        body: the bytes after `struct nlmsghdr`.
    """

    type: int
    flags: int
    sequence: int
    body: bytes

    def is_nftables(self, type: MessageType) -> bool:  # noqa: A002
        """Whether this is an nf_tables message of this type."""
        return self.type == SUBSYSTEM << 8 | type

    @property
    def is_error(self) -> bool:
        """Whether this is NLMSG_ERROR: a refusal or an acknowledgement."""
        return self.type == ERROR

    @property
    def is_done(self) -> bool:
        """Whether this is NLMSG_DONE, the end of a dump."""
        return self.type == DONE

    @property
    def is_overrun(self) -> bool:
        """Whether this is NLMSG_OVERRUN: replies were lost."""
        return self.type == OVERRUN

    @property
    def is_interrupted(self) -> bool:
        """Whether what is dumped changed meanwhile (NLM_F_DUMP_INTR)."""
        return bool(self.flags & DUMP_INTERRUPTED)

    @property
    def family(self) -> int:
        """The nf_tables family. Raises `DecodeError` for a message without `struct nfgenmsg`."""
        return self._generic()[0]

    @property
    def payload(self) -> bytes:
        """The attributes. Raises `DecodeError` for a message without `struct nfgenmsg`."""
        self._generic()
        return self.body[GENERIC.size :]

    def _generic(self) -> tuple[int, int, int]:
        if len(self.body) < GENERIC.size:
            raise DecodeError("message", f"{len(self.body)} bytes after its header")
        family, version, resource = GENERIC.unpack_from(self.body)
        return family, version, resource

    def error(self) -> int:
        """The errno of an NLMSG_ERROR (0 for an acknowledgement) or NLMSG_DONE."""
        if len(self.body) < 4:
            raise DecodeError("error", "no error number")
        number = int.from_bytes(self.body[:4], "little" if _LITTLE else "big", signed=True)
        return -number

    def error_attributes(self) -> bytes:
        """The extended acknowledgement's attributes (NETLINK_EXT_ACK), empty where there are none."""
        if not self.flags & ACK_ATTRIBUTES or len(self.body) < 4 + HEADER.size:
            return b""
        length = HEADER.unpack_from(self.body, 4)[0]
        skip = HEADER.size if self.flags & CAPPED else (length + 3) & ~3
        return self.body[4 + skip :]


_LITTLE: Final = struct.pack("=H", 1) == b"\1\0"


def read_messages(data: bytes) -> Iterator[NetlinkMessage]:
    """The messages of one datagram. Raises `DecodeError`."""
    offset, end = 0, len(data)
    while offset < end:
        if end - offset < HEADER.size:
            raise DecodeError("message", f"{end - offset} bytes left over after the last message")
        length, type_, flags, sequence, _ = HEADER.unpack_from(data, offset)
        if length < HEADER.size or offset + length > end:
            raise DecodeError("message", f"a message of length {length} with {end - offset} bytes left")
        yield NetlinkMessage(type_, flags, sequence, data[offset + HEADER.size : offset + length])
        offset += (length + 3) & ~3
