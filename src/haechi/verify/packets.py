"""Sets of packets: many packets that a table may see, handled at once.

Why: a proof is about every packet, and there are too many to enumerate. A `PacketSet` is exact: nothing is sampled or
rounded.

A packet has a tuple (client, server, protocol, port) and a context. For a packet of a connection the tuple is
conntrack's: original source, reply source, protocol, reply source port. It is the same for both directions and does not
depend on NAT. A packet without a connection has its own source and destination; for ICMP and ICMPv6, `port` is the
first two bytes of the message, type × 256 + code.

                  10.0.0.1 opens a connection to 10.0.0.2:80 through the Service 10.96.0.1:80

    on the wire   10.0.0.1:40000 → 10.96.0.1:80, DNAT to 10.0.0.2:80, reply 10.0.0.2:80 → 10.0.0.1:40000
    tuple         client 10.0.0.1, server 10.0.0.2, TCP, port 80
    contexts      NEW, then REPLY and ORIGINAL
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import IntFlag
from functools import lru_cache
from typing import Final, NamedTuple

from haechi.sets import ICMP, ICMPV6, AddressSet, PortSet, Traffic, port_point


class Context(IntFlag):
    """What connection tracking knows about a packet.

    NEW: the first packet of a connection. ORIGINAL and REPLY: a later one, in the direction of the first or the other.
    RELATED and RELATED_REPLY: the same for a connection that conntrack expects because of another one (FTP data).
    ERROR: an ICMP or ICMPv6 error about a connection; the tuple is that connection's. INVALID and UNTRACKED: the packet
    belongs to no connection.
    """

    NEW = 1
    ORIGINAL = 2
    REPLY = 4
    RELATED = 8
    RELATED_REPLY = 16
    ERROR = 32
    INVALID = 64
    UNTRACKED = 128


DIRECT: Final = int(Context.NEW | Context.ORIGINAL | Context.REPLY)
EXPECTED: Final = int(Context.RELATED | Context.RELATED_REPLY)
CONNECTIONS: Final = DIRECT | EXPECTED
TRACKED: Final = CONNECTIONS | int(Context.ERROR)
UNCONNECTED: Final = int(Context.INVALID | Context.UNTRACKED)
ALL_CONTEXTS: Final = TRACKED | UNCONNECTED

ICMP_TRAFFIC: Final = PortSet.protocol(ICMP) | PortSet.protocol(ICMPV6)
_NO_ICMP: Final = PortSet.ALL - ICMP_TRAFFIC
FAMILIES: Final = (AddressSet.V4, AddressSet.V6)
NEIGHBOUR_DISCOVERY: Final = PortSet([(port_point(ICMPV6, 133 << 8), port_point(ICMPV6, 137 << 8 | 255))])
"""Router solicitation to redirect (RFC 4861), by the first two bytes of the message."""
_FEW: Final = 8
"""Up to so many stretches of traffic are split one by one."""


class PacketSet(NamedTuple):
    """Packets in each of `contexts` (bits), from each of `clients`, with `traffic` as a function from server to ports.

    A product: every client has the same traffic in every context. Other sets of packets are lists of these.
    """

    contexts: int
    clients: AddressSet
    traffic: Traffic


def connections(clients: AddressSet, servers: AddressSet) -> Iterator[PacketSet]:
    """All packets of connections from `clients` to `servers`, of both families.

    ICMP is left out of the expected contexts: a related ICMP packet is an error about a connection.
    """
    for family in FAMILIES:
        ours, theirs = clients & family, servers & family
        if ours and theirs:
            yield PacketSet(CONNECTIONS, ours, Traffic.of(theirs, _NO_ICMP))
            yield PacketSet(DIRECT, ours, Traffic.of(theirs, ICMP_TRAFFIC))


def errors() -> Iterator[PacketSet]:
    """All ICMP and ICMPv6 errors about connections."""
    for family, number in zip(FAMILIES, (ICMP, ICMPV6), strict=True):
        yield PacketSet(int(Context.ERROR), family, Traffic.of(family, PortSet.protocol(number)))


def unconnected(clients: AddressSet, servers: AddressSet, ports: PortSet = PortSet.ALL) -> Iterator[PacketSet]:
    """All packets without a connection from `clients` to `servers`, of both families."""
    for family in FAMILIES:
        ours, theirs = clients & family, servers & family
        if ours and theirs and ports:
            yield PacketSet(UNCONNECTED, ours, Traffic.of(theirs, ports))


def merged(region: list[PacketSet]) -> list[PacketSet]:
    """The same packets in fewer sets: sets of the same clients are joined, then sets of the same traffic."""
    if len(region) < 2:
        return region
    by_clients: dict[tuple[int, AddressSet], Traffic] = {}
    for contexts, clients, traffic in region:
        key = (contexts, clients)
        known = by_clients.get(key)
        by_clients[key] = traffic if known is None else known | traffic
    by_traffic: dict[tuple[int, Traffic], list[AddressSet]] = {}
    for (contexts, clients), traffic in by_clients.items():
        by_traffic.setdefault((contexts, traffic), []).append(clients)
    return [
        PacketSet(contexts, clients[0] if len(clients) == 1 else AddressSet.union_all(clients), traffic)
        for (contexts, traffic), clients in by_traffic.items()
    ]


def intersection(one: PacketSet, other: PacketSet) -> PacketSet | None:
    """The packets in both sets; None if there are none."""
    contexts = one.contexts & other.contexts
    if not contexts or one.clients.isdisjoint(other.clients):
        return None
    traffic = common(one.traffic, other.traffic)
    return PacketSet(contexts, one.clients & other.clients, traffic) if traffic else None


def common(one: Traffic, other: Traffic) -> Traffic:
    """`one & other`, at no cost where one of them is everything."""
    if other is Traffic.ALL or one is other:
        return one
    return other if one is Traffic.ALL else one & other


@lru_cache(maxsize=4096)
def box(addresses: AddressSet, ports: PortSet) -> Traffic:
    """`Traffic.of`, cached: walks build the same values again and again."""
    return Traffic.of(addresses, ports)


@lru_cache(maxsize=4096)
def split_ports(ports: PortSet, by: PortSet) -> tuple[PortSet, PortSet]:
    """`ports & by` and `ports - by`; `ports` itself where one of them is all of it."""
    both, rest = ports & by, ports - by
    return (both, rest) if both and rest else (ports, PortSet.NONE) if both else (PortSet.NONE, ports)


def split_traffic(
    traffic: Traffic, by: Traffic, flat: tuple[int, int, PortSet] | None = None
) -> tuple[Traffic, Traffic]:
    """`traffic & by` and `traffic - by`; `traffic` itself where one of them is all of it.

    The general way sweeps over both functions. Mostly `traffic` has a few stretches on each of which `by` is constant,
    so each stretch is split by ports alone:

        traffic   |---- TCP ----|  |-- TCP 80 --|
        by        |--- TCP 80 -------------------------|     (flat: one stretch)
        inside    |-- TCP 80 ---|  |-- TCP 80 --|
        outside   |- TCP but 80-|

    Args:
        traffic: what is split.
        by: the traffic to split by.
        flat: the only stretch of `by`, if it has only one.
    """
    if by is Traffic.ALL or traffic is by:
        return traffic, Traffic.NONE
    stretches = traffic.steps
    if len(stretches) > _FEW and (flat is None or stretches[0][0] < flat[0] or flat[1] < stretches[-1][1]):
        return _swept(traffic, by)
    inside: list[tuple[int, int, PortSet]] = []
    outside: list[tuple[int, int, PortSet]] = []
    for first, last, ports in stretches:
        theirs = _constant(first, last, by, flat)
        if theirs is None:
            return _swept(traffic, by)
        both, rest = split_ports(ports, theirs)
        if both:
            inside.append((first, last, both))
        if rest:
            outside.append((first, last, rest))
    if not outside:
        return traffic, Traffic.NONE
    return (_joined(inside), _joined(outside)) if inside else (Traffic.NONE, traffic)


def _swept(traffic: Traffic, by: Traffic) -> tuple[Traffic, Traffic]:
    both = traffic & by
    if not both:
        return both, traffic
    return (traffic, Traffic.NONE) if both == traffic else (both, traffic - by)


def _constant(first: int, last: int, traffic: Traffic, flat: tuple[int, int, PortSet] | None) -> PortSet | None:
    """The ports of every address of a stretch; None if they differ or that is not seen at once."""
    if first == last:
        return traffic.at(first)
    if flat is None:
        return None
    start, end, ports = flat
    if start <= first and last <= end:
        return ports
    return PortSet.NONE if last < start or end < first else None


def _joined(stretches: list[tuple[int, int, PortSet]]) -> Traffic:
    by_ports: dict[PortSet, list[tuple[int, int]]] = {}
    for first, last, ports in stretches:
        by_ports.setdefault(ports, []).append((first, last))
    if len(by_ports) == 1:
        ((ports, intervals),) = by_ports.items()
        return box(AddressSet(intervals), ports)
    return Traffic.from_terms((AddressSet(intervals), ports) for ports, intervals in by_ports.items())


def overlap(some: Iterable[PacketSet], others: Iterable[PacketSet]) -> list[PacketSet]:
    """The packets that are in both regions."""
    second = list(others)
    found = [intersection(one, other) for one in some for other in second]
    return [packets for packets in found if packets is not None]


def remainder(packets: PacketSet, others: Iterable[PacketSet]) -> list[PacketSet]:
    """The packets that are in none of the other sets."""
    left = [packets]
    for other in others:
        left = [part for each in left for part in _without(each, other)]
    return left


def _without(packets: PacketSet, other: PacketSet) -> Iterator[PacketSet]:
    if intersection(packets, other) is None:
        yield packets
        return
    contexts, clients, traffic = packets
    apart, rest = contexts & ~other.contexts, clients - other.clients
    if apart:
        yield PacketSet(apart, clients, traffic)
    if rest:
        yield PacketSet(contexts & other.contexts, rest, traffic)
    if traffic - other.traffic:
        yield PacketSet(contexts & other.contexts, clients & other.clients, traffic - other.traffic)
