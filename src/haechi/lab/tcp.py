"""TCP probes: real connections, one byte each way, and a look at every SYN that arrives.

A connection proves that both directions work. A denial has to mean that nothing arrived, so a raw socket beside each
listener receives every SYN that gets through, even if no answer gets back.
"""

from __future__ import annotations

import ctypes
import errno
import select
import socket
import struct
from typing import TYPE_CHECKING

from haechi.lab.reactor import READABLE, WRITABLE, Reactor

if TYPE_CHECKING:
    from haechi.lab.probe import Probe
    from haechi.lab.tracker import ProbeTracker
    from haechi.netns import NetworkNamespace

_SO_ATTACH_FILTER = 26  # asm-generic/socket.h
_RESET_ON_CLOSE = struct.pack("=ii", 1, 0)  # SO_LINGER with no time: closing sends RST and leaves no TIME_WAIT behind
_BACKLOG = 4096
_FAILED = select.EPOLLERR | select.EPOLLHUP

# Classic BPF programs that pass segments with SYN and without ACK. A raw IPv4 socket sees the IP header, IPv6 not.
_ONLY_FIRST_4 = (
    (0xB1, 0, 0, 0),  # ldxb 4 * ([0] & 0xf)
    (0x50, 0, 0, 13),  # ldb [x + 13]
    (0x54, 0, 0, 0x12),  # and #SYN|ACK
    (0x15, 0, 1, 0x02),  # jeq #SYN
    (0x06, 0, 0, 0xFFFF),  # ret #65535
    (0x06, 0, 0, 0),  # ret #0
)
_ONLY_FIRST_6 = ((0x30, 0, 0, 13), *_ONLY_FIRST_4[2:])  # ldb [13]


class TcpExchange:
    """Listeners, raw sockets that see every SYN, and open attempts of one round."""

    def __init__(self, reactor: Reactor, tracker: ProbeTracker) -> None:
        self._reactor = reactor
        self._tracker = tracker
        self._listeners: list[socket.socket] = []
        self._watchers: dict[tuple[int, int], socket.socket] = {}
        self._attempts: dict[int, socket.socket] = {}

    def listen(self, namespace: NetworkNamespace, address: str, port: int) -> None:
        """Accept connections to a port; the calling thread is inside `namespace`."""
        family = _family(address)
        listener = socket.socket(family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        self._listeners.append(listener)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, 1)  # wake up at its first byte
        listener.bind((address, port))
        listener.listen(_BACKLOG)
        self._reactor.watch(listener, READABLE, lambda _: self._accept(listener))
        if (namespace.descriptor, family) not in self._watchers:
            self._watchers[namespace.descriptor, family] = self._watch(family)

    def send(self, namespace: NetworkNamespace, position: int, probe: Probe) -> None:  # noqa: ARG002  (Exchange)
        """Begin a connection; the calling thread is inside `namespace`, the sender's."""
        attempt = socket.socket(_family(probe.source_address), socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        self._discard(position)
        self._attempts[position] = attempt
        self._reactor.watch(attempt, WRITABLE, lambda events: self._proceed(position, attempt, events))
        try:
            attempt.bind((probe.source_address, self._tracker.new_port(position)))
            attempt.connect((probe.destination_address, probe.port))
        except BlockingIOError:
            return
        except OSError as error:
            self._fail(position, error.errno)

    def withdraw(self) -> None:
        """Give up the unfinished attempts."""
        for position in list(self._attempts):
            self._discard(position)

    def close(self) -> None:
        """Close everything."""
        self.withdraw()
        for subject in (*self._listeners, *self._watchers.values()):
            subject.close()

    def _watch(self, family: int) -> socket.socket:
        watcher = socket.socket(family, socket.SOCK_RAW | socket.SOCK_NONBLOCK, socket.IPPROTO_TCP)
        _attach(watcher, _ONLY_FIRST_4 if family == socket.AF_INET else _ONLY_FIRST_6)
        ipv4 = family == socket.AF_INET
        self._reactor.watch(watcher, READABLE, lambda _: self._notice(watcher, ipv4))
        return watcher

    def _notice(self, watcher: socket.socket, ipv4: bool) -> None:
        while segment := _receive(watcher):
            offset = (segment[0] & 15) * 4 if ipv4 else 0
            self._tracker.port_arrived(segment[offset] << 8 | segment[offset + 1])

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, peer = listener.accept()
            except (BlockingIOError, ConnectionError):
                return
            with connection:
                self._tracker.port_arrived(peer[1])
                connection.setblocking(False)
                try:
                    connection.send(connection.recv(16))
                except OSError:
                    continue  # its sender has gone, or has sent nothing within the time of TCP_DEFER_ACCEPT

    def _proceed(self, position: int, attempt: socket.socket, events: int) -> None:
        if events & _FAILED:
            self._fail(position, attempt.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))
            return
        try:
            if events & READABLE:
                if attempt.recv(16):
                    self._tracker.reply(position)
                self._discard(position)
            elif events & WRITABLE:
                attempt.send(b"?")
                self._reactor.change(attempt, READABLE)
        except OSError as error:
            self._fail(position, error.errno)

    def _fail(self, position: int, number: int | None) -> None:
        self._tracker.fail(position, errno.errorcode.get(number or 0, str(number)))
        self._discard(position)

    def _discard(self, position: int) -> None:
        if attempt := self._attempts.pop(position, None):
            self._reactor.forget(attempt)
            attempt.close()


def _family(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def _receive(watcher: socket.socket) -> bytes:
    try:
        return watcher.recv(128)
    except BlockingIOError:
        return b""


def _attach(subject: socket.socket, program: tuple[tuple[int, int, int, int], ...]) -> None:
    """Attach a classic BPF program (socket(7), SO_ATTACH_FILTER: a count and a pointer)."""
    code = b"".join(struct.pack("=HBBI", *instruction) for instruction in program)
    buffer = ctypes.create_string_buffer(code, len(code))
    subject.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, struct.pack("@HP", len(program), ctypes.addressof(buffer)))
