"""The ports that a lab probes.

Why: what a policy allows is visible only beside what it denies. Promises every port that a policy or a container names
(names resolved on the pods, both ends of ranges and their neighbours) and one that none of them names, each over TCP,
UDP and SCTP.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final, get_args

from haechi.errors import HaechiError
from haechi.lab.probe import Protocol
from haechi.model import NetworkPolicy, Pod
from haechi.sets import IntervalSet

Port = tuple[Protocol, int]
PROTOCOLS: Final[tuple[Protocol, ...]] = get_args(Protocol)
_NUMBER: Final = re.compile(r"[0-9]{1,5}")
_FREE: Final = IntervalSet([(1_024, 65_535)])
_HIGH: Final = IntervalSet([(61_000, 65_535)])
"""Candidates for the port that nothing names, and better ones: beyond the ephemeral ports of clients."""


class InvalidPortText(HaechiError, ValueError):
    """A text that is not PORT or PORT/PROTOCOL."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text

    def __str__(self) -> str:
        return f"{self.text!r} is not PORT or PORT/PROTOCOL with a port from 1 to 65535 and TCP, UDP or SCTP"


def parse_port(text: str) -> Port:
    """`80`, `80/TCP`, `53/udp`; TCP without a protocol.

    Raises:
        InvalidPortText: anything else.
    """
    number, slash, word = text.partition("/")
    protocol = next((each for each in PROTOCOLS if each == word.upper()), None) if slash else "TCP"
    if protocol is None or not _NUMBER.fullmatch(number) or not 1 <= int(number) <= 65535:
        raise InvalidPortText(text)
    return protocol, int(number)


def ports_to_probe(policies: Iterable[NetworkPolicy], pods: Iterable[Pod]) -> tuple[Port, ...]:
    """The ports to probe, by number and protocol."""
    ranges = [*_of_policies(policies), *((number, number) for number in _of_pods(pods))]
    named = IntervalSet(ranges)
    edges = {number for first, last in ranges for number in (first, last)}
    edges |= {number for first, last in ranges if first != last for number in (first - 1, last + 1)}
    unnamed = _FREE - named - IntervalSet.of(*(number for number in edges if number >= 0))
    if unnamed:
        edges.add((unnamed & _HIGH or unnamed).min)
    numbers = sorted(number for number in edges if 1 <= number <= 65535)
    return tuple((protocol, number) for number in numbers for protocol in PROTOCOLS)


def _of_policies(policies: Iterable[NetworkPolicy]) -> Iterator[tuple[int, int]]:
    for policy in policies:
        ports = [rule.ports for rule in policy.spec.ingress] + [rule.ports for rule in policy.spec.egress]
        for rule_ports in ports:
            for port in rule_ports:
                if isinstance(port.port, int) and 1 <= port.port <= (port.end_port or port.port) <= 65535:
                    yield port.port, port.end_port or port.port


def _of_pods(pods: Iterable[Pod]) -> Iterator[int]:
    for pod in pods:
        for container in pod.spec.containers:
            yield from (port.container_port for port in container.ports if 1 <= port.container_port <= 65535)
