"""Statements other than verdicts: count, limit, log, reject, mark, leave untracked.

Each is one kernel expression (marking: two). Defaults that the kernel fills in are explicit, so that what a dump
contains equals what was sent.
"""

from __future__ import annotations

import builtins
from dataclasses import dataclass, field
from enum import Enum, IntEnum
from typing import Final

from haechi.nft import attributes
from haechi.nft.bytecode import Bytecode, register_number, value_data
from haechi.nft.datatype import DataType
from haechi.nft.errors import NounError
from haechi.nft.names import check_string

LOG_PREFIX_BYTES: Final = 127  # NF_LOG_PREFIXLEN less its NUL
_U32: Final = 0xFFFFFFFF


def _check_number(noun: str, name: str, value: int, least: int, most: int) -> None:
    if not least <= value <= most:
        raise NounError(noun, name, value, f"must be from {least} to {most}")


@dataclass(frozen=True, slots=True)
class Counter:
    """``counter``: counts packets and bytes. Counters are equal whatever their counts are.

    Raises:
        NounError: a count beyond 64 bits.
    """

    packets: int = field(default=0, compare=False)
    bytes: int = field(default=0, compare=False)

    def __post_init__(self) -> None:
        _check_number("counter", "packets", self.packets, 0, (1 << 64) - 1)
        _check_number("counter", "bytes", self.bytes, 0, (1 << 64) - 1)

    def __str__(self) -> str:
        return f"counter packets {self.packets} bytes {self.bytes}"

    def encode(self) -> builtins.bytes:
        """The kernel's expression."""
        return Bytecode("counter", attributes.u64(1, self.bytes) + attributes.u64(2, self.packets)).encode()


class LimitUnit(IntEnum):
    """The time that a rate refers to, in seconds."""

    SECOND = 1
    MINUTE = 60
    HOUR = 3600
    DAY = 86400
    WEEK = 604800


class LimitKind(IntEnum):
    """What is limited (`enum nft_limit_type`)."""

    PACKETS = 0
    BYTES = 1


@dataclass(frozen=True, slots=True)
class Limit:
    """``limit rate [over] RATE/UNIT burst BURST packets``: matches below the rate, or ``over`` it.

    Raises:
        NounError: a rate or burst that the kernel's 64-bit token bucket, in nanoseconds, cannot hold.
    """

    rate: int
    per: LimitUnit = LimitUnit.SECOND
    burst: int = 5
    over: bool = False
    kind: LimitKind = LimitKind.PACKETS

    def __post_init__(self) -> None:
        _check_number("limit", "rate", self.rate, 1, _U32)
        _check_number("limit", "burst", self.burst, 1 if self.kind is LimitKind.PACKETS else 0, _U32 - self.rate)
        if self._bucket() >= 1 << 63:
            raise NounError("limit", "burst", self.burst, "is too large for this rate")

    def _bucket(self) -> int:
        """The largest number in the kernel's arithmetic (nft_limit_init), which overflows at 64 bits (EOVERFLOW)."""
        nanoseconds = self.per * 10**9
        if self.kind is LimitKind.PACKETS:
            return nanoseconds // self.rate * self.burst
        return nanoseconds * (self.rate + self.burst)

    def __str__(self) -> str:
        over = "over " if self.over else ""
        unit = self.per.name.lower()
        if self.kind is LimitKind.PACKETS:
            return f"limit rate {over}{self.rate}/{unit} burst {self.burst} packets"
        burst = f" burst {self.burst} bytes" if self.burst else ""
        return f"limit rate {over}{self.rate} bytes/{unit}{burst}"

    def encode(self) -> bytes:
        """The kernel's expression."""
        data = (
            attributes.u64(1, self.rate)
            + attributes.u64(2, self.per)
            + attributes.u32(3, self.burst)
            + attributes.u32(4, self.kind)
            + attributes.u32(5, int(self.over))
        )
        return Bytecode("limit", data).encode()


class LogLevel(IntEnum):
    """syslog levels (`enum nft_log_level`)."""

    EMERG = 0
    ALERT = 1
    CRIT = 2
    ERR = 3
    WARN = 4
    NOTICE = 5
    INFO = 6
    DEBUG = 7


