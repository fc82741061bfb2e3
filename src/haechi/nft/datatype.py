"""The types of values in rules and sets: their width, byte order and notation.

In this package every value is bytes in network order, so that sorting bytes sorts values and no value depends on the
machine. nf_tables stores some types (marks, states) in the machine's order, to and from which `DataType.to_kernel` and
`DataType.from_kernel` convert. Type numbers and names are those of nft's ``describe``; the kernel stores the number for
the tools and does not use it.
"""

from __future__ import annotations

import re
import sys
from enum import Enum
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Final

from haechi.nft.errors import DecodeError, NounError

PROTOCOLS: Final = {
    "icmp": 1, "igmp": 2, "tcp": 6, "udp": 17, "dccp": 33, "esp": 50, "ah": 51, "icmpv6": 58, "sctp": 132,
    "udplite": 136,
}  # fmt: skip
"""Protocols that are words of nft's grammar; others are printed as numbers, because /etc/protocols may be missing."""
FAMILIES: Final = {"ipv4": 2, "ipv6": 10}
DIRECTIONS: Final = {"original": 0, "reply": 1}
ICMP_TYPES: Final = {
    "echo-reply": 0, "destination-unreachable": 3, "source-quench": 4, "redirect": 5, "echo-request": 8,
    "router-advertisement": 9, "router-solicitation": 10, "time-exceeded": 11, "parameter-problem": 12,
    "timestamp-request": 13, "timestamp-reply": 14, "info-request": 15, "info-reply": 16,
    "address-mask-request": 17, "address-mask-reply": 18,
}  # fmt: skip
ICMPV6_TYPES: Final = {
    "destination-unreachable": 1, "packet-too-big": 2, "time-exceeded": 3, "parameter-problem": 4,
    "echo-request": 128, "echo-reply": 129, "mld-listener-query": 130, "mld-listener-report": 131,
    "mld-listener-done": 132, "nd-router-solicit": 133, "nd-router-advert": 134, "nd-neighbor-solicit": 135,
    "nd-neighbor-advert": 136, "nd-redirect": 137, "router-renumbering": 138, "ind-neighbor-solicit": 141,
    "ind-neighbor-advert": 142, "mld2-listener-report": 143,
}  # fmt: skip

_DECIMAL: Final = re.compile(r"[0-9]{1,10}", re.ASCII)
_HEXADECIMAL: Final = re.compile(r"0x[0-9a-fA-F]{1,8}", re.ASCII)
_INTERFACE: Final = re.compile(rb"[!#-.0-~]{1,15}")


