"""The two families divide the line of addresses between them."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

from hypothesis import given
from hypothesis import strategies as st

from haechi.dataplane.family import FAMILIES, IPV4, IPV6, family_of
from haechi.sets import AddressSet, text_to_point

points = st.one_of(st.integers(0, (1 << 32) - 1), st.integers(1 << 32, (1 << 32) + (1 << 128) - 1))


@given(points)
def test_every_address_is_of_exactly_one_family(address: int) -> None:
    assert [family for family in FAMILIES if family.holds(address)] == [family_of(address)]
    assert AddressSet.of(address) <= family_of(address).every


@given(st.ip_addresses())
def test_a_key_is_the_address_in_network_order(address: IPv4Address | IPv6Address) -> None:
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    found = mapped or address  # a mapped address is the IPv4 address that it holds
    family = IPV4 if found.version == 4 else IPV6
    assert family.key(text_to_point(str(address))) == found.packed


@given(st.lists(points))
def test_keys_are_those_of_the_family_in_their_order(addresses: list[int]) -> None:
    for family in FAMILIES:
        assert family.keys(addresses) == [family.key(each) for each in addresses if family.holds(each)]


def test_a_family_is_what_the_kernel_calls_it() -> None:
    assert [(each.number, each.nfproto, str(each.type), each.type.width) for each in FAMILIES] == [
        (4, b"\x02", "ipv4_addr", 4),
        (6, b"\x0a", "ipv6_addr", 16),
    ]
    for each in FAMILIES:
        assert {each.ct.type, each.source.type, each.destination.type} == {each.type}
