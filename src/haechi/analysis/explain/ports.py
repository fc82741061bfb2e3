"""Ports as phrases: items of `ports`, and sets of ports."""

from __future__ import annotations

from collections.abc import Iterable

from haechi.analysis.explain.sentences import Joined, Sentence
from haechi.engine import Endpoint
from haechi.model import NetworkPolicyPort
from haechi.sets import PROTOCOL_NAMES, PROTOCOL_NUMBERS, PortSet

_LAST = 65535


def port_phrase(one: NetworkPolicyPort, direction: str) -> Sentence:
    """One item of `ports`; `direction` is `in` or `out`."""
    protocol = one.protocol or "TCP"
    if one.port is None:
        return Sentence.of("port.all", protocol=protocol)
    if isinstance(one.port, str):
        return Sentence.of(f"port.named.{direction}", protocol=protocol, name=one.port)
    if one.end_port is None or one.end_port == one.port:
        return Sentence.of("port.number", protocol=protocol, port=one.port)
    return Sentence.of("port.range", protocol=protocol, first=one.port, last=one.end_port)


def port_numbers(one: NetworkPolicyPort, selected: Iterable[Endpoint]) -> Sentence:
    """The numbers of a named port on the selected pods."""
    wanted = (PROTOCOL_NUMBERS.get(one.protocol or "TCP"), one.port)
    numbers = {each.number for pod in selected for each in pod.ports if (each.protocol, each.name) == wanted}
    return Sentence.of("port.now", numbers=Joined(tuple(sorted(numbers)))) if numbers else Sentence.of("port.now.none")


def port_set_phrase(ports: PortSet) -> Sentence | Joined:
    """The ranges of a set of ports."""
    if ports == PortSet.ALL:
        return Sentence.of("port.everything")
    return Joined(tuple(_part(*part) for part in ports.parts()))


def _part(protocol: int, first: int, last: int) -> Sentence:
    name = PROTOCOL_NAMES[protocol]  # a policy can name no other
    if (first, last) == (0, _LAST):
        return Sentence.of("port.all", protocol=name)
    if first == last:
        return Sentence.of("port.number", protocol=name, port=first)
    return Sentence.of("port.range", protocol=name, first=first, last=last)