@dataclass(frozen=True, slots=True)
class Log:
    """``log``: to the kernel log at ``level``, or to a netlink ``group``.

    Attributes:
        prefix: text before each entry, at most 127 bytes, without ``$`` and backslashes, which nft interprets.
        group: netlink group, or None for the kernel log.
        snaplen: bytes of the packet for the group, 0 for all.
        level: level in the kernel log.
        queue_threshold: entries for the group that are sent together, 0 for the default.

    Raises:
        NounError: text or numbers out of range, or a level with a group, or a snaplen without one.
    """

    prefix: str = ""
    group: int | None = None
    snaplen: int = 0
    level: LogLevel = LogLevel.WARN
    queue_threshold: int = 0

    def __post_init__(self) -> None:
        check_string("log", "prefix", self.prefix, LOG_PREFIX_BYTES)
        if "$" in self.prefix or "\\" in self.prefix:
            raise NounError("log", "prefix", self.prefix, "must not contain $ or a backslash")
        _check_number("log", "snaplen", self.snaplen, 0, _U32)
        _check_number("log", "queue threshold", self.queue_threshold, 0, 0xFFFF)
        if self.group is None:
            if self.snaplen or self.queue_threshold:
                raise NounError("log", "group", "", "snaplen and queue-threshold need a group")
        elif self.level is not LogLevel.WARN:
            raise NounError("log", "level", self.level.name, "a netlink group has no levels")
        else:
            _check_number("log", "group", self.group, 0, 0xFFFF)

    def __str__(self) -> str:
        parts = ["log"]
        if self.prefix:
            parts.append(f'prefix "{self.prefix}"')
        if self.group is not None:
            parts.append(f"group {self.group}")
        if self.snaplen:
            parts.append(f"snaplen {self.snaplen}")
        if self.queue_threshold:
            parts.append(f"queue-threshold {self.queue_threshold}")
        if self.level is not LogLevel.WARN:
            parts.append(f"level {self.level.name.lower()}")
        return " ".join(parts)

    def encode(self) -> bytes:
        """The kernel's expression."""
        data = b""
        if self.group is not None:
            data += attributes.u16(1, self.group)
        if self.prefix:
            data += attributes.text(2, self.prefix)
        if self.snaplen:
            data += attributes.u32(3, self.snaplen)
        if self.queue_threshold:
            data += attributes.u16(4, self.queue_threshold)
        if self.level is not LogLevel.WARN:
            data += attributes.u32(5, self.level)
        return Bytecode("log", data).encode()


class RejectKind(Enum):
    """How a packet is rejected: nft's words, the kernel's type and code.

    Attributes:
        words: after ``reject with``.
        type: `enum nft_reject_types`.
        code: `enum nft_reject_inet_code`.
    """

    NO_ROUTE = ("icmpx no-route", 2, 0)
    PORT_UNREACHABLE = ("icmpx port-unreachable", 2, 1)
    HOST_UNREACHABLE = ("icmpx host-unreachable", 2, 2)
    ADMIN_PROHIBITED = ("icmpx admin-prohibited", 2, 3)
    TCP_RESET = ("tcp reset", 1, 0)

    def __init__(self, words: str, type: int, code: int) -> None:  # noqa: A002
        self.words = words
        self.type = type
        self.code = code


@dataclass(frozen=True, slots=True)
class Reject:
    """``reject with …``: drop and notify the sender. A TCP reset needs ``meta l4proto tcp`` before it in the rule."""

    kind: RejectKind = RejectKind.PORT_UNREACHABLE

    def __str__(self) -> str:
        return f"reject with {self.kind.words}"

    def encode(self) -> bytes:
        """The kernel's expression."""
        return Bytecode("reject", attributes.u32(1, self.kind.type) + attributes.u8(2, self.kind.code)).encode()


@dataclass(frozen=True, slots=True)
class SetMark:
    """``meta mark set VALUE``.

    Raises:
        NounError: a mark beyond 32 bits.
    """

    mark: int

    def __post_init__(self) -> None:
        _check_number("mark", "mark", self.mark, 0, _U32)

    def __str__(self) -> str:
        return f"meta mark set {self.mark:#010x}"

    def encode(self) -> bytes:
        """The kernel's expressions."""
        value = DataType.MARK.to_kernel(self.mark.to_bytes(4, "big"))
        load = attributes.u32(1, register_number(0)) + value_data(2 | attributes.NESTED, value)
        store = attributes.u32(2, 3) + attributes.u32(3, register_number(0))
        return Bytecode("immediate", load).encode() + Bytecode("meta", store).encode()


@dataclass(frozen=True, slots=True)
class Notrack:
    """``notrack``: exclude the packet from connection tracking. Only for chains before connection tracking."""

    def __str__(self) -> str:
        return "notrack"

    def encode(self) -> bytes:
        """The kernel's expression."""
        return Bytecode("notrack", b"").encode()