class DataType(Enum):
    """A type of value: nft's name and number, width in bytes, whether the kernel stores it in the machine's order."""

    IPV4_ADDR = ("ipv4_addr", 7, 4, False)
    IPV6_ADDR = ("ipv6_addr", 8, 16, False)
    INET_PROTO = ("inet_proto", 12, 1, False)
    INET_SERVICE = ("inet_service", 13, 2, False)
    MARK = ("mark", 19, 4, True)
    ICMP_TYPE = ("icmp_type", 14, 1, False)
    ICMPV6_TYPE = ("icmpv6_type", 29, 1, False)
    IFNAME = ("ifname", 41, 16, False)
    NF_PROTO = ("nf_proto", 2, 1, False)
    CT_DIR = ("ct_dir", 27, 1, False)
    CT_STATE = ("ct_state", 26, 4, True)
    CT_STATUS = ("ct_status", 28, 4, True)

    def __init__(self, keyword: str, code: int, width: int, host_order: bool) -> None:
        self.keyword = keyword
        self.code = code
        self.width = width
        self.host_order = host_order
        self._reversed = host_order and sys.byteorder == "little"

    def __str__(self) -> str:
        return self.keyword

    @property
    def symbols(self) -> dict[str, int]:
        """The numbers of the words of this type."""
        return _SYMBOLS.get(self.keyword, {})

    def to_kernel(self, value: bytes) -> bytes:
        """A value in the order of the kernel's registers."""
        return value[::-1] if self._reversed else value

    def from_kernel(self, value: bytes) -> bytes:
        """A value in network order. Raises `DecodeError` for a wrong width."""
        if len(value) != self.width:
            raise DecodeError("value", f"{len(value)} bytes for a {self.keyword} of {self.width}")
        return value[::-1] if self._reversed else value

    def check(self, noun: str, value: bytes) -> None:
        """Raise `NounError` unless ``value`` is one value of this type that can be printed and read back."""
        if len(value) != self.width:
            raise NounError(noun, "value", value.hex(), f"a {self.keyword} has {self.width} bytes")
        if self is DataType.IFNAME:
            name = value.rstrip(b"\0")
            if not _INTERFACE.fullmatch(name) or name.endswith(b"*"):
                raise NounError(noun, "value", name.decode(errors="replace"), "is not the name of one interface")

    def print(self, value: bytes, *, numeric: bool = False) -> str:
        """A value in nft's notation; ``numeric`` avoids words, which cannot be bounds of a range."""
        if self is DataType.IPV4_ADDR:
            return "{}.{}.{}.{}".format(*value)
        if self is DataType.IPV6_ADDR:
            return _print_ipv6(value)
        if self is DataType.IFNAME:
            return '"' + value.rstrip(b"\0").decode("ascii") + '"'
        number = int.from_bytes(value, "big")
        if self.host_order:
            return f"0x{number:08x}"
        return str(number) if numeric else _WORDS.get(self.keyword, {}).get(number, str(number))

    def parse(self, text: str) -> bytes:
        """The value of ``text`` in nft's notation. Raises `NounError`."""
        try:
            value = self._parse(text)
        except (AddressValueError, OverflowError, UnicodeEncodeError):
            raise NounError("value", str(self), text, "cannot be read") from None
        self.check("value", value)
        return value

    def _parse(self, text: str) -> bytes:
        if self is DataType.IPV4_ADDR:
            return IPv4Address(text).packed
        if self is DataType.IPV6_ADDR:
            return IPv6Address(text).packed
        if self is DataType.IFNAME:
            return interface(text.strip('"'))
        number = self.symbols.get(text)
        if number is None and _DECIMAL.fullmatch(text):
            number = int(text)
        if number is None and _HEXADECIMAL.fullmatch(text):
            number = int(text, 16)
        if number is None:
            raise NounError("value", str(self), text, "cannot be read")
        return number.to_bytes(self.width, "big")


_SYMBOLS: Final = {
    "inet_proto": PROTOCOLS,
    "nf_proto": FAMILIES,
    "ct_dir": DIRECTIONS,
    "icmp_type": ICMP_TYPES,
    "icmpv6_type": ICMPV6_TYPES,
}
_WORDS: Final = {name: {number: word for word, number in words.items()} for name, words in _SYMBOLS.items()}
BY_CODE: Final = {each.code: each for each in DataType}
"""Types by nft's number."""


def _print_ipv6(value: bytes) -> str:
    """RFC 5952, without the mixed notation, which differs between Python versions."""
    address = IPv6Address(value)
    mapped = address.ipv4_mapped
    if mapped is None:
        return str(address)
    return f"::ffff:{int.from_bytes(value[12:14], 'big'):x}:{int.from_bytes(value[14:], 'big'):x}"


def ipv4(address: int) -> bytes:
    """The key of an IPv4 address given as a number."""
    return address.to_bytes(4, "big")


def ipv6(address: int) -> bytes:
    """The key of an IPv6 address given as a number."""
    return address.to_bytes(16, "big")


def port(number: int) -> bytes:
    """The key of a port (inet_service)."""
    return number.to_bytes(2, "big")


def protocol(number: int) -> bytes:
    """The key of an IP protocol (inet_proto)."""
    return bytes((number,))


def mark(number: int) -> bytes:
    """The key of a packet or connection mark."""
    return number.to_bytes(4, "big")


def interface(name: str) -> bytes:
    """The key of an interface's name: 16 bytes, padded with NUL."""
    return name.encode("ascii").ljust(16, b"\0")


def concatenate(*fields: bytes) -> bytes:
    """A concatenated key: each field padded with NUL to a multiple of four bytes."""
    return b"".join(field + bytes(-len(field) & 3) for field in fields)
