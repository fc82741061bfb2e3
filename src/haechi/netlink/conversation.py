"""Requests and their replies over one channel.

The kernel answers a commit with an error for each refused operation and an acknowledgement of the last one, or with one
error for the whole batch. A dump is many messages and NLMSG_DONE. Every request has its own sequence numbers; replies
to other requests are ignored, impossible replies are errors.
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
    """Sends requests to the kernel and matches its replies."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self._sequence = 1

    def commit(self, transaction: Transaction, generation: int | None, largest: int | None = None) -> int | None:
        """Send a transaction as one batch and wait for the reply.

        Args:
            transaction: what to do.
            generation: fail unless this is the ruleset's generation.
            largest: the largest size of the batch in bytes.

        Returns:
            None when it is committed; the largest possible size in bytes if the batch is larger and was not sent.

        Raises:
            NftError: the kernel refused it.
            NetlinkError: the reply was lost.
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
        """Collect refusals until the batch as a whole is refused or its last operation is answered."""
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
        """Get one noun, or dump all of a kind.

        Args:
            ask: the type of the request.
            reply: the type of the reply's messages.
            family: the nf_tables family, or 0.
            payload: the request's attributes.
            noun: the requested noun, for errors.
            dump: whether the reply is a list.

        Raises:
            NftError: the kernel refused the request.
            NetlinkError: the reply was lost or is of another type; `InterruptedDumpError` if the ruleset changed.
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
            raise NetlinkError(f"reading {noun}: the kernel's reply is of another type")
        return found

    def _collect(self, sequence: int, noun: str, found: list[NetlinkMessage]) -> None:
        """Collect replies until the request is acknowledged or refused, or its dump is complete."""
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
    """The result of `read`, whose decoding errors become `NetlinkError`."""
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
    """The extended acknowledgement's text and offset, empty where they cannot be read: the error itself matters."""
    try:
        fields = Fields(message.error_attributes(), "error")
        words = fields.text(_EXT_MESSAGE, "")
    except DecodeError:
        return "", 0
    offset = fields.raw(_EXT_OFFSET) if _EXT_OFFSET in fields else b""
    return words, int.from_bytes(offset, sys.byteorder)


def _refusal(message: NetlinkMessage, transaction: Transaction, first: int) -> NftError:
    """The error of the operation that the kernel refused, or of the whole transaction."""
    number = message.sequence - first - 1
    if number < 0:
        return NftError(_errno(message), "commit", f"table {transaction.table.name}", *_explanation(message))
    operation = transaction.operations[number]
    return NftError(_errno(message), operation.verb.value, operation.noun, *_explanation(message))
