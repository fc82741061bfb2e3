"""Rules that nft would not load again as they are are refused."""

from __future__ import annotations

import pytest

from haechi.nft import (
    ACCEPT,
    Chain,
    Compare,
    Ct,
    CtDirection,
    CtKey,
    Expression,
    Family,
    InRange,
    Lookup,
    NounError,
    Operator,
    Payload,
    PayloadField,
    Reject,
    RejectKind,
    Rule,
    VerdictMap,
    ipv4,
    ipv6,
    port,
    protocol,
)
from haechi.nft.attributes import Fields
from tests.nft.examples import CLIENT, IPV4, IPV6, L4PROTO, RULESETS, SERVER_PORT, TCP

SADDR = Compare(Payload(PayloadField.IP_SADDR), Operator.EQ, ipv4(1))
DADDR = Compare(Payload(PayloadField.IP_DADDR), Operator.EQ, ipv4(1))
SERVER6 = Compare(Ct(CtKey.SADDR_IP6, CtDirection.REPLY), Operator.EQ, ipv6(1))
PORTS = Compare(SERVER_PORT, Operator.GE, port(1))
PING = Compare(Payload(PayloadField.ICMP_TYPE), Operator.EQ, b"\x08")
ICMP = Compare(L4PROTO, Operator.EQ, protocol(1))


@pytest.mark.parametrize(
    ("expressions", "reason"),
    [
        ((SADDR,), "needs 'meta nfproto ipv4'"),
        ((IPV6, SADDR), "needs 'meta nfproto ipv4'"),
        ((IPV4, PING), "needs 'meta l4proto icmp'"),
        ((ICMP, PING), "needs 'meta nfproto ipv4'"),
        ((PORTS,), "needs 'meta l4proto' tcp"),
        ((ICMP, PORTS), "needs 'meta l4proto' tcp"),
        ((Reject(RejectKind.TCP_RESET),), "needs 'meta l4proto tcp'"),
        ((IPV4, SERVER6), "another family"),
        ((Compare(CLIENT, Operator.EQ, ipv4(1)), SERVER6), "another family"),
        ((Lookup((CLIENT, SERVER6.load), "s"),), "another family"),
        ((TCP, ICMP), "was compared before"),
        ((IPV4, SADDR, DADDR), "nft merges these comparisons"),
        ((TCP, PORTS, Compare(SERVER_PORT, Operator.LE, port(9))), "is a range"),
    ],
)
def test_what_nft_would_not_load_again_is_refused(expressions: tuple[Expression, ...], reason: str) -> None:
    with pytest.raises(NounError, match=reason):
        Rule(expressions).check(Family.INET)


@pytest.mark.parametrize(
    ("expressions", "family"),
    [
        ((IPV4, SADDR), Family.INET),
        ((SADDR,), Family.IP),
        ((ICMP, PING), Family.IP),
        ((TCP, PORTS), Family.INET),
        ((TCP, InRange(SERVER_PORT, port(1), port(9))), Family.INET),
    ],
)
def test_what_nft_would_load_again_is_taken(expressions: tuple[Expression, ...], family: Family) -> None:
    Rule(expressions).check(family)


@pytest.mark.parametrize(
    "expressions",
    [(), (ACCEPT, TCP), (VerdictMap((CLIENT,), "m"), ACCEPT)],
    ids=["nothing", "after a verdict", "after a vmap"],
)
def test_a_rule_does_something_and_then_ends(expressions: tuple[Expression, ...]) -> None:
    with pytest.raises(NounError):
        Rule(expressions)


def _chains() -> list[Chain]:
    return [chain for ruleset in RULESETS.values() for chain in ruleset.chains.values()]


def test_every_example_is_read_as_written() -> None:
    for chain in _chains():
        for rule in chain.rules:
            assert Rule.decode(Fields(rule.encode("haechi", chain.name), "rule")) == rule


def test_a_rule_is_printed_with_its_comment() -> None:
    assert str(Rule((TCP, ACCEPT), "web")) == 'meta l4proto tcp accept comment "web"'
