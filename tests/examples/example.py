"""An example folder as the cluster that the lab makes of it, and the verdicts that it must show."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from ipaddress import ip_address
from pathlib import Path

from haechi.files import load
from haechi.lab.cluster import LabCluster, lab_cluster
from haechi.lab.ports import ports_to_probe
from haechi.model import (
    ContainerPort,
    Namespace,
    NetworkPolicy,
    NetworkPolicyEgressRule,
    NetworkPolicyIngressRule,
    Node,
    Pod,
    TierPolicy,
)
from haechi.model.manifests import Manifests
from haechi.model.verdict import Address
from haechi.reference import ClusterObjects
from tests.scenarios.verdicts import Verdicts

ROOT = Path(__file__).parents[2] / "examples"


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
    def lab(self) -> LabCluster:
        """What the lab makes of it: nodes, addresses and the pods of workloads."""
        return lab_cluster([loaded.object for loaded in self.manifests.objects])

    @cached_property
    def cluster(self) -> ClusterObjects:
        """The same as an API server would list it."""
        policies = tuple(one for one in self.lab.policies if isinstance(one, NetworkPolicy))
        tiers = tuple(one for one in self.lab.policies if isinstance(one, TierPolicy))
        return ClusterObjects(self.lab.pods, self.lab.namespaces, self.lab.nodes, policies, tiers)

    @cached_property
    def objects(self) -> list[Namespace | Node | Pod | NetworkPolicy | TierPolicy]:
        """The cluster's objects, in one list."""
        return [*self.lab.objects]

    @cached_property
    def addresses(self) -> dict[str, list[Address]]:
        """Every pod (`namespace/name`), host (`host/name`) and, as a peer, node (`node/name`) with its addresses."""
        return {name: [ip_address(text) for text in texts] for name, texts in self.lab.endpoints.items()}

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
        if self.cluster.tier_policies:
            found |= {port for _, port in ports_to_probe(self.cluster.tier_policies, ())}
        return [*sorted(found), max(found, default=0) + 1]

    def _container_ports(self) -> Iterator[ContainerPort]:
        for pod in self.cluster.pods:
            for container in pod.spec.containers:
                yield from container.ports
