"""Values are printed in nft's notation and read back."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haechi.nft import DataType, DecodeError, NounError, concatenate, interface, ipv4, ipv6, mark, port, protocol
from tests.nft.examples import SAMPLES
from tests.nft.strategies import values

TYPES = list(SAMPLES)


@given(st.sampled_from(TYPES).flatmap(lambda each: st.tuples(st.just(each), values(each))))
def test_what_is_printed_is_read(pair: tuple[DataType, bytes]) -> None:
    type_, value = pair
    assert type_.parse(type_.print(value)) == value
    assert type_.from_kernel(type_.to_kernel(value)) == value


@given(st.integers(0, (1 << 32) - 1))
def test_ipv4_addresses_are_printed_as_everybody_does(address: int) -> None:
    assert DataType.IPV4_ADDR.print(ipv4(address)) == str(IPv4Address(address))


@given(st.integers(0, (1 << 128) - 1) | st.integers(0, 1 << 34).map(lambda low: (0xFFFF << 32) + low))
def test_ipv6_addresses_are_printed_without_dots(address: int) -> None:
    shown = DataType.IPV6_ADDR.print(ipv6(address))
    assert IPv6Address(shown) == IPv6Address(address)
    assert "." not in shown


@pytest.mark.parametrize(
    ("type_", "value", "shown"),
    [
        (DataType.INET_PROTO, protocol(6), "tcp"),
        (DataType.INET_PROTO, protocol(58), "icmpv6"),
        (DataType.INET_PROTO, protocol(255), "255"),
        (DataType.INET_SERVICE, port(80), "80"),
        (DataType.MARK, mark(0xBEEF), "0x0000beef"),
        (DataType.ICMP_TYPE, b"\x08", "echo-request"),
        (DataType.ICMPV6_TYPE, b"\x87", "nd-neighbor-solicit"),
        (DataType.IFNAME, interface("eth0"), '"eth0"'),
        (DataType.NF_PROTO, b"\x0a", "ipv6"),
        (DataType.CT_DIR, b"\x01", "reply"),
    ],
)
def test_values_are_printed_in_words(type_: DataType, value: bytes, shown: str) -> None:
    assert type_.print(value) == shown


def test_the_ends_of_a_range_are_numbers() -> None:
    assert DataType.INET_PROTO.print(protocol(6), numeric=True) == "6"


@pytest.mark.parametrize("type_", DataType)
def test_a_value_of_another_width_is_refused(type_: DataType) -> None:
    with pytest.raises(NounError):
        type_.check("test", bytes(type_.width + 1))
    with pytest.raises(DecodeError):
        type_.from_kernel(bytes(type_.width + 1))


@pytest.mark.parametrize("name", ["", "eth*", "a b", 'e"', "x" * 16, "a/b", "eth\n"])
def test_impossible_interface_names_are_refused(name: str) -> None:
    with pytest.raises(NounError):
        DataType.IFNAME.check("test", name.encode().ljust(16, b"\0"))


@pytest.mark.parametrize(
    ("type_", "text"),
    [
        (DataType.IPV4_ADDR, "1.2.3"),
        (DataType.IPV6_ADDR, "1.2.3.4"),
        (DataType.INET_PROTO, "256"),
        (DataType.INET_SERVICE, "-1"),
        (DataType.INET_SERVICE, "http"),
        (DataType.MARK, "0x123456789"),
        (DataType.IFNAME, '"ä"'),
        (DataType.IPV4_ADDR, "１.2.3.4"),
    ],
)
def test_what_is_no_value_is_refused(type_: DataType, text: str) -> None:
    with pytest.raises(NounError):
        type_.parse(text)


def test_fields_of_a_concatenation_are_padded_to_four_bytes() -> None:
    assert concatenate(protocol(6), port(80), ipv4(1)) == b"\6\0\0\0" + b"\0\x50\0\0" + b"\0\0\0\1"
