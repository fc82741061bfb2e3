"""Traffic, packet by packet, against dictionaries from each address to the set of its ports."""

from __future__ import annotations

import operator
import pickle
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haechi.sets import SCTP, TCP, UDP, AddressSet, PortSet, Traffic, text_to_point
from tests.sets.strategies import (
    ADDRESSES,
    PORTS,
    Terms,
    address_sets,
    points,
    port_sets,
    terms,
    traffics,
    unhurried,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

Packets = frozenset[tuple[int, int]]

WEB, DNS = PortSet.tcp(80), PortSet.udp(53)
TEN, LAN = AddressSet.from_cidr("10.0.0.0/8"), AddressSet.from_cidr("192.168.0.0/16")
OPERATIONS = [operator.or_, operator.and_, operator.sub, operator.xor]
COMPARISONS = [operator.le, operator.lt, operator.ge, operator.gt, operator.eq, operator.ne]


def listed(boxes: Terms) -> Packets:
    """The packets of the boxes, counted out."""
    return frozenset((a, p) for addresses, ports in boxes for a in points(addresses) for p in points(ports))


def packets(traffic: Traffic) -> Packets:
    """The packets of a small traffic, asked address by address."""
    return frozenset((a, p) for a in ADDRESSES for p in points(traffic.at(a)))


@unhurried
@given(terms)
def test_terms_make_up_the_union_of_their_boxes(some: Terms) -> None:
    assert packets(Traffic.from_terms(some)) == listed(some)


@unhurried
@given(terms, st.randoms(use_true_random=False))
def test_the_order_of_terms_does_not_matter(some: Terms, random: Random) -> None:
    shuffled = some + some[:2]
    random.shuffle(shuffled)
    again, first = Traffic.from_terms(shuffled), Traffic.from_terms(some)
    assert again == first
    assert hash(again) == hash(first)


@unhurried
@given(traffics, traffics)
def test_operations_agree_with_python(one: Traffic, other: Traffic) -> None:
    for operation in OPERATIONS:
        result = operation(one, other)
        assert packets(result) == operation(packets(one), packets(other))
        assert result == Traffic.from_terms(result.boxes())


@unhurried
@given(traffics, traffics)
def test_comparisons_agree_with_python(one: Traffic, other: Traffic) -> None:
    for comparison in COMPARISONS:
        assert comparison(one, other) == comparison(packets(one), packets(other))
        assert comparison(one, one | other) == comparison(packets(one), packets(one) | packets(other))


@unhurried
@given(traffics)
def test_pieces_are_canonical(traffic: Traffic) -> None:
    pieces = traffic.steps
    assert all(first <= last and ports for first, last, ports in pieces)
    for (_, last, ports), (first, _, following) in pairwise(pieces):
        assert first > last
        assert first > last + 1 or ports != following
    assert Traffic.from_terms([(AddressSet([(first, last)]), ports) for first, last, ports in pieces]) == traffic


@unhurried
@given(traffics)
def test_boxes_group_addresses_by_their_ports(traffic: Traffic) -> None:
    boxes = traffic.boxes()
    assert listed(list(boxes)) == packets(traffic)
    assert len({ports for _, ports in boxes}) == len(boxes)
    lowest = [addresses.min for addresses, _ in boxes]
    assert lowest == sorted(lowest)
    assert AddressSet.union_all(addresses for addresses, _ in boxes) == traffic.addresses
    assert sum(addresses.size for addresses, _ in boxes) == traffic.addresses.size


@unhurried
@given(traffics)
def test_every_packet_is_asked_alike(traffic: Traffic) -> None:
    held = packets(traffic)
    for address in ADDRESSES:
        assert traffic[address] == traffic.at(address)
        assert points(traffic[address]) == {p for a, p in held if a == address}
        assert all(traffic.contains(address, *divmod(p, 65536)) == ((address, p) in held) for p in PORTS)
    assert not traffic.at(ADDRESSES.start - 1)
    assert not traffic.at(ADDRESSES.stop)


@unhurried
@given(traffics, traffics)
def test_the_first_difference_is_a_packet_that_one_holds(one: Traffic, other: Traffic) -> None:
    mine, theirs = packets(one), packets(other)
    found = one.first_difference(other)
    if found is None:
        assert mine == theirs
    else:
        address, protocol, port, in_one = found
        packet = (address, protocol * 65536 + port)
        assert (packet in mine, packet in theirs) == (in_one, not in_one)
        assert address == min(mine ^ theirs)[0]
        assert other.first_difference(one) == (address, protocol, port, not in_one)


@unhurried
@given(traffics, port_sets)
def test_addresses_for_some_ports_have_all_of_them(traffic: Traffic, ports: PortSet) -> None:
    answer = traffic.addresses_for(ports)
    assert all((address in answer) == (points(ports) <= points(traffic.at(address))) for address in ADDRESSES)


@unhurried
@given(traffics, address_sets, port_sets)
def test_restriction_is_intersection_with_a_box(traffic: Traffic, addresses: AddressSet, ports: PortSet) -> None:
    assert packets(traffic.restricted(addresses, ports)) == packets(traffic) & listed([(addresses, ports)])


def test_equal_meanings_are_equal_values() -> None:
    in_two_policies = Traffic.of(TEN, WEB) | Traffic.of(LAN, WEB) | Traffic.of(TEN, DNS)
    in_one = Traffic.from_terms([(TEN, WEB | DNS), (LAN, WEB)])
    assert in_two_policies == in_one
    assert hash(in_two_policies) == hash(in_one)
    assert in_one.boxes() == ((TEN, WEB | DNS), (LAN, WEB))


def test_split_halves_merge_into_one_piece() -> None:
    low, high = AddressSet.from_cidr("10.0.0.0/9"), AddressSet.from_cidr("10.128.0.0/9")
    merged = Traffic.of(low, WEB) | Traffic.of(high, WEB)
    assert merged == Traffic.of(TEN, WEB)
    assert len(merged.steps) == 1


def test_nothing_and_everything() -> None:
    some = Traffic.of(TEN, WEB)
    assert not Traffic.NONE
    assert Traffic.of(TEN, PortSet.NONE) == Traffic.of(AddressSet.NONE, WEB) == Traffic() == Traffic.NONE
    assert Traffic.ALL.boxes() == ((AddressSet.ALL, PortSet.ALL),)
    assert Traffic.NONE < some < Traffic.ALL
    assert some & Traffic.ALL == some | Traffic.NONE == some - Traffic.NONE == some
    assert some & Traffic.NONE == some - Traffic.ALL == some ^ some == Traffic.NONE
    assert Traffic.NONE.addresses == AddressSet.NONE
    assert Traffic.NONE.addresses_for(PortSet.NONE) == AddressSet.ALL


def test_except_takes_a_hole_out_of_an_ip_block() -> None:
    block = Traffic.of(AddressSet.from_cidr("172.17.0.0/16") - AddressSet.from_cidr("172.17.1.0/24"), PortSet.ALL)
    assert block.contains(text_to_point("172.17.0.255"), TCP, 80)
    assert not block.contains(text_to_point("172.17.1.0"), TCP, 80)
    assert not block.contains(text_to_point("172.17.1.255"), SCTP, 80)
    assert block.contains(text_to_point("172.17.2.0"), UDP, 80)


def test_the_first_difference_can_be_sent() -> None:
    assert Traffic.ALL.first_difference(Traffic.NONE) == (0, TCP, 1, True)
    assert Traffic.of(TEN, WEB).first_difference(Traffic.of(TEN, DNS)) == (TEN.min, TCP, 80, True)
    assert Traffic.of(TEN, DNS).first_difference(Traffic.of(TEN, DNS | WEB)) == (TEN.min, TCP, 80, False)
    assert Traffic.ALL.first_difference(Traffic.ALL) is None


def test_traffic_prints_its_boxes() -> None:
    traffic = Traffic.from_terms([(TEN, WEB), (LAN, WEB), (AddressSet.from_cidr("::1"), DNS)])
    assert str(traffic) == "10.0.0.0/8, 192.168.0.0/16: TCP 80; ::1: UDP 53"
    assert repr(traffic) == f"<Traffic {traffic}>"
    assert str(Traffic.NONE) == "none"


@pytest.mark.parametrize("mixing", [*OPERATIONS, *COMPARISONS[:4]])
def test_traffic_combines_with_traffic_alone(mixing: Callable[[object, object], object]) -> None:
    with pytest.raises(TypeError):
        mixing(Traffic.ALL, TEN)
    with pytest.raises(TypeError):
        mixing(WEB, Traffic.ALL)
    assert Traffic.NONE != PortSet.NONE


def test_terms_are_addresses_with_ports() -> None:
    with pytest.raises(TypeError):
        Traffic.from_terms([(WEB, TEN)])  # type: ignore[list-item]


def test_traffic_cannot_be_changed() -> None:
    for name in ("pieces", "addresses", "anything"):
        with pytest.raises(AttributeError):
            setattr(Traffic.ALL, name, 3)


def test_traffic_survives_pickling() -> None:
    assert pickle.loads(pickle.dumps(Traffic.of(TEN, WEB))) == Traffic.of(TEN, WEB)


def test_a_hundred_terms_with_a_hundred_thousand_addresses() -> None:
    """A scale at which an algorithm that is quadratic in terms or addresses would not end."""
    some = [(AddressSet.of(*range(2 * i, 200_000, 200)), PortSet.tcp(i + 1)) for i in range(100)]
    traffic = Traffic.from_terms(some)
    assert len(traffic.steps) == 100_000
    assert traffic.boxes() == tuple(some)
    assert traffic - Traffic.from_terms(some[:-1]) == Traffic.of(*some[-1])
