"""An independent prover judges the algebra on whole lines, for every point and packet, not on samples of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import z3  # type: ignore[import-untyped]
from hypothesis import given

from haechi.sets import AddressSet, PortSet, Traffic
from tests.sets.strategies import few, terms, traffics, wide_address_sets

if TYPE_CHECKING:
    from haechi.sets import IntervalSet
    from tests.sets.strategies import Terms

ADDRESS, PORT = z3.Ints("address port")


def within(point: z3.ArithRef, value: IntervalSet) -> z3.BoolRef:
    return z3.Or([z3.And(first <= point, last >= point) for first, last in value.intervals])


def allows(traffic: Traffic) -> z3.BoolRef:
    return z3.Or(
        [z3.And(first <= ADDRESS, last >= ADDRESS, within(PORT, ports)) for first, last, ports in traffic.steps]
    )


def box(addresses: AddressSet, ports: PortSet) -> z3.BoolRef:
    return z3.And(within(ADDRESS, addresses), within(PORT, ports))


def proved(claim: z3.BoolRef) -> bool:
    solver = z3.Solver()
    solver.add(z3.Not(claim))
    return bool(solver.check() == z3.unsat)


@few
@given(wide_address_sets, wide_address_sets)
def test_set_operations_are_the_logical_ones(a: AddressSet, b: AddressSet) -> None:
    p, q = within(ADDRESS, a), within(ADDRESS, b)
    assert proved(within(ADDRESS, a | b) == z3.Or(p, q))
    assert proved(within(ADDRESS, a & b) == z3.And(p, q))
    assert proved(within(ADDRESS, a - b) == z3.And(p, z3.Not(q)))
    assert proved(within(ADDRESS, a ^ b) == z3.Xor(p, q))
    assert proved(z3.Implies(p, q)) == (a <= b)
    assert proved(p == q) == (a == b)


@few
@given(traffics, traffics)
def test_traffic_operations_are_the_logical_ones(a: Traffic, b: Traffic) -> None:
    p, q = allows(a), allows(b)
    assert proved(allows(a | b) == z3.Or(p, q))
    assert proved(allows(a & b) == z3.And(p, q))
    assert proved(allows(a - b) == z3.And(p, z3.Not(q)))
    assert proved(z3.Implies(p, q)) == (a <= b)
    assert proved(p == q) == (a == b)


@few
@given(terms)
def test_terms_are_a_disjunction_of_boxes(some: Terms) -> None:
    assert proved(allows(Traffic.from_terms(some)) == z3.Or([box(addresses, ports) for addresses, ports in some]))


@pytest.mark.parametrize("traffic", [Traffic.ALL, Traffic.ALL - Traffic.of(AddressSet.V4, PortSet.tcp(80))])
def test_the_prover_would_notice_a_wrong_piece(traffic: Traffic) -> None:
    wrong = traffic ^ Traffic.of(AddressSet.of(2**32 + 2**128 - 1), PortSet.of(2**24 - 1))
    assert not proved(allows(traffic) == allows(wrong))
