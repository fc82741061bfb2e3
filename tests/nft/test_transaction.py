"""Transactions keep the caller's order, number their operations and print as nft commands."""

from __future__ import annotations

import pytest

from haechi.nft import (
    ACCEPT,
    BaseChain,
    Chain,
    Compare,
    DataType,
    Element,
    Family,
    Map,
    NounError,
    Operator,
    Rule,
    Ruleset,
    Set,
    SetFlags,
    Table,
    Transaction,
    Unknown,
    ipv4,
    jump,
    port,
)
from haechi.nft import message as wire
from haechi.nft.message import MessageType, read_messages
from tests.nft.examples import RULESETS, SERVER_PORT, TABLE

ADDRESS = (DataType.IPV4_ADDR,)
PEERS = Set("peers", ADDRESS, SetFlags.INTERVAL, frozenset({Element(ipv4(1))}), "who")
CASES = Map("cases", ADDRESS, elements=frozenset({Element(ipv4(1), None, jump("side"))}))


def everything() -> Transaction:
    transaction = Transaction(TABLE)
    transaction.destroy_table()
    transaction.add_table()
    transaction.create(Chain("side", (Rule((ACCEPT,), "c"),)))
    transaction.add(Chain("judge", (), BaseChain(), "why"))
    transaction.add(PEERS)
    transaction.add(CASES)
    transaction.replace_rules("judge", [Rule((jump("side"),))])
    transaction.delete_elements("peers", [Element(ipv4(1))])
    transaction.delete_elements(CASES, [Element(ipv4(1), None, ACCEPT)])
    transaction.flush_elements(PEERS)
    transaction.delete(PEERS)
    transaction.delete(CASES)
    transaction.delete(Chain("side"))
    transaction.delete_table()
    return transaction


def test_a_transaction_is_printed_as_commands() -> None:
    assert str(everything()).split("\n") == [
        "add table inet haechi",
        "delete table inet haechi",
        "add table inet haechi",
        "create chain inet haechi side",
        'add rule inet haechi side accept comment "c"',
        'add chain inet haechi judge { type filter hook forward priority 0; policy accept; comment "why"; }',
        'add set inet haechi peers { type ipv4_addr; flags interval; comment "who"; }',
        "add element inet haechi peers { 0.0.0.1 }",
        "add map inet haechi cases { type ipv4_addr : verdict; }",
        "add element inet haechi cases { 0.0.0.1 : jump side }",
        "flush chain inet haechi judge",
        "add rule inet haechi judge jump side",
        "delete element inet haechi peers { 0.0.0.1 }",
        "delete element inet haechi cases { 0.0.0.1 }",
        "flush set inet haechi peers",
        "delete set inet haechi peers",
        "delete map inet haechi cases",
        "delete chain inet haechi side",
        "delete table inet haechi",
        "",
    ]


def test_operations_are_numbered_and_the_last_message_is_acknowledged() -> None:
    transaction = everything()
    messages = list(read_messages(transaction.encode(100)))
    assert messages[0].sequence == 100
    assert messages[-1].sequence == 100 + len(transaction) + 1
    assert [each.sequence for each in messages[1:-1]] == [101 + number for number in range(len(transaction))]
    assert [bool(each.flags & wire.ACK) for each in messages[1:-1]] == [False] * (len(transaction) - 1) + [True]


def test_the_family_is_that_of_the_table() -> None:
    transaction = Transaction(Table("haechi", Family.IP6))
    transaction.add_table()
    assert list(read_messages(transaction.encode()))[1].family == Family.IP6


def test_a_generation_is_guarded() -> None:
    begin = next(read_messages(everything().encode(1, generation=0x01020304)))
    assert begin.body[4:] == b"\x08\0\1\0\1\2\3\4"


def test_large_sets_become_several_messages_of_one_operation() -> None:
    transaction = Transaction(TABLE)
    transaction.add_elements(Set("s", ADDRESS), [Element(ipv4(number)) for number in range(10_000)])
    messages = list(read_messages(transaction.encode()))[1:-1]
    assert len(messages) > 1
    assert {each.sequence for each in messages} == {2}
    assert all(each.is_nftables(MessageType.NEW_ELEMENTS) for each in messages)


def test_output_does_not_depend_on_the_order_in_which_elements_are_given() -> None:
    members = [Element(ipv4(number)) for number in range(100)]
    batches = set()
    for given in (members, members[::-1], frozenset(members)):
        transaction = Transaction(TABLE)
        transaction.add_elements(Set("s", ADDRESS), given)
        batches.add(transaction.encode())
    assert len(batches) == 1


def test_nothing_to_add_is_no_operation() -> None:
    transaction = Transaction(TABLE)
    transaction.add_elements(PEERS, [])
    transaction.delete_elements(PEERS, [])
    transaction.add_rules("c", [])
    assert len(transaction) == 0


def test_a_set_is_named_only_after_it_was_declared() -> None:
    with pytest.raises(NounError, match="neither declared"):
        Transaction(TABLE).add_elements("peers", [Element(ipv4(1))])
    transaction = Transaction(TABLE, declared=[PEERS])
    transaction.add_elements("peers", [Element(ipv4(1))])
    assert str(transaction) == "add element inet haechi peers { 0.0.0.1 }\n"


def test_elements_of_another_shape_are_refused_before_anything_is_sent() -> None:
    transaction = Transaction(TABLE)
    with pytest.raises(NounError):
        transaction.add_elements(PEERS, [Element(b"\1")])
    with pytest.raises(NounError):
        transaction.delete_elements(Set("s", ADDRESS), [Element(ipv4(1), ipv4(2))])
    with pytest.raises(NounError):
        transaction.add_rules("c", [Rule((ACCEPT,)), Rule((Compare(SERVER_PORT, Operator.EQ, port(80)),))])
    assert len(transaction) == 0


def test_another_tables_ruleset_is_refused() -> None:
    with pytest.raises(NounError, match="is not haechi"):
        Transaction(TABLE).add_ruleset(Ruleset(Table("other")))


def test_what_was_not_understood_is_never_sent() -> None:
    transaction = Transaction(TABLE)
    with pytest.raises(NounError):
        transaction.add_ruleset(Ruleset(TABLE, unknown=frozenset({Unknown("flowtable f", b"")})))
    transaction.add_rules("c", [Rule((Unknown("expressions xt", b""),))])
    with pytest.raises(NounError, match="cannot be sent"):
        transaction.encode()


@pytest.mark.parametrize("name", RULESETS)
def test_every_message_of_every_example_can_be_read(name: str) -> None:
    transaction = Transaction(RULESETS[name].table)
    transaction.add_ruleset(RULESETS[name])
    for each in list(read_messages(transaction.encode()))[1:-1]:
        assert each.payload
