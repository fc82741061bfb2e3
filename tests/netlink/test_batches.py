"""Which transactions can be divided, and into what."""

from __future__ import annotations

from haechi.netlink.batches import split
from haechi.nft import (
    ACCEPT,
    Chain,
    DataType,
    Element,
    Elements,
    Lookup,
    Rule,
    Set,
    Table,
    Transaction,
    Verb,
    ipv4,
)
from tests.nft.examples import CLIENT, TABLE

MEMBERS = frozenset(Element(ipv4(number)) for number in range(5_000))
BIG = Set("big", (DataType.IPV4_ADDR,), elements=MEMBERS)
ROOM = 20_000


def filling() -> Transaction:
    transaction = Transaction(TABLE)
    transaction.add(BIG)
    transaction.add(Chain("c", (Rule((Lookup((CLIENT,), "big"), ACCEPT)),)))
    return transaction


def test_a_new_set_comes_first_and_whole_and_the_rest_stays_together() -> None:
    divided = split(filling(), ROOM)
    assert divided is not None
    batches, rest = divided
    operations = [each for batch in batches for each in batch.transaction.operations]
    members = [each.subject.elements for each in operations if isinstance(each.subject, Elements)]
    assert operations[0].verb is Verb.CREATE
    assert batches[0].created == Set("big", (DataType.IPV4_ADDR,))
    assert frozenset().union(*members) == MEMBERS
    assert sum(map(len, members)) == len(MEMBERS)
    assert [each.noun for each in rest.operations] == ["chain c", "rules of chain c"]


def test_every_piece_fits() -> None:
    divided = split(filling(), ROOM)
    assert divided is not None
    assert all(len(batch.transaction.encode()) <= ROOM for batch in divided[0])
    assert len(divided[1].encode()) <= ROOM


def test_a_set_that_is_changed_again_stays_where_it_is() -> None:
    transaction = filling()
    transaction.delete_elements(BIG, [Element(ipv4(1))])
    assert split(transaction, ROOM) is None


def test_a_table_that_is_removed_takes_no_pieces() -> None:
    transaction = Transaction(TABLE)
    transaction.destroy_table()
    transaction.add_table()
    transaction.add(BIG)
    assert split(transaction, ROOM) is None


def test_elements_of_a_set_that_is_there_stay_where_they_are() -> None:
    transaction = Transaction(Table("haechi"), declared=[BIG])
    transaction.add_elements("big", MEMBERS)
    assert split(transaction, ROOM) is None
