"""Dividing packets gives what the algebra of sets gives."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from haechi.sets import AddressSet, PortSet, Traffic
from haechi.verify.packets import split_ports, split_traffic

PORTS = st.sampled_from(
    [PortSet.ALL, PortSet.tcp(80), PortSet.tcp(1, 100), PortSet.udp(53), PortSet.protocol(6), PortSet.protocol(1)]
)
SPANS = st.tuples(st.integers(0, 30), st.integers(0, 4)).map(lambda span: (span[0], span[0] + span[1]))
ADDRESSES = st.lists(SPANS, min_size=1, max_size=14).map(AddressSet) | st.just(AddressSet.ALL)
TRAFFIC = st.lists(st.tuples(ADDRESSES, PORTS), max_size=4).map(Traffic.from_terms) | st.just(Traffic.ALL)


@given(TRAFFIC, TRAFFIC)
def test_divided_traffic_is_the_intersection_and_the_difference(traffic: Traffic, other: Traffic) -> None:
    steps = other.steps
    for flat in (None, *(steps if len(steps) == 1 else ())):
        inside, outside = split_traffic(traffic, other, flat)
        assert inside == traffic & other
        assert outside == traffic - other
        assert outside or inside is traffic
        assert inside or outside is traffic or not traffic


@given(ADDRESSES, PORTS, ADDRESSES, PORTS)
def test_so_is_traffic_divided_by_one_box(
    addresses: AddressSet, ports: PortSet, more: AddressSet, some: PortSet
) -> None:
    traffic, other = Traffic.of(addresses, ports), Traffic.of(AddressSet([(more.min, more.max)]), some)
    assert split_traffic(traffic, other, other.steps[0]) == (traffic & other, traffic - other)


@given(PORTS, PORTS)
def test_parted_ports_are_the_intersection_and_the_difference(ports: PortSet, others: PortSet) -> None:
    assert split_ports(ports, others) == (ports & others, ports - others)
