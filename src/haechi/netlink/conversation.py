"""Requests and their replies over one channel.

A commit is answered, once it is finished, by an error for each operation that was refused and by an acknowledgement of
the last one, or by one error for the batch as a whole. A dump is many messages and NLMSG_DONE. Every request has its
own sequence numbers; replies to others are passed over, replies that cannot be are errors.
"""

from __future__ import annotations

import errno
import sys
from collections.abc import Callable
from typing import Final, TypeVar

from haechi.netlink.channel import Channel, LostError
from haechi.netlink.errors import InterruptedDumpError, NetlinkError, NftError
from haechi.nft import DecodeError, Fields, MessageType, NetlinkMessage, NounError, Transaction, encode_request

_EXT_MESSAGE, _EXT_OFFSET = 1, 2
_SEQUENCES: Final = 0x3FFFFFFF

_T = TypeVar("_T")


class Conversation:
    """What is asked of the kernel and what it answers."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self._sequence = 1

    def commit(self, transaction: Transaction, generation: int | None, largest: int | None = None) -> int | None:
        """Send a transaction as one batch and wait for the answer.

        Args:
            transaction: what to do.
            generation: refuse unless this is the ruleset's generation.
            largest: bytes that the batch may have at most.

        Returns:
            None when it is done; the bytes that a batch may have if it is larger and was not sent.

        Raises:
            NftError: the kernel refused.
            NetlinkError: the answer was lost.
        """
        batch = transaction.encode(self._sequence, generation)
        room = self.channel.reserve(len(batch))
        room = room if largest is None else min(room, largest)
        if len(batch) > room:
            return room
        first = self._sequence
        last = first + len(transaction)
        self._sequence = (last + 2) & _SEQUENCES
        self.channel.send(batch)
        failed: list[NetlinkMessage] = []
        try:
            self._await(first, last, failed)
        except LostError:
            failed += [each for each in self.channel.drain() if _refuses(each, first, last)]
            if not failed:
                raise
        if failed:
            list(self.channel.drain())
            raise _refusal(failed[0], transaction, first)
        return None

    def _await(self, first: int, last: int, failed: list[NetlinkMessage]) -> None:
        """Gather what was refused until the batch as a whole is or its last operation is answered."""
        while True:
            for each in self.channel.receive():
                if _refuses(each, first, last):
                    failed.append(each)
                    if each.sequence in (first, last):
                        return
                elif each.is_error and each.sequence == last:
                    return

    def ask(
        self, ask: MessageType, reply: MessageType, family: int, payload: bytes, noun: str, *, dump: bool
    ) -> list[NetlinkMessage]:
        """Ask for one noun, or dump all of a kind.

        Args:
            ask: the request.
            reply: the type of the answer's messages.
            family: the nf_tables family, or 0.
            payload: the request's attributes.
            noun: what is asked for, in words.
            dump: whether the answer is a list.

        Raises:
            NftError: the kernel refused.
            NetlinkError: the answer was lost, or is something else; `InterruptedDumpError` if it changed meanwhile.
        """
        sequence = self._sequence
        self._sequence = (sequence + 1) & _SEQUENCES
        self.channel.send(encode_request(ask, sequence, family, payload, dump=dump))
        found: list[NetlinkMessage] = []
        try:
            self._collect(sequence, noun, found)
        except LostError:
            list(self.channel.drain())
            raise
        if not all(each.is_nftables(reply) for each in found):
            raise NetlinkError(f"reading {noun}: the kernel answered something else")
        return found

    def _collect(self, sequence: int, noun: str, found: list[NetlinkMessage]) -> None:
        """Gather replies until the request is acknowledged or refused or its dump is done."""
        interrupted = False
        while True:
            for each in self.channel.receive():
                if each.sequence != sequence:
                    continue
                interrupted |= each.is_interrupted
                if each.is_overrun:
                    raise LostError("the kernel lost replies")
                if not each.is_error and not each.is_done:
                    found.append(each)
                    continue
                number = _errno(each)
                if number == errno.EINTR or interrupted:
                    raise InterruptedDumpError("the ruleset changed while it was read")
                if number:
                    raise NftError(number, "read", noun, *_explanation(each))
                return


def decoded(read: Callable[[], _T]) -> _T:
    """What was read. Raises `NetlinkError` for what cannot be."""
    try:
        return read()
    except (DecodeError, NounError) as error:
        raise NetlinkError(f"the kernel's reply: {error}") from error


def _refuses(message: NetlinkMessage, first: int, last: int) -> bool:
    return message.is_error and first <= message.sequence <= last and _errno(message) != 0


def _errno(message: NetlinkMessage) -> int:
    """The error number of a reply, 0 for success."""
    if message.is_done and not message.body:
        return 0
    return max(decoded(message.error), 0)


def _explanation(message: NetlinkMessage) -> tuple[str, int]:
    """The extended acknowledgement's text and offset. What cannot be read is left out: the error counts."""
    try:
        fields = Fields(message.error_attributes(), "error")
        words = fields.text(_EXT_MESSAGE, "")
    except DecodeError:
        return "", 0
    offset = fields.raw(_EXT_OFFSET) if _EXT_OFFSET in fields else b""
    return words, int.from_bytes(offset, sys.byteorder)


def _refusal(message: NetlinkMessage, transaction: Transaction, first: int) -> NftError:
    """The error in terms of the operation that the kernel refused; of the whole where it refused all of it."""
    number = message.sequence - first - 1
    if number < 0:
        return NftError(_errno(message), "commit", f"table {transaction.table.name}", *_explanation(message))
    operation = transaction.operations[number]
    return NftError(_errno(message), operation.verb.value, operation.noun, *_explanation(message))
