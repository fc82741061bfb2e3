"""Addresses and blocks: Go's parser by example, and the standard library where both agree."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haechi.model import Cidr, CidrError, format_address, parse_address, parse_cidr

NETWORKS = st.one_of(
    st.builds(lambda a, n: f"{ipaddress.IPv4Address(a)}/{n}", st.integers(0, 2**32 - 1), st.integers(0, 32)),
    st.builds(lambda a, n: f"{ipaddress.IPv6Address(a)}/{n}", st.integers(2**64, 2**128 - 1), st.integers(0, 128)),
)


@given(NETWORKS)
def test_blocks_are_those_of_the_standard_library(text: str) -> None:
    """For texts without Go's leniencies."""
    network = ipaddress.ip_network(text, strict=False)
    cidr = parse_cidr(text)
    assert (cidr.family, cidr.first, cidr.last) == (
        network.version,
        int(network.network_address),
        int(network.broadcast_address),
    )
    assert cidr.standard
    assert cidr.canonical == str(network)
    assert cidr.has_host_bits == (str(ipaddress.ip_interface(text).ip) != str(network.network_address))


@given(st.integers(0, 2**128 - 1))
def test_addresses_are_those_of_the_standard_library(number: int) -> None:
    """Printed shortened and in full."""
    address = ipaddress.IPv6Address(number)
    if address.ipv4_mapped is None:
        assert parse_address(str(address)) == parse_address(address.exploded) == (6, number)
        assert format_address(6, number) == str(address)


@pytest.mark.parametrize(
    ("text", "family", "first", "length"),
    [
        ("010.0.0.0/8", 4, "10.0.0.0", 8),
        ("10.0.0.0/008", 4, "10.0.0.0", 8),
        ("0000000000010.1.2.3/32", 4, "10.1.2.3", 32),
        ("::ffff:10.0.0.0/104", 4, "10.0.0.0", 104),
        ("::ffff:0:0/96", 4, "0.0.0.0", 96),
        ("::ffff:10.0.0.0/95", 6, "::fffe:0:0", 95),
        ("1:2:3:4:5:6:1.2.3.4/128", 6, "1:2:3:4:5:6:102:304", 128),
        ("1::0000000000008/128", 6, "1::8", 128),
        ("::/0", 6, "::", 0),
        ("1:2:3:4:5:6:7::/128", 6, "1:2:3:4:5:6:7:0", 128),
        ("::2:3:4:5:6:7:8/128", 6, "0:2:3:4:5:6:7:8", 128),
    ],
)
def test_go_is_lenient_here(text: str, family: int, first: str, length: int) -> None:
    """Leading zeros are decimal; mapped addresses are IPv4."""
    cidr = parse_cidr(text)
    assert (cidr.family, cidr.length) == (family, length)
    assert cidr.first == int(ipaddress.ip_address(first))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/8",
        "10.0.0.0",
        "10.0.0.0/",
        "10.0.0.0/33",
        "10.0.0.0/-1",
        "10.0.0.0/+8",
        "10.0.0.0/8/8",
        "10.0.0.0/255.0.0.0",
        "10.0.0/8",
        "10.0.0.0.0/8",
        "256.0.0.0/8",
        "10.0.0.0x/8",
        " 10.0.0.0/8",
        "10.0.0.0/8\n",
        "10.0.0.0/٨",
        "١.0.0.0/8",
        "0x10.0.0.0/8",
        "10.0.0.0/999999999999999999999",
        "fe80::%eth0/64",
        "::/129",
        ":::/0",
        "1::2::3/64",
        ":1::/64",
        "1:/64",
        ":/0",
        "1:2:3:4:5:6:7/64",
        "1:2:3:4:5:6:7:8:9/64",
        "1:2:3:4:5:6:7:8::/64",
        "1:2:3:4::5:6:7:8/64",
        "12345::/64",
        "g::/64",
        "::1.2.3/64",
        "1.2.3.4::/64",
        "::1.2.3.4:5/64",
        "1:2:3:4:5:6:7:1.2.3.4/64",
    ],
)
def test_go_refuses_these(text: str) -> None:
    """Some of them are accepted by other parsers."""
    with pytest.raises(CidrError) as caught:
        parse_cidr(text)
    assert caught.value.text == text


@pytest.mark.parametrize(
    ("text", "standard"),
    [
        ("00ff::/64", True),
        ("000ff::/64", False),
        ("::ffff:1.2.3.4/128", False),
        ("::01.2.3.4/128", False),
        ("::/00", False),
    ],
)
def test_what_a_strict_server_would_not_take_is_told(text: str, standard: bool) -> None:
    """Groups of four digits are fine, even with zeros in front."""
    assert parse_cidr(text).standard is standard


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10.0.0.1", (4, 0x0A000001)),
        ("010.0.0.1", (4, 0x0A000001)),
        ("::ffff:10.0.0.1", (4, 0x0A000001)),
        ("::1", (6, 1)),
    ],
)
def test_an_address_is_a_family_and_a_number(text: str, expected: tuple[int, int]) -> None:
    """Mapped IPv4 is IPv4."""
    assert parse_address(text) == expected


@pytest.mark.parametrize(
    "text", ["", "10.0.0.1/32", "1.2.3", "fe80::1%eth0", "host", "10.0.0.1 ", "\x00", "1.2.3.4\x00"]
)
def test_no_address(text: str) -> None:
    """Neither names nor blocks nor zones."""
    with pytest.raises(CidrError):
        parse_address(text)


@given(st.text(alphabet="0123456789abcdef:./%", max_size=45))
def test_any_text_is_a_block_or_refused(text: str) -> None:
    """And what is read prints as a block that means the same."""
    try:
        cidr: Cidr | None = parse_cidr(text)
    except CidrError:
        cidr = None
    if cidr is not None:
        again = parse_cidr(cidr.canonical)
        assert (again.family, again.first, again.last) == (cidr.family, cidr.first, cidr.last)
        assert again.standard


@given(NETWORKS, st.integers(0, 2**32 - 1))
def test_a_block_contains_what_lies_between_its_ends(text: str, address: int) -> None:
    """Never an address of the other family."""
    cidr = parse_cidr(text)
    network = ipaddress.ip_network(text, strict=False)
    assert cidr.contains(4, address) == (ipaddress.IPv4Address(address) in network)
