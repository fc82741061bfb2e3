"""Addresses and CIDR blocks as text, read as Kubernetes reads them.

Kubernetes parses with the rules of Go 1.16 (`netutils.ParseCIDRSloppy`): leading zeros are decimal, IPv4-mapped IPv6 is
IPv4, and netmasks, zones, signs, blanks and bare addresses are refused. What newer servers refuse in new objects
besides (KEP-4858) is reported by properties, not by errors.
"""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

from haechi.errors import HaechiError

_BITS = {4: 32, 6: 128}
_DECIMAL = re.compile(r"[0-9]+")
_HEXADECIMAL = re.compile(r"[0-9a-fA-F]+")
_MAPPED = 0xFFFF << 32
_PLAIN_NUMBER = re.compile(r"0|[1-9][0-9]{0,2}")
_PLAIN_V4 = re.compile(r"(?:(?:0|[1-9][0-9]{0,2})(?:\.|$)){4}")


class CidrError(HaechiError, ValueError):
    """Text that is no address or CIDR block."""

    def __init__(self, text: str) -> None:
        super().__init__(f"not an IP address or CIDR block: {text!r}")
        self.text = text


@dataclass(frozen=True, slots=True)
class Cidr:
    """A CIDR block as written.

    `address` is the number before the slash and `length` the prefix length, in the family that the text is written in
    (`bits` is 32 or 128). `plain`: no leading zeros anywhere.
    """

    text: str
    bits: int
    address: int
    length: int
    plain: bool

    @property
    def mapped(self) -> bool:
        """Whether it is an IPv4-mapped IPv6 address (``::ffff:0:0/96``)."""
        return self.bits == 128 and self.address >> 32 == 0xFFFF

    @property
    def standard(self) -> bool:
        """Whether a strict API server takes this spelling of an address: neither leading zeros nor mapped IPv4."""
        return self.plain and not self.mapped

    @property
    def network(self) -> int:
        """The address without the bits beyond the prefix."""
        return self.address >> (self.bits - self.length) << (self.bits - self.length)

    @property
    def has_host_bits(self) -> bool:
        """Whether bits are set beyond the prefix length."""
        return self.address != self.network

    @property
    def family(self) -> int:
        """4 or 6: which packets the block can match. A mapped block of at least 96 bits is IPv4."""
        return 4 if self.bits == 32 or self.network >> 32 == 0xFFFF else 6

    @property
    def first(self) -> int:
        """The first address, as a number of its family."""
        return self.network - _MAPPED if self.family == 4 and self.bits == 128 else self.network

    @property
    def last(self) -> int:
        """The last address, as a number of its family."""
        return self.first + (1 << (self.bits - self.length)) - 1

    @property
    def canonical(self) -> str:
        """The masked block as Go prints it: RFC 5952, mapped IPv4 as IPv4."""
        length = self.length - 96 if self.family == 4 and self.bits == 128 else self.length
        return f"{format_address(self.family, self.first)}/{length}"

    @property
    def unmasked(self) -> str:
        """The text in RFC 5952 form, with its host bits."""
        return f"{format_address(4 if self.bits == 32 else 6, self.address)}/{self.length}"

    @property
    def single(self) -> str:
        """The address alone as a block, as Go prints it: a mapped address as IPv4, yet with 128 bits."""
        family = 4 if self.mapped or self.bits == 32 else 6
        address = self.address - _MAPPED if self.mapped else self.address
        return f"{format_address(family, address)}/{self.bits}"

    def contains(self, family: int, address: int) -> bool:
        """Whether the block holds the address."""
        return family == self.family and self.first <= address <= self.last

    def is_strict_subset(self, whole: Cidr) -> bool:
        """As the API server decides it: first address inside, and a longer prefix as written."""
        return whole.contains(self.family, self.first) and self.length > whole.length


def parse_cidr(text: str) -> Cidr:
    """Read a CIDR block.

    Raises:
        CidrError: the API server would not take it, however lenient.
    """
    address, slash, length = text.partition("/")
    found = _any_address(address) if slash else None
    number = _small(length, 128) if _DECIMAL.fullmatch(length) else None
    if found is None or number is None or number > _BITS[found[0]]:
        raise CidrError(text)
    family, value = found
    plain = _PLAIN_NUMBER.fullmatch(length) is not None and _is_plain(address)
    return Cidr(text, _BITS[family], value, number, plain)


def parse_address(text: str) -> tuple[int, int]:
    """Read an address: its family (4 or 6) and its number. IPv4-mapped IPv6 is IPv4.

    Raises:
        CidrError: the API server would not take it, however lenient.
    """
    try:
        return 4, int.from_bytes(socket.inet_pton(socket.AF_INET, text), "big")
    except (OSError, ValueError):
        found = _any_address(text)
    if found is None:
        raise CidrError(text)
    family, value = found
    return (4, value - _MAPPED) if family == 6 and value >> 32 == 0xFFFF else found


def format_address(family: int, address: int) -> str:
    """The address as text; IPv6 as in RFC 5952."""
    return str(IPv4Address(address)) if family == 4 else str(IPv6Address(address))


def _is_plain(address: str) -> bool:
    """Whether Go's `netip` would parse what `_any_address` has: no leading zeros, groups of at most four digits."""
    groups = address.split(":")
    dotted = groups[-1] if "." in groups[-1] else ""
    return (not dotted or _PLAIN_V4.fullmatch(dotted) is not None) and all(len(g) <= 4 for g in groups if g != dotted)


def _any_address(text: str) -> tuple[int, int] | None:
    value = _v4(text)
    if value is not None:
        return 4, value
    value = _v6(text)
    return None if value is None else (6, value)


def _small(digits: str, most: int, base: int = 10) -> int | None:
    """The number, or None above `most`; any number of leading zeros, as in Go 1.16."""
    digits = digits.lstrip("0") or "0"
    value = int(digits, base) if len(digits) <= 8 else most + 1
    return value if value <= most else None


def _v4(text: str) -> int | None:
    parts = text.split(".")
    if len(parts) != 4:
        return None
    value = 0
    for part in parts:
        number = _small(part, 255) if _DECIMAL.fullmatch(part) else None
        if number is None:
            return None
        value = value << 8 | number
    return value


def _v6(text: str) -> int | None:
    head, ellipsis, tail = text.partition("::")
    before, after = _groups(head, last=not ellipsis), _groups(tail, last=True)
    if before is None or after is None:
        return None
    missing = 8 - len(before) - len(after)
    if (missing < 1) if ellipsis else (missing != 0):
        return None
    value = 0
    for group in (*before, *([0] * missing), *after):
        value = value << 16 | group
    return value


def _groups(text: str, *, last: bool) -> list[int] | None:
    """The 16-bit groups of a part of an IPv6 address; its last one may be an IPv4 address if `last`."""
    if not text:
        return []
    *parts, end = text.split(":")
    groups = [_small(part, 0xFFFF, 16) if _HEXADECIMAL.fullmatch(part) else None for part in parts]
    dotted = _v4(end) if last and "." in end else None
    if dotted is not None:
        groups += [dotted >> 16, dotted & 0xFFFF]
    else:
        groups.append(_small(end, 0xFFFF, 16) if _HEXADECIMAL.fullmatch(end) else None)
    return None if None in groups else [group for group in groups if group is not None]
