"""Ports in words: those that a rule names, and those that rules together mean."""

from __future__ import annotations

from collections.abc import Iterable

from haechi.analysis.explain.sentences import Joined, Sentence, say
from haechi.engine import Endpoint
from haechi.model import NetworkPolicyPort
from haechi.sets import PROTOCOL_NAMES, PROTOCOL_NUMBERS, PortSet

_LAST = 65535


def port(one: NetworkPolicyPort, way: str) -> Sentence:
    """One item of `ports`; `way` is `in` or `out`."""
    protocol = one.protocol or "TCP"
    if one.port is None:
        return say("port.all", protocol=protocol)
    if isinstance(one.port, str):
        return say(f"port.named.{way}", protocol=protocol, name=one.port)
    if one.end_port is None or one.end_port == one.port:
        return say("port.number", protocol=protocol, port=one.port)
    return say("port.range", protocol=protocol, first=one.port, last=one.end_port)


def named_now(one: NetworkPolicyPort, selected: Iterable[Endpoint]) -> Sentence:
    """The numbers that the selected pods give to a port name."""
    wanted = (PROTOCOL_NUMBERS.get(one.protocol or "TCP"), one.port)
    numbers = {each.number for pod in selected for each in pod.ports if (each.protocol, each.name) == wanted}
    return say("port.now", numbers=Joined(tuple(sorted(numbers)))) if numbers else say("port.now.none")


def port_set(ports: PortSet) -> Sentence | Joined:
    """Ports that several rules mean together."""
    if ports == PortSet.ALL:
        return say("port.everything")
    return Joined(tuple(_part(*part) for part in ports.parts()))


def _part(protocol: int, first: int, last: int) -> Sentence:
    name = PROTOCOL_NAMES[protocol]  # a policy can name no other
    if (first, last) == (0, _LAST):
        return say("port.all", protocol=name)
    if first == last:
        return say("port.number", protocol=name, port=first)
    return say("port.range", protocol=name, first=first, last=last)
