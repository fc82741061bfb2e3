"""What a load of a rule asks of a packet, in terms of the packet's place.

Why: the same load means different things with and without a connection, and some loads ask for what the place does not
say. Promises that every load of `haechi.nft` has an answer in every context: a coordinate, NEVER (the kernel finds
nothing and the rule does not match: nft_ct_get_eval, NFT_BREAK) or FREE (it may be anything: what depends on it is
reported as undecided, never assumed).
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum, auto
from typing import Final

from haechi.nft import Ct, CtDirection, CtKey, CtState, DataType, Load, Meta, MetaKey, Payload, PayloadField
from haechi.verify.space import ANNOUNCED, CONNECTIONS, DIRECT, EVERY, LOOSE, TRACKED, Context


class Coordinate(Enum):
    """Where the answer to a load stands in a packet's place."""

    CLIENT = auto()
    SERVER = auto()
    FAMILY = auto()
    PROTOCOL = auto()
    PORT = auto()
    MESSAGE = auto()  # the type of an ICMP or ICMPv6 message
    ORIGINAL = auto()  # the direction of the packet, which is known here
    REPLY = auto()
    NEVER = auto()
    FREE = auto()
    FREE_MESSAGE = auto()  # the type of a message that connection tracking tracks


Answers = tuple[tuple[int, Coordinate], ...]
"""Disjoint contexts (bits), each with the coordinate that answers there."""

_FORTH: Final = int(Context.NEW | Context.FORTH | Context.RELATED)
_BACK: Final = int(Context.BACK | Context.RELATED_BACK)
_ERROR: Final = int(Context.ERROR)
_STATES: Final = {
    CtState.NEW: int(Context.NEW),
    CtState.ESTABLISHED: DIRECT & ~int(Context.NEW),
    CtState.RELATED: ANNOUNCED | _ERROR,
    CtState.INVALID: int(Context.INVALID),
    CtState.UNTRACKED: int(Context.UNTRACKED),
}
_SOURCES: Final = frozenset((PayloadField.IP_SADDR, PayloadField.IP6_SADDR))
_DESTINATIONS: Final = frozenset((PayloadField.IP_DADDR, PayloadField.IP6_DADDR))
_MESSAGES: Final = frozenset((PayloadField.ICMP_TYPE, PayloadField.ICMPV6_TYPE))
_CT_SOURCES: Final = frozenset((CtKey.SADDR_IP, CtKey.SADDR_IP6))
NEVER_TRACKED: Final = frozenset((*range(130, 138), 143))
"""ICMPv6 messages that are never part of a connection: listener and neighbour discovery (nf_conntrack_icmpv6_error)."""


def contexts_of(states: CtState) -> int:
    """The contexts (bits) in which the connection has one of these states."""
    found = 0
    for state, contexts in _STATES.items():
        if state in states:
            found |= contexts
    return found


def answers(load: Load) -> Answers:
    """Which coordinate answers a load, by context; all contexts are there."""
    match load:
        case Meta():
            return _meta(load.key)
        case Ct():
            return ((LOOSE, Coordinate.NEVER), *_ct(load.key, load.direction))
        case Payload():
            return _payload(load.field)


def _meta(key: MetaKey) -> Answers:
    known = {MetaKey.NFPROTO: Coordinate.FAMILY, MetaKey.L4PROTO: Coordinate.PROTOCOL}
    return ((EVERY, known.get(key, Coordinate.FREE)),)


def _ct(key: CtKey, direction: CtDirection | None) -> Answers:
    """Of a tuple, the place holds the sources and the reply's source port; NAT and the client chose the rest."""
    if key in _CT_SOURCES:
        return ((TRACKED, Coordinate.CLIENT if direction is CtDirection.ORIGINAL else Coordinate.SERVER),)
    if key is CtKey.PROTO_SRC and direction is CtDirection.REPLY:
        return ((TRACKED, Coordinate.PORT),)
    if key is CtKey.L3PROTOCOL:
        return ((TRACKED, Coordinate.FAMILY),)
    if key is CtKey.PROTOCOL:
        return ((CONNECTIONS, Coordinate.PROTOCOL), (_ERROR, Coordinate.FREE))
    if key is CtKey.DIRECTION:
        return ((_FORTH, Coordinate.ORIGINAL), (_BACK, Coordinate.REPLY), (_ERROR, Coordinate.FREE))
    return ((TRACKED, Coordinate.FREE),)


def _payload(field: PayloadField) -> Answers:
    """In the forward hook a packet carries its client before SNAT and its server after DNAT; errors carry others."""
    if field in _SOURCES:
        return (
            (_FORTH | LOOSE, Coordinate.CLIENT),
            (_BACK, Coordinate.SERVER),
            (_ERROR, Coordinate.FREE),
        )
    if field in _DESTINATIONS:
        return (
            (_FORTH | LOOSE, Coordinate.SERVER),
            (_BACK, Coordinate.CLIENT),
            (_ERROR, Coordinate.FREE),
        )
    if field in _MESSAGES:
        return ((LOOSE, Coordinate.MESSAGE), (TRACKED, Coordinate.FREE_MESSAGE))
    return ((EVERY, Coordinate.FREE),)


def together(loads: tuple[Load, ...]) -> Iterator[tuple[int, tuple[Coordinate, ...]]]:
    """Disjoint contexts (bits), each with the coordinates that answer all of `loads` there."""
    found: list[tuple[int, tuple[Coordinate, ...]]] = [(EVERY, ())]
    for load in loads:
        found = [
            (contexts & more, (*coordinates, coordinate))
            for contexts, coordinates in found
            for more, coordinate in answers(load)
            if contexts & more
        ]
    yield from found


def family_of(type: DataType) -> int | None:  # noqa: A002
    """4 or 6 for addresses, None for other values."""
    return {DataType.IPV4_ADDR: 4, DataType.IPV6_ADDR: 6}.get(type)
