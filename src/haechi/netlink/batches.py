"""Transactions larger than the socket's buffer: new sets first, in batches, then the rest at once.

    create set big; add 1…9000; add chain c; add rule c "… @big …"
    ──▶ [create set big] [add 1…4000] [add 4001…8000] [add 8001…9000]   [add chain c; add rule c "… @big …"]
        early batches: no rule uses the set yet                         the rest: all or nothing

No rule refers yet to a set that the transaction creates, so filling it early affects no packet. Existing sets, maps
(their elements need chains) and transactions that remove the table are not split. The table must exist before the
batches.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from haechi.nft import Element, Elements, Operation, Set, Shape, Table, Transaction, Verb

_MARGIN = 4096  # bytes for the messages around the elements


@dataclass(frozen=True, slots=True)
class EarlyBatch:
    """A transaction to be committed first, and the set that it creates, if it creates one."""

    transaction: Transaction
    created: Set | None


def split(transaction: Transaction, room: int) -> tuple[list[EarlyBatch], Transaction] | None:
    """Split a transaction.

    Args:
        transaction: what to do.
        room: the largest size of a batch in bytes.

    Returns:
        The early batches in order and the rest, which fits; None if that is not possible.
    """
    early = _new_sets(transaction.operations)
    rest = Transaction(transaction.table)
    batches: list[EarlyBatch] = []
    for each in transaction.operations:
        match each:
            case Operation(subject=Set(name=name) as noun) if name in early:
                batches.append(_batch(transaction.table, Operation(Verb.CREATE, noun), noun))
            case Operation(subject=Elements(name=name, shape=shape, elements=elements)) if name in early:
                for part in _parts(elements, shape, room):
                    batches.append(_batch(transaction.table, Operation(Verb.ADD, Elements(name, shape, part)), None))
            case _:
                rest.operations.append(each)
    if not batches or len(rest.encode()) > room:
        return None
    return batches, rest


def _new_sets(operations: list[Operation]) -> set[str]:
    """The sets that are created and then only filled."""
    created: set[str] = set()
    others: set[str] = set()
    for each in operations:
        match each:
            case Operation(verb=Verb.ADD | Verb.CREATE, subject=Set(name=name)):
                created.add(name)
            case Operation(verb=Verb.ADD, subject=Elements()):
                pass
            case Operation(subject=Set(name=name) | Elements(name=name)):
                others.add(name)
            case Operation(verb=Verb.DELETE, subject=Table()):
                return set()
    return created - others


def _batch(table: Table, operation: Operation, created: Set | None) -> EarlyBatch:
    transaction = Transaction(table)
    transaction.operations.append(operation)
    return EarlyBatch(transaction, created)


def _parts(elements: frozenset[Element], shape: Shape, room: int) -> Iterator[frozenset[Element]]:
    """Elements in groups whose encoding fits. An element of a set is at most two keys with 24 bytes around each."""
    count = max(1, (room - _MARGIN) // (2 * (shape.width + 24) + 8))
    ordered = iter(sorted(elements, key=lambda each: each.key))
    while part := frozenset(islice(ordered, count)):
        yield part
