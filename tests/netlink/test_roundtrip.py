"""Every noun × every way to and from the kernel.

noun ── encode ──▶ kernel ── decode ──▶ the same noun
noun ── print ──▶ nft -f ──▶ kernel ── decode ──▶ the same noun
noun ── encode ──▶ kernel ── nft list ──▶ nft -f ──▶ kernel ── decode ──▶ the same noun
commands of the transaction ──▶ nft -f ──▶ kernel ── decode ──▶ the same noun
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from enum import Enum, Flag

import pytest

import haechi.nft
from haechi.netlink import Nftables
from haechi.nft import Operation, Ruleset, Table, Transaction, Unknown, VerdictKind
from tests.netlink.namespace import in_namespace, in_user_namespace
from tests.netlink.tool import nft
from tests.nft.examples import RULESETS


def install(nftables: Nftables, ruleset: Ruleset) -> None:
    """Put a table into the kernel, whatever was there."""
    transaction = Transaction(ruleset.table)
    transaction.destroy_table()
    transaction.add_ruleset(ruleset)
    nftables.commit(transaction)


def read(nftables: Nftables, table: Table) -> Ruleset | None:
    return nftables.ruleset(table.name, table.family)


def encoded(nftables: Nftables, ruleset: Ruleset) -> None:
    install(nftables, ruleset)


def printed(nftables: Nftables, ruleset: Ruleset) -> None:
    nft("-f", "-", feed=str(ruleset))


def listed(nftables: Nftables, ruleset: Ruleset) -> None:
    install(nftables, ruleset)
    text = nft("list", "table", str(ruleset.table.family), ruleset.table.name)
    nft("delete", "table", str(ruleset.table.family), ruleset.table.name)
    nft("-f", "-", feed=text)


def commanded(nftables: Nftables, ruleset: Ruleset) -> None:
    transaction = Transaction(ruleset.table)
    transaction.destroy_table()
    transaction.add_ruleset(ruleset)
    nft("-f", "-", feed=str(transaction))


WAYS: dict[str, Callable[[Nftables, Ruleset], None]] = {
    "encode": encoded,
    "print": printed,
    "list": listed,
    "commands": commanded,
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", RULESETS)
@in_namespace
def test_what_comes_back_is_what_was_sent(name: str, way: str) -> None:
    ruleset = RULESETS[name]
    with Nftables() as nftables:
        WAYS[way](nftables, ruleset)
        assert str(read(nftables, ruleset.table)) == str(ruleset)
        assert read(nftables, ruleset.table) == ruleset


@in_user_namespace
def test_an_ordinary_user_can_do_the_same_in_a_user_namespace() -> None:
    with Nftables() as nftables:
        for ruleset in RULESETS.values():
            install(nftables, ruleset)
            assert read(nftables, ruleset.table) == ruleset
            gone = Transaction(ruleset.table)
            gone.delete_table()
            nftables.commit(gone)
        assert nftables.tables() == ()


def _values(value: object) -> Iterator[object]:
    yield value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            yield from _values(getattr(value, field.name))
    elif isinstance(value, tuple | frozenset):
        for each in value:
            yield from _values(each)
    elif hasattr(value, "values"):
        for each in value.values():
            yield from _values(each)


def test_every_noun_and_every_value_of_every_enumeration_is_among_the_examples() -> None:
    seen = list(_values(tuple(RULESETS.values())))
    public = {each for name in haechi.nft.__all__ if isinstance(each := getattr(haechi.nft, name), type)}
    nouns = {each for each in public if dataclasses.is_dataclass(each)} - {Unknown, *_outside_of_rulesets()}
    assert nouns <= {type(each) for each in seen}
    members = {each for each in seen if isinstance(each, Enum) and not isinstance(each, Flag)}
    for enumeration in public - {haechi.nft.Verb, haechi.nft.MessageType}:
        if issubclass(enumeration, Enum) and not issubclass(enumeration, Flag):
            missing = set(enumeration) - members - _bits()
            assert not missing, enumeration
    assert set(VerdictKind) <= members


def _outside_of_rulesets() -> set[type]:
    """Parts of transactions and messages, and what sets and their elements share."""
    return {haechi.nft.ChainRules, haechi.nft.Elements, Operation, haechi.nft.NetlinkMessage, haechi.nft.Shape}


def _bits() -> set[Enum]:
    """Types that are asked for bit by bit and are no comparison's or set's."""
    return {
        haechi.nft.DataType.CT_STATE,
        haechi.nft.DataType.CT_STATUS,
        haechi.nft.CtKey.STATE,
        haechi.nft.CtKey.STATUS,
    }
