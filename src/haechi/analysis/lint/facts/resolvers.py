"""The resolvers of a cluster: the pods of kube-dns, CoreDNS and the like.

Why: a rule that allows DNS must select these pods, on the port on which they listen, which is not always 53. Resolvers
are recognized by their Services and by their labels; where the input has none, nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

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
DNS_PORT = 53
_LOCAL = "node-local-dns"
_LOCAL_ADDRESS = "169.254.20.10"


@dataclass(frozen=True, slots=True)
class Resolvers:
    """The resolvers of a cluster.

    Attributes:
        ports: by pod, the protocols and numbers on which it listens for queries.
        label: a label that they have in common, `key=value`; empty if there is none.
        local: the addresses of node-local DNS; none if there is no node-local DNS.
        services: the addresses of the Services in front of them.
    """

    ports: Mapping[PodKey, frozenset[tuple[int, int]]]
    label: str
    local: AddressSet
    services: AddressSet

    @classmethod
    def of(cls, cluster: Cluster, servers: Servers) -> Resolvers:
        """The resolvers of a cluster; `ports` is empty if the input has none."""
        services = [one for one in cluster.services if _is_dns(one)]
        known = {(one.namespace, one.name) for one in services}
        found: dict[PodKey, frozenset[tuple[int, int]]] = {}
        labels: list[Mapping[str, str]] = []
        for number in cluster.engine.select(ANY_POD):
            endpoint, targets = cluster.engine.numbered(number), servers.at(number).targets
            ports = {(one.protocol, one.target_port) for one in targets if one.port == DNS_PORT and one[:2] in known}
            if ports or _is_labelled(endpoint.labels):
                found[endpoint.key] = frozenset(ports or {(UDP, DNS_PORT), (TCP, DNS_PORT)})
                labels.append(endpoint.labels)
        addresses = AddressSet.of(*points(text for one in services for text in one.addresses))
        local = addresses | AddressSet.parse(_LOCAL_ADDRESS) if _has_local(cluster.given) else AddressSet.NONE
        return cls(found, _common(labels), local, addresses)


def _is_dns(service: Service) -> bool:
    named = service.namespace in NAMESPACES and "dns" in service.name
    return named and any(port.port == DNS_PORT for port in service.spec.ports)


def _is_labelled(labels: Mapping[str, str]) -> bool:
    return any(labels.get(key) in values for key, values in LABELS.items())


def _has_local(objects: Iterable[Object]) -> bool:
    """Whether node-local DNS is there, on the host network."""
    for one in objects:
        if isinstance(one, Workload):
            labels, spec = one.pod_template.metadata.labels, one.pod_template.spec
        elif isinstance(one, Pod):
            labels, spec = one.labels, one.spec
        else:
            continue
        if spec.host_network and labels.get("k8s-app") == _LOCAL:
            return True
    return False


def _common(labels: list[Mapping[str, str]]) -> str:
    """A label that all of them have, preferably one of `LABELS`."""
    for key in (*LABELS, *sorted(labels[0] if labels else ())):
        values = {one.get(key) for one in labels}
        if len(values) == 1 and None not in values:
            return f"{key}={values.pop()}"
    return ""
