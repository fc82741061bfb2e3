"""SCTP probes without SCTP sockets: INIT and INIT ACK chunks over raw IP (RFC 9260, sections 3.3.2 and 3.3.3).

Many kernels have no SCTP sockets, but every one forwards SCTP and tracks it in conntrack, which requires correct
checksums (CRC32c, RFC 9260 appendix A). The number of an attempt travels as its initiate tag and comes back as
verification tag.
"""

from __future__ import annotations

import errno
import socket
import struct
from typing import TYPE_CHECKING

from haechi.lab.reactor import READABLE, Reactor

if TYPE_CHECKING:
    from haechi.lab.probe import Probe
    from haechi.lab.tracker import ProbeTracker
    from haechi.netns import NetworkNamespace

INIT, INIT_ACK = 1, 2
_FIRST_SOURCE_PORT = 50000
_COMMON = struct.Struct("!HHII")  # source port, destination port, verification tag, checksum
_CHUNK = struct.Struct("!BBHIIHHI")  # type, flags, length, initiate tag, window, streams out and in, first TSN
_COOKIE = struct.pack("!HHI", 7, 8, 0)  # an INIT ACK must carry a state cookie; nothing ever echoes this one
_WINDOW = 65536


class SctpExchange:
    """One raw socket for each address of one round; it listens and sends."""

    def __init__(self, reactor: Reactor, tracker: ProbeTracker) -> None:
        self._reactor = reactor
        self._tracker = tracker
        self._sockets: dict[tuple[int, str], socket.socket] = {}
        self._ports: dict[tuple[int, str], set[int]] = {}
        self._source_port = _FIRST_SOURCE_PORT

    def listen(self, namespace: NetworkNamespace, address: str, port: int) -> None:
        """Answer INIT chunks to a port; the calling thread is inside `namespace`."""
        self._open(namespace, address)
        self._ports[namespace.descriptor, address].add(port)

    def send(self, namespace: NetworkNamespace, position: int, probe: Probe) -> None:
        """Send an INIT; the calling thread is inside `namespace`, the sender's."""
        sender = self._open(namespace, probe.source_address)
        packet = init(self._source_port, probe.port, self._tracker.new_token(position))
        try:
            sender.sendto(packet, (probe.destination_address, 0))
        except OSError as error:
            self._tracker.fail(position, errno.errorcode.get(error.errno or 0, str(error.errno)))

    def withdraw(self) -> None:
        """Take another source port, so that the next attempts are new associations."""
        self._source_port += 1

    def close(self) -> None:
        """Close everything."""
        for opened in self._sockets.values():
            opened.close()

    def _open(self, namespace: NetworkNamespace, address: str) -> socket.socket:
        key = namespace.descriptor, address
        if key not in self._sockets:
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            opened = socket.socket(family, socket.SOCK_RAW | socket.SOCK_NONBLOCK, socket.IPPROTO_SCTP)
            self._sockets[key] = opened
            ports = self._ports[key] = set()
            opened.bind((address, 0))
            self._reactor.watch(opened, READABLE, lambda _: self._hear(opened, ports))
        return self._sockets[key]

    def _hear(self, subject: socket.socket, ports: set[int]) -> None:
        while received := _receive(subject):
            content, peer = received
            packet = content[(content[0] & 15) * 4 :] if subject.family == socket.AF_INET else content
            if len(packet) >= _COMMON.size + _CHUNK.size:
                self._handle(subject, ports, packet, peer)

    def _handle(self, subject: socket.socket, ports: set[int], packet: bytes, peer: str) -> None:
        source, destination, verification, _ = _COMMON.unpack_from(packet)
        kind, _, _, tag, *_ = _CHUNK.unpack_from(packet, _COMMON.size)
        if kind == INIT_ACK:
            self._tracker.token_replied(verification)
        elif kind == INIT and destination in ports and self._tracker.token_arrived(tag):
            try:
                subject.sendto(init_ack(destination, source, tag), (peer, 0))
            except OSError:
                return  # no way back: the missing reply shows that


def init(source: int, destination: int, tag: int) -> bytes:
    """Encode a packet that asks for an association; `tag` is the sender's initiate tag."""
    return _sealed(source, destination, 0, _CHUNK.pack(INIT, 0, _CHUNK.size, tag, _WINDOW, 1, 1, tag))


def init_ack(source: int, destination: int, tag: int) -> bytes:
    """Encode the answer to the INIT whose initiate tag was `tag`."""
    chunk = _CHUNK.pack(INIT_ACK, 0, _CHUNK.size + len(_COOKIE), tag, _WINDOW, 1, 1, tag)
    return _sealed(source, destination, tag, chunk + _COOKIE)


def crc32c(content: bytes) -> int:
    """Compute the Castagnoli CRC of `content` (RFC 3720 appendix B.4 has test vectors)."""
    value = 0xFFFFFFFF
    for byte in content:
        value = _TABLE[(value ^ byte) & 255] ^ value >> 8
    return value ^ 0xFFFFFFFF


def _table() -> tuple[int, ...]:
    entries = []
    for value in range(256):
        entry = value
        for _ in range(8):
            entry = entry >> 1 ^ (0x82F63B78 if entry & 1 else 0)
        entries.append(entry)
    return tuple(entries)


_TABLE = _table()


def _sealed(source: int, destination: int, verification: int, chunks: bytes) -> bytes:
    """Put the common header before `chunks`, with the checksum in SCTP's byte order (least significant byte first)."""
    checksum = crc32c(_COMMON.pack(source, destination, verification, 0) + chunks)
    return struct.pack("!HHI", source, destination, verification) + struct.pack("<I", checksum) + chunks


def _receive(subject: socket.socket) -> tuple[bytes, str] | None:
    while True:
        try:
            content, peer = subject.recvfrom(2048)
        except BlockingIOError:
            return None
        except OSError:
            continue  # an ICMP error of an earlier packet
        return content, peer[0]
