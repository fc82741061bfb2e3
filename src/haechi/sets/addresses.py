"""Sets of IP addresses of both families on one number line.

IPv4 lies at 0 … 2**32 - 1 and IPv6 follows at 2**32 + its value, so one set holds what a dual-stack policy allows.

Text and value convert both ways (``AddressSet.parse(str(s)) == s``). Everything that an API server may have stored is
read (Kubernetes uses ``ParseCIDRSloppy``): bits beyond the prefix length are masked, leading zeros are decimal, and an
IPv4-mapped IPv6 address (``::ffff:10.0.0.1``) is the IPv4 address. Everything else that is not an address, a CIDR or a
range of one family is an `AddressError`, including zones (``fe80::1%eth0``).
"""

from __future__ import annotations

from socket import AF_INET, AF_INET6, inet_ntop, inet_pton
from typing import TYPE_CHECKING, ClassVar, Final, Self

from haechi.errors import HaechiError
from haechi.sets.intervals import IntervalSet

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

V6_START: Final = 1 << 32
"""Where IPv6 begins on the line: the point of an IPv6 address is this plus its value."""
_END = V6_START + (1 << 128)
_MAPPED = V6_START + (0xFFFF << 32)  # where ::ffff:0.0.0.0 would lie (RFC 4291 section 2.5.5.2)
_NOTHING = "none"


class AddressError(HaechiError, ValueError):
    """A text that is not an address, a CIDR or a range of addresses.

    Attributes:
        text: the text.
        reason: what is wrong with it.
    """

    def __init__(self, text: str, reason: str) -> None:
        self.text = text
        self.reason = reason
        super().__init__(text, reason)

    def __str__(self) -> str:
        return f"{self.text!r}: {self.reason}"


def text_to_point(text: str) -> int:
    """The point of an address on the line.

    Raises:
        AddressError: (a ValueError) `text` is not an address.
    """
    point = _point(text)
    return point - _MAPPED if _MAPPED <= point < _MAPPED + V6_START else point


def point_to_text(point: int) -> str:
    """The address at a point, IPv6 in the notation of RFC 5952.

    Raises:
        ValueError: `point` is not on the line.
    """
    if not 0 <= point < _END:
        raise ValueError(f"no address at {point}")
    if point < V6_START:
        return inet_ntop(AF_INET, point.to_bytes(4, "big"))
    return inet_ntop(AF_INET6, (point - V6_START).to_bytes(16, "big"))


class AddressSet(IntervalSet):
    """A set of IPv4 and IPv6 addresses; the operators are those of `IntervalSet`.

    Attributes:
        NONE: no address.
        V4: every IPv4 address.
        V6: every IPv6 address.
        ALL: every address.
    """

    __slots__ = ()

    _END: ClassVar[int | None] = _END

    NONE: ClassVar[AddressSet]
    V4: ClassVar[AddressSet]
    V6: ClassVar[AddressSet]
    ALL: ClassVar[AddressSet]

    @classmethod
    def from_cidr(cls, text: str) -> Self:
        """The addresses of a CIDR, or of a single address; bits beyond the prefix length are masked.

        Raises:
            AddressError: `text` is neither.
        """
        return cls._from_edges(_cidr_edges(text))

    @classmethod
    def from_cidrs(cls, texts: Iterable[str]) -> Self:
        """The addresses of any of these CIDRs.

        Raises:
            AddressError: one of `texts` is not a CIDR.
        """
        return cls.union_all([cls.from_cidr(text) for text in texts])

    @classmethod
    def from_range(cls, first: str, last: str) -> Self:
        """The addresses from `first` to `last`, both included.

        Raises:
            AddressError: one is not an address, the families differ, or the first is above the last.
        """
        low, high = text_to_point(first), text_to_point(last)
        if (low < V6_START) != (high < V6_START):
            raise AddressError(f"{first}-{last}", "a range must stay within one family")
        if low > high:
            raise AddressError(f"{first}-{last}", "the first address is above the last")
        return cls._from_edges((low, high + 1))

    @classmethod
    def parse(cls, text: str) -> Self:
        """The union of a comma-separated list of addresses, CIDRs and ranges; ``none`` is the empty set.

        Raises:
            AddressError: a part is none of these.
        """
        if text.strip() == _NOTHING:
            return cls.empty()
        return cls.union_all([cls._parse_part(part.strip()) for part in text.split(",")])

    @classmethod
    def _parse_part(cls, text: str) -> Self:
        first, dash, last = text.partition("-")
        return cls.from_range(first.strip(), last.strip()) if dash else cls.from_cidr(text)

    @property
    def v4(self) -> Self:
        """The IPv4 addresses of the set."""
        return self & self._from_edges((0, V6_START))

    @property
    def v6(self) -> Self:
        """The IPv6 addresses of the set."""
        return self & self._from_edges((V6_START, _END))

    def points(self) -> Iterator[int]:
        """Every address of the set, ascending."""
        return (point for first, last in self.intervals for point in range(first, last + 1))

    def cidrs(self) -> tuple[str, ...]:
        """The fewest CIDRs that cover the set exactly, ascending; single addresses with ``/32`` and ``/128``."""
        return tuple(
            [
                f"{point_to_text(start)}/{prefix}"
                for first, last in self._family_intervals()
                for start, prefix in _blocks(first, last)
            ]
        )

    def __str__(self) -> str:
        """Addresses, CIDRs and ranges, ascending; `parse` reads them back."""
        return ", ".join([_interval_text(first, last) for first, last in self._family_intervals()]) or _NOTHING

    def __repr__(self) -> str:
        return f"{type(self).__name__}.parse({str(self)!r})"

    def _family_intervals(self) -> tuple[tuple[int, int], ...]:
        """`intervals`, with one that runs from IPv4 into IPv6 split between them."""
        if self._edges and self._edges[0] < V6_START < self._edges[-1]:
            return self.v4.intervals + self.v6.intervals
        return self.intervals


