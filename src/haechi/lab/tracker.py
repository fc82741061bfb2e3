"""Which attempt belongs to which probe of a round, and what has been observed of it.

Every attempt carries a number of its own, by which the listener recognises it whatever the network did to it: TCP as
its source port, UDP in its payload, SCTP as its initiate tag.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from haechi.lab.probe import Observation

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from haechi.lab.probe import Probe

FIRST_PORT, LAST_PORT = 16384, 65535  # source ports of TCP probes; never the port of a listener


class ProbeTracker:
    """What has been observed of each of `probes`, by its position."""

    def __init__(self, probes: Sequence[Probe], listened: Collection[int]) -> None:
        """Track probes.

        Args:
            probes: what is sent.
            listened: ports of listeners, which no client may have.
        """
        self.probes = probes
        self.arrived = bytearray(len(probes))
        self.replied = bytearray(len(probes))
        self.attempts = [0] * len(probes)
        self.errors: list[str | None] = [None] * len(probes)
        self.finished = 0
        self._ports = itertools.cycle([port for port in range(FIRST_PORT, LAST_PORT + 1) if port not in listened])
        self._tokens = itertools.count(1)
        self._by_port: dict[int, int] = {}
        self._by_token: dict[int, int] = {}

    def new_port(self, position: int) -> int:
        """A source port for an attempt of the probe at `position`; it is used again after 49,000 others."""
        port = next(self._ports)
        self._by_port[port] = position
        return port

    def new_token(self, position: int) -> int:
        """A 32-bit number for an attempt of the probe at `position`; never 0."""
        token = next(self._tokens) & 0xFFFFFFFF
        self._by_token[token] = position
        return token

    def port_arrived(self, port: int) -> None:
        """Record that a listener has seen a connection from this source port."""
        if (position := self._by_port.get(port)) is not None:
            self.arrived[position] = 1

    def token_arrived(self, token: int) -> bool:
        """Record that a listener has seen this number; return whether it belongs to a probe."""
        position = self._by_token.get(token)
        if position is None:
            return False
        self.arrived[position] = 1
        return True

    def token_replied(self, token: int) -> None:
        """Record that the sender has seen the answer to this number."""
        if (position := self._by_token.get(token)) is not None:
            self.reply(position)

    def reply(self, position: int) -> None:
        """Record that the sender of the probe at `position` has its answer; so the listener was reached as well."""
        if not self.replied[position]:
            self.replied[position] = self.arrived[position] = 1
            self.finished += 1

    def fail(self, position: int, error: str) -> None:
        """Record an error of the sender."""
        self.errors[position] = error

    def unfinished(self, positions: Iterator[int] | Sequence[int]) -> list[int]:
        """The positions whose sender has no answer yet."""
        return [position for position in positions if not self.replied[position]]

    def observations(self) -> list[Observation]:
        """What has been observed, in the order of the probes."""
        return [
            Observation(probe, bool(arrived), bool(replied), attempts, None if replied else error)
            for probe, arrived, replied, attempts, error in zip(
                self.probes, self.arrived, self.replied, self.attempts, self.errors, strict=True
            )
        ]
