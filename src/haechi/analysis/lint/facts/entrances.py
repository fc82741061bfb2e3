"""Where clients from outside enter: Services that have an address outside, Ingresses, and routes of Gateways.

Why: each of them leads to ports of pods, and the policies of these pods have to allow what arrives there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, get_args

from haechi.model import HTTPRoute, Ingress, IngressBackend, Object, Path, Resource, Route, Service, UDPRoute

_ROUTES = get_args(Route)
_OUTSIDE = frozenset({"LoadBalancer", "NodePort"})


class Entrance(NamedTuple):
    """One way to a port of a Service.

    Attributes:
        object: the Service, Ingress or route.
        path: the port of the Service, or the backend.
        service: namespace and name of the Service behind it.
        port: of the Service, by number or name.
        protocol: of that port.
        clients: who connects to the pods, in words.
        is_direct: whether the clients are addresses, not proxies in the cluster.
        is_local: whether the proxies may be in the namespace of the pods.
    """

    object: Resource
    path: Path
    service: tuple[str, str]
    port: int | str
    protocol: str
    clients: str
    is_direct: bool = False
    is_local: bool = False


def all_entrances(objects: tuple[Object, ...]) -> Iterator[Entrance]:
    """All entrances, in the order of the objects."""
    for one in objects:
        if isinstance(one, Service) and one.spec.type in _OUTSIDE:
            clients, target = f"addresses outside (type {one.spec.type})", (one.namespace, one.name)
            for index, each in enumerate(one.spec.ports):
                path: Path = ("spec", "ports", index)
                yield Entrance(one, path, target, each.name or each.port, each.protocol, clients, is_direct=True)
        elif isinstance(one, Ingress):
            for path, backend in _backends(one):
                if backend.service is not None:
                    service, port = backend.service, backend.service.port
                    target = (one.namespace, service.name)
                    yield Entrance(one, path, target, port.name or port.number, "TCP", "ingress controllers")
        elif isinstance(one, _ROUTES):
            yield from _of_route(one)


def _backends(one: Ingress) -> Iterator[tuple[Path, IngressBackend]]:
    if one.spec.default_backend is not None:
        yield ("spec", "defaultBackend"), one.spec.default_backend
    for number, rule in enumerate(one.spec.rules):
        for place, each in enumerate(rule.http.paths if rule.http is not None else ()):
            yield ("spec", "rules", number, "http", "paths", place, "backend"), each.backend


def _of_route(one: HTTPRoute) -> Iterator[Entrance]:
    gateways = [parent.namespace or one.namespace for parent in one.spec.parent_refs if parent.kind == "Gateway"]
    for number, rule in enumerate(one.spec.rules if gateways else ()):
        for place, backend in enumerate(rule.backend_refs):
            if backend.kind == "Service" and backend.port is not None:
                path: Path = ("spec", "rules", number, "backendRefs", place)
                service = (backend.namespace or one.namespace, backend.name)
                protocol, is_local = "UDP" if isinstance(one, UDPRoute) else "TCP", service[0] in gateways
                yield Entrance(one, path, service, backend.port, protocol, "proxies of its Gateway", is_local=is_local)
