"""The kernel's nf_tables, in one network namespace: commit a transaction, read a table back.

    transaction ── one batch ──▶ kernel ── errors, one acknowledgement ──▶ done or NftError
    table name ── dumps, same generation before and after ──▶ Ruleset

A commit is all or nothing. If the batch does not fit into the socket's buffer, which only root of the machine can
enlarge at will, new sets of the transaction are filled first, in early batches (`haechi.netlink.batches`), and removed
again if the rest is refused. A dump is repeated if the ruleset changed meanwhile.
"""

from __future__ import annotations

import errno
from types import TracebackType
from typing import Final

from haechi.netlink.batches import EarlyBatch, split
from haechi.netlink.channel import Channel
from haechi.netlink.conversation import Conversation, decoded
from haechi.netlink.errors import BusyError, InterruptedDumpError, NetlinkError, NftError
from haechi.nft import Family, Fields, MessageType, NetlinkMessage, Ruleset, Table, Transaction, text

_ATTEMPTS: Final = 20
_TIMEOUT: Final = 10.0
_UNSPECIFIED: Final = 0
_GENERATION: Final = 1
_ELEMENTS: Final = 3
_COUNT: Final = 20
_U32: Final = 0xFFFFFFFF


class Nftables:
    """nf_tables of the network namespace that the calling thread is in when the object is created.

    A context manager; not to be shared between threads.
    """

    def __init__(self, timeout: float = _TIMEOUT, largest: int | None = None) -> None:
        """Open the socket.

        Args:
            timeout: seconds after which a reply of the kernel is considered lost.
            largest: the largest size of a batch in bytes; None for what the kernel allows (as root of the machine any
                size, otherwise twice net.core.wmem_max, often 400 kB).

        Raises:
            NetlinkError: the kernel does not support netfilter netlink.
        """
        self._conversation = Conversation(Channel(timeout))
        self._largest = largest

    def __enter__(self) -> Nftables:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the socket. A table that it owns without PERSIST goes with it."""
        self._conversation.channel.close()

    # -- changing ------------------------------------------------------------------------------------------------

    def commit(self, transaction: Transaction, generation: int | None = None) -> None:
        """Commit a transaction.

        Args:
            transaction: nothing happens if it is empty.
            generation: fail (`NftError.is_stale`) unless this is still the ruleset's generation.

        Raises:
            NftError: the kernel refused it; nothing was changed.
            NounError: the transaction contains something that was read but not understood.
            NetlinkError: the kernel's reply was lost; read the table to find out what happened.
        """
        if not len(transaction):
            return
        room = self._conversation.commit(transaction, generation, self._largest)
        if room is not None:
            self._commit_in_batches(transaction, room, generation)

    def _commit_in_batches(self, transaction: Transaction, room: int, generation: int | None) -> None:
        table = transaction.table
        divided = split(transaction, room)
        if divided is None:
            raise NftError(errno.EMSGSIZE, "commit", f"table {table.name}", f"at most {room} bytes at once")
        batches, rest = divided
        undo = Transaction(table)
        creates = any(isinstance(each.subject, Table) for each in transaction.operations)
        new = creates and self._table(table.name, table.family) is None
        if new:
            batches.insert(0, EarlyBatch(_creation(table), None))
        done = False
        try:
            for number, batch in enumerate(batches):
                self._conversation.commit(batch.transaction, _later(generation, number))
                if new and not len(undo):
                    undo.delete_table()
                elif not new and batch.created is not None:
                    undo.delete(batch.created)
            self._conversation.commit(rest, _later(generation, len(batches)))
            done = True
        finally:
            if not done and len(undo):
                self._undo(undo)

    def _undo(self, undo: Transaction) -> None:
        """Remove what early batches of a refused transaction created, unless it is gone already."""
        try:
            self._conversation.commit(undo, None)
        except NftError as error:
            if not error.is_not_found:
                raise

    # -- reading -------------------------------------------------------------------------------------------------

    def generation(self) -> int:
        """The number of changes of all nf_tables rules in this namespace, modulo 2³². Never 0."""
        found = self._one(MessageType.GET_GENERATION, MessageType.NEW_GENERATION, _UNSPECIFIED, b"", "generation")
        return decoded(lambda: Fields(found.payload, "generation").u32(_GENERATION))

    def tables(self, family: Family | None = None) -> tuple[str, ...]:
        """The names of all tables, or of those of one family, sorted."""
        wanted = _UNSPECIFIED if family is None else family
        replies = self._conversation.ask(MessageType.GET_TABLE, MessageType.NEW_TABLE, wanted, b"", "tables", dump=True)
        return tuple(sorted(decoded(lambda: [Fields(each.payload, "table").text(1) for each in replies])))

    def ruleset(self, name: str, family: Family = Family.INET) -> Ruleset | None:
        """All of one table, as it was at one moment; None if there is no such table.

        Raises:
            NetlinkError: the reply cannot be read, or the ruleset kept changing while it was read (`BusyError`).
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
            found = self._one(MessageType.GET_TABLE, MessageType.NEW_TABLE, family, text(1, name), f"table {name}")
        except NftError as error:
            if error.is_not_found:
                return None
            raise
        return decoded(lambda: Table.decode(Fields(found.payload, "table"), found.family))

    def _read(self, name: str, family: Family) -> Ruleset | None:
        table = self._table(name, family)
        if table is None:
            return None
        chains = self._payloads(MessageType.GET_CHAIN, MessageType.NEW_CHAIN, table)
        rules = self._payloads(MessageType.GET_RULE, MessageType.NEW_RULE, table)
        sets = self._payloads(MessageType.GET_SET, MessageType.NEW_SET, table)
        declared = decoded(lambda: [Fields(each, "set") for each in sets])
        elements = {name: self._elements(table, name) for name in decoded(lambda: [each.text(2) for each in declared])}
        found = decoded(lambda: Ruleset.decode(table, chains, rules, sets, elements))
        if not all(self._is_whole(found, each) for each in declared):
            raise InterruptedDumpError("a set was rearranged while it was read")
        return found

    @staticmethod
    def _is_whole(ruleset: Ruleset, declared: Fields) -> bool:
        """Whether all elements of a set were dumped.

        The kernel resizes its hash table in the background, and a dump of many messages misses elements meanwhile.
        Kernels from 6.16 on report the number of elements (NFTA_SET_COUNT). For intervals it is approximate, but those
        are trees, which are not resized.
        """
        noun = ruleset.sets.get(declared.text(2)) or ruleset.maps.get(declared.text(2))
        if noun is None or noun.shape.interval or _COUNT not in declared:
            return True
        return decoded(lambda: declared.u32(_COUNT)) == len(noun.elements)

    def _one(self, ask: MessageType, reply: MessageType, family: int, payload: bytes, noun: str) -> NetlinkMessage:
        """The reply to a request for one noun."""
        found = self._conversation.ask(ask, reply, family, payload, noun, dump=False)
        if len(found) != 1:
            raise NetlinkError(f"reading {noun}: the kernel sent {len(found)} replies")
        return found[0]

    def _payloads(self, ask: MessageType, reply: MessageType, table: Table) -> list[bytes]:
        """One kind of noun of a table. Not every kernel filters by table, so this function does."""
        where, noun = text(1, table.name), f"table {table.name}"
        replies = self._conversation.ask(ask, reply, table.family, where, noun, dump=True)
        payloads = decoded(lambda: [each.payload for each in replies if each.family == table.family])
        return decoded(lambda: [each for each in payloads if Fields(each, "message").text(1) == table.name])

    def _elements(self, table: Table, name: str) -> list[bytes]:
        where = text(1, table.name) + text(2, name)
        ask, reply, noun = MessageType.GET_ELEMENTS, MessageType.NEW_ELEMENTS, f"elements of {name}"
        replies = self._conversation.ask(ask, reply, table.family, where, noun, dump=True)
        messages = decoded(lambda: [Fields(each.payload, "elements") for each in replies])
        return [each.raw(_ELEMENTS) for each in messages if _ELEMENTS in each]


def _creation(table: Table) -> Transaction:
    transaction = Transaction(table)
    transaction.add_table()
    return transaction


def _later(generation: int | None, commits: int) -> int | None:
    """The generation after some commits of this socket; 0 is skipped."""
    if generation is None:
        return None
    later = generation + commits
    return later if later <= _U32 else later - _U32
