"""A probe: one question to the network, and what became of it.

Plain values. Whether something arrived is decided by `haechi.lab.sender`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

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
    """What became of a probe.

    Attributes:
        probe: the question.
        arrived: whether a packet of it reached the listener's namespace, in any of the attempts.
        replied: whether the listener's answer came back as well.
        attempts: how many separate connections were tried; one that does not arrive is always tried twice.
        error: what the sender was told instead, as an errno name (`ECONNREFUSED` after a RST), or None. Not every ICMP
            error gets here: one that arrives while connect(2) is still at work is kept back by the kernel.
    """

    probe: Probe
    arrived: bool
    replied: bool
    attempts: int
    error: str | None = None


class ProbeError(ValueError):
    """A probe that cannot be sent, or that would mean nothing.

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
