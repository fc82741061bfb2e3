"""A netlink socket for requests and replies, with a timeout.

The kernel handles nfnetlink requests within ``send``: when it returns, the replies are queued already. So a missing
reply is lost, and waiting for it is limited by the timeout.
"""

from __future__ import annotations

import errno
import os
import socket
import struct
from collections.abc import Iterator
from types import TracebackType
from typing import Final

from haechi.netlink.errors import NetlinkError
from haechi.nft import DecodeError, NetlinkMessage, read_messages

_SOL_NETLINK: Final = 270
_CAP_ACK, _EXT_ACK = 10, 11
_SO_SNDBUFFORCE, _SO_RCVBUFFORCE = 32, 33
_NETLINK_NETFILTER: Final = 12
_DATAGRAM: Final = 1 << 18
"""The kernel fills dumps into datagrams of at most 32 KiB; acknowledgements are small."""
_OVERHEAD: Final = 64
_RECEIVE: Final = 4 << 20
_MOST: Final = 0x3FFFFFFF


class Channel:
    """A NETLINK_NETFILTER socket of the calling thread's network namespace."""

    def __init__(self, timeout: float) -> None:
        """Open the socket.

        Args:
            timeout: seconds after which a reply is considered lost.

        Raises:
            NetlinkError: the kernel does not support such sockets, or no more can be opened.
        """
        try:
            self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, _NETLINK_NETFILTER)
        except OSError as error:
            raise NetlinkError(f"no netfilter netlink socket: {error.strerror}") from error
        try:
            self._prepare(timeout)
        except OSError as error:
            self._socket.close()
            raise NetlinkError(f"netfilter netlink socket: {error.strerror}") from error

    def _prepare(self, timeout: float) -> None:
        whole, part = divmod(timeout, 1)
        limit = struct.pack("@ll", int(whole), int(part * 1e6))
        self._socket.bind((0, 0))
        self._socket.setsockopt(_SOL_NETLINK, _CAP_ACK, 1)
        self._socket.setsockopt(_SOL_NETLINK, _EXT_ACK, 1)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, limit)
        self._resize(_SO_RCVBUFFORCE, socket.SO_RCVBUF, _RECEIVE)
        self._buffer = bytearray(_DATAGRAM)
        self._capacity = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF)

    def _resize(self, force: int, ask: int, size: int) -> None:
        """Set a buffer's size: any size as root of the machine (SO_*BUFFORCE), otherwise up to net.core.*mem_max."""
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, force, min(size, _MOST))
        except PermissionError:
            self._socket.setsockopt(socket.SOL_SOCKET, ask, min(size, _MOST))

    def reserve(self, size: int) -> int:
        """Enlarge the send buffer for a datagram of ``size`` bytes, and return the largest size that is possible."""
        if size > self._capacity - _OVERHEAD:
            self._resize(_SO_SNDBUFFORCE, socket.SO_SNDBUF, size + _OVERHEAD)
            self._capacity = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF)
        return self._capacity - _OVERHEAD

    def send(self, datagram: bytes) -> None:
        """Send a datagram to the kernel. Raises `NetlinkError`."""
        try:
            sent = self._socket.sendto(datagram, (0, 0))
        except OSError as error:
            raise NetlinkError(f"sending {len(datagram)} bytes to the kernel: {error.strerror}") from error
        if sent != len(datagram):
            raise NetlinkError(f"the kernel accepted {sent} of {len(datagram)} bytes")

    def receive(self) -> list[NetlinkMessage]:
        """The messages of the next datagram; none if it is not from the kernel.

        Raises:
            NetlinkError: there was no reply in time, replies were lost, or a reply is not valid netlink.
        """
        try:
            length, _, flags, sender = self._socket.recvmsg_into([self._buffer])
        except OSError as error:
            if error.errno == errno.ENOBUFS:
                raise LostError("replies of the kernel were lost: too many at once") from error
            if error.errno in (errno.EAGAIN, errno.EWOULDBLOCK):
                raise LostError("the kernel did not reply in time") from error
            raise NetlinkError(f"receiving from the kernel: {os.strerror(error.errno or 0)}") from error
        if sender[0] != 0:
            return []
        if flags & socket.MSG_TRUNC:
            raise LostError("a reply of the kernel was truncated")
        try:
            return list(read_messages(bytes(memoryview(self._buffer)[:length])))
        except DecodeError as error:
            raise NetlinkError(str(error)) from error

    def drain(self) -> Iterator[NetlinkMessage]:
        """The messages that are still queued after an exchange that failed, without waiting."""
        self._socket.setblocking(False)
        try:
            while True:
                try:
                    yield from self.receive()
                except LostError as error:
                    if isinstance(error.__cause__, BlockingIOError):
                        return
                except NetlinkError:
                    continue
        finally:
            self._socket.setblocking(True)

    def close(self) -> None:
        """Close the socket. A table that it owns without PERSIST goes with it."""
        self._socket.close()

    def __enter__(self) -> Channel:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class LostError(NetlinkError):
    """Expected replies did not arrive."""
