"""The kernel's nf_tables, in one network namespace: commit a transaction, read a table back.

    transaction ── one batch ──▶ kernel ── errors, one acknowledgement ──▶ done or NftError
    table name ── dumps, same generation before and after ──▶ Ruleset

A commit is all or nothing. Where the socket's buffer cannot grow to the size of a batch (no root of the machine), new
sets of the transaction are filled beforehand, piece by piece: they are not referred to yet, so no packet notices, and
they are removed again if the rest is refused. A dump is repeated when the ruleset changed meanwhile.
"""

from __future__ import annotations

import errno
import sys
from collections.abc import Callable
from types import TracebackType
from typing import Final, TypeVar

from haechi.netlink.channel import Channel, LostError
from haechi.netlink.errors import BusyError, NetlinkError, NftError
from haechi.netlink.pieces import Piece, split
from haechi.nft import message as wire
from haechi.nft.attributes import Fields, text
from haechi.nft.errors import DecodeError, NounError
from haechi.nft.message import Message, MessageType, encode_message
from haechi.nft.ruleset import Ruleset
from haechi.nft.table import Family, Table
from haechi.nft.transaction import Transaction

_ATTEMPTS: Final = 20
_TIMEOUT: Final = 10.0
_UNSPECIFIED: Final = 0
_EXT_MESSAGE, _EXT_OFFSET = 1, 2
_GENERATION: Final = 1
_ELEMENTS: Final = 3
_COUNT: Final = 20
_SEQUENCES: Final = 0x3FFFFFFF
_U32: Final = 0xFFFFFFFF

_T = TypeVar("_T")


