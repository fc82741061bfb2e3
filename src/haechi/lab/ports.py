"""The ports that a lab probes.

Why: what a policy allows is visible only beside what it denies. Promises every port that a policy or a container names
(names resolved on the pods, both ends of ranges and their neighbours) and one that none of them names, each over TCP,
UDP and SCTP.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, get_args

from haechi.lab.probe import Protocol
from haechi.model import NetworkPolicy, Pod, TierPolicy, as_cluster_network_policy
from haechi.sets import IntervalSet

Port = tuple[Protocol, int]
PROTOCOLS: Final[tuple[Protocol, ...]] = get_args(Protocol)
_FREE: Final = IntervalSet([(1_024, 65_535)])
_HIGH: Final = IntervalSet([(61_000, 65_535)])
"""Candidates for the port that nothing names, and better ones: beyond the ephemeral ports of clients."""


def ports_to_probe(policies: Iterable[NetworkPolicy | TierPolicy], pods: Iterable[Pod]) -> tuple[Port, ...]:
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


def _of_policies(policies: Iterable[NetworkPolicy | TierPolicy]) -> Iterator[tuple[int, int]]:
    for policy in policies:
        if isinstance(policy, TierPolicy):
            yield from _of_tiers(policy)
            continue
        ports = [rule.ports for rule in policy.spec.ingress] + [rule.ports for rule in policy.spec.egress]
        for rule_ports in ports:
            for port in rule_ports:
                if isinstance(port.port, int) and 1 <= port.port <= (port.end_port or port.port) <= 65535:
                    yield port.port, port.end_port or port.port


def _of_tiers(policy: TierPolicy) -> Iterator[tuple[int, int]]:
    spec = as_cluster_network_policy(policy).spec
    listed = [rule.protocols or () for rule in spec.ingress] + [rule.protocols or () for rule in spec.egress]
    for entry in (entry for entries in listed for entry in entries):
        for transport in (entry.tcp, entry.udp, entry.sctp):
            port = transport.destination_port if transport is not None else None
            if port is not None:
                first, last = (port.range.start, port.range.end) if port.range else (port.number or 0, port.number or 0)
                if 1 <= first <= last <= 65535:
                    yield first, last


def _of_pods(pods: Iterable[Pod]) -> Iterator[int]:
    for pod in pods:
        for container in pod.spec.containers:
            yield from (port.container_port for port in container.ports if 1 <= port.container_port <= 65535)