AddressSet.NONE = AddressSet()
AddressSet.V4 = AddressSet([(0, V6_START - 1)])
AddressSet.V6 = AddressSet([(V6_START, _END - 1)])
AddressSet.ALL = AddressSet([(0, _END - 1)])


def _point(text: str) -> int:
    """As `text_to_point`, but an IPv4-mapped address stays in IPv6."""
    try:
        if ":" in text:
            return V6_START + int.from_bytes(inet_pton(AF_INET6, text), "big")
        return int.from_bytes(inet_pton(AF_INET, text), "big")
    except (OSError, ValueError):  # ValueError: a zero byte, or a character that is not ASCII
        plain = _without_leading_zeros(text)
        if plain == text:
            raise AddressError(text, "not an IP address") from None
        return _point(plain)


def _without_leading_zeros(text: str) -> str:
    """The text without leading zeros in its dotted part."""
    head, colon, dotted = text.rpartition(":")
    numbers = dotted.split(".")
    if len(numbers) != 4 or not all(number.isascii() and number.isdigit() for number in numbers):
        return text
    return head + colon + ".".join([number.lstrip("0") or "0" for number in numbers])


def _cidr_edges(text: str) -> tuple[int, int]:
    address, slash, length = text.partition("/")
    try:
        point = _point(address)
    except AddressError as error:
        raise AddressError(text, error.reason) from None
    start, width = (0, 32) if point < V6_START else (V6_START, 128)
    prefix = _prefix_length(text, length, width) if slash else width
    if prefix >= 96 and _MAPPED <= point < _MAPPED + V6_START:
        start, point, width, prefix = 0, point - _MAPPED, 32, prefix - 96
    host_bits = width - prefix
    first = start + ((point - start) >> host_bits << host_bits)
    return first, first + (1 << host_bits)


def _prefix_length(text: str, length: str, width: int) -> int:
    if not (length.isascii() and length.isdigit()):
        raise AddressError(text, "the prefix length is not a number")
    digits = length.lstrip("0") or "0"
    if len(digits) > 3 or int(digits) > width:
        raise AddressError(text, f"the prefix length is above {width}")
    return int(digits)


def _blocks(first: int, last: int) -> Iterator[tuple[int, int]]:
    """Start and prefix length of the largest aligned blocks that fill an interval of one family."""
    origin, width = (0, 32) if first < V6_START else (V6_START, 128)
    point, end = first - origin, last - origin + 1
    while point < end:
        aligned = (point & -point).bit_length() - 1 if point else width
        bits = min(aligned, (end - point).bit_length() - 1)
        yield origin + point, width - bits
        point += 1 << bits


def _interval_text(first: int, last: int) -> str:
    """An interval of one family as an address, a CIDR or a range."""
    if first == last:
        return point_to_text(first)
    start, prefix = next(_blocks(first, last))
    if start + (1 << ((32 if first < V6_START else 128) - prefix)) == last + 1:
        return f"{point_to_text(first)}/{prefix}"
    return f"{point_to_text(first)}-{point_to_text(last)}"
