"""UDP probes: datagrams with a number, echoed by the listener."""

from __future__ import annotations

import errno
import socket
import struct
from typing import TYPE_CHECKING

from haechi.lab.reactor import READABLE, Reactor

if TYPE_CHECKING:
    from collections.abc import Callable

    from haechi.lab.probe import Probe
    from haechi.lab.tracker import ProbeTracker
    from haechi.netns import NetworkNamespace

_DATAGRAM = struct.Struct("!8sI")
_MARK = b"haechi\0\1"


class UdpExchange:
    """Listeners of one round, and one socket for each address that sends."""

    def __init__(self, reactor: Reactor, tracker: ProbeTracker) -> None:
        self._reactor = reactor
        self._tracker = tracker
        self._listeners: list[socket.socket] = []
        self._senders: dict[tuple[int, str], socket.socket] = {}

    def listen(self, namespace: NetworkNamespace, address: str, port: int) -> None:  # noqa: ARG002  (Exchange)
        """Echo datagrams to a port; the calling thread is inside `namespace`."""
        self._listeners.append(self._open(address, port, self._answer))

    def send(self, namespace: NetworkNamespace, position: int, probe: Probe) -> None:
        """Send one datagram; the calling thread is inside `namespace`, the sender's."""
        key = namespace.descriptor, probe.source_address
        sender = self._senders.get(key)
        if sender is None:
            sender = self._senders[key] = self._open(probe.source_address, 0, self._hear)
        datagram = _DATAGRAM.pack(_MARK, self._tracker.new_token(position))
        try:
            sender.sendto(datagram, (probe.destination_address, probe.port))
        except OSError as error:
            self._tracker.fail(position, errno.errorcode.get(error.errno or 0, str(error.errno)))

    def withdraw(self) -> None:
        """Close the sending sockets, so that the next attempt comes from another port."""
        for sender in self._senders.values():
            self._reactor.forget(sender)
            sender.close()
        self._senders.clear()

    def close(self) -> None:
        """Close everything."""
        self.withdraw()
        for listener in self._listeners:
            listener.close()

    def _open(self, address: str, port: int, ready: Callable[[socket.socket], None]) -> socket.socket:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        opened = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        try:
            opened.bind((address, port))
            self._reactor.watch(opened, READABLE, lambda _: ready(opened))
        except BaseException:
            opened.close()
            raise
        return opened

    def _answer(self, listener: socket.socket) -> None:
        while received := _receive(listener):
            token, peer = received
            if self._tracker.token_arrived(token):
                try:
                    listener.sendto(_DATAGRAM.pack(_MARK, token), peer)
                except OSError:
                    continue  # no way back: the missing reply shows that

    def _hear(self, sender: socket.socket) -> None:
        while received := _receive(sender):
            self._tracker.token_replied(received[0])


def _receive(subject: socket.socket) -> tuple[int, tuple[str, int]] | None:
    while True:
        try:
            content, peer = subject.recvfrom(64)
        except BlockingIOError:
            return None
        except OSError:
            continue  # an ICMP error of an earlier datagram
        if len(content) == _DATAGRAM.size and content.startswith(_MARK):
            return _DATAGRAM.unpack(content)[1], peer
