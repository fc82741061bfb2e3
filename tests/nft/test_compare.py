"""Comparisons take values of their load's type, in an order that the load has."""

from __future__ import annotations

import pytest

from haechi.nft import (
    Compare,
    Ct,
    CtKey,
    CtState,
    CtStatus,
    HasState,
    HasStatus,
    InRange,
    Meta,
    MetaKey,
    NounError,
    Operator,
    interface,
    mark,
    port,
    protocol,
)
from tests.nft.examples import L4PROTO, SERVER_PORT

MARK = Meta(MetaKey.MARK)
IIFNAME = Meta(MetaKey.IIFNAME)


@pytest.mark.parametrize(
    ("expression", "shown"),
    [
        (Compare(L4PROTO, Operator.EQ, protocol(6)), "meta l4proto tcp"),
        (Compare(SERVER_PORT, Operator.GE, port(80)), "ct reply proto-src >= 80"),
        (Compare(MARK, Operator.NE, mark(7)), "meta mark != 0x00000007"),
        (Compare(IIFNAME, Operator.EQ, interface("lo")), 'iifname "lo"'),
        (InRange(L4PROTO, protocol(6), protocol(17), negated=True), "meta l4proto != 6-17"),
        (HasState(CtState.INVALID | CtState.UNTRACKED), "ct state invalid,untracked"),
        (HasStatus(CtStatus.SEEN_REPLY, negated=True), "ct status ! seen-reply"),
    ],
)
def test_comparisons_are_printed(expression: Compare | InRange | HasState | HasStatus, shown: str) -> None:
    assert str(expression) == shown


def test_a_value_of_another_width_is_refused() -> None:
    with pytest.raises(NounError):
        Compare(SERVER_PORT, Operator.EQ, b"\1")


@pytest.mark.parametrize("load", [MARK, IIFNAME])
def test_what_the_kernel_keeps_in_its_own_order_is_not_ordered(load: Meta) -> None:
    value = mark(1) if load == MARK else interface("lo")
    with pytest.raises(NounError, match="cannot be ordered"):
        Compare(load, Operator.LT, value)
    with pytest.raises(NounError, match="cannot be ordered"):
        InRange(load, value, value)


@pytest.mark.parametrize("key", [CtKey.STATE, CtKey.STATUS])
def test_states_are_no_numbers(key: CtKey) -> None:
    with pytest.raises(NounError, match="consists of bits"):
        Compare(Ct(key), Operator.EQ, bytes(4))


@pytest.mark.parametrize(("first", "last"), [(1, 1), (2, 1)])
def test_a_range_has_two_values_or_more(first: int, last: int) -> None:
    with pytest.raises(NounError, match="above"):
        InRange(SERVER_PORT, port(first), port(last))


@pytest.mark.parametrize("states", [CtState(0), CtState(16)])
def test_states_are_known_and_some(states: CtState) -> None:
    with pytest.raises(NounError):
        HasState(states)


def test_status_bits_are_known_and_some() -> None:
    for bits in (CtStatus(0), CtStatus(64)):
        with pytest.raises(NounError):
            HasStatus(bits)


@pytest.mark.parametrize("bits", [0x80, 0x82, 1 << 31])
def test_an_unknown_state_beside_known_ones_is_refused(bits: int) -> None:
    """It would vanish from the print, and the rule would load as another one."""
    with pytest.raises(NounError):
        HasState(CtState(bits))
