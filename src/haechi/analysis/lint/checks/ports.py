"""Checks of ports by number: those of Services, those that others cover, those that nobody lists."""

from __future__ import annotations

from collections.abc import Iterator

from haechi.analysis.cluster import ports_text
from haechi.analysis.lint.check import Check, Found, check
from haechi.analysis.lint.facts import Front, Review, Server, WrittenPolicy, WrittenPort, WrittenRule
from haechi.analysis.lint.finding import Fix, Severity
from haechi.analysis.lint.wording import several
from haechi.engine import PolicyRule
from haechi.model import Direction, Edit
from haechi.sets import PROTOCOL_NAMES, PortSet


@check(
    "service-port",
    Severity.ERROR,
    "The port is that of a Service; policies see the port of the pods behind it.",
)
def service_port(review: Review) -> Iterator[Found]:
    """Ports of Services whose pods listen on another one."""
    for policy, rule, meaning, servers in _served(review):
        for port in rule.ports:
            fronts = _mistaken(port, meaning, servers)
            if fronts:
                services = several(sorted({f"{front.namespace}/{front.service}" for front in fronts}))
                targets = several(map(str, sorted({front.target for front in fronts})))
                yield Found(
                    policy.object,
                    port.path,
                    f"{port.written.port} is the port of Service {services}, whose pods listen on {targets}: "
                    "policies see the port of the pods",
                    f"use {targets}",
                )


def _served(review: Review) -> Iterator[tuple[WrittenPolicy, WrittenRule, PolicyRule, frozenset[Server]]]:
    """Rules with ports by number, and all the pods that serve them; not those that mean addresses as well."""
    for policy in review.policies:
        for rule, meaning in policy.effective:
            if not any(isinstance(port.written.port, int) for port in rule.ports):
                continue
            selections = review.serving(policy, rule, meaning)
            peers = meaning.peers
            if selections is not None and (rule.direction is Direction.INGRESS or not (peers.anywhere or peers.blocks)):
                yield policy, rule, meaning, review.servers.of(selections)


def _mistaken(port: WrittenPort, meaning: PolicyRule, servers: frozenset[Server]) -> list[Front]:
    """The Service ports that have the number of an item on which no pod listens."""
    number = _single(port)
    if number is None or any(one.lists(number) or _leads_to(one, number) for one in servers):
        return []
    protocol = _protocol(port)
    found = {server: [front for front in server.fronts if front[2:4] == (protocol, number)] for server in servers}
    if any(not fronts and not server.listed for server, fronts in found.items()):  # it may listen on anything
        return []
    allowed = [meaning.ports, *(_named(meaning, server) for server in servers)]
    fronts = [front for some in found.values() for front in some]
    if any(ports.contains(protocol, front.target) for ports in allowed for front in fronts):
        return []
    return fronts


def _single(port: WrittenPort) -> int | None:
    """The one number of an item; None if it has none, or several."""
    written = port.written
    return written.port if isinstance(written.port, int) and written.end_port in (None, written.port) else None


def _protocol(port: WrittenPort) -> int:
    return next(protocol for protocol, _, _ in port.ports.parts()) if port.ports else 6


def _leads_to(server: Server, number: int) -> bool:
    return any(front.target == number for front in server.fronts)


def _named(meaning: PolicyRule, server: Server) -> PortSet:
    """What the names of a rule mean on a server."""
    found = [port for port in server.listed if (port.protocol, port.name) in meaning.names]
    return PortSet.union_all([PortSet.port(port.protocol, port.number) for port in found])


@check(
    "overlapping-ports",
    Severity.WARNING,
    "Other items of the same list already hold this port.",
)
def overlapping_ports(review: Review) -> Iterator[Found]:
    """Items of `ports` that can go."""
    for policy in review.policies:
        for rule, _ in policy.effective:
            kept = list(rule.ports)
            for port in reversed(rule.ports):
                others = [one for one in kept if one is not port]
                if others and _covered(port, others):
                    kept = others
                    yield Found(
                        policy.object,
                        port.path,
                        _where(port, others),
                        "delete the item",
                        Fix("delete the item", (Edit(port.path),)),
                    )


def _covered(port: WrittenPort, others: list[WrittenPort]) -> bool:
    ports = PortSet.union_all([one.ports for one in others if one.ports is not None])
    names = {name for one in others for name in one.names}
    numbered = port.ports is None or port.ports <= ports
    return numbered and all(
        name in names or PortSet.port(name[0], 1, 65535) <= ports  # whatever number the name has
        for name in port.names
    )


def _where(port: WrittenPort, others: list[WrittenPort]) -> str:
    """What the others have of an item that they cover: in one of them if one alone covers it."""
    if any((port.ports, port.names) == (one.ports, one.names) for one in others):
        return f"{_words(port)} is in the list twice"
    alone = [one for one in others if _covered(port, [one])]
    holding = alone[:1] or [one for one in others if _meets(port, one)]
    return f"{_words(port)} is within {several(map(_words, holding))}, which the list has too"


def _meets(port: WrittenPort, other: WrittenPort) -> bool:
    if port.ports is None or other.ports is None:
        return False
    whole = PortSet.union_all([PortSet.protocol(protocol) for protocol, _ in port.names])
    return not (port.ports | whole).isdisjoint(other.ports)


def _words(port: WrittenPort) -> str:
    """`TCP 80`, `all UDP`, or `TCP http`."""
    named = [f"{PROTOCOL_NAMES[protocol]} {name}" for protocol, name in port.names]
    return ", ".join(named) or ports_text(port.ports or PortSet.NONE)


@check(
    "port-not-exposed",
    Severity.NOTE,
    "No container of the pods that receive lists this port.",
    on_request=True,
)
def port_not_exposed(review: Review) -> Iterator[Found]:
    """Numbers that are listed nowhere, among pods whose containers list some."""
    for policy, rule, meaning, servers in _served(review):
        if not all(server.listed for server in servers):
            continue
        for port in rule.ports:
            if isinstance(port.written.port, int) and not _exposed(port, servers):
                if _mistaken(port, meaning, servers):
                    continue
                numbers = sorted({(one.protocol, one.number) for server in servers for one in server.listed})
                known = several([f"{PROTOCOL_NAMES[protocol]} {number}" for protocol, number in numbers])
                yield Found(
                    policy.object,
                    port.path,
                    f"no container of the pods that receive lists {_words(port)}: they list {known}",
                    "delete the item, or list the port in the containers",
                )


def _exposed(port: WrittenPort, servers: frozenset[Server]) -> bool:
    ports = port.ports or PortSet.NONE
    return any(ports.contains(one.protocol, one.number) for server in servers for one in server.listed)


CHECKS: tuple[Check, ...] = (service_port, overlapping_ports, port_not_exposed)
