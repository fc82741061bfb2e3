"""One long-lived TCP connection between two endpoints, to watch what a change of policy does to it.

Promises that every byte given to `carry` is returned by it or by a later call, in order, or is still under way; so
"stops at its next packet" and "loses no byte" can both be read off what comes out.
"""

from __future__ import annotations

import select
import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType

    from haechi.lab.network import Network

_PART = 1 << 16


class Connection:
    """An open connection. `with connection:` closes it at the end, by RST.

    Attributes:
        client: the socket that connected.
        server: the socket that accepted.
    """

    def __init__(self, client: socket.socket, server: socket.socket) -> None:
        self.client = client
        self.server = server
        self._unsent = {client: bytearray(), server: bytearray()}  # by sender
        self._owed = {client: 0, server: 0}  # bytes that have not come out yet, by receiver
        for end in (client, server):
            end.setblocking(False)
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

    @classmethod
    def open(
        cls, network: Network, client: str, server: str, port: int, *, version: int = 4, seconds: float = 5.0
    ) -> Connection:
        """Connect two endpoints over IPv4 or IPv6.

        Raises:
            TimeoutError: nothing got through within `seconds`.
            OSError: the connection was refused.
            ValueError: one of them has no address of that IP version.
        """
        source, destination = (_address(network, name, version) for name in (client, server))
        family = socket.AF_INET if version == 4 else socket.AF_INET6
        with network.namespace_of(server), socket.socket(family) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((destination, port))
            listener.listen(1)
            listener.settimeout(seconds)
            with network.namespace_of(client):
                caller = socket.create_connection((destination, port), seconds, (source, 0))
            try:
                return cls(caller, listener.accept()[0])
            except BaseException:
                caller.close()
                raise

    def carry(self, payload: bytes = b"", *, back: bool = False, quiet: float = 0.3) -> bytes:
        """Send `payload` to the server, or back to the client, and return what comes out at the other end.

        Returns once all that was sent, now and in earlier calls, has come out, or nothing has moved for `quiet`
        seconds. What is still under way then is delivered by TCP as soon as it can be, and returned by a later call.
        """
        sender, receiver = (self.server, self.client) if back else (self.client, self.server)
        self._unsent[sender] += payload
        self._owed[receiver] += len(payload)
        arrived = bytearray()
        while self._owed[receiver]:
            writing = [sender] if self._unsent[sender] else []
            readable, writable, _ = select.select([receiver], writing, [], quiet)
            if writable:
                del self._unsent[sender][: sender.send(self._unsent[sender][:_PART])]
            if readable:
                part = receiver.recv(_PART)
                if not part:
                    break
                arrived += part
                self._owed[receiver] -= len(part)
            if not readable and not writable:
                break
        return bytes(arrived)

    def close(self) -> None:
        """Abort it at both ends."""
        self.client.close()
        self.server.close()

    def __enter__(self) -> Connection:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _address(network: Network, name: str, version: int) -> str:
    for address in network.endpoint(name).addresses:
        if (":" in address) == (version == 6):
            return address
    raise ValueError(f"{name} has no IPv{version} address")
