"""Random sets over small stretches of each line, with the Python sets that they must equal.

A stretch is chosen where something happens: where IPv4 ends and IPv6 begins, and between two protocols.
"""

from __future__ import annotations

from typing import TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from haechi.sets import TCP, AddressSet, IntervalSet, PortSet, Traffic

SPAN = 24
STARTS: dict[type[IntervalSet], int] = {
    IntervalSet: 0,
    AddressSet: 2**32 - SPAN // 2,
    PortSet: (TCP + 1) * 65536 - SPAN // 2,
}
ADDRESSES = range(STARTS[AddressSet], STARTS[AddressSet] + SPAN)
PORTS = range(STARTS[PortSet], STARTS[PortSet] + SPAN)

T = TypeVar("T", bound=IntervalSet)
Terms = list[tuple[AddressSet, PortSet]]

# The machine may be busy: no deadline, no complaint about slow generation.
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
few = settings(unhurried, max_examples=25)

types = st.sampled_from([IntervalSet, AddressSet, PortSet])


def sets(kind: type[T]) -> st.SearchStrategy[T]:
    """Sets on the stretch of their type."""
    start = STARTS[kind]
    ends = st.tuples(st.integers(start, start + SPAN - 1), st.integers(start, start + SPAN - 1))
    return st.lists(ends.map(lambda pair: (min(pair), max(pair))), max_size=12).map(kind)


def points(value: IntervalSet) -> frozenset[int]:
    """The points of a small set, read from its intervals."""
    return frozenset(point for first, last in value.intervals for point in range(first, last + 1))


pairs = types.flatmap(lambda kind: st.tuples(sets(kind), sets(kind)))
triples = types.flatmap(lambda kind: st.tuples(sets(kind), sets(kind), sets(kind)))

address_sets = sets(AddressSet)
port_sets = sets(PortSet)
terms: st.SearchStrategy[Terms] = st.lists(st.tuples(address_sets, port_sets), max_size=5)
traffics = terms.map(Traffic.from_terms)

wide_address_sets = st.lists(
    st.one_of(
        st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1)),
        st.tuples(st.integers(2**32, 2**32 + 2**128 - 1), st.integers(2**32, 2**32 + 2**128 - 1)),
    ).map(lambda pair: (min(pair), max(pair))),
    max_size=6,
).map(AddressSet)
