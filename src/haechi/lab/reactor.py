"""An event loop for many sockets: epoll(7) with a callback for each. `turn` handles whatever is ready."""

from __future__ import annotations

import select
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable
    from types import TracebackType

READABLE = select.EPOLLIN
WRITABLE = select.EPOLLOUT


class Reactor:
    """Sockets, each with a callback for when it is ready."""

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._callbacks: dict[int, Callable[[int], None]] = {}

    def watch(self, subject: socket.socket, events: int, callback: Callable[[int], None]) -> None:
        """Call `callback` with the ready events (EPOLLIN, EPOLLOUT, EPOLLERR, EPOLLHUP) until `forget`."""
        descriptor = subject.fileno()
        self._callbacks[descriptor] = callback
        self._epoll.register(descriptor, events)

    def change(self, subject: socket.socket, events: int) -> None:
        """Replace the events that are waited for."""
        self._epoll.modify(subject.fileno(), events)

    def forget(self, subject: socket.socket) -> None:
        """Stop waiting for a socket; call it before the socket is closed."""
        descriptor = subject.fileno()
        del self._callbacks[descriptor]
        self._epoll.unregister(descriptor)

    def turn(self, seconds: float = 0.0) -> int:
        """Handle everything that is ready, waiting up to `seconds` for the first event; return how many there were."""
        handled = 0
        while ready := self._epoll.poll(seconds, 1024):
            handled += len(ready)
            for descriptor, events in ready:
                if callback := self._callbacks.get(descriptor):  # an earlier callback may have closed it
                    callback(events)
            seconds = 0.0
        return handled

    def close(self) -> None:
        """Stop waiting for anything."""
        self._epoll.close()
        self._callbacks.clear()

    def __enter__(self) -> Reactor:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
