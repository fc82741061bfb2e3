"""Addresses, CIDRs and ranges to points of the line and back."""

from __future__ import annotations

from ipaddress import ip_address as ip
from ipaddress import ip_network, summarize_address_range

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haechi.sets import AddressError, AddressSet, point_to_text, text_to_point
from tests.sets.strategies import address_sets, unhurried, wide_address_sets

V6 = 2**32


@pytest.mark.parametrize(
    ("text", "point"),
    [
        ("0.0.0.0", 0),
        ("10.0.0.1", 10 * 2**24 + 1),
        ("255.255.255.255", 2**32 - 1),
        ("::", V6),
        ("::1", V6 + 1),
        ("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", V6 + 2**128 - 1),
        ("2001:db8::a:0:0:1", V6 + int(ip("2001:db8::a:0:0:1"))),
    ],
)
def test_addresses_lie_on_one_line(text: str, point: int) -> None:
    assert text_to_point(text) == point
    assert point_to_text(point) == text


@unhurried
@given(st.ip_addresses())
def test_every_address_agrees_with_ipaddress(address: object) -> None:
    value = ip(str(address))
    mapped = value.ipv4_mapped if value.version == 6 else None
    expected = int(mapped) if mapped else int(value) + (V6 if value.version == 6 else 0)
    assert text_to_point(str(value)) == expected
    assert text_to_point(value.exploded) == expected


@unhurried
@given(st.integers(0, V6 + 2**128 - 1))
def test_every_point_has_a_text(point: int) -> None:
    value = ip(point_to_text(point))
    assert int(value) == (point - V6 if value.version == 6 else point)


@pytest.mark.parametrize("point", [-1, V6 + 2**128])
def test_no_address_lies_beyond_the_line(point: int) -> None:
    with pytest.raises(ValueError, match="no address at"):
        point_to_text(point)


@pytest.mark.parametrize(
    ("stored", "plain"),
    [
        ("10.0.0.5/8", "10.0.0.0/8"),
        ("010.000.00.1/08", "10.0.0.0/8"),
        ("192.168.1.77/0", "0.0.0.0/0"),
        ("2001:db8::77/32", "2001:db8::/32"),
        ("2001:0db8:0:0:0:0:0:0/0032", "2001:db8::/32"),
        ("::ffff:10.1.2.3/104", "10.0.0.0/8"),
        ("::ffff:010.001.2.3", "10.1.2.3"),
        ("::ffff:10.1.2.3/96", "0.0.0.0/0"),
        ("::ffff:10.1.2.3/80", "::/80"),
        ("::10.0.0.1/128", "::a00:1"),
        ("fe80::1/128", "fe80::1"),
        ("0.0.0.0/00", "0.0.0.0/0"),
    ],
)
def test_what_an_api_server_may_have_stored_is_read(stored: str, plain: str) -> None:
    """The non-strict parser keeps host bits, leading zeros and IPv4-mapped addresses; they mean the plain CIDR."""
    assert AddressSet.from_cidr(stored) == AddressSet.from_cidr(plain)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/",
        "/8",
        "10.0.0.0/",
        "10.0.0.0/33",
        "10.0.0.0/-1",
        "10.0.0.0/+8",
        "10.0.0.0/8/8",
        "10.0.0.0/8 ",
        " 10.0.0.0/8",
        "10.0.0.0/ 8",
        "10.0.0.0/255.0.0.0",
        "10.0.0/8",
        "10.0.0.0.0",
        "10.0.0.256",
        "10.0.0.0x1",
        "0x0a000001",
        "167772161",
        "10.0.0.-1",
        "10..0.1",
        "１０.0.0.1",
        "10.0.0.1/٨",
        "::/129",
        ":",
        ":::",
        "1::2::3",
        "12345::",
        "fe80::1%eth0",
        "fe80::1%eth0/64",
        "::ffff:1.2.3",
        "::ffff:10.0.0.256",
        "10.0.0.1\0",
        "10.0.0.1\n",
        "\ud800",
        "10.0.0.0/" + "9" * 10_000,
        "9" * 10_000 + ".0.0.1",
        "example.org",
    ],
)
def test_nonsense_is_refused(text: str) -> None:
    with pytest.raises(AddressError) as caught:
        AddressSet.from_cidr(text)
    assert caught.value.text == text
    assert caught.value.reason