class Nftables:
    """nf_tables of the network namespace in which the calling thread is when this is made.

    A context manager; not to be shared between threads.
    """

    def __init__(self, timeout: float = _TIMEOUT, largest: int | None = None) -> None:
        """Open the socket.

        Args:
            timeout: seconds after which a reply of the kernel counts as lost.
            largest: bytes that a batch may have; None for what the kernel allows (with root of the machine any number,
                else twice net.core.wmem_max, often 400 kB).

        Raises:
            NetlinkError: the kernel has no netfilter netlink.
        """
        self._channel = Channel(timeout)
        self._largest = largest
        self._sequence = 1

    def __enter__(self) -> Nftables:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the socket. A table that it owns without PERSIST goes with it."""
        self._channel.close()

    # -- changing ------------------------------------------------------------------------------------------------

    def commit(self, transaction: Transaction, generation: int | None = None) -> None:
        """Do all of a transaction.

        Args:
            transaction: nothing happens if it is empty.
            generation: refuse (`NftError.is_stale`) unless this is the ruleset's generation still.

        Raises:
            NftError: the kernel refused, nothing was changed.
            NounError: the transaction holds something that was read and not understood.
            NetlinkError: the kernel's answer was lost; read the table to know.
        """
        if not len(transaction):
            return
        batch = transaction.encode(self._sequence, generation)
        room = self._channel.reserve(len(batch))
        if self._largest is not None:
            room = min(room, self._largest)
        if len(batch) <= room:
            self._deliver(transaction, batch)
        else:
            self._commit_in_pieces(transaction, room, generation)

    def _commit_in_pieces(self, transaction: Transaction, room: int, generation: int | None) -> None:
        table = transaction.table
        divided = split(transaction, room)
        if divided is None:
            raise NftError(errno.EMSGSIZE, "commit", f"table {table.name}", f"at most {room} bytes at once")
        pieces, rest = divided
        undo = Transaction(table)
        new = self._table(table.name, table.family) is None
        if new:
            pieces.insert(0, Piece(_made(table), None))
        done = False
        try:
            for number, piece in enumerate(pieces):
                self._send(piece.transaction, _later(generation, number))
                if new and not len(undo):
                    undo.delete_table()
                elif not new and piece.made is not None:
                    undo.delete(piece.made)
            self._send(rest, _later(generation, len(pieces)))
            done = True
        finally:
            if not done and len(undo):
                self._undo(undo)

    def _undo(self, undo: Transaction) -> None:
        """Remove what pieces of a refused transaction have made, unless it is gone already."""
        try:
            self._send(undo, None)
        except NftError as error:
            if not error.is_not_found:
                raise

    def _send(self, transaction: Transaction, generation: int | None) -> None:
        self._deliver(transaction, transaction.encode(self._sequence, generation))

    def _deliver(self, transaction: Transaction, batch: bytes) -> None:
        first = self._sequence
        last = first + len(transaction)
        self._sequence = (last + 2) & _SEQUENCES
        self._channel.send(batch)
        try:
            failed = self._await(first, last)
        except LostError:
            failed = [each for each in self._channel.drain() if first <= each.sequence <= last and _errno(each)]
            if not failed:
                raise
        if failed:
            list(self._channel.drain())
            raise _refusal(failed[0], transaction, first)

    def _await(self, first: int, last: int) -> list[Message]:
        """What was refused: replies until the batch as a whole or its last operation is answered."""
        failed: list[Message] = []
        while True:
            for each in self._channel.receive():
                if each.type != wire.ERROR or not first <= each.sequence <= last:
                    continue
                if _errno(each):
                    failed.append(each)
                if each.sequence in (first, last):
                    return failed

    # -- reading -------------------------------------------------------------------------------------------------

    def generation(self) -> int:
        """The number of changes of all nf_tables rules in this namespace, modulo 2³². Never 0."""
        replies = self._ask(MessageType.GET_GENERATION, _UNSPECIFIED, b"", dump=False, noun="generation")
        found = _only(replies, MessageType.NEW_GENERATION)
        return _decoded(lambda: Fields(found.payload, "generation").u32(_GENERATION))

    def tables(self, family: Family | None = None) -> tuple[str, ...]:
        """The names of all tables, or of those of one family, sorted."""
        wanted = _UNSPECIFIED if family is None else family
        replies = self._ask(MessageType.GET_TABLE, wanted, b"", dump=True, noun="tables")
        return tuple(sorted(_decoded(lambda: [Fields(each.payload, "table").text(1) for each in replies])))

    def ruleset(self, name: str, family: Family = Family.INET) -> Ruleset | None:
        """All of one table, as it was at one moment; None if there is no such table.

        Raises:
            NetlinkError: the kernel's answer cannot be read, or the ruleset never stood still (`BusyError`).
        """
        for _ in range(_ATTEMPTS):
            before = self.generation()
            try:
                found = self._read(name, family)
            except InterruptedDumpError:
                continue
            except NftError as error:
                if not error.is_not_found:
                    raise
                found = None
            if self.generation() == before:
                return found
        raise BusyError(f"nf_tables changed {_ATTEMPTS} times while table {name} was read")

    def _table(self, name: str, family: Family) -> Table | None:
        try:
            replies = self._ask(MessageType.GET_TABLE, family, text(1, name), dump=False, noun=f"table {name}")
        except NftError as error:
            if error.is_not_found:
                return None
            raise
        found = _only(replies, MessageType.NEW_TABLE)
        return _decoded(lambda: Table.decode(Fields(found.payload, "table"), found.family))

    def _read(self, name: str, family: Family) -> Ruleset | None:
        table = self._table(name, family)
        if table is None:
            return None
        chains = self._payloads(MessageType.GET_CHAIN, MessageType.NEW_CHAIN, table)
        rules = self._payloads(MessageType.GET_RULE, MessageType.NEW_RULE, table)
        sets = self._payloads(MessageType.GET_SET, MessageType.NEW_SET, table)
        declared = _decoded(lambda: [Fields(each, "set") for each in sets])
        elements = {name: self._elements(table, name) for name in _decoded(lambda: [each.text(2) for each in declared])}
        found = _decoded(lambda: Ruleset.decode(table, chains, rules, sets, elements))
        if not all(self._is_whole(found, each) for each in declared):
            raise InterruptedDumpError("a set was rearranged while it was read")
        return found

    @staticmethod
    def _is_whole(ruleset: Ruleset, declared: Fields) -> bool:
        """Whether all elements of a set were dumped.

        The kernel's hash grows in the background and a dump of many messages that meets it misses elements. Kernels
        from 6.16 on tell the number of elements (NFTA_SET_COUNT); for intervals it is approximate, but trees stay.
        """
        noun = ruleset.sets.get(declared.text(2)) or ruleset.maps.get(declared.text(2))
        if noun is None or noun.shape.interval or _COUNT not in declared:
            return True
        return _decoded(lambda: declared.u32(_COUNT)) == len(noun.elements)

    def _payloads(self, ask: MessageType, reply: MessageType, table: Table) -> list[bytes]:
        """One kind of noun of a table. Kernels filter by table as they like, so this does."""
        replies = self._ask(ask, table.family, text(1, table.name), dump=True, noun=f"table {table.name}")
        payloads = [each.payload for each in replies if each.is_nftables(reply) and each.family == table.family]
        return _decoded(lambda: [each for each in payloads if Fields(each, "message").text(1) == table.name])

    def _elements(self, table: Table, name: str) -> list[bytes]:
        where = text(1, table.name) + text(2, name)
        replies = self._ask(MessageType.GET_ELEMENTS, table.family, where, dump=True, noun=f"elements of {name}")
        messages = _decoded(lambda: [Fields(each.payload, "elements") for each in replies])
        return [each.raw(_ELEMENTS) for each in messages if _ELEMENTS in each]

    def _ask(self, ask: MessageType, family: int, payload: bytes, *, dump: bool, noun: str) -> list[Message]:
        sequence = self._sequence
        self._sequence = (sequence + 1) & _SEQUENCES
        self._channel.send(encode_message(ask, wire.DUMP if dump else wire.ACK, sequence, family, payload))
        found: list[Message] = []
        try:
            self._collect(sequence, noun, found)
        except LostError:
            list(self._channel.drain())
            raise
        return found

    def _collect(self, sequence: int, noun: str, found: list[Message]) -> None:
        """Read replies until the request is acknowledged or refused or its dump is done."""
        interrupted = False
        while True:
            for each in self._channel.receive():
                if each.sequence != sequence:
                    continue
                interrupted |= bool(each.flags & wire.DUMP_INTERRUPTED)
                if each.type == wire.OVERRUN:
                    raise LostError("the kernel lost replies")
                if each.type not in (wire.ERROR, wire.DONE):
                    found.append(each)
                    continue
                number = _errno(each)
                if number == errno.EINTR or interrupted:
                    raise InterruptedDumpError("the ruleset changed while it was read")
                if number:
                    raise NftError(number, "read", noun, *_explanation(each))
                return


class InterruptedDumpError(NetlinkError):
    """The ruleset changed during a dump."""


def _made(table: Table) -> Transaction:
    transaction = Transaction(table)
    transaction.add_table()
    return transaction


def _later(generation: int | None, commits: int) -> int | None:
    """The generation after some commits of our own; 0 is left out."""
    if generation is None:
        return None
    later = generation + commits
    return later if later <= _U32 else later - _U32


def _decoded(read: Callable[[], _T]) -> _T:
    """What was read. Raises `NetlinkError` for what cannot be."""
    try:
        return read()
    except (DecodeError, NounError) as error:
        raise NetlinkError(f"the kernel's reply: {error}") from error


def _only(replies: list[Message], kind: MessageType) -> Message:
    """The one message of this type. Raises `NetlinkError` where there is none."""
    for each in replies:
        if each.is_nftables(kind):
            return each
    raise NetlinkError(f"the kernel's reply has no {kind.name}")


def _errno(message: Message) -> int:
    """The error number of a reply, 0 for success."""
    if message.type == wire.DONE and not message.body:
        return 0
    return max(_decoded(message.error), 0)


def _explanation(message: Message) -> tuple[str, int]:
    """The extended acknowledgement's text and offset. What cannot be read is left out: the error counts."""
    try:
        fields = Fields(message.error_attributes(), "error")
        words = fields.text(_EXT_MESSAGE, "")
    except DecodeError:
        return "", 0
    offset = fields.raw(_EXT_OFFSET) if _EXT_OFFSET in fields else b""
    return words, int.from_bytes(offset, sys.byteorder)


def _refusal(message: Message, transaction: Transaction, first: int) -> NftError:
    """The error in terms of the operation that the kernel refused; of the whole where it refused all of it."""
    number = message.sequence - first - 1
    if number < 0:
        return NftError(_errno(message), "commit", f"table {transaction.table.name}", *_explanation(message))
    operation = transaction.operations[number]
    return NftError(_errno(message), operation.verb.value, operation.noun, *_explanation(message))
