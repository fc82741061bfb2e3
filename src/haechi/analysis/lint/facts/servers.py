"""Who serves a rule: what the containers of pods list, and the Services in front of them.

Why: a rule's ports are those of the pods that receive, and only their containers and Services tell whether anybody
listens there. Promises that whatever is told of a group of pods holds for all of them that are known. Refuses to guess
where they may not all be known: who is meant by address, everyone, or a group that the input has no pod of.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from pyroaring import BitMap

from haechi.analysis.cluster import Cluster
from haechi.engine import ANY_POD, NamedPort, Peers, PodSelection
from haechi.model import Container, Direction, LabelSelector, Service, ServicePort
from haechi.select import EVERYTHING, Selector
from haechi.sets import PROTOCOL_NUMBERS

_Containers = tuple[tuple[Container, ...], tuple[Container, ...]]


class Front(NamedTuple):
    """A port of a Service, and where it leads on the pods behind it; a headless one leads to itself."""

    namespace: str
    service: str
    protocol: int
    port: int
    target: int


class Server(NamedTuple):
    """What pods have in common that list the same ports, `""` where one has no name, behind the same Services."""

    listed: frozenset[NamedPort]
    fronts: frozenset[Front]

    def lists(self, number: int) -> bool:
        """Whether a container lists a number, with any protocol."""
        return any(port.number == number for port in self.listed)


class Servers:
    """Every pod of a cluster as a server.

    Args:
        cluster: whose pods and Services.
    """

    def __init__(self, cluster: Cluster) -> None:
        self._engine = cluster.engine
        self._pods = cluster.pods
        self._alike: dict[Server, Server] = {}
        self._by_number = self._read(cluster.services)
        self._known: dict[PodSelection, frozenset[Server]] = {}

    def at(self, number: int) -> Server:
        """A pod by its number."""
        return self._by_number[number]

    def serving(
        self, subject: PodSelection, direction: Direction, peers: Peers, *, whole: bool
    ) -> frozenset[PodSelection] | None:
        """The pods that receive what a rule allows; None where the input may not have all of them.

        Args:
            subject: the pods of the rule's policy.
            direction: of the rule.
            peers: of the rule; ipBlocks among them are left aside.
            whole: whether the input is a whole cluster.
        """
        if direction is Direction.INGRESS:
            selections = frozenset((subject,))
        else:
            selections = frozenset((ANY_POD,)) if peers.anywhere else peers.selections
            if not whole and any(map(_is_wide, selections)):
                return None
        return selections if selections and all(map(self._of, selections)) else None

    def of(self, selections: Iterable[PodSelection]) -> frozenset[Server]:
        """The kinds of servers among the pods of some selections."""
        return frozenset().union(*[self._of(one) for one in selections])

    def _of(self, selection: PodSelection) -> frozenset[Server]:
        found = self._known.get(selection)
        if found is None:
            numbers = self._engine.select(selection)
            found = self._known[selection] = frozenset({self._by_number[number] for number in numbers})
        return found

    def listing(self, protocol: int, number: int) -> list[int]:
        """The numbers of the pods that list a port."""
        return [
            pod
            for pod, server in self._by_number.items()
            if any((port.protocol, port.number) == (protocol, number) for port in server.listed)
        ]

    def _read(self, services: Iterable[Service]) -> dict[int, Server]:
        numbers = self._engine.select(ANY_POD)
        behind: dict[int, list[Service]] = {}
        for service in services:
            for number in self._behind(service):
                behind.setdefault(number, []).append(service)
        listed: dict[_Containers, frozenset[NamedPort]] = {}
        found: dict[int, Server] = {}
        for number in numbers:
            spec = self._pods[self._engine.numbered(number).key].spec
            containers = (spec.containers, spec.init_containers)
            ports = listed.get(containers)
            if ports is None:
                ports = listed[containers] = frozenset(_listed(*containers))
            fronts = frozenset(front for service in behind.get(number, ()) for front in _fronts(service, ports))
            server = Server(ports, fronts)
            found[number] = self._alike.setdefault(server, server)
        return found

    def _behind(self, service: Service) -> BitMap:
        if not service.spec.selector or service.spec.type == "ExternalName":
            return BitMap()
        selector = Selector.parse(LabelSelector(match_labels=service.spec.selector))
        return self._engine.select(PodSelection(service.namespace, selector))


def _listed(containers: Iterable[Container], init_containers: Iterable[Container]) -> Iterator[NamedPort]:
    sidecars = (one for one in init_containers if one.restart_policy == "Always")
    for container in (*containers, *sidecars):
        for port in container.ports:
            protocol = PROTOCOL_NUMBERS.get(port.protocol)
            if protocol is not None and 0 < port.container_port < 65536:
                yield NamedPort(protocol, port.name, port.container_port)


def _fronts(service: Service, listed: frozenset[NamedPort]) -> Iterator[Front]:
    for port in service.spec.ports:
        protocol = PROTOCOL_NUMBERS.get(port.protocol)
        if protocol is not None:
            for target in _targets(port, protocol, listed):
                called = target if service.spec.cluster_ip == "None" else port.port
                yield Front(service.namespace, service.name, protocol, called, target)


def _targets(port: ServicePort, protocol: int, listed: frozenset[NamedPort]) -> Iterator[int]:
    """The number on a pod that lists these ports; none where it has no port of the name."""
    if port.target_port in (None, 0, ""):
        yield port.port
    elif isinstance(port.target_port, int):
        yield port.target_port
    else:
        yield from (one.number for one in listed if (one.protocol, one.name) == (protocol, port.target_port))


def _is_wide(selection: PodSelection) -> bool:
    """Whether it means every pod of namespaces that are not named one by one."""
    return selection.pods == EVERYTHING and not isinstance(selection.namespaces, str)
