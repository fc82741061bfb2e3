"""Sets of IP protocols and ports on one number line.

A packet's protocol and destination port lie at ``protocol * 65536 + port`` (2**24 points), so one port, a range, "all
of TCP", ICMP and "everything" are the same kind of value: TCP 80 is the point 393,296, and all of TCP the interval from
393,216 to 458,751.

Of a protocol without ports, a set holds all 65,536 points or none. Port 0 is a point like any other: no policy can name
it, but the kernel sees such packets. Ports of a protocol that has none, and numbers that do not fit in 8 and 16 bits,
are an `InvalidPort`.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, ClassVar, Final, Self

from haechi.errors import HaechiError
from haechi.sets.intervals import IntervalSet

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# Assigned Internet Protocol Numbers (IANA).
ICMP: Final = 1
TCP: Final = 6
UDP: Final = 17
DCCP: Final = 33
ICMPV6: Final = 58
SCTP: Final = 132
UDPLITE: Final = 136

PROTOCOL_NUMBERS: Final[Mapping[str, int]] = {"TCP": TCP, "UDP": UDP, "SCTP": SCTP}
"""The protocols whose ports a NetworkPolicy can name, by name."""
PROTOCOL_NAMES: Final[Mapping[int, str]] = {number: name for name, number in PROTOCOL_NUMBERS.items()}
"""The same, by number."""

_NAMES: Final = {**PROTOCOL_NAMES, ICMP: "ICMP", DCCP: "DCCP", ICMPV6: "ICMPv6", UDPLITE: "UDP-Lite"}
_WITH_PORTS: Final = frozenset({TCP, UDP, DCCP, SCTP, UDPLITE})
_PROTOCOLS: Final = 256
_PORTS: Final = 65536


class InvalidPort(HaechiError, ValueError):
    """A protocol or port that does not exist.

    Attributes:
        protocol: the protocol number.
        port: the port, or None where the protocol itself is wrong.
        reason: what is wrong.
    """

    def __init__(self, protocol: int, port: int | None, reason: str) -> None:
        self.protocol = protocol
        self.port = port
        self.reason = reason
        super().__init__(protocol, port, reason)

    def __str__(self) -> str:
        return f"protocol {self.protocol}{'' if self.port is None else f', port {self.port}'}: {self.reason}"


def port_point(protocol: int, port: int) -> int:
    """The point of a protocol and port on the line.

    Raises:
        InvalidPort: (a ValueError) a number out of range.
    """
    if not 0 <= protocol < _PROTOCOLS:
        raise InvalidPort(protocol, None, "protocol numbers have 8 bits")
    if not 0 <= port < _PORTS:
        raise InvalidPort(protocol, port, "ports have 16 bits")
    return protocol * _PORTS + port


class PortSet(IntervalSet):
    """A set of protocols and ports; the operators are those of `IntervalSet`.

    Attributes:
        NONE: nothing.
        ALL: every port of every protocol.
    """

    __slots__ = ()

    _END: ClassVar[int | None] = _PROTOCOLS * _PORTS

    NONE: ClassVar[PortSet]
    ALL: ClassVar[PortSet]

    @classmethod
    def port(cls, protocol: int, first: int, last: int | None = None) -> Self:
        """Port `first` of a protocol, or the ports from `first` to `last`, both included.

        Raises:
            InvalidPort: (a ValueError) a number out of range, a reversed range, or a protocol that has no ports.
        """
        last = first if last is None else last
        start, end = port_point(protocol, first), port_point(protocol, last) + 1
        if protocol not in _WITH_PORTS:
            raise InvalidPort(protocol, first, "this protocol has no ports")
        if start >= end:
            raise InvalidPort(protocol, first, f"the first port is above the last, {last}")
        return cls._from_edges((start, end))

    @classmethod
    def protocol(cls, protocol: int) -> Self:
        """Everything of a protocol: all its ports, or the protocol itself where it has none.

        Raises:
            InvalidPort: (a ValueError) the number is out of range.
        """
        start = port_point(protocol, 0)
        return cls._from_edges((start, start + _PORTS))

    @classmethod
    def tcp(cls, first: int, last: int | None = None) -> Self:
        """`port` of TCP."""
        return cls.port(TCP, first, last)

    @classmethod
    def udp(cls, first: int, last: int | None = None) -> Self:
        """`port` of UDP."""
        return cls.port(UDP, first, last)

    @classmethod
    def sctp(cls, first: int, last: int | None = None) -> Self:
        """`port` of SCTP."""
        return cls.port(SCTP, first, last)

    def contains(self, protocol: int, port: int) -> bool:
        """Whether the set holds this port; for a protocol without ports, every `port` gives the same answer."""
        return port_point(protocol, port) in self

    def parts(self) -> tuple[tuple[int, int, int], ...]:
        """Protocol, first and last port of each interval, ascending; intervals are split between protocols."""
        return tuple(
            [
                (protocol, max(first - protocol * _PORTS, 0), min(last - protocol * _PORTS, _PORTS - 1))
                for first, last in self.intervals
                for protocol in range(first // _PORTS, last // _PORTS + 1)
            ]
        )

    def witness(self) -> tuple[int, int]:
        """Protocol and port of one packet in the set, preferably of one that can be sent.

        Preferred are TCP, UDP and SCTP with a port other than 0, then ICMP; otherwise it is the lowest point.

        Raises:
            ValueError: the set is empty.
        """
        for window in _SENDABLE:
            common = self & window
            if common:
                return divmod(common.min, _PORTS)
        return divmod(self.min, _PORTS)

    def __str__(self) -> str:
        if self == PortSet.ALL:
            return "everything"
        return ", ".join(_phrases(self.parts())) or "none"


PortSet.NONE = PortSet()
PortSet.ALL = PortSet([(0, _PROTOCOLS * _PORTS - 1)])

_SENDABLE: Final = (
    *(PortSet.port(protocol, 1, _PORTS - 1) for protocol in PROTOCOL_NAMES),
    PortSet.protocol(ICMP),
    PortSet.protocol(ICMPV6),
)


def _phrases(parts: tuple[tuple[int, int, int], ...]) -> Iterator[str]:
    """One phrase for each partial protocol, and one for each run of consecutive whole protocols."""
    # In a run of whole protocols, number - index is constant; each partial protocol is a group of its own.
    keyed = groupby(enumerate(parts), key=lambda item: _run(*item))
    for _, group in keyed:
        row = [part for _, part in group]
        (protocol, first, last), (final, _, _) = row[0], row[-1]
        if final != protocol:
            yield f"all of protocols {protocol}-{final}"
        elif (first, last) == (0, _PORTS - 1):
            yield f"all of {protocol_text(protocol)}"
        else:
            yield f"{protocol_text(protocol)} {first}" if first == last else f"{protocol_text(protocol)} {first}-{last}"


def _run(index: int, part: tuple[int, int, int]) -> tuple[bool, int]:
    protocol, first, last = part
    whole = (first, last) == (0, _PORTS - 1)
    return whole, protocol - index if whole else index


def protocol_text(protocol: int) -> str:
    """`TCP`, `ICMP`, or `protocol 47` where there is no common name."""
    return _NAMES.get(protocol, f"protocol {protocol}")
