"""A relation holds exactly the packets whose values are in one of the elements: compared packet by packet."""

from __future__ import annotations

from itertools import product
from random import Random
from typing import NamedTuple

import pytest

from haechi.nft import Ct, CtDirection, CtKey, DataType, Load, Meta, MetaKey, Payload, PayloadField
from haechi.sets import V6_START, AddressSet, PortSet, Traffic
from haechi.verify.coordinate import NEVER_TRACKED, Coordinate, coordinates, family_of, joint_coordinates
from haechi.verify.packets import ALL_CONTEXTS, Context, PacketSet
from haechi.verify.relation import ANYWHERE, EVERYWHERE, NOWHERE, FieldRanges, Relation, domain, relation

CLIENT4, SERVER4 = Ct(CtKey.SADDR_IP, CtDirection.ORIGINAL), Ct(CtKey.SADDR_IP, CtDirection.REPLY)
LOADS: tuple[Load, ...] = (
    CLIENT4, SERVER4,
    Ct(CtKey.SADDR_IP6, CtDirection.ORIGINAL), Ct(CtKey.SADDR_IP6, CtDirection.REPLY),
    Ct(CtKey.PROTO_SRC, CtDirection.REPLY), Ct(CtKey.DADDR_IP, CtDirection.REPLY), Ct(CtKey.DIRECTION),
    Meta(MetaKey.NFPROTO), Meta(MetaKey.L4PROTO), Meta(MetaKey.MARK),
    *map(Payload, (PayloadField.IP_SADDR, PayloadField.IP6_DADDR, PayloadField.ICMP_TYPE, PayloadField.ICMPV6_TYPE)),
)  # fmt: skip


class Point(NamedTuple):
    """One tuple."""

    client: int
    server: int
    protocol: int
    port: int


POINTS = [
    Point(base + client, base + server, protocol, port)
    for base in (0, V6_START)
    for client, server in product(range(1, 6), repeat=2)
    for protocol, port in (
        *product((6, 17), (1, 2, 3, 4)), (47, 0),
        *((1 if base == 0 else 58, kind << 8) for kind in (2, 3, 128, 133, 135)),
    )
]  # fmt: skip


def value(coordinate: Coordinate, load: Load, point: Point) -> int | None:
    """What the load gives for the packet, -1 for anything; None if the kernel finds nothing."""
    family = 6 if point.client >= V6_START else 4
    base = V6_START if family == 6 else 0
    if family_of(load.type) not in (None, family):
        return None
    if load.type in (DataType.ICMP_TYPE, DataType.ICMPV6_TYPE):
        protocol, of = (1, 4) if load.type is DataType.ICMP_TYPE else (58, 6)
        if (point.protocol, family) != (protocol, of):
            return None
        return point.port >> 8 if coordinate is Coordinate.ICMP_TYPE else -1
    return {
        Coordinate.CLIENT: point.client - base,
        Coordinate.SERVER: point.server - base,
        Coordinate.FAMILY: 2 if family == 4 else 10,
        Coordinate.PROTOCOL: point.protocol,
        Coordinate.PORT: point.port,
        Coordinate.ORIGINAL: 0,
        Coordinate.REPLY: 1,
        Coordinate.NEVER: None,
        Coordinate.FREE: -1,
    }[coordinate]


def may_match(loads: tuple[Load, ...], read: tuple[Coordinate, ...], ranges: FieldRanges, point: Point) -> bool:
    for load, coordinate, (first, last) in zip(loads, read, ranges, strict=True):
        found = value(coordinate, load, point)
        if found is None or (found >= 0 and not first <= found <= last):
            return False
        tracked = coordinate is Coordinate.TRACKED_ICMP_TYPE and load.type is DataType.ICMPV6_TYPE
        if tracked and NEVER_TRACKED.issuperset(range(first, last + 1)):
            return False
    return True


def holds(found: Relation, point: Point) -> bool:
    parts = [traffic for clients, traffic in found.parts if point.client in clients]
    assert len(parts) < 2, "clients of parts are disjoint"
    return any(traffic.contains(point.server, point.protocol, point.port) for traffic in parts)


def random_ranges(loads: tuple[Load, ...], random: Random) -> FieldRanges:
    def bounds(load: Load) -> tuple[int, int]:
        top = (1 << 8 * load.type.width) - 1
        if random.random() < 0.2:
            return 0, top
        values = {DataType.NF_PROTO: (2, 10), DataType.INET_PROTO: (1, 6, 17, 58), DataType.CT_DIR: (0, 1)}
        first = random.choice(values.get(load.type, (1, 2, 3, 4, 128, 133) if load.type.width == 1 else (1, 2, 3, 4)))
        return first, min(first + random.choice((0, 0, 1, 2)), top)

    return tuple(map(bounds, loads))


