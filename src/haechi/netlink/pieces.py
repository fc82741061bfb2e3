"""Transactions larger than the socket's buffer: new sets first, piece by piece, then the rest at once.

A set that the transaction itself makes is not referred to by any rule yet, so filling it early changes the fate of no
packet. Sets that are there already, maps (their elements need chains) and transactions that remove the table are left
whole. The table itself must be there before the pieces.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from haechi.nft import Element, Elements, Operation, Set, Shape, Table, Transaction, Verb

_MARGIN = 4096  # bytes for the messages around the elements


@dataclass(frozen=True, slots=True)
class Piece:
    """A transaction to be done beforehand, and the set that it makes, if it makes one."""

    transaction: Transaction
    made: Set | None


def split(transaction: Transaction, room: int) -> tuple[list[Piece], Transaction] | None:
    """Divide a transaction.

    Args:
        transaction: what is to be done.
        room: the most bytes of one batch.

    Returns:
        The pieces in order and the rest, which fits; None if that is not possible.
    """
    early = _new_sets(transaction.operations)
    rest = Transaction(transaction.table)
    pieces: list[Piece] = []
    for each in transaction.operations:
        match each:
            case Operation(subject=Set(name=name) as noun) if name in early:
                pieces.append(_piece(transaction.table, Operation(Verb.CREATE, noun), noun))
            case Operation(subject=Elements(name=name, shape=shape, elements=elements)) if name in early:
                for part in _parts(elements, shape, room):
                    pieces.append(_piece(transaction.table, Operation(Verb.ADD, Elements(name, shape, part)), None))
            case _:
                rest.operations.append(each)
    if not pieces or len(rest.encode()) > room:
        return None
    return pieces, rest


def _new_sets(operations: list[Operation]) -> set[str]:
    """The sets that are made and then only filled."""
    made: set[str] = set()
    spoiled: set[str] = set()
    for each in operations:
        match each:
            case Operation(verb=Verb.ADD | Verb.CREATE, subject=Set(name=name)):
                made.add(name)
            case Operation(verb=Verb.ADD, subject=Elements()):
                pass
            case Operation(subject=Set(name=name) | Elements(name=name)):
                spoiled.add(name)
            case Operation(verb=Verb.DELETE, subject=Table()):
                return set()
    return made - spoiled


def _piece(table: Table, operation: Operation, made: Set | None) -> Piece:
    transaction = Transaction(table)
    transaction.operations.append(operation)
    return Piece(transaction, made)


def _parts(elements: frozenset[Element], shape: Shape, room: int) -> Iterator[frozenset[Element]]:
    """Elements in groups whose encoding fits. A set's element is at most two keys with 24 bytes around each."""
    count = max(1, (room - _MARGIN) // (2 * (shape.width + 24) + 8))
    ordered = iter(sorted(elements, key=lambda each: each.key))
    while part := frozenset(islice(ordered, count)):
        yield part
