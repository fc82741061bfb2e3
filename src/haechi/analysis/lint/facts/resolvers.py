"""The pods that look up names for a cluster: kube-dns, CoreDNS and their like.

Why: a rule that lets a pod ask for names must mean these pods and the port on which they listen, which is not always
53; nearly everything a pod does begins with such a question. Promises to know them by their Services and their labels.
Refuses to guess where the input has none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import get_args

from haechi.analysis.cluster import Cluster
from haechi.analysis.lint.facts.servers import Servers
from haechi.engine import ANY_POD, points
from haechi.model import Object, Pod, PodKey, Service, Workload
from haechi.sets import TCP, UDP, AddressSet

NAMESPACES = frozenset({"kube-system", "openshift-dns"})
LABELS = {
    "k8s-app": frozenset({"kube-dns", "coredns", "node-local-dns"}),
    "dns.operator.openshift.io/daemonset-dns": frozenset({"default"}),
}
PORT = 53
_LOCAL = "node-local-dns"
_LOCAL_ADDRESS = "169.254.20.10"
_WORKLOADS = get_args(Workload)


@dataclass(frozen=True, slots=True)
class Resolvers:
    """The pods that look up names.

    Attributes:
        ports: by pod, protocols and numbers on which it listens for questions.
        label: a label that they have in common, `key=value`; empty if there is none.
        local: the addresses at which a resolver on each node's own network listens; none if there is none.
        services: the addresses of the Services in front of them.
    """

    ports: Mapping[PodKey, frozenset[tuple[int, int]]]
    label: str
    local: AddressSet
    services: AddressSet

    @classmethod
    def of(cls, cluster: Cluster, servers: Servers) -> Resolvers:
        """Those of a cluster; without any `ports` if the input has none."""
        services = [one for one in cluster.services if _is_dns(one)]
        known = {(one.namespace, one.name) for one in services}
        found: dict[PodKey, frozenset[tuple[int, int]]] = {}
        labels: list[Mapping[str, str]] = []
        for number in cluster.engine.select(ANY_POD):
            endpoint, fronts = cluster.engine.numbered(number), servers.at(number).fronts
            behind = {(f.protocol, f.target) for f in fronts if f.port == PORT and f[:2] in known}
            if behind or _is_labelled(endpoint.labels):
                found[endpoint.key] = frozenset(behind or {(UDP, PORT), (TCP, PORT)})
                labels.append(endpoint.labels)
        addresses = AddressSet.of(*points(text for one in services for text in one.addresses))
        local = addresses | AddressSet.parse(_LOCAL_ADDRESS) if _has_local(cluster.given) else AddressSet.NONE
        return cls(found, _common(labels), local, addresses)


def _is_dns(service: Service) -> bool:
    named = service.namespace in NAMESPACES and "dns" in service.name
    return named and any(port.port == PORT for port in service.spec.ports)


def _is_labelled(labels: Mapping[str, str]) -> bool:
    return any(labels.get(key) in values for key, values in LABELS.items())


def _has_local(objects: Iterable[Object]) -> bool:
    """Whether node-local-dns is there, on the network of its host."""
    for one in objects:
        if isinstance(one, _WORKLOADS):
            labels, spec = one.pod_template.metadata.labels, one.pod_template.spec
        elif isinstance(one, Pod):
            labels, spec = one.labels, one.spec
        else:
            continue
        if spec.host_network and labels.get("k8s-app") == _LOCAL:
            return True
    return False


def _common(labels: list[Mapping[str, str]]) -> str:
    """The label by which they are known best."""
    for key in (*LABELS, *sorted(labels[0] if labels else ())):
        values = {one.get(key) for one in labels}
        if len(values) == 1 and None not in values:
            return f"{key}={values.pop()}"
    return ""
