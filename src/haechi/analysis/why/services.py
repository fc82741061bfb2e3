"""A Service as the destination of a question: its pods and their ports.

A Service's own address is never the destination that policies apply to, so a question about a Service is one about the
pods behind it. Its port becomes each pod's own number (`targetPort`, which may be a name that pods give to different
ports); a headless Service translates nothing, since clients connect to the pods directly.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import get_args

from haechi.analysis.cluster import Cluster, pods_behind
from haechi.analysis.why.ports import AskedPort
from haechi.errors import HaechiError
from haechi.model import Pod, PodKey, Service, ServicePort, Workload
from haechi.sets import PROTOCOL_NAMES, PROTOCOL_NUMBERS, V6_START, AddressSet, protocol_text, text_to_point

_WORKLOADS = get_args(Workload)
_FAMILIES = {"IPv4": AddressSet.V4, "IPv6": AddressSet.V6}


class UnusableService(HaechiError, ValueError):
    """A Service that cannot be asked about.

    Attributes:
        service: `namespace/name`.
        reason: why.
    """

    def __init__(self, service: str, reason: str) -> None:
        self.service = service
        self.reason = reason
        super().__init__(service, reason)

    def __str__(self) -> str:
        return f"Service {self.service} {self.reason}"


@dataclass(frozen=True, slots=True, order=True)
class Backend:
    """A pod behind a Service, and where it receives what is sent to a port of the Service."""

    pod: PodKey
    protocol: int
    port: int

    def __str__(self) -> str:
        """`shop/db-0 TCP 5432`."""
        on = f" {self.port}" if self.protocol in PROTOCOL_NAMES else ""
        return f"{self.pod} {protocol_text(self.protocol)}{on}"


@dataclass(frozen=True, slots=True)
class ResolvedService:
    """What a Service as a destination stands for.

    Attributes:
        service: `namespace/name`.
        port: as asked; None: all ports of the Service.
        backends: pods and ports, sorted.
        families: the addresses over which the Service is reached.
        notes: what else there is to know, in words: pods that are not among its endpoints, and why.
        is_headless: whether clients connect to the pods directly.
    """

    service: str
    port: str | None
    backends: tuple[Backend, ...]
    families: AddressSet
    notes: tuple[str, ...] = ()
    is_headless: bool = False

    def __str__(self) -> str:
        """`svc/db:5432`."""
        return f"svc/{self.service}" + (f":{self.port}" if self.port else "")


def resolved(cluster: Cluster, service: Service, asked: AskedPort | None) -> ResolvedService:
    """The pods of a Service, and their ports.

    Raises:
        UnusableService: it has no such port, or no pods that are known.
    """
    keys = tuple(sorted(pods_behind(service, cluster.pods)))
    _check(cluster, service, keys)
    headless = service.spec.cluster_ip == "None"
    found: set[Backend] = set()
    notes: list[str] = ["headless: clients connect to the pods directly"] if headless else []
    ports: list[ServicePort] = []
    if headless and asked is not None and asked.number is not None:
        found = {Backend(key, asked.protocol or 0, asked.number) for key in keys}
    else:
        ports = _ports(service, asked)
    for port in ports:
        found |= {backend for key in keys for backend in _backends(cluster, key, port)}
        missing = [str(key) for key in keys if not any(_backends(cluster, key, port))]
        if missing:
            notes.append(f"not an endpoint, for want of a port named {port.target_port}: {', '.join(missing)}")
    if not found:
        names = sorted({str(port.target_port) for port in ports})
        raise UnusableService(service.key, f"has no endpoint: no pod behind it has a port named {' or '.join(names)}")
    unready = [str(key) for key in keys if not cluster.pods[key].ready]
    if len(unready) == len(keys):
        notes.append("no pod behind it is ready: until one is, nothing that is sent to it arrives")
    elif unready:
        notes.append(f"not ready, so without traffic until they are: {', '.join(unready)}")
    hosts = sorted(_on_host_network(cluster, service))
    if hosts:
        notes.append(f"behind it too, but on the host network, where policies do not apply: {', '.join(hosts)}")
    text = None if asked is None else asked.text
    return ResolvedService(service.key, text, tuple(sorted(found)), _families(service), tuple(notes), headless)


def _check(cluster: Cluster, service: Service, keys: tuple[PodKey, ...]) -> None:
    if service.spec.type == "ExternalName":
        name = f" {service.spec.external_name}" if service.spec.external_name else ""
        raise UnusableService(
            service.key, f"is an ExternalName, an alias in DNS for{name or ' another name'}: ask about its addresses"
        )
    if not service.spec.selector:
        raise UnusableService(service.key, "has no selector, so manifests do not say what is behind it")
    if not keys:
        hosts = sorted(_on_host_network(cluster, service))
        reason = f"has only pods on the host network: {', '.join(hosts)}" if hosts else "selects no pod of the input"
        raise UnusableService(service.key, reason)


def _ports(service: Service, asked: AskedPort | None) -> list[ServicePort]:
    """The ports of a Service that a question is about."""
    ports = list(service.spec.ports)
    if asked is None:
        if not ports:
            raise UnusableService(service.key, "has no ports: ask with a PORT")
        return ports
    if asked.number is None:
        found = [one for one in ports if one.name == asked.name and _is_protocol(one, asked)]
    else:
        found = [one for one in ports if one.port == asked.number and _is_protocol(one, asked)]
    if not found:
        behind = [one for one in ports if one.node_port == asked.number and _is_protocol(one, asked)]
        if asked.number and behind:
            reason = (
                f"has {asked.text} as the node port of {_words(behind[0])}: ask about port {behind[0].port}; what comes"
                " by a node port has the address of a node, or its own with externalTrafficPolicy Local"
            )
            raise UnusableService(service.key, reason)
        known = ", ".join(_words(one) for one in ports) or "none"
        raise UnusableService(service.key, f"has no port {asked.text}; its ports: {known}")
    return found[:1]


def _is_protocol(port: ServicePort, asked: AskedPort) -> bool:
    return asked.protocol in (None, PROTOCOL_NUMBERS.get(port.protocol))


def _words(port: ServicePort) -> str:
    return f"{port.protocol} {port.port}" + (f" ({port.name})" if port.name else "")


def _backends(cluster: Cluster, key: PodKey, port: ServicePort) -> Iterator[Backend]:
    protocol = PROTOCOL_NUMBERS.get(port.protocol, PROTOCOL_NUMBERS["TCP"])
    if port.target_port in (None, 0, ""):
        yield Backend(key, protocol, port.port)
    elif isinstance(port.target_port, int):
        yield Backend(key, protocol, port.target_port)
    else:
        endpoint = cluster.endpoint(key)
        for one in endpoint.ports if endpoint is not None else ():
            if (one.protocol, one.name) == (protocol, port.target_port):
                yield Backend(key, protocol, one.number)
                return


def _on_host_network(cluster: Cluster, service: Service) -> Iterator[str]:
    """Pods and workloads on the host network that a Service selects."""
    templates = {one.key: one.pod_template for one in cluster.given if isinstance(one, _WORKLOADS)}
    made = {
        PodKey(*key.split("/", 1)): Pod(metadata=template.metadata, spec=template.spec)
        for key, template in templates.items()
    }
    given = {PodKey(one.namespace, one.name): one for one in cluster.given if isinstance(one, Pod)}
    hosts = {key: pod for key, pod in (*made.items(), *given.items()) if pod.spec.host_network and not pod.completed}
    return map(str, pods_behind(service, hosts))


def _families(service: Service) -> AddressSet:
    """Those of its addresses; of a Service that names none, both."""
    points = [text_to_point(text) for text in service.addresses]
    found = [AddressSet.V4 if point < V6_START else AddressSet.V6 for point in points]
    found = found or [_FAMILIES[one] for one in service.spec.ip_families if one in _FAMILIES]
    return AddressSet.union_all(found) if found else AddressSet.ALL
