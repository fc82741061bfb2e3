"""The packets that a table may see, many at once.

Why: a proof speaks of every packet, so packets are handled as regions: a set of clients, for all of them the same
function from servers to protocols and ports, in some contexts. Promises exactness: nothing is sampled or rounded.

A packet has a place (client, server, protocol, number) and a context. In the context of a connection the place is the
connection's canonical tuple: original source, reply source, reply source port. Without a connection it is what stands
in the packet: source, destination and, of ICMP and ICMPv6, the first two bytes of the message (type and code).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import IntFlag
from functools import lru_cache
from typing import Final, NamedTuple

from haechi.sets import ICMP, ICMPV6, AddressSet, PortSet, Traffic


class Context(IntFlag):
    """What connection tracking knows of a packet.

    NEW: the first packet of a connection; FORTH and BACK: later ones, in the direction of the first and in the other.
    RELATED and RELATED_BACK: of a connection that another one announced. ERROR: an ICMP or ICMPv6 error about a
    connection, whose tuple is that connection's. INVALID and UNTRACKED: no connection.
    """

    NEW = 1
    FORTH = 2
    BACK = 4
    RELATED = 8
    RELATED_BACK = 16
    ERROR = 32
    INVALID = 64
    UNTRACKED = 128


DIRECT: Final = int(Context.NEW | Context.FORTH | Context.BACK)
ANNOUNCED: Final = int(Context.RELATED | Context.RELATED_BACK)
CONNECTIONS: Final = DIRECT | ANNOUNCED
TRACKED: Final = CONNECTIONS | int(Context.ERROR)
LOOSE: Final = int(Context.INVALID | Context.UNTRACKED)
EVERY: Final = TRACKED | LOOSE

MESSAGES: Final = PortSet.protocol(ICMP) | PortSet.protocol(ICMPV6)
_NO_MESSAGES: Final = PortSet.ALL - MESSAGES
FAMILIES: Final = (AddressSet.V4, AddressSet.V6)
DISCOVERY: Final = PortSet([(ICMPV6 * 65536 + 133 * 256, ICMPV6 * 65536 + 137 * 256 + 255)])
"""Router solicitation to redirect (RFC 4861), by their first two bytes."""
_FEW: Final = 8
"""Pieces of traffic that are divided one by one."""


class Piece(NamedTuple):
    """A region: each of `clients`, with `traffic` as a function from servers, in each of `contexts` (bits)."""

    contexts: int
    clients: AddressSet
    traffic: Traffic


def connections(clients: AddressSet, servers: AddressSet) -> Iterator[Piece]:
    """All packets of connections between them, of either family.

    ICMP and ICMPv6 with a related state are errors about connections, no connections that another announced.
    """
    for family in FAMILIES:
        ours, theirs = clients & family, servers & family
        if ours and theirs:
            yield Piece(CONNECTIONS, ours, Traffic.of(theirs, _NO_MESSAGES))
            yield Piece(DIRECT, ours, Traffic.of(theirs, MESSAGES))


def errors() -> Iterator[Piece]:
    """All ICMP and ICMPv6 errors about connections."""
    for family, number in zip(FAMILIES, (ICMP, ICMPV6), strict=True):
        yield Piece(int(Context.ERROR), family, Traffic.of(family, PortSet.protocol(number)))


def loose(clients: AddressSet, servers: AddressSet, ports: PortSet = PortSet.ALL) -> Iterator[Piece]:
    """All packets without a connection from and to these addresses."""
    for family in FAMILIES:
        ours, theirs = clients & family, servers & family
        if ours and theirs and ports:
            yield Piece(LOOSE, ours, Traffic.of(theirs, ports))


def merged(pieces: list[Piece]) -> list[Piece]:
    """The same packets in fewer pieces where that is easily seen."""
    if len(pieces) < 2:
        return pieces
    by_clients: dict[tuple[int, AddressSet], Traffic] = {}
    for contexts, clients, traffic in pieces:
        key = (contexts, clients)
        known = by_clients.get(key)
        by_clients[key] = traffic if known is None else known | traffic
    by_traffic: dict[tuple[int, Traffic], list[AddressSet]] = {}
    for (contexts, clients), traffic in by_clients.items():
        by_traffic.setdefault((contexts, traffic), []).append(clients)
    return [
        Piece(contexts, clients[0] if len(clients) == 1 else AddressSet.union_all(clients), traffic)
        for (contexts, traffic), clients in by_traffic.items()
    ]


def intersection(one: Piece, other: Piece) -> Piece | None:
    """The packets of both; None if there are none."""
    contexts = one.contexts & other.contexts
    if not contexts or one.clients.isdisjoint(other.clients):
        return None
    traffic = common(one.traffic, other.traffic)
    return Piece(contexts, one.clients & other.clients, traffic) if traffic else None


def common(one: Traffic, other: Traffic) -> Traffic:
    """`one & other`, faster where one is everything."""
    if other is Traffic.ALL or one is other:
        return one
    return other if one is Traffic.ALL else one & other


@lru_cache(maxsize=4096)
def box(addresses: AddressSet, ports: PortSet) -> Traffic:
    """`Traffic.of`, which walks ask for again and again."""
    return Traffic.of(addresses, ports)


@lru_cache(maxsize=4096)
def parted(ports: PortSet, others: PortSet) -> tuple[PortSet, PortSet]:
    """The ports that are among the others, and those that are not; `ports` itself where that is all of them."""
    both, rest = ports & others, ports - others
    return (both, rest) if both and rest else (ports, PortSet.NONE) if both else (PortSet.NONE, ports)


def divided(traffic: Traffic, other: Traffic, flat: tuple[int, int, PortSet] | None = None) -> tuple[Traffic, Traffic]:
    """`traffic & other` and `traffic - other`; `traffic` itself where that is all of it.

    Args:
        traffic: what is divided.
        other: by what.
        flat: the only piece of `other`, if it has but one.
    """
    if other is Traffic.ALL or traffic is other:
        return traffic, Traffic.NONE
    pieces = traffic.pieces
    if len(pieces) > _FEW and (flat is None or pieces[0][0] < flat[0] or flat[1] < pieces[-1][1]):
        return _divided(traffic, other)
    inside: list[tuple[int, int, PortSet]] = []
    outside: list[tuple[int, int, PortSet]] = []
    for first, last, ports in pieces:
        theirs = _everywhere(first, last, other, flat)
        if theirs is None:
            return _divided(traffic, other)
        both, rest = parted(ports, theirs)
        if both:
            inside.append((first, last, both))
        if rest:
            outside.append((first, last, rest))
    if not outside:
        return traffic, Traffic.NONE
    return (_joined(inside), _joined(outside)) if inside else (Traffic.NONE, traffic)


def _divided(traffic: Traffic, other: Traffic) -> tuple[Traffic, Traffic]:
    both = traffic & other
    if not both:
        return both, traffic
    return (traffic, Traffic.NONE) if both == traffic else (both, traffic - other)


def _everywhere(first: int, last: int, other: Traffic, flat: tuple[int, int, PortSet] | None) -> PortSet | None:
    """The ports that all addresses of a stretch have; None if they differ, or that is not easily seen."""
    if first == last:
        return other.at(first)
    if flat is None:
        return None
    start, end, ports = flat
    if start <= first and last <= end:
        return ports
    return PortSet.NONE if last < start or end < first else None


def _joined(pieces: list[tuple[int, int, PortSet]]) -> Traffic:
    by_ports: dict[PortSet, list[tuple[int, int]]] = {}
    for first, last, ports in pieces:
        by_ports.setdefault(ports, []).append((first, last))
    if len(by_ports) == 1:
        ((ports, spans),) = by_ports.items()
        return box(AddressSet(spans), ports)
    return Traffic.from_terms((AddressSet(spans), ports) for ports, spans in by_ports.items())


def overlap(some: Iterable[Piece], others: Iterable[Piece]) -> list[Piece]:
    """The packets that are in both regions."""
    second = list(others)
    found = [intersection(one, other) for one in some for other in second]
    return [piece for piece in found if piece is not None]


def remainder(piece: Piece, others: Iterable[Piece]) -> list[Piece]:
    """The packets of a piece that are in none of the others."""
    left = [piece]
    for other in others:
        left = [part for each in left for part in _without(each, other)]
    return left


def _without(piece: Piece, other: Piece) -> Iterator[Piece]:
    if intersection(piece, other) is None:
        yield piece
        return
    contexts, clients, traffic = piece
    apart, rest = contexts & ~other.contexts, clients - other.clients
    if apart:
        yield Piece(apart, clients, traffic)
    if rest:
        yield Piece(contexts & other.contexts, rest, traffic)
    if traffic - other.traffic:
        yield Piece(contexts & other.contexts, clients & other.clients, traffic - other.traffic)
