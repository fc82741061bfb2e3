"""An example folder as a cluster: what the lab would make of it, without a lab.

Pods are named, placed and addressed here by the simplest rule that is right; hosts keep their own addresses.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from ipaddress import ip_address
from pathlib import Path

from msgspec.structs import replace

from haechi.model import (
    ContainerPort,
    ExternalHost,
    Namespace,
    NetworkPolicy,
    NetworkPolicyEgressRule,
    NetworkPolicyIngressRule,
    Node,
    ObjectMeta,
    Pod,
    PodIP,
    PodStatus,
    Workload,
)
from haechi.model.manifests import Manifests, load
from haechi.model.verdict import Address
from haechi.reference import Cluster
from tests.scenarios.verdicts import Verdicts

ROOT = Path(__file__).parents[2] / "examples"
NODES = ("node-1", "node-2")


def folders() -> list[str]:
    """Every example's name: its folder, relative to `examples/`."""
    return sorted(path.parent.relative_to(ROOT).as_posix() for path in ROOT.rglob("verdicts.txt"))


@dataclass(frozen=True)
class Example:
    """The example of one folder."""

    folder: Path

    @cached_property
    def manifests(self) -> Manifests:
        """All that its files hold, and every problem with them."""
        return load([self.folder])

    @cached_property
    def verdicts(self) -> Verdicts:
        """What must hold."""
        return Verdicts.parse((self.folder / "verdicts.txt").read_text(encoding="utf-8"))

    @cached_property
    def cluster(self) -> Cluster:
        """The objects as an API server would list them; pods of workloads included, all pods with addresses."""
        pods = [*self.manifests.all(Pod), *self._made()]
        return Cluster(
            pods=tuple(_running(pod, number) for number, pod in enumerate(pods, 1)),
            namespaces=self.manifests.all(Namespace),
            policies=self.manifests.all(NetworkPolicy),
        )

    @cached_property
    def objects(self) -> list[Namespace | Node | Pod | NetworkPolicy]:
        """The cluster's objects, in one list."""
        return [*self.cluster.namespaces, *self.cluster.pods, *self.cluster.policies]

    @cached_property
    def addresses(self) -> dict[str, list[Address]]:
        """Every pod (`namespace/name`) and host (`host/name`) with its addresses."""
        ends = {pod.key: pod.addresses for pod in self.cluster.pods}
        ends |= {f"host/{host.name}": host.addresses for host in self.manifests.all(ExternalHost)}
        return {name: [ip_address(text) for text in texts] for name, texts in ends.items()}

    @cached_property
    def ports(self) -> list[int]:
        """All numbers that a container or a policy names, the ends of its ranges, and one that nobody names."""
        found = {port.container_port for port in self._container_ports()}
        for policy in self.cluster.policies:
            rules: list[NetworkPolicyIngressRule | NetworkPolicyEgressRule] = [
                *policy.spec.ingress,
                *policy.spec.egress,
            ]
            for rule in rules:
                for port in rule.ports:
                    found |= {number for number in (port.port, port.end_port) if isinstance(number, int)}
        return [*sorted(found), max(found, default=0) + 1]

    def _container_ports(self) -> Iterator[ContainerPort]:
        for pod in self.cluster.pods:
            for container in pod.spec.containers:
                yield from container.ports

    def _made(self) -> Iterator[Pod]:
        for loaded in self.manifests.objects:
            if isinstance(loaded.object, Workload):
                yield from _pods(loaded.object)


def _pods(workload: Workload) -> Iterator[Pod]:
    template = workload.pod_template
    for number in range(len(NODES) if workload.pod_count is None else workload.pod_count):
        name = f"{workload.name}-{number}"
        meta = ObjectMeta(name=name, namespace=workload.namespace, labels=template.metadata.labels)
        yield Pod(metadata=meta, spec=template.spec)


def _running(pod: Pod, number: int) -> Pod:
    ips = (f"10.244.0.{number}", f"fd00:10:244::{number}")
    status = PodStatus(phase="Running", pod_ip=ips[0], pod_ips=tuple(PodIP(ip=ip) for ip in ips))
    return replace(pod, spec=replace(pod.spec, node_name=NODES[number % len(NODES)]), status=status)
