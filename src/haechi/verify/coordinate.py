"""Which part of a packet's tuple a load of a rule reads.

Why: the same load reads different things with and without a connection, and some loads read what the tuple does not
hold. Every load of `haechi.nft` has an answer in every context: a coordinate of the tuple, NEVER (the kernel finds
nothing and the rule does not match: nft_ct_get_eval, NFT_BREAK) or FREE (a free variable: any value is possible, and
what depends on it is reported as undecided, never assumed).

    load                  new, original   reply      ICMP error   no connection
    ct original saddr     CLIENT          CLIENT     CLIENT       NEVER
    ct reply saddr        SERVER          SERVER     SERVER       NEVER
    ip saddr              CLIENT          SERVER     FREE         CLIENT
    ct reply proto-src    PORT            PORT       PORT         NEVER
    ct original daddr     FREE            FREE       FREE         NEVER
    meta mark             FREE            FREE       FREE         FREE
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum, auto
from typing import Final

from haechi.nft import Ct, CtDirection, CtKey, CtState, DataType, Load, Meta, MetaKey, Payload, PayloadField
from haechi.verify.packets import ALL_CONTEXTS, CONNECTIONS, DIRECT, EXPECTED, TRACKED, UNCONNECTED, Context


class Coordinate(Enum):
    """What a load reads."""

    CLIENT = auto()
    SERVER = auto()
    FAMILY = auto()
    PROTOCOL = auto()
    PORT = auto()
    ICMP_TYPE = auto()  # of a message without a connection
    ORIGINAL = auto()  # the direction of the packet, where the context fixes it
    REPLY = auto()
    NEVER = auto()
    FREE = auto()
    TRACKED_ICMP_TYPE = auto()  # of a message that belongs to a connection: free among the types that conntrack tracks


CoordinateByContext = tuple[tuple[int, Coordinate], ...]
"""Disjoint contexts (bits), together all of them, each with what the load reads there."""

_ORIGINAL: Final = int(Context.NEW | Context.ORIGINAL | Context.RELATED)
_REPLY: Final = int(Context.REPLY | Context.RELATED_REPLY)
_ERROR: Final = int(Context.ERROR)
_STATES: Final = {
    CtState.NEW: int(Context.NEW),
    CtState.ESTABLISHED: DIRECT & ~int(Context.NEW),
    CtState.RELATED: EXPECTED | _ERROR,
    CtState.INVALID: int(Context.INVALID),
    CtState.UNTRACKED: int(Context.UNTRACKED),
}
_SOURCES: Final = frozenset((PayloadField.IP_SADDR, PayloadField.IP6_SADDR))
_DESTINATIONS: Final = frozenset((PayloadField.IP_DADDR, PayloadField.IP6_DADDR))
_ICMP_TYPES: Final = frozenset((PayloadField.ICMP_TYPE, PayloadField.ICMPV6_TYPE))
_CT_SOURCES: Final = frozenset((CtKey.SADDR_IP, CtKey.SADDR_IP6))
NEVER_TRACKED: Final = frozenset((*range(130, 138), 143))
"""ICMPv6 types that never belong to a connection: listener and neighbour discovery (nf_conntrack_icmpv6_error)."""


def contexts_of(states: CtState) -> int:
    """The contexts (bits) in which `ct state` is one of these."""
    found = 0
    for state, contexts in _STATES.items():
        if state in states:
            found |= contexts
    return found


def coordinates(load: Load) -> CoordinateByContext:
    """What a load reads, by context."""
    match load:
        case Meta():
            return _meta(load.key)
        case Ct():
            return ((UNCONNECTED, Coordinate.NEVER), *_ct(load.key, load.direction))
        case Payload():
            return _payload(load.field)


def _meta(key: MetaKey) -> CoordinateByContext:
    known = {MetaKey.NFPROTO: Coordinate.FAMILY, MetaKey.L4PROTO: Coordinate.PROTOCOL}
    return ((ALL_CONTEXTS, known.get(key, Coordinate.FREE)),)


def _ct(key: CtKey, direction: CtDirection | None) -> CoordinateByContext:
    """Of conntrack's tuples, the sources and the reply's source port are known; NAT and the client choose the rest."""
    if key in _CT_SOURCES:
        return ((TRACKED, Coordinate.CLIENT if direction is CtDirection.ORIGINAL else Coordinate.SERVER),)
    if key is CtKey.PROTO_SRC and direction is CtDirection.REPLY:
        return ((TRACKED, Coordinate.PORT),)
    if key is CtKey.L3PROTOCOL:
        return ((TRACKED, Coordinate.FAMILY),)
    if key is CtKey.PROTOCOL:
        return ((CONNECTIONS, Coordinate.PROTOCOL), (_ERROR, Coordinate.FREE))
    if key is CtKey.DIRECTION:
        return ((_ORIGINAL, Coordinate.ORIGINAL), (_REPLY, Coordinate.REPLY), (_ERROR, Coordinate.FREE))
    return ((TRACKED, Coordinate.FREE),)


def _payload(field: PayloadField) -> CoordinateByContext:
    """A forwarded packet has its client before SNAT and its server after DNAT; an error has other addresses."""
    if field in _SOURCES:
        return (
            (_ORIGINAL | UNCONNECTED, Coordinate.CLIENT),
            (_REPLY, Coordinate.SERVER),
            (_ERROR, Coordinate.FREE),
        )
    if field in _DESTINATIONS:
        return (
            (_ORIGINAL | UNCONNECTED, Coordinate.SERVER),
            (_REPLY, Coordinate.CLIENT),
            (_ERROR, Coordinate.FREE),
        )
    if field in _ICMP_TYPES:
        return ((UNCONNECTED, Coordinate.ICMP_TYPE), (TRACKED, Coordinate.TRACKED_ICMP_TYPE))
    return ((ALL_CONTEXTS, Coordinate.FREE),)


def joint_coordinates(loads: tuple[Load, ...]) -> Iterator[tuple[int, tuple[Coordinate, ...]]]:
    """Disjoint contexts (bits), each with what every one of `loads` reads there."""
    found: list[tuple[int, tuple[Coordinate, ...]]] = [(ALL_CONTEXTS, ())]
    for load in loads:
        found = [
            (contexts & more, (*known, coordinate))
            for contexts, known in found
            for more, coordinate in coordinates(load)
            if contexts & more
        ]
    yield from found


def family_of(type: DataType) -> int | None:  # noqa: A002
    """4 or 6 for addresses, None for other values."""
    return {DataType.IPV4_ADDR: 4, DataType.IPV6_ADDR: 6}.get(type)
