"""The part of the ruleset that does not depend on policies: one table, one base chain.

Why: the verdict on a packet depends on the canonical tuple of its connection (original source, reply source, reply
source port), which is the same in both directions and with any NAT. So replies need no exception, and a connection that
policies no longer allow stops at its next packet.

A packet is judged by the addresses that it has: no address is bound to an interface here, so one that a pod sends with
the address of another pod is judged as that pod's.

    judge (hook forward):
        ICMP errors of known connections ──────▶ accept
        no connection (invalid, untracked) ────▶ unconnected: neighbour discovery ▶ accept; an isolated pod's ▶ drop
        ct original saddr  vmap clients4/6 ────▶ stage of the client's egress
        ct reply saddr     vmap servers4/6 ────▶ stage of the server's ingress

Where tiers are about a local pod, `judge` has the clients' rules alone and `judge_servers`, which comes after it, those
of servers: a client that a tier accepts must not meet the rest of its side, but must meet the server's.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from haechi.dataplane.family import FAMILIES, AddressFamily
from haechi.dataplane.stage import SELF_SETS
from haechi.dataplane.tierchains import subject_rules
from haechi.model import Direction
from haechi.nft import (
    ACCEPT,
    DROP,
    BaseChain,
    Chain,
    ChainPolicy,
    Compare,
    Counter,
    Ct,
    CtDirection,
    CtState,
    Element,
    HasState,
    Hook,
    InRange,
    Lookup,
    Map,
    Meta,
    MetaKey,
    Operator,
    Payload,
    PayloadField,
    Rule,
    Set,
    Table,
    VerdictMap,
    concatenate,
    goto,
    protocol,
)

TABLE = Table("haechi", comment="NetworkPolicy")
JUDGE, JUDGE_SERVERS, UNCONNECTED, DISPUTED = "judge", "judge_servers", "unconnected", "disputed"
_ND_FIRST, _ND_LAST = b"\x85", b"\x89"  # router solicitation to redirect (RFC 4861)
_NFPROTO = Meta(MetaKey.NFPROTO)
_L4PROTO = Meta(MetaKey.L4PROTO)
_ICMP, _ICMPV6 = protocol(1), protocol(58)


def map_name(direction: CtDirection, family: AddressFamily) -> str:
    """The map from local pods to their stages: clients (original) to egress, servers (reply) to ingress."""
    return f"{'clients' if direction is CtDirection.ORIGINAL else 'servers'}{family.number}"


def isolated_name(family: AddressFamily) -> str:
    """The set of local addresses that are isolated in any direction."""
    return f"isolated{family.number}"


def self_element(family: AddressFamily, client: int, server: int) -> Element:
    """Two addresses of one pod, equal or not: as client and as server."""
    return Element(concatenate(family.key(client), family.key(server)))


def declarations() -> Iterator[Set | Map]:
    """The maps and sets of local addresses, empty."""
    for family in FAMILIES:
        for direction in CtDirection:
            yield Map(map_name(direction, family), (family.type,))
        yield Set(isolated_name(family), (family.type,), comment="local pods that some policy isolates")
        yield Set(SELF_SETS[family.number], (family.type, family.type), comment="local pods, as client and server")


def chains(*, with_tiers: bool = False) -> Iterator[Chain]:
    """All chains, each after those that it refers to."""
    yield Chain(DISPUTED, (Rule((Counter(), DROP)),), comment="addresses that several pods claim")
    yield Chain(UNCONNECTED, tuple(_unconnected()), comment="packets without a connection")
    yield from base_chains(with_tiers=with_tiers)


@cache
def base_chains(*, with_tiers: bool) -> tuple[Chain, ...]:
    """The chains that packets come to."""
    clients, servers = (tuple(_side_rules(direction)) for direction in CtDirection)
    if not with_tiers:
        return (Chain(JUDGE, (*_errors(), _no_connection(), *clients, *servers), _base(0)),)
    egress, ingress = (tuple(subject_rules(direction)) for direction in (Direction.EGRESS, Direction.INGRESS))
    return (
        Chain(JUDGE, (*_errors(), _no_connection(), *egress, *clients), _base(0)),
        Chain(JUDGE_SERVERS, (*_errors(), *ingress, *servers), _base(1)),
    )


def _base(priority: int) -> BaseChain:
    return BaseChain(hook=Hook.FORWARD, priority=priority, policy=ChainPolicy.ACCEPT)


def _unconnected() -> Iterator[Rule]:
    ipv6 = Compare(_NFPROTO, Operator.EQ, FAMILIES[1].nfproto)
    discovery = InRange(Payload(PayloadField.ICMPV6_TYPE), _ND_FIRST, _ND_LAST)
    yield Rule((ipv6, Compare(_L4PROTO, Operator.EQ, _ICMPV6), discovery, ACCEPT))
    for family in FAMILIES:
        for field in (family.source, family.destination):
            of_family = Compare(_NFPROTO, Operator.EQ, family.nfproto)
            yield Rule((of_family, Lookup((Payload(field),), isolated_name(family)), Counter(), DROP))
    yield Rule((ACCEPT,))


def _errors() -> Iterator[Rule]:
    for number in (_ICMP, _ICMPV6):
        yield Rule((Compare(_L4PROTO, Operator.EQ, number), HasState(CtState.RELATED), ACCEPT))


def _no_connection() -> Rule:
    return Rule((HasState(CtState.INVALID | CtState.UNTRACKED), goto(UNCONNECTED)))


def _side_rules(direction: CtDirection) -> Iterator[Rule]:
    for family in FAMILIES:
        yield Rule((VerdictMap((Ct(family.ct, direction),), map_name(direction, family)),))
