"""Protocols and ports to points of the line and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haechi.sets import ICMP, ICMPV6, SCTP, TCP, UDP, InvalidPort, PortSet, port_point
from tests.sets.strategies import port_sets, unhurried

wide_port_sets = st.lists(
    st.tuples(st.integers(0, 2**24 - 1), st.integers(0, 2**24 - 1)).map(lambda pair: (min(pair), max(pair))), max_size=5
).map(PortSet)


def test_a_port_lies_within_its_protocol() -> None:
    assert port_point(TCP, 80) == 6 * 65536 + 80
    assert PortSet.tcp(80) == PortSet.port(TCP, 80) == PortSet.of(port_point(TCP, 80))
    assert PortSet.udp(53, 60) == PortSet.port(UDP, 53, 60)
    assert PortSet.sctp(1, 65535) < PortSet.protocol(SCTP)


def test_equal_port_numbers_of_two_protocols_differ() -> None:
    assert PortSet.tcp(80).isdisjoint(PortSet.udp(80))
    assert PortSet.tcp(80).isdisjoint(PortSet.sctp(80))


def test_the_last_port_of_one_protocol_and_the_first_of_the_next_touch() -> None:
    six_and_seven = PortSet.protocol(6) | PortSet.protocol(7)
    assert len(six_and_seven.intervals) == 1
    assert six_and_seven.parts() == ((6, 0, 65535), (7, 0, 65535))


@pytest.mark.parametrize("protocol", [ICMP, ICMPV6, 47])
def test_a_protocol_without_ports_is_held_as_a_whole(protocol: int) -> None:
    whole = PortSet.protocol(protocol)
    assert len(whole) == 65536
    assert all(whole.contains(protocol, port) for port in (0, 1, 65535))
    with pytest.raises(InvalidPort, match="this protocol has no ports"):
        PortSet.port(protocol, 80)


@pytest.mark.parametrize(
    ("protocol", "first", "last", "facts"),
    [
        (TCP, -1, None, (TCP, -1, "ports have 16 bits")),
        (TCP, 65536, None, (TCP, 65536, "ports have 16 bits")),
        (TCP, 1, 65536, (TCP, 65536, "ports have 16 bits")),
        (TCP, 2, 1, (TCP, 2, "the first port is above the last, 1")),
        (-1, 1, None, (-1, None, "protocol numbers have 8 bits")),
        (256, 1, None, (256, None, "protocol numbers have 8 bits")),
    ],
)
def test_an_impossible_port_is_refused(
    protocol: int, first: int, last: int | None, facts: tuple[int, int | None, str]
) -> None:
    with pytest.raises(InvalidPort) as caught:
        PortSet.port(protocol, first, last)
    assert (caught.value.protocol, caught.value.port, caught.value.reason) == facts
    assert str(caught.value).endswith(facts[2])


def test_everything_holds_every_protocol() -> None:
    assert PortSet.ALL.size == 2**24
    assert len(PortSet.ALL.parts()) == 256
    assert PortSet.union_all(PortSet.protocol(number) for number in range(256)) == PortSet.ALL


@unhurried
@given(st.one_of(port_sets, wide_port_sets))
def test_parts_make_up_the_set(value: PortSet) -> None:
    rebuilt = PortSet([(port_point(number, first), port_point(number, last)) for number, first, last in value.parts()])
    assert rebuilt == value
    assert list(value.parts()) == sorted(value.parts())


@unhurried
@given(st.one_of(port_sets, wide_port_sets).filter(bool))
def test_a_witness_is_in_the_set(value: PortSet) -> None:
    protocol, port = value.witness()
    assert value.contains(protocol, port)


@pytest.mark.parametrize(
    ("value", "witness"),
    [
        (PortSet.ALL, (TCP, 1)),
        (PortSet.protocol(TCP), (TCP, 1)),
        (PortSet.ALL - PortSet.protocol(TCP), (UDP, 1)),
        (PortSet.protocol(ICMP) | PortSet.sctp(7), (SCTP, 7)),
        (PortSet.protocol(47) | PortSet.protocol(ICMPV6), (ICMPV6, 0)),
        (PortSet.tcp(0), (TCP, 0)),
        (PortSet.protocol(47), (47, 0)),
    ],
)
def test_a_witness_can_be_sent_if_any_packet_of_the_set_can(value: PortSet, witness: tuple[int, int]) -> None:
    assert value.witness() == witness


def test_the_empty_set_has_no_witness() -> None:
    with pytest.raises(ValueError, match="empty"):
        PortSet.NONE.witness()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (PortSet.NONE, "none"),
        (PortSet.ALL, "everything"),
        (PortSet.tcp(80) | PortSet.udp(53, 60) | PortSet.protocol(SCTP), "TCP 80, UDP 53-60, all of SCTP"),
        (PortSet.protocol(ICMP) | PortSet.protocol(ICMPV6), "all of ICMP, all of ICMPv6"),
        (PortSet.protocol(47), "all of protocol 47"),
        (PortSet.tcp(80) | PortSet.tcp(82), "TCP 80, TCP 82"),
        (PortSet.ALL - PortSet.tcp(25),
         "all of protocols 0-5, TCP 0-24, TCP 26-65535, all of protocols 7-255"),
        (PortSet.tcp(65535) | PortSet.protocol(7) | PortSet([(8 * 65536, 8 * 65536)]),
         "TCP 65535, all of protocol 7, protocol 8 0"),
    ],
)  # fmt: skip
def test_a_set_prints_as_people_say_it(value: PortSet, text: str) -> None:
    assert str(value) == text
