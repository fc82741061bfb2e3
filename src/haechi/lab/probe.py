"""A probe: one connection to try, and what was observed of it. Plain values; `haechi.lab.sender` makes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from haechi.errors import HaechiError

Protocol = Literal["TCP", "UDP", "SCTP"]


@dataclass(frozen=True, slots=True)
class Probe:
    """One attempt of one endpoint to reach a port of another.

    Attributes:
        source: the sending endpoint's name.
        destination: the listening endpoint's name.
        source_address: the address it sends from, as text.
        destination_address: the address it sends to, of the same family.
        protocol: TCP, UDP or SCTP.
        port: the destination port.
    """

    source: str
    destination: str
    source_address: str
    destination_address: str
    protocol: Protocol
    port: int


@dataclass(frozen=True, slots=True)
class Observation:
    """What was observed of a probe.

    Attributes:
        probe: the probe.
        arrived: whether a packet of it reached the listener's namespace, in any of the attempts.
        replied: whether the listener's answer came back as well.
        attempts: how many separate connections were tried; one that does not arrive is always tried twice.
        error: the sender's error, as an errno name (`ECONNREFUSED` after a RST), or None. Not every ICMP error is one:
            the kernel does not report those that arrive during connect(2).
    """

    probe: Probe
    arrived: bool
    replied: bool
    attempts: int
    error: str | None = None


class ProbeError(HaechiError, ValueError):
    """A probe that cannot be sent, or whose result would mean nothing.

    Attributes:
        probe: the probe.
        fault: what is wrong with it.
    """

    def __init__(self, probe: Probe, fault: str) -> None:
        super().__init__(probe, fault)
        self.probe = probe
        self.fault = fault

    def __str__(self) -> str:
        probe = self.probe
        return f"{probe.source} → {probe.destination} {probe.protocol} {probe.port}: {self.fault}"
