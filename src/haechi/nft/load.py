"""Loads: properties of a packet that rules use, and the registers that they are loaded into.

A load has a `DataType`. Registers are assigned as in nft: the first value goes into the first 128-bit register, each
further one of a concatenation into the next free 32-bit register, 64 bytes in all (NFT_REG32_COUNT).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import Final, TypeAlias

from haechi.nft import attributes
from haechi.nft.bytecode import Bytecode, register_number
from haechi.nft.datatype import DataType
from haechi.nft.errors import NounError

REGISTER_WORDS: Final = 16


class MetaKey(Enum):
    """``meta`` keys: the kernel's number (`enum nft_meta_keys`), nft's words, the type."""

    MARK = (3, "meta mark", DataType.MARK)
    IIFNAME = (6, "iifname", DataType.IFNAME)
    OIFNAME = (7, "oifname", DataType.IFNAME)
    NFPROTO = (15, "meta nfproto", DataType.NF_PROTO)
    L4PROTO = (16, "meta l4proto", DataType.INET_PROTO)

    def __init__(self, number: int, words: str, type: DataType) -> None:  # noqa: A002
        self.number = number
        self.words = words
        self.type = type


class CtDirection(IntEnum):
    """A connection's direction (`enum ip_conntrack_dir`)."""

    ORIGINAL = 0
    REPLY = 1


class CtKey(Enum):
    """``ct`` keys: the kernel's number (`enum nft_ct_keys`), nft's words, the type, whether each direction has one."""

    STATE = (0, "state", DataType.CT_STATE, False)
    DIRECTION = (1, "direction", DataType.CT_DIR, False)
    STATUS = (2, "status", DataType.CT_STATUS, False)
    MARK = (3, "mark", DataType.MARK, False)
    L3PROTOCOL = (7, "l3proto", DataType.NF_PROTO, False)
    PROTOCOL = (10, "protocol", DataType.INET_PROTO, False)
    PROTO_SRC = (11, "proto-src", DataType.INET_SERVICE, True)
    PROTO_DST = (12, "proto-dst", DataType.INET_SERVICE, True)
    SADDR_IP = (19, "ip saddr", DataType.IPV4_ADDR, True)
    DADDR_IP = (20, "ip daddr", DataType.IPV4_ADDR, True)
    SADDR_IP6 = (21, "ip6 saddr", DataType.IPV6_ADDR, True)
    DADDR_IP6 = (22, "ip6 daddr", DataType.IPV6_ADDR, True)

    def __init__(self, number: int, words: str, type: DataType, directed: bool) -> None:  # noqa: A002
        self.number = number
        self.words = words
        self.type = type
        self.directed = directed


class PayloadField(Enum):
    """Header fields: nft's words, base (`enum nft_payload_bases`), offset in bytes, type.

    Attributes:
        family: the `meta nfproto` that the rule must have compared before, or None.
        protocol: the `meta l4proto` that the rule must have compared before, or None.
    """

    IP_SADDR = ("ip saddr", 1, 12, DataType.IPV4_ADDR, 2, None)
    IP_DADDR = ("ip daddr", 1, 16, DataType.IPV4_ADDR, 2, None)
    IP6_SADDR = ("ip6 saddr", 1, 8, DataType.IPV6_ADDR, 10, None)
    IP6_DADDR = ("ip6 daddr", 1, 24, DataType.IPV6_ADDR, 10, None)
    TH_SPORT = ("th sport", 2, 0, DataType.INET_SERVICE, None, None)
    TH_DPORT = ("th dport", 2, 2, DataType.INET_SERVICE, None, None)
    ICMP_TYPE = ("icmp type", 2, 0, DataType.ICMP_TYPE, 2, 1)
    ICMPV6_TYPE = ("icmpv6 type", 2, 0, DataType.ICMPV6_TYPE, 10, 58)

    def __init__(
        self,
        words: str,
        base: int,
        offset: int,
        type: DataType,  # noqa: A002
        family: int | None,
        protocol: int | None,
    ) -> None:
        self.words = words
        self.base = base
        self.offset = offset
        self.type = type
        self.family = family
        self.protocol = protocol


@dataclass(frozen=True, slots=True)
class Meta:
    """``meta KEY``: the kernel's data about the packet besides its bytes."""

    key: MetaKey

    @property
    def type(self) -> DataType:
        """The type of the value."""
        return self.key.type

    def __str__(self) -> str:
        return self.key.words

    def encode(self, word: int) -> bytes:
        """The kernel's expression, which loads into the registers from ``word`` on."""
        return Bytecode("meta", attributes.u32(2, self.key.number) + attributes.u32(1, register_number(word))).encode()


@dataclass(frozen=True, slots=True)
class Ct:
    """``ct [original|reply] KEY``: data of connection tracking about the packet's connection.

    A rule that loads proto-src or proto-dst must have compared ``meta l4proto`` before: nft cannot read it otherwise.

    Raises:
        NounError: a key without directions that has one, or one with directions that has none.
    """

    key: CtKey
    direction: CtDirection | None = None

    def __post_init__(self) -> None:
        if self.key.directed != (self.direction is not None):
            reason = "needs a direction" if self.key.directed else "has no direction"
            raise NounError("ct", "key", self.key.words, reason)

    @property
    def type(self) -> DataType:
        """The type of the value."""
        return self.key.type

    def __str__(self) -> str:
        direction = "" if self.direction is None else f"{self.direction.name.lower()} "
        return f"ct {direction}{self.key.words}"

    def encode(self, word: int) -> bytes:
        """The kernel's expression, which loads into the registers from ``word`` on."""
        direction = b"" if self.direction is None else attributes.u8(3, self.direction)
        return Bytecode(
            "ct", attributes.u32(2, self.key.number) + attributes.u32(1, register_number(word)) + direction
        ).encode()


@dataclass(frozen=True, slots=True)
class Payload:
    """A field of the packet's headers.

    A rule of an ``inet`` table must have compared the family (and for ICMP types the protocol) before, see
    `PayloadField`: nft adds these comparisons by itself when it loads a rule.
    """

    field: PayloadField

    @property
    def type(self) -> DataType:
        """The type of the value."""
        return self.field.type

    def __str__(self) -> str:
        return self.field.words

    def encode(self, word: int) -> bytes:
        """The kernel's expression, which loads into the registers from ``word`` on."""
        return Bytecode(
            "payload",
            attributes.u32(1, register_number(word))
            + attributes.u32(2, self.field.base)
            + attributes.u32(3, self.field.offset)
            + attributes.u32(4, self.type.width),
        ).encode()


Load: TypeAlias = Meta | Ct | Payload
"""A property of a packet."""


def words_of(type: DataType) -> int:  # noqa: A002
    """The number of 32-bit registers that a value takes."""
    return (type.width + 3) // 4


def check_loads(noun: str, loads: tuple[Load, ...]) -> None:
    """Raise `NounError` unless ``loads`` is one load or a concatenation that fits into the registers."""
    if not loads:
        raise NounError(noun, "loads", "", "must be at least one")
    if sum(words_of(load.type) for load in loads) > REGISTER_WORDS:
        raise NounError(noun, "loads", print_loads(loads), "needs more than 64 bytes of registers")


def encode_loads(loads: tuple[Load, ...]) -> bytes:
    """The kernel's expressions, which load values side by side from the first register on."""
    parts: list[bytes] = []
    word = 0
    for load in loads:
        parts.append(load.encode(word))
        word += words_of(load.type)
    return b"".join(parts)


def print_loads(loads: tuple[Load, ...]) -> str:
    """The loads as a concatenation in nft syntax."""
    return " . ".join(map(str, loads))
