"""Ports in words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haechi.analysis.cluster.wording import port_ranges, ports_text
from haechi.sets import PortSet

PORTS = st.lists(
    st.tuples(st.sampled_from((6, 17, 132)), st.integers(1, 65535), st.integers(0, 300)).map(
        lambda drawn: PortSet.port(drawn[0], drawn[1], min(drawn[1] + drawn[2], 65535))
    ),
    max_size=6,
).map(PortSet.union_all)


@pytest.mark.parametrize(
    ("ports", "text"),
    [
        (PortSet.ALL, "everything"),
        (PortSet.NONE, "nothing"),
        (PortSet.tcp(80), "TCP 80 (http)"),
        (PortSet.tcp(80) | PortSet.tcp(443), "TCP 80 (http), 443"),
        (PortSet.tcp(80, 81), "TCP 80-81"),  # the name is of one port
        (PortSet.udp(53) | PortSet.tcp(443), "TCP 443; UDP 53 (dns)"),
        (PortSet.protocol(6), "all TCP"),
        (PortSet.protocol(6) | PortSet.protocol(1), "all ICMP; all TCP"),
        (PortSet.tcp(0, 80), "TCP 0-80"),
        (PortSet.sctp(7), "SCTP 7"),
    ],
)
def test_ports_in_words(ports: PortSet, text: str) -> None:
    assert ports_text(ports, {(6, 80): "http", (17, 53): "dns"}) == text


def test_a_name_cannot_break_out_of_its_line() -> None:
    assert ports_text(PortSet.tcp(80), {(6, 80): "a\nb\x1b[31m"}) == "TCP 80 (a\\nb\\x1b[31m)"


@given(PORTS)
def test_ranges_are_the_ports(ports: PortSet) -> None:
    numbers = {"TCP": 6, "UDP": 17, "SCTP": 132}
    ranges = [PortSet.port(numbers[word], first, last) for word, first, last in port_ranges(ports)]
    assert PortSet.union_all(ranges) == ports


@given(PORTS, PORTS)
def test_different_ports_have_different_words(one: PortSet, other: PortSet) -> None:
    assert (ports_text(one) == ports_text(other)) == (one == other)


def test_port_zero_goes_with_port_one_and_everything_is_any() -> None:
    assert port_ranges(PortSet.protocol(17)) == (("UDP", 1, 65535),)
    assert port_ranges(PortSet.ALL) == (("any", 1, 65535),)
    assert port_ranges(PortSet.protocol(47)) == (("47", 1, 65535),)
    assert port_ranges(PortSet.NONE) == ()
