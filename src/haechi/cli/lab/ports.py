"""`--port`: the ports that a lab probes.

`80` is TCP 80, `53/UDP` is UDP 53, and a name, alone or as `name/UDP`, is every container port of that name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from haechi.analysis.why import AskedPort, UnknownPort
from haechi.cli.failure import CommandError, unknown_name
from haechi.lab import PROTOCOLS, Port
from haechi.model import Pod
from haechi.sets import PROTOCOL_NUMBERS


def parse_ports(texts: Iterable[str], pods: Iterable[Pod]) -> tuple[Port, ...]:
    """The ports of the texts, by number and protocol, each once.

    Raises:
        CommandError: a text is neither a port nor the name of one.
    """
    named = list(_named(pods))
    found = {port for text in texts for port in _ports(text, named)}
    return tuple(sorted(found, key=lambda port: (port[1], PROTOCOLS.index(port[0]))))


def _named(pods: Iterable[Pod]) -> Iterator[tuple[str, Port]]:
    for pod in pods:
        for container in pod.spec.containers:
            for port in container.ports:
                protocol = next((each for each in PROTOCOLS if each == port.protocol), None)
                if port.name and protocol is not None:
                    yield port.name, (protocol, port.container_port)


def _ports(text: str, named: list[tuple[str, Port]]) -> list[Port]:
    try:
        asked = AskedPort.parse(text)
    except UnknownPort as error:
        raise CommandError(str(error), "--port") from error
    protocol = next((each for each in PROTOCOLS if PROTOCOL_NUMBERS[each] == asked.protocol), None)
    if asked.number is not None:
        if protocol is None:
            raise CommandError(f"{text!r} has no ports: a lab tries TCP, UDP and SCTP", "--port")
        return [(protocol, asked.number)]
    found = [port for each, port in named if each == asked.name and protocol in (None, port[0])]
    if not found:
        what = f"the name of a {protocol + ' ' if protocol else ''}port of any container, nor a number"
        raise unknown_name("--port", asked.name, (each for each, _ in named), what)
    return found
