"""Services and port names: the names that people use for the ends of a connection.

Services change no verdict (their address is never the destination that policies apply to); they make a listing
readable.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from haechi.analysis.cluster import Cluster, PortNames, pods_behind
from haechi.analysis.reach.groups import Group
from haechi.model import PodKey, Service, ServicePort


@dataclass(frozen=True, slots=True)
class Backing:
    """A port of a Service and the pods behind it.

    Attributes:
        service: `namespace/name`.
        port: such as `TCP 80 (http)`.
        target: such as `8080`, or the name of a container port.
        groups: the names of the groups behind it.
    """

    service: str
    port: str
    target: str
    groups: tuple[str, ...]


def port_names(cluster: Cluster, groups: Iterable[Group]) -> dict[str, PortNames]:
    """By group, the names that its containers give to ports."""
    return {group.name: _names(cluster, group.pods) for group in groups}


def _names(cluster: Cluster, pods: Iterable[PodKey]) -> PortNames:
    found: dict[tuple[int, int], str] = {}
    for key in pods:
        endpoint = cluster.endpoint(key)
        for port in endpoint.ports if endpoint else ():
            found.setdefault((port.protocol, port.number), port.name)
    return found


def backings(cluster: Cluster, groups: Iterable[Group]) -> tuple[Backing, ...]:
    """Every port of every Service that selects pods, by name."""
    listed = list(groups)
    found: list[Backing] = []
    for service in sorted(cluster.services, key=lambda service: service.key):
        behind = _behind(cluster, service, listed)
        if behind:
            found += [Backing(service.key, _port(port), _target(port), behind) for port in service.spec.ports]
    return tuple(found)


def _behind(cluster: Cluster, service: Service, groups: Iterable[Group]) -> tuple[str, ...]:
    pods = frozenset(pods_behind(service, cluster.pods))
    return tuple(group.name for group in groups if not pods.isdisjoint(group.pods))


def _port(port: ServicePort) -> str:
    return f"{port.protocol} {port.port}" + (f" ({port.name})" if port.name else "")


def _target(port: ServicePort) -> str:
    return str(port.port if port.target_port in (None, 0, "") else port.target_port)
