"""Checks of ports by number: ports of Services, redundant ports, and ports that no container lists."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from haechi.analysis.cluster import ports_text
from haechi.analysis.lint.check import Check, Diagnostic, check
from haechi.analysis.lint.facts import (
    Review,
    Server,
    ServiceTarget,
    WrittenPolicy,
    WrittenPort,
    WrittenRule,
    named_range,
    redundant_sets,
)
from haechi.analysis.lint.finding import Fix
from haechi.analysis.lint.wording import name_list
from haechi.engine import PolicyRule
from haechi.model import Direction, Edit, Severity
from haechi.sets import PROTOCOL_NAMES, PortSet


@check(
    "service-port",
    Severity.ERROR,
    "The port is the port of a Service; policies apply to the port of the pods behind it.",
)
def service_port(review: Review) -> Iterator[Diagnostic]:
    """Ports of Services whose pods listen on another port."""
    for one in review.shared(mistaken_ports):
        services = name_list(sorted({f"{each.namespace}/{each.service}" for each in one.meant}))
        targets = name_list(map(str, sorted({each.target_port for each in one.meant})))
        yield Diagnostic(
            one.policy.object,
            one.port.path,
            f"{one.port.written.port} is the port of Service {services}, whose pods listen on {targets}: "
            "policies apply to the port of the pods",
            f"use {targets}",
        )


class MistakenPort(NamedTuple):
    """A port of a Service in a rule, and the ports of the pods that are meant."""

    policy: WrittenPolicy
    rule: WrittenRule
    port: WrittenPort
    meant: tuple[ServiceTarget, ...]


def mistaken_ports(review: Review) -> Iterator[MistakenPort]:
    """The ports of Services whose pods listen on another port."""
    for policy, rule, read, servers in _served(review):
        for port in rule.ports:
            meant = _mistaken(port, read, servers)
            if meant:
                yield MistakenPort(policy, rule, port, tuple(meant))


def _served(review: Review) -> Iterator[tuple[WrittenPolicy, WrittenRule, PolicyRule, frozenset[Server]]]:
    """Rules with ports by number that allow no addresses, and their destination pods."""
    for policy in review.policies:
        for rule, read in policy.effective:
            if not any(isinstance(port.written.port, int) for port in rule.ports):
                continue
            selections = review.destinations(policy, rule, read)
            peers = read.peers
            if selections is not None and (rule.direction is Direction.INGRESS or not (peers.anywhere or peers.blocks)):
                yield policy, rule, read, review.servers.of(selections)


def _mistaken(port: WrittenPort, read: PolicyRule, servers: frozenset[Server]) -> list[ServiceTarget]:
    """The ports of Services with the number of an item, if none of the pods listens on it."""
    number = _single(port)
    if number is None or any(one.lists(number) or _leads_to(one, number) for one in servers):
        return []
    protocol = _protocol(port)
    found = {server: [one for one in server.targets if one[2:4] == (protocol, number)] for server in servers}
    if any(not targets and not server.listed for server, targets in found.items()):  # it may listen on any port
        return []
    allowed = [read.ports, *(_named_ports(read, server) for server in servers)]
    mistaken = [one for targets in found.values() for one in targets]
    if any(ports.contains(protocol, one.target_port) for ports in allowed for one in mistaken):
        return []
    return mistaken


def _single(port: WrittenPort) -> int | None:
    """The only number of an item; None if it has a name or a range."""
    written = port.written
    return written.port if isinstance(written.port, int) and written.end_port in (None, written.port) else None


def _protocol(port: WrittenPort) -> int:
    return next(protocol for protocol, _, _ in port.ports.parts()) if port.ports else 6


def _leads_to(server: Server, number: int) -> bool:
    return any(one.target_port == number for one in server.targets)


def _named_ports(read: PolicyRule, server: Server) -> PortSet:
    """The ports of a server with the names of a rule."""
    found = [port for port in server.listed if (port.protocol, port.name) in read.names]
    return PortSet.union_all([PortSet.port(port.protocol, port.number) for port in found])


@check(
    "overlapping-ports",
    Severity.WARNING,
    "Other items of the same list already include this port.",
)
def overlapping_ports(review: Review) -> Iterator[Diagnostic]:
    """Items of `ports` that can be deleted."""
    for policy in review.policies:
        for rule, _ in policy.effective:
            for number, others in _covered(rule).items():
                port = rule.ports[number]
                yield Diagnostic(
                    policy.object,
                    port.path,
                    _where(port, [rule.ports[other] for other in others]),
                    "delete the item",
                    Fix("delete the item", (Edit(port.path),)),
                )


def _covered(rule: WrittenRule) -> dict[int, tuple[int, ...]]:
    """The items that others of the rule cover, each with those that stay and cover it."""
    numbered = [port.ports or PortSet.NONE for port in rule.ports]
    covered = redundant_sets(numbered)
    stay = {number: ports for number, ports in enumerate(numbered) if ports and number not in covered}
    whole = PortSet.union_all(stay.values())
    first: dict[tuple[int, str], tuple[int, ...]] = {}
    for number, port in enumerate(rule.ports):
        for name in port.names:
            if name in first:
                covered[number] = first[name]
                continue
            ports = named_range(name[0])
            first[name] = (number,)
            if ports <= whole:  # whatever number the name stands for
                first[name] = tuple(n for n, others in stay.items() if not ports.isdisjoint(others))
                covered[number] = first[name]
    return covered


def _where(port: WrittenPort, others: list[WrittenPort]) -> str:
    """Which others cover an item, in words."""
    if any((port.ports, port.names) == (one.ports, one.names) for one in others):
        return f"{_words(port)} is in the list twice"
    return f"{_words(port)} is included in {name_list(map(_words, others))} of the same list"


def _words(port: WrittenPort) -> str:
    """`TCP 80`, `all UDP`, or `TCP http`."""
    named = [f"{PROTOCOL_NAMES[protocol]} {name}" for protocol, name in port.names]
    return ", ".join(named) or ports_text(port.ports or PortSet.NONE)


@check(
    "port-not-exposed",
    Severity.NOTE,
    "No container of the destination pods lists this port.",
    on_request=True,
)
def port_not_exposed(review: Review) -> Iterator[Diagnostic]:
    """Numbers that no container lists, of pods whose containers list others."""
    for policy, rule, read, servers in _served(review):
        if not all(server.listed for server in servers):
            continue
        for port in rule.ports:
            if isinstance(port.written.port, int) and not _is_listed(port, servers):
                if _mistaken(port, read, servers):
                    continue
                numbers = sorted({(one.protocol, one.number) for server in servers for one in server.listed})
                known = name_list([f"{PROTOCOL_NAMES[protocol]} {number}" for protocol, number in numbers])
                yield Diagnostic(
                    policy.object,
                    port.path,
                    f"no container of the destination pods lists {_words(port)}: they list {known}",
                    "delete the item, or list the port in the containers",
                )


def _is_listed(port: WrittenPort, servers: frozenset[Server]) -> bool:
    ports = port.ports or PortSet.NONE
    return any(ports.contains(one.protocol, one.number) for server in servers for one in server.listed)


CHECKS: tuple[Check, ...] = (service_port, overlapping_ports, port_not_exposed)
