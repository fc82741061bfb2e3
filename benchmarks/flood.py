"""What a packet costs on its way through a node, measured by sending many.

A packet that is sent into a veth pair is carried through the next namespace, with all its hooks, in the softirq of the
sender, and from there into the following one, before the system call returns. So the sender's time per packet is the
path's time per packet. Absolute figures depend on the machine; ratios within one run, with rounds taken in turns, do
not.
"""

from __future__ import annotations

import ctypes
import os
import socket
import statistics
import struct
import time
from typing import TYPE_CHECKING, Literal

from haechi.lab.network import FAR_HARDWARE, NEAR_HARDWARE, Network

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType

FIRST_PORT, LAST_PORT = 1024, 65535
_ETHERTYPE = {4: 0x0800, 6: 0x86DD}
_NUMBER = {"TCP": 6, "UDP": 17}
_HOPS = 64
_BATCH = 256  # packets per system call

_libc = ctypes.CDLL(None, use_errno=True)


class _Vector(ctypes.Structure):  # struct iovec
    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


class _Message(ctypes.Structure):  # struct mmsghdr, sendmmsg(2)
    _fields_ = (
        ("name", ctypes.c_void_p),
        ("name_length", ctypes.c_uint32),
        ("vectors", ctypes.POINTER(_Vector)),
        ("vector_count", ctypes.c_size_t),
        ("control", ctypes.c_void_p),
        ("control_length", ctypes.c_size_t),
        ("flags", ctypes.c_int),
        ("sent", ctypes.c_uint32),
    )


class Flood:
    """A sender of raw packets from one pod to another; the destination ignores them while the flood is open.

    `with flood:` opens and closes it.
    """

    def __init__(
        self,
        network: Network,
        source: str,
        destination: str,
        protocol: Literal["TCP", "UDP"],
        port: int,
        *,
        version: int = 4,
    ) -> None:
        """Prepare a flood.

        Args:
            network: the lab.
            source: the sending pod.
            destination: the pod that is sent to.
            protocol: UDP datagrams without content, or TCP segments with SYN.
            port: the destination port.
            version: 4 or 6; both pods must have addresses of that version.
        """
        self._network = network
        self._destination = destination
        addresses = _packed(network, source, version), _packed(network, destination, version)
        self._template = _Template(*addresses, _NUMBER[protocol], port)
        self._next_port = FIRST_PORT
        with network.namespace_of(source):
            self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
            self._socket.bind(("eth0", _ETHERTYPE[version]))
        network.blackhole(destination)

    def send(self, count: int, *, new: bool = True) -> float:
        """Send `count` packets and return the nanoseconds that each took, as the median of batches of 256.

        Args:
            count: how many.
            new: every packet from another source port, so that each begins a connection; otherwise all from the one
                that was used last, so that they belong to a connection that conntrack knows.

        Raises:
            ValueError: there are no unused source ports left (64,512 in all).
        """
        if new and self._next_port + count > LAST_PORT + 1:
            raise ValueError(f"only {LAST_PORT + 1 - self._next_port} source ports are left, {count} are needed")
        if new:
            ports = range(self._next_port, self._next_port + count)
            self._next_port += count
        else:
            ports = range(max(self._next_port - 1, FIRST_PORT), max(self._next_port, FIRST_PORT + 1))
        frames = [self._template.frame(port) for port in ports]
        return _blast(self._socket.fileno(), frames if new else frames * count)

    def close(self) -> None:
        """Stop, and let the destination hear again."""
        self._socket.close()
        self._network.blackhole(self._destination, False)

    def __enter__(self) -> Flood:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def in_turns(measures: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, float]:
    """Take each measure once per round, in turns, and return the median of each.

    Whatever disturbs the machine meanwhile disturbs all of them, so their ratios hold.
    """
    taken: dict[str, list[float]] = {name: [] for name in measures}
    for number in range(rounds):
        order = list(measures) if number % 2 == 0 else list(measures)[::-1]
        for name in order:
            taken[name].append(measures[name]())
    return {name: statistics.median(values) for name, values in taken.items()}


class _Template:
    """Ethernet, IP and transport headers that lack only the source port."""

    def __init__(self, source: bytes, destination: bytes, protocol: int, port: int) -> None:
        version = 4 if len(source) == 4 else 6
        rest = struct.pack("!HH", 8, 0) if protocol == 17 else struct.pack("!IIBBHHH", 1, 0, 0x50, 0x02, 65535, 0, 0)
        self._port = struct.pack("!H", port)
        length = 4 + len(rest)
        self._start = NEAR_HARDWARE + FAR_HARDWARE + struct.pack("!H", _ETHERTYPE[version])
        if version == 4:
            header = struct.pack("!BBHHHBBH", 0x45, 0, 20 + length, 0, 0, _HOPS, protocol, 0) + source + destination
            self._start += header[:10] + _checksum(_sum(header)) + header[12:]
        else:
            self._start += struct.pack("!IHBB", 6 << 28, length, protocol, _HOPS) + source + destination
        self._sum = _sum(source + destination + struct.pack("!HH", protocol, length) + self._port + rest)
        # Where the checksum lies after the ports: UDP bytes 2–4, TCP bytes 12–14.
        offset = 2 if protocol == 17 else 12
        self._before, self._after = rest[:offset], rest[offset + 2 :]

    def frame(self, port: int) -> bytes:
        checksum = _checksum(self._sum + port)
        return b"".join((self._start, port.to_bytes(2, "big"), self._port, self._before, checksum, self._after))


def _blast(descriptor: int, frames: list[bytes]) -> float:
    """Send frames by sendmmsg(2) and return the median time per frame in nanoseconds, without the preparation."""
    vectors = (_Vector * len(frames))()
    messages = (_Message * len(frames))()
    for position, frame in enumerate(frames):
        vectors[position].base = ctypes.cast(ctypes.c_char_p(frame), ctypes.c_void_p)
        vectors[position].length = len(frame)
        messages[position].vectors = ctypes.pointer(vectors[position])
        messages[position].vector_count = 1
    size = ctypes.sizeof(_Message)
    start = ctypes.addressof(messages)
    taken = []
    position = 0
    while position < len(frames):
        batch = min(_BATCH, len(frames) - position)
        began = time.perf_counter_ns()
        sent = _libc.sendmmsg(descriptor, ctypes.c_void_p(start + position * size), batch, 0)
        if sent < 0:
            number = ctypes.get_errno()
            raise OSError(number, f"sendmmsg: {os.strerror(number)}")
        taken.append((time.perf_counter_ns() - began) / sent)
        position += sent
    return float(statistics.median(taken))


def _packed(network: Network, name: str, version: int) -> bytes:
    family = socket.AF_INET if version == 4 else socket.AF_INET6
    for address in network.endpoint(name).addresses:
        if (":" in address) == (version == 6):
            return socket.inet_pton(family, address)
    raise ValueError(f"{name} has no IPv{version} address")


def _sum(content: bytes) -> int:
    return sum(struct.unpack(f"!{len(content) // 2}H", content))


def _checksum(total: int) -> bytes:
    """Fold a sum of 16-bit words into the Internet checksum (RFC 1071); 0 is sent as 0xffff, as UDP wants it."""
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return struct.pack("!H", (~total & 0xFFFF) or 0xFFFF)
