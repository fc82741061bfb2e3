"""Replies that are lost, cut short or made up give an error: never a hang, never a wrong answer."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haechi.netlink import NetlinkError, Nftables, NftError
from haechi.netlink.channel import Channel, LostError
from haechi.nft import Transaction, attributes
from haechi.nft import message as wire
from haechi.nft.message import MessageType, NetlinkMessage, read_messages
from tests.netlink.cases import start
from tests.netlink.namespace import in_namespace
from tests.nft.examples import TABLE


class Script(Channel):
    """A channel whose other end says what it is told to, however often it is asked."""

    def __init__(self, replies: list[bytes]) -> None:
        self.replies = replies

    def reserve(self, size: int) -> int:
        return size

    def send(self, datagram: bytes) -> None:
        pass

    def receive(self) -> list[NetlinkMessage]:
        if not self.replies:
            raise LostError("the kernel did not reply in time")
        try:
            return list(read_messages(self.replies.pop(0)))
        except ValueError as error:
            raise NetlinkError(str(error)) from error

    def drain(self) -> Iterator[NetlinkMessage]:
        while self.replies:
            try:
                yield from self.receive()
            except NetlinkError:
                continue

    def close(self) -> None:
        pass


def scripted(*replies: bytes) -> Nftables:
    nftables = Nftables()
    nftables.close()
    nftables._conversation.channel = Script(list(replies))
    return nftables


def reply(kind: int, sequence: int, body: bytes, flags: int = 0) -> bytes:
    return wire.HEADER.pack(16 + len(body), kind, flags, sequence, 0) + body


def error(number: int, sequence: int) -> bytes:
    return reply(wire.ERROR, sequence, struct.pack("=i", -number) + wire.HEADER.pack(20, 0, 0, sequence, 0))


def nftables_reply(kind: MessageType, sequence: int, payload: bytes, flags: int = 0) -> bytes:
    return reply(wire.SUBSYSTEM << 8 | kind, sequence, b"\1\0\0\0" + payload, flags)


def change(nftables: Nftables) -> None:
    transaction = Transaction(TABLE)
    start(transaction)
    nftables.commit(transaction)


ASKING: dict[str, Callable[[Nftables], object]] = {
    "commit": change,
    "generation": lambda nftables: nftables.generation(),
    "tables": lambda nftables: nftables.tables(),
    "ruleset": lambda nftables: nftables.ruleset("haechi"),
}


@pytest.mark.parametrize("ask", ASKING)
def test_no_reply_is_an_error(ask: str) -> None:
    with pytest.raises(NetlinkError):
        ASKING[ask](scripted())


@pytest.mark.parametrize("ask", ASKING)
@pytest.mark.parametrize(
    "junk",
    [
        b"\1",
        b"\xff" * 16,
        reply(wire.ERROR, 1, b""),
        reply(wire.ERROR, 1, b"\1\0"),
        reply(wire.OVERRUN, 1, b""),
        nftables_reply(MessageType.NEW_TABLE, 1, b"\xff\xff\1\0") + error(0, 1),
        nftables_reply(MessageType.NEW_GENERATION, 1, attributes.u8(1, 7)) + error(0, 1),
        reply(wire.SUBSYSTEM << 8, 1, b"\1") + error(0, 1),
    ],
)
def test_junk_is_an_error(ask: str, junk: bytes) -> None:
    with pytest.raises(NetlinkError):
        ASKING[ask](scripted(junk))


@pytest.mark.parametrize("ask", ASKING)
@given(st.lists(st.binary(max_size=80), max_size=4))
def test_random_replies_are_errors(ask: str, replies: list[bytes]) -> None:
    with pytest.raises(NetlinkError):
        ASKING[ask](scripted(*replies))


def test_replies_to_others_are_passed_over() -> None:
    generation = nftables_reply(MessageType.NEW_GENERATION, 1, attributes.u32(1, 7))
    stale = nftables_reply(MessageType.NEW_GENERATION, 99, attributes.u32(1, 8)) + error(1, 99)
    assert scripted(stale, stale + generation, error(0, 1)).generation() == 7


def test_a_lost_acknowledgement_after_an_error_is_that_error() -> None:
    with pytest.raises(NftError) as caught:
        change(scripted(error(2, 3)))
    assert caught.value.noun == "set peers"


def test_the_explanation_of_the_kernel_is_told() -> None:
    header = wire.HEADER.pack(20, 0, 0, 3, 0)
    words = attributes.text(1, "Chain is busy") + attributes.attribute(2, struct.pack("=I", 36))
    body = struct.pack("=i", -16) + header + words
    with pytest.raises(NftError) as caught:
        change(scripted(reply(wire.ERROR, 3, body, wire.CAPPED | wire.ACK_ATTRIBUTES)))
    assert (caught.value.message, caught.value.offset) == ("Chain is busy", 36)
    assert str(caught.value).endswith("(EBUSY): Chain is busy")


def test_a_dump_that_was_interrupted_every_time_is_an_error() -> None:
    def once(sequence: int) -> list[bytes]:
        generation = nftables_reply(MessageType.NEW_GENERATION, sequence, attributes.u32(1, 7)) + error(0, sequence)
        table = nftables_reply(MessageType.NEW_TABLE, sequence + 1, attributes.text(1, "haechi")) + error(
            0, sequence + 1
        )
        done = reply(wire.DONE, sequence + 2, bytes(4), wire.DUMP_INTERRUPTED)
        return [generation, table, done]

    replies = [each for attempt in range(20) for each in once(1 + 3 * attempt)]
    with pytest.raises(NetlinkError, match="changed 20 times"):
        scripted(*replies).ruleset("haechi")


@in_namespace
def test_waiting_ends() -> None:
    with Channel(0.05) as channel, pytest.raises(LostError, match="in time"):
        channel.receive()


@in_namespace
def test_nothing_is_left_over_for_the_next_question() -> None:
    with Channel(1.0) as channel:
        channel.send(wire.encode_message(MessageType.GET_GENERATION, wire.ACK, 1, 0, b""))
        assert [each.sequence for each in channel.drain()] == [1, 1]
        assert list(channel.drain()) == []