@unhurried
@given(st.text(max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        value = AddressSet.parse(text)
    except AddressError:
        return
    assert AddressSet.parse(str(value)) == value


def test_the_error_keeps_its_facts() -> None:
    with pytest.raises(AddressError) as caught:
        AddressSet.from_cidr("10.0.0.0/33")
    assert (caught.value.text, caught.value.reason) == ("10.0.0.0/33", "the prefix length is above 32")
    assert str(caught.value) == "'10.0.0.0/33': the prefix length is above 32"


@unhurried
@given(st.ip_addresses(), st.data())
def test_a_cidr_holds_the_addresses_that_ipaddress_says(address: object, data: st.DataObject) -> None:
    width = ip(str(address)).max_prefixlen
    network = ip_network(f"{address}/{data.draw(st.integers(0, width))}", strict=False)
    first, last = text_to_point(str(network[0])), text_to_point(str(network[-1]))
    if network.version == 6 and (first < V6 or last < V6):
        return  # IPv4-mapped: has its own cases
    assert AddressSet.from_cidr(str(network)).intervals == ((first, last),)


def test_parse_reads_a_list() -> None:
    value = AddressSet.parse("10.0.0.0/8, 1.2.3.4-1.2.3.9,::1 , 2001:db8::/64")
    assert value == AddressSet.from_cidrs(["10.0.0.0/8", "::1", "2001:db8::/64"]) | AddressSet.from_range(
        "1.2.3.4", "1.2.3.9"
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("1.2.3.9-1.2.3.4", "the first address is above the last"),
        ("1.2.3.4-::1", "a range must stay within one family"),
        ("1.2.3.4-", "not an IP address"),
        ("1.2.3.4,", "not an IP address"),
        ("1.2.3.0/24-1.2.4.0/24", "not an IP address"),
        ("none,none", "not an IP address"),
    ],
)
def test_parse_refuses_what_is_no_list(text: str, reason: str) -> None:
    with pytest.raises(AddressError, match=reason):
        AddressSet.parse(text)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (AddressSet.NONE, "none"),
        (AddressSet.ALL, "0.0.0.0/0, ::/0"),
        (AddressSet.V4, "0.0.0.0/0"),
        (AddressSet.V6, "::/0"),
        (AddressSet.of(2**32 - 1, 2**32), "255.255.255.255, ::"),
        (AddressSet.from_cidr("10.0.0.7"), "10.0.0.7"),
        (AddressSet.from_range("10.0.0.0", "10.0.0.255"), "10.0.0.0/24"),
        (AddressSet.from_range("10.0.0.1", "10.0.0.255"), "10.0.0.1-10.0.0.255"),
        (AddressSet.from_cidr("172.17.0.0/16") - AddressSet.from_cidr("172.17.1.0/24"),
         "172.17.0.0/24, 172.17.2.0-172.17.255.255"),
    ],
)  # fmt: skip
def test_a_set_prints_as_people_write_it(value: AddressSet, text: str) -> None:
    assert str(value) == text
    assert repr(value) == f"AddressSet.parse({text!r})"


@unhurried
@given(st.one_of(address_sets, wide_address_sets))
def test_printing_and_parsing_are_inverse(value: AddressSet) -> None:
    assert AddressSet.parse(str(value)) == value
    if value:
        assert AddressSet.from_cidrs(value.cidrs()) == value


@unhurried
@given(st.one_of(address_sets, wide_address_sets))
def test_cidrs_are_the_fewest_that_cover_the_set(value: AddressSet) -> None:
    expected = []
    for part, origin, kind in ((value.v4, 0, "0.0.0.0"), (value.v6, V6, "::")):
        expected += [
            (network.network_address, network.prefixlen)
            for first, last in part.intervals
            for network in summarize_address_range(ip(kind) + (first - origin), ip(kind) + (last - origin))
        ]
    assert [
        (ip(address), int(prefix)) for address, _, prefix in (cidr.partition("/") for cidr in value.cidrs())
    ] == expected


def test_cidrs_of_everything() -> None:
    assert AddressSet.ALL.cidrs() == ("0.0.0.0/0", "::/0")
    assert AddressSet.of(1, V6 + 1).cidrs() == ("0.0.0.1/32", "::1/128")
    assert AddressSet.NONE.cidrs() == ()


@unhurried
@given(st.one_of(address_sets, wide_address_sets))
def test_families_part_the_set(value: AddressSet) -> None:
    assert value.v4 <= AddressSet.V4
    assert value.v6 <= AddressSet.V6
    assert value.v4 | value.v6 == value
    assert AddressSet.V4 | AddressSet.V6 == AddressSet.ALL
    assert AddressSet.V4.isdisjoint(AddressSet.V6)
