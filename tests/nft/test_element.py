"""Intervals are printed as prefixes where they are some."""

from __future__ import annotations

import pytest

from haechi.nft import DataType, Element, ipv4, port
from haechi.nft.element import print_interval


@pytest.mark.parametrize(
    ("first", "last", "shown"),
    [
        (0, 0, "0.0.0.0"),
        (0, 1, "0.0.0.0/31"),
        (1, 2, "0.0.0.1-0.0.0.2"),
        (0, 2, "0.0.0.0-0.0.0.2"),
        (4, 7, "0.0.0.4/30"),
    ],
)
def test_intervals_of_addresses(first: int, last: int, shown: str) -> None:
    assert print_interval(DataType.IPV4_ADDR, ipv4(first), ipv4(last)) == shown


def test_intervals_of_numbers_are_never_prefixes() -> None:
    assert print_interval(DataType.INET_SERVICE, port(0), port(1)) == "0-1"
    assert print_interval(DataType.IPV4_ADDR, ipv4(0), ipv4(1), prefix=False) == "0.0.0.0-0.0.0.1"


def test_an_element_is_a_single_value_unless_it_says_otherwise() -> None:
    assert Element(b"\1") == (b"\1", None, None)
