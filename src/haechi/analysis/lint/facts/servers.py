"""Pods as servers: the ports that their containers list, and the Services in front of them.

Why: the ports of a rule are ports of the destination pods, and only their containers and Services show whether anything
listens there. Where the input may lack some of the destination pods (an ipBlock, everyone, a selection of which it has
no pod), nothing is claimed.
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


class ServiceTarget(NamedTuple):
    """A port of a Service, and the port of the pods behind it; of a headless Service both are the pods'."""

    namespace: str
    service: str
    protocol: int
    port: int
    target_port: int


class Server(NamedTuple):
    """Pods that list the same ports (`""` is the name of a port without one) and are behind the same Services."""

    listed: frozenset[NamedPort]
    targets: frozenset[ServiceTarget]

    def lists(self, number: int) -> bool:
        """Whether a container lists a port number, with any protocol."""
        return any(port.number == number for port in self.listed)


class Servers:
    """The pods of a cluster as servers.

    Args:
        cluster: the cluster with these pods and Services.
    """

    def __init__(self, cluster: Cluster) -> None:
        self._engine = cluster.engine
        self._pods = cluster.pods
        self._shared: dict[Server, Server] = {}
        self._by_number = self._read(cluster.services)
        self._known: dict[PodSelection, frozenset[Server]] = {}

    def at(self, number: int) -> Server:
        """The pod with this number."""
        return self._by_number[number]

    def destinations(
        self, subject: PodSelection, direction: Direction, peers: Peers, *, complete: bool
    ) -> frozenset[PodSelection] | None:
        """The destination pods of a rule; None where the input may lack some of them.

        Args:
            subject: the pods of the rule's policy.
            direction: of the rule.
            peers: of the rule; ipBlocks among them are ignored.
            complete: whether the input is a complete cluster.
        """
        if direction is Direction.INGRESS:
            selections = frozenset((subject,))
        else:
            selections = frozenset((ANY_POD,)) if peers.anywhere else peers.selections
            if not complete and any(map(_is_wide, selections)):
                return None
        return selections if selections and all(map(self._of, selections)) else None

    def of(self, selections: Iterable[PodSelection]) -> frozenset[Server]:
        """The different servers among the pods of some selections."""
        return frozenset().union(*[self._of(one) for one in selections])

    def _of(self, selection: PodSelection) -> frozenset[Server]:
        found = self._known.get(selection)
        if found is None:
            numbers = self._engine.select(selection)
            found = self._known[selection] = frozenset({self._by_number[number] for number in numbers})
        return found

    def listing(self, protocol: int, number: int) -> list[int]:
        """The pods that list a port."""
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
            targets = frozenset(one for service in behind.get(number, ()) for one in _targets(service, ports))
            server = Server(ports, targets)
            found[number] = self._shared.setdefault(server, server)
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


def _targets(service: Service, listed: frozenset[NamedPort]) -> Iterator[ServiceTarget]:
    for port in service.spec.ports:
        protocol = PROTOCOL_NUMBERS.get(port.protocol)
        if protocol is not None:
            for target_port in _target_ports(port, protocol, listed):
                number = target_port if service.spec.cluster_ip == "None" else port.port
                yield ServiceTarget(service.namespace, service.name, protocol, number, target_port)


def _target_ports(port: ServicePort, protocol: int, listed: frozenset[NamedPort]) -> Iterator[int]:
    """The target port on a pod that lists these ports; none where it has no port of this name."""
    if port.target_port in (None, 0, ""):
        yield port.port
    elif isinstance(port.target_port, int):
        yield port.target_port
    else:
        yield from (one.number for one in listed if (one.protocol, one.name) == (protocol, port.target_port))


def _is_wide(selection: PodSelection) -> bool:
    """Whether it selects every pod of namespaces that it does not name."""
    return selection.pods == EVERYTHING and not isinstance(selection.namespaces, str)