def packet_set(points: list[Point]) -> PacketSet:
    """All clients and servers of some points, with their ports."""
    return PacketSet(
        ALL_CONTEXTS,
        AddressSet.of(*(point.client for point in points)),
        Traffic.from_terms(
            (AddressSet.of(point.server), PortSet([(point.protocol << 16 | point.port,) * 2])) for point in points
        ),
    )


def inside(region: list[PacketSet], point: Point) -> int:
    return sum(
        point.client in clients and traffic.contains(point.server, point.protocol, point.port)
        for _, clients, traffic in region
    )


@pytest.mark.parametrize("seed", range(80))
def test_a_relation_holds_the_packets_that_match(seed: int) -> None:
    random = Random(f"relation {seed}")
    loads = tuple(random.choices(LOADS, k=random.choice((1, 1, 2, 2, 3))))
    elements = [random_ranges(loads, random) for _ in range(random.choice((0, 1, 2, 6)))]
    if len(loads) == 1:  # a set of one field has no overlapping elements, and no order
        elements = elements[:1] if random.random() < 0.5 else elements
    for _, read in joint_coordinates(loads):
        found = relation(loads, read, elements)
        free = any(coordinate in (Coordinate.FREE, Coordinate.TRACKED_ICMP_TYPE) for coordinate in read)
        assert free or not found.free
        for point in POINTS:
            matching = [each for each in elements if may_match(loads, read, each, point)]
            assert holds(found, point) == bool(matching), (loads, read, elements, point)
            decided = any(is_decided(loads, read, each) for each in matching)
            assert found.free or decided or not matching
        assert_algebra(found, domain(loads, read), random)


@pytest.mark.parametrize("load", LOADS, ids=str)
def test_a_relation_of_one_load_holds_the_packets_whose_value_is_in_a_range(load: Load) -> None:
    top = (1 << 8 * load.type.width) - 1
    values = sorted({each for each in (0, 1, 2, 3, 6, 10, 58, 128, 133, 135, top) if each <= top})
    for _, read in joint_coordinates((load,)):
        for first, last in ((one, other) for one in values for other in values if one <= other):
            found = relation((load,), read, [((first, last),)])
            for point in POINTS:
                assert holds(found, point) == may_match((load,), read, ((first, last),), point)


def is_decided(loads: tuple[Load, ...], read: tuple[Coordinate, ...], ranges: FieldRanges) -> bool:
    """Whether an element matches whatever the values are that the tuple does not hold."""
    return all(
        coordinate not in (Coordinate.FREE, Coordinate.TRACKED_ICMP_TYPE)
        or bounds == (0, (1 << 8 * load.type.width) - 1)
        for load, coordinate, bounds in zip(loads, read, ranges, strict=True)
    )


def assert_algebra(found: Relation, whole: Relation, random: Random) -> None:
    """`complement` and `split` are what they are packet by packet."""
    complement = found.complement(whole)
    assert complement.free == found.free
    packets = packet_set(random.sample(POINTS, 8))
    yes, no = found.split(packets)
    for point in POINTS:
        expected = holds(whole, point) and (found.free or not holds(found, point))
        assert holds(complement, point) == expected
        if inside([packets], point):
            assert inside(yes, point) == holds(found, point)
            assert inside(no, point) == (found.free or not holds(found, point))
        else:
            assert not inside([*yes, *no], point)


def test_many_parts_are_found_by_bisection_as_they_are_one_by_one() -> None:
    loads = (CLIENT4, SERVER4)
    elements: list[FieldRanges] = [((number, number), (9 - number, 9)) for number in range(1, 9)]
    read = (Coordinate.CLIENT, Coordinate.SERVER)
    found = relation(loads, read, elements)
    assert len(found.parts) == len(elements)
    for number in range(10):
        packets = PacketSet(
            ALL_CONTEXTS, AddressSet([(number, number + 1)]), Traffic.of(AddressSet([(5, 5)]), PortSet.ALL)
        )
        yes, no = found.split(packets)
        for client in (number, number + 1):
            point = Point(client, 5, 6, 80)
            assert (inside(yes, point), inside(no, point)) == ((1, 0) if 4 <= client <= 8 else (0, 1))


def test_what_is_split_by_everything_or_nothing_stays_the_same_object() -> None:
    packets = packet_set(POINTS[:3])
    assert NOWHERE.split(packets) == ([], [packets])
    assert NOWHERE.split(packets)[1][0] is packets
    assert EVERYWHERE.split(packets) == ([packets], [])
    assert ANYWHERE.split(packets) == ([packets], [packets])


def test_a_load_that_finds_nothing_matches_nothing_negated_or_not() -> None:
    read = tuple(coordinate for contexts, coordinate in coordinates(CLIENT4) if contexts & Context.UNTRACKED)
    found = relation((CLIENT4,), read, [((0, 9),)])
    assert found == found.complement(domain((CLIENT4,), read)) == NOWHERE
