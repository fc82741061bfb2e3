"""Addresses of nodes and witnesses: none is used twice, and all can be used by the kernel."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haechi.analysis.cluster import UNUSABLE
from haechi.lab.addresses import NODE_NETWORKS, FreeAddresses
from haechi.lab.topology import usable
from haechi.sets import AddressSet, point_to_text, text_to_point

SMALL = IPv4Network("192.0.2.0/29")
cidrs = st.one_of(
    st.ip_addresses(v=4).flatmap(lambda a: st.integers(0, 32).map(lambda n: IPv4Network((int(a), n), strict=False))),
    st.ip_addresses(v=6).flatmap(lambda a: st.integers(0, 128).map(lambda n: IPv6Network((int(a), n), strict=False))),
).map(str)


def test_addresses_come_in_order_without_those_that_are_taken() -> None:
    addresses = FreeAddresses(["198.18.0.2", "fd00:198:18::1"])
    assert [addresses.next(NODE_NETWORKS) for _ in range(2)] == [
        ("198.18.0.1", "fd00:198:18::2"),
        ("198.18.0.3", "fd00:198:18::3"),
    ]


def test_no_address_comes_twice_whoever_asks() -> None:
    addresses = FreeAddresses([])
    within = AddressSet.from_cidr(str(SMALL))
    found = [addresses.next([SMALL])[0], addresses.within(within), addresses.next([SMALL])[0], addresses.within(within)]
    assert len(set(found)) == 4


def test_a_network_that_is_used_up_is_an_error() -> None:
    addresses = FreeAddresses(["192.0.2.3"])
    given = [addresses.next([SMALL])[0] for _ in range(5)]
    assert given == ["192.0.2.1", "192.0.2.2", "192.0.2.4", "192.0.2.5", "192.0.2.6"]
    with pytest.raises(ValueError, match=r"192\.0\.2\.0/29 has no free address left"):
        addresses.next([SMALL])


def test_the_networks_of_nodes_are_usable() -> None:
    assert AddressSet.from_cidrs(map(str, NODE_NETWORKS)).isdisjoint(UNUSABLE)
    assert [network.version for network in NODE_NETWORKS] == [4, 6]


@pytest.mark.parametrize(
    ("region", "address"),
    [
        ("0.0.0.0/0", "192.0.2.1"),
        ("::/0", "2001:db8::1"),
        ("203.0.113.7/32", "203.0.113.7"),
        ("10.0.0.0/8", "10.0.0.1"),
        ("0.0.0.0/8", "0.0.0.2"),
        ("240.0.0.0/4", "240.0.0.1"),
        ("128.0.0.0/1", "192.0.2.1"),
        ("10.0.0.4/31", "10.0.0.5"),
        ("169.254.1.0/30", "169.254.1.0"),
        ("127.0.0.0/8", None),
        ("224.0.0.0/4", None),
        ("255.255.255.255/32", None),
        ("::1/128", None),
        ("fe80::/10", None),
        ("ff00::/8", None),
    ],
)
def test_a_region_gives_the_best_that_it_has(region: str, address: str | None) -> None:
    assert FreeAddresses([]).within(AddressSet.from_cidr(region)) == address


def test_a_region_gives_what_is_left_until_nothing_is() -> None:
    addresses = FreeAddresses(["10.0.0.1"])
    region = AddressSet.from_cidr("10.0.0.0/30")
    assert [addresses.within(region) for _ in range(4)] == ["10.0.0.2", "10.0.0.3", "10.0.0.0", None]


@given(st.lists(cidrs, min_size=1, max_size=4), st.lists(st.ip_addresses().map(str), max_size=5))
def test_what_a_region_gives_is_in_it_free_and_usable(region: list[str], taken: list[str]) -> None:
    addresses = FreeAddresses(taken)
    wanted = AddressSet.from_cidrs(region)
    present = {text_to_point(text) for text in taken}
    for _ in range(4):
        found = addresses.within(wanted)
        if found is None:
            assert len(wanted - UNUSABLE - AddressSet.of(*present)) == 0
            return
        assert usable(found)
        assert text_to_point(found) in wanted
        assert text_to_point(found) not in present
        present.add(text_to_point(found))


# `UNUSABLE` and `usable` say one thing, once as a set and once of a text.

edges = sorted({point for ends in UNUSABLE.intervals for end in ends for point in (end - 1, end, end + 1)})


def is_usable(point: int) -> bool:
    """`usable` of the address as it is, although the line of addresses has IPv4-mapped ones twice."""
    return usable(point_to_text(point))


@pytest.mark.parametrize("point", [each for each in edges if 0 <= each < (1 << 32) + (1 << 128)])
def test_both_ways_to_say_what_is_usable_agree_at_every_edge(point: int) -> None:
    assert is_usable(point) is (point not in UNUSABLE)


@given(st.ip_addresses())
def test_both_ways_to_say_what_is_usable_agree_anywhere(address: object) -> None:
    found = ip_address(str(address))
    point = int(found) if found.version == 4 else (1 << 32) + int(found)
    assert usable(str(found)) is (point not in UNUSABLE)
