"""A routing socket of one namespace: many requests at once.

`commit` returns after the kernel has carried out all of them, or raises the error of the first one that it refused. It
is not a transaction, which rtnetlink does not have: the requests before and after a refused one stay done.
"""

from __future__ import annotations

import errno
import itertools
import socket
import struct
from typing import TYPE_CHECKING

from haechi.netns import MissingFeature
from haechi.rtnetlink.errors import RtnetlinkError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from types import TracebackType

    from haechi.netns import NetworkNamespace
    from haechi.rtnetlink.request import RouteRequest

_CHUNK = 64  # requests per datagram; only the last is acknowledged, so the receive buffer holds only refusals and it
_NLM_F_REQUEST, _NLM_F_ACK = 1, 4
_NLM_F_ACK_TLVS = 0x200
_NLMSG_ERROR = 2
_SOL_NETLINK, _NETLINK_CAP_ACK, _NETLINK_EXT_ACK = 270, 10, 11
_NLMSGERR_ATTR_MSG = 1
_HEADER = struct.Struct("=IHHII")  # length, type, flags, sequence number, port


class RouteSocket:
    """An open rtnetlink socket. It stays in its namespace when the thread enters another one."""

    def __init__(self, namespace: NetworkNamespace) -> None:
        with namespace:
            self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
        self._socket.setsockopt(_SOL_NETLINK, _NETLINK_CAP_ACK, 1)
        self._socket.setsockopt(_SOL_NETLINK, _NETLINK_EXT_ACK, 1)
        self._sequence = 0

    def commit(self, requests: Iterable[RouteRequest]) -> None:
        """Have the kernel carry out `requests` in order.

        Raises:
            MissingFeature: the kernel does not have the driver that a request needs.
            RtnetlinkError: the kernel refused a request; the first one is reported.
        """
        remaining = iter(requests)
        while chunk := list(itertools.islice(remaining, _CHUNK)):
            first = self._sequence
            self._sequence += len(chunk)
            self._socket.send(b"".join(_frames(chunk, first)))
            self._await(chunk, first)

    def _await(self, chunk: Sequence[RouteRequest], first: int) -> None:
        refused: list[Exception] = []
        while True:
            for sequence, number, message in _answers(self._socket.recv(1 << 16)):
                if number:
                    refused.append(refusal(chunk[sequence - first], number, message))
                if sequence == first + len(chunk) - 1:
                    if refused:
                        raise refused[0]
                    return

    def close(self) -> None:
        """Close the socket; what was committed stays."""
        self._socket.close()

    def __enter__(self) -> RouteSocket:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _frames(chunk: Sequence[RouteRequest], first: int) -> Iterator[bytes]:
    for position, request in enumerate(chunk):
        flags = _NLM_F_REQUEST | request.flags | (_NLM_F_ACK if position == len(chunk) - 1 else 0)
        yield _HEADER.pack(_HEADER.size + len(request.body), request.kind, flags, first + position, 0) + request.body


def _answers(datagram: bytes) -> Iterator[tuple[int, int, str]]:
    """Yield sequence number, errno and the kernel's message of each acknowledgement."""
    offset = 0
    while offset < len(datagram):
        length, kind, flags, sequence, _ = _HEADER.unpack_from(datagram, offset)
        if kind == _NLMSG_ERROR:
            (code,) = struct.unpack_from("=i", datagram, offset + _HEADER.size)
            # The code is followed by the refused header, alone because of NETLINK_CAP_ACK, and then by attributes.
            attributes = datagram[offset + _HEADER.size + 4 + _HEADER.size : offset + length]
            yield sequence, -code, _words(attributes) if flags & _NLM_F_ACK_TLVS else ""
        offset += (length + 3) & ~3


def _words(attributes: bytes) -> str:
    offset = 0
    while offset + 4 <= len(attributes):
        length, kind = struct.unpack_from("=HH", attributes, offset)
        if kind == _NLMSGERR_ATTR_MSG:
            return attributes[offset + 4 : offset + length].rstrip(b"\0").decode(errors="replace")
        offset += max(4, (length + 3) & ~3)
    return ""


def refusal(request: RouteRequest, number: int, message: str) -> Exception:
    """The error for a request that the kernel refused with this errno and explanation."""
    if number == errno.EOPNOTSUPP and request.driver:
        return MissingFeature(request.driver, f"load it: sudo modprobe {request.driver}")
    return RtnetlinkError(request.words, number, message)
