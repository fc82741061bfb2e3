"""The cluster that a lab builds: that of `haechi.analysis.cluster`, with nodes, places on them and outside hosts.

Why: questions, engine and kernel must be about the same pods, so a lab adds only what it alone needs. Promises that
every pod of `Cluster.of(objects)` is in it with the same addresses (of the families of the lab, and without those that
no interface can have), that equal input gives an equal cluster, and that everything left out is in `notes`. Refuses
clusters that cannot be built: two pods with one address, addresses that nothing can have.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import cycle, islice

import msgspec

from haechi.analysis.cluster import MOST_REPLICAS, SyntheticAddresses, domain_name_rules, pods_of_workloads
from haechi.lab.addresses import NODE_NETWORKS, FreeAddresses
from haechi.lab.topology import LabEndpoint, LabNode, Topology, TopologyError, usable
from haechi.lab.witnesses import witnesses
from haechi.model import (
    ExternalHost,
    HostIP,
    Namespace,
    NetworkPolicy,
    Node,
    NodeAddress,
    NodeStatus,
    Object,
    ObjectMeta,
    Pod,
    PodIP,
    PodStatus,
    Service,
    TierPolicy,
    printable,
)
from haechi.sets import text_to_point

DEFAULT_NODES = 2
MOST_PODS = 5_000
"""A pod takes 3 ms and a namespace; a mistyped number of replicas must not bring the machine down."""


@dataclass(frozen=True)
class LabCluster:
    """A cluster in which every pod has a node and addresses.

    Attributes:
        nodes: with their addresses.
        namespaces: as given.
        pods: that run, workloads' pods included, each with node and addresses.
        policies: of all kinds, as given.
        hosts: outside hosts by name, with their addresses: `host/NAME` for an ExternalHost, `outside/ADDRESS` for a
            witness.
        descriptions: of each host, by name.
        notes: what was left out or chosen.
    """

    nodes: tuple[Node, ...]
    namespaces: tuple[Namespace, ...]
    pods: tuple[Pod, ...]
    policies: tuple[NetworkPolicy | TierPolicy, ...]
    hosts: dict[str, tuple[str, ...]] = field(default_factory=dict)
    descriptions: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def objects(self) -> tuple[Node | Namespace | Pod | NetworkPolicy | TierPolicy, ...]:
        """The objects that policies are about."""
        return (*self.nodes, *self.namespaces, *self.pods, *self.policies)

    @property
    def endpoints(self) -> dict[str, tuple[str, ...]]:
        """All that send and receive, by name, with their addresses: pods, outside hosts and `node_endpoints`."""
        return {pod.key: pod.addresses for pod in self.pods} | self.hosts | self.node_endpoints

    @property
    def node_endpoints(self) -> dict[str, tuple[str, ...]]:
        """The nodes as `node/NAME`, if a rule of a tier has nodes as peers; else they need not be tried."""
        tiers = (policy for policy in self.policies if isinstance(policy, TierPolicy))
        if not any(peer.nodes is not None for policy in tiers for rule in policy.spec.egress for peer in rule.to):
            return {}
        return {f"node/{node.name}": node.addresses for node in self.nodes}

    def topology(self) -> Topology:
        """The cluster as nodes, endpoints and addresses.

        Raises:
            TopologyError: given names or addresses contradict each other.
        """
        self._check_addresses()
        nodes = tuple(LabNode(node.name, node.addresses) for node in self.nodes)
        own = {node.name: node.addresses for node in self.nodes}
        pods = [
            LabEndpoint(
                pod.key,
                pod.spec.node_name,
                own[pod.spec.node_name] if pod.spec.host_network else pod.addresses,
                host_network=pod.spec.host_network,
            )
            for pod in self.pods
        ]
        hosts = [LabEndpoint(name, None, addresses) for name, addresses in self.hosts.items()]
        at_nodes = [
            LabEndpoint(name, name.removeprefix("node/"), addresses, host_network=True)
            for name, addresses in self.node_endpoints.items()
        ]
        return Topology(nodes, (*pods, *hosts, *at_nodes))

    def _check_addresses(self) -> None:
        """Refuse two owners of one address, by their names."""
        named = [(f"node {node.name}", node.addresses) for node in self.nodes]
        named += [(f"pod {pod.key}", pod.addresses) for pod in self.pods if not pod.spec.host_network]
        named += list(self.hosts.items())
        owners: dict[int, str] = {}
        for name, addresses in named:
            for text in addresses:
                other = owners.setdefault(text_to_point(text), name)
                if other != name:
                    raise TopologyError(name, f"has the address {text} of {other}: in a lab, addresses must be unique")


def lab_cluster(
    objects: Iterable[Object], *, nodes: int = DEFAULT_NODES, families: tuple[int, ...] = (4, 6)
) -> LabCluster:
    """Complete the objects of some manifests to a cluster that can be built.

    Args:
        objects: everything that was loaded; policies that are not valid must have been left out or closed.
        nodes: the number of nodes of the lab.
        families: the address families of the lab: 4, 6 or both.

    Raises:
        TopologyError: there are more than `MOST_PODS` pods; and, by `topology`, if given addresses contradict each
            other.
    """
    return _Completion(list(objects), nodes, families).cluster()


class _Completion:
    """A cluster while it is being completed."""

    def __init__(self, objects: list[Object], nodes: int, families: tuple[int, ...]) -> None:
        self.objects = objects
        self.families = families
        self.notes: list[str] = []
        self.declared = list(dict.fromkeys(one.name for one in objects if isinstance(one, Node)))
        self.names = self.node_names(nodes)
        self.running = self.addressed(SyntheticAddresses(objects))
        known = (one for one in (*objects, *self.running) if isinstance(one, Pod | Node | ExternalHost))
        self.addresses = FreeAddresses(text for one in known for text in one.addresses if usable(text))

    def cluster(self) -> LabCluster:
        nodes = {name: self.node(name) for name in self.names}
        policies = tuple(one for one in self.objects if isinstance(one, NetworkPolicy | TierPolicy))
        hosts, descriptions = self.hosts(policies)
        turn = cycle(nodes.values())
        return LabCluster(
            nodes=tuple(nodes.values()),
            namespaces=tuple(one for one in self.objects if isinstance(one, Namespace)),
            pods=tuple(_placed(pod, nodes.get(pod.spec.node_name) or next(turn)) for pod in self.running),
            policies=policies,
            hosts=hosts,
            descriptions=descriptions,
            notes=(*self.notes, *self.services(), *self.domain_names()),
        )

    def services(self) -> Iterator[str]:
        """Why Services take no part."""
        count = sum(isinstance(one, Service) for one in self.objects)
        if count:
            yield (
                f"{count} Service{'s' * (count > 1)} not tried: a connection to a Service is redirected to one of its"
                " pods (DNAT) before policies judge it, so what holds for these pods and their ports holds for it"
            )

    def domain_names(self) -> Iterator[str]:
        """Why domain names take no part."""
        count = domain_name_rules(self.objects)
        if count:
            yield f"{count} rule{'s' * (count > 1)} with domain names not enforced: these match no address"

    # -- pods --------------------------------------------------------------------------------------------------------

    def addressed(self, synthetic: SyntheticAddresses) -> list[Pod]:
        """All pods that run, with addresses, those on the host's network without."""
        given = [one for one in self.objects if isinstance(one, Pod)]
        nodes = self.declared or self.names[:1]
        added = [name for name in self.names if name not in nodes]
        created = list(islice(pods_of_workloads(self.objects, nodes, MOST_REPLICAS, added), MOST_PODS + 1))
        if len(given) + len(created) > MOST_PODS:
            raise TopologyError("the cluster", f"has more than {MOST_PODS} pods, too many for one machine")
        self.notes += [
            f"pod {pod.key} has completed, so policies ignore it: left out" for pod in given if pod.completed
        ]
        running = [synthetic.completed(pod) for pod in (*given, *created) if not pod.completed]
        # Only now further addresses, so that all others are those of `Cluster.of`
        return [found for pod in running if (found := self.with_addresses(pod, synthetic)) is not None]

    def with_addresses(self, pod: Pod, synthetic: SyntheticAddresses) -> Pod | None:
        """The pod with addresses of the lab's families; None if there are none for it."""
        if pod.spec.host_network:
            return pod
        addresses = self.usable_addresses(f"pod {pod.key}", pod.addresses) or self.of_families(synthetic.next())
        if not addresses:
            self.notes.append(f"pod {pod.key}: every address that it could get is in an ipBlock: left out")
            return None
        ips = tuple(PodIP(ip=text) for text in addresses)
        return msgspec.structs.replace(pod, status=msgspec.structs.replace(pod.status, pod_ips=ips))

    # -- nodes -------------------------------------------------------------------------------------------------------

    def node_names(self, count: int) -> list[str]:
        """The names of the nodes: those of the input first."""
        mentioned = {one.spec.node_name for one in self.objects if isinstance(one, Pod)} - {"", *self.declared}
        names = [*self.declared, *sorted(mentioned)]
        if len(names) > count:
            self.notes.append(f"the input names {len(names)} nodes, the lab has {count}: pods of the others are moved")
        spare = (name for name in (f"node-{number}" for number in range(1, 10**6)) if name not in names)
        while len(names) < count:
            names.append(next(spare))
        return names[:count]

    def node(self, name: str) -> Node:
        given = next((one for one in self.objects if isinstance(one, Node) and one.name == name), None)
        addresses = self.usable_addresses(f"node {name}", given.addresses if given else ())
        missing = tuple(n for n in NODE_NETWORKS if n.version in self.families and not _has(addresses, n.version))
        addresses += self.addresses.next(missing)
        metadata = given.metadata if given else ObjectMeta(name=name)
        entries = tuple(NodeAddress(type="InternalIP", address=text) for text in addresses)
        return Node(metadata=metadata, status=NodeStatus(addresses=entries))

    # -- outside -----------------------------------------------------------------------------------------------------

    def hosts(
        self, policies: Iterable[NetworkPolicy | TierPolicy]
    ) -> tuple[dict[str, tuple[str, ...]], dict[str, str]]:
        hosts: dict[str, tuple[str, ...]] = {}
        descriptions: dict[str, str] = {}
        for one in self.objects:
            if isinstance(one, ExternalHost):
                addresses = self.usable_addresses(f"host {one.name}", one.addresses)
                if addresses:
                    hosts[f"host/{one.name}"] = addresses
                    descriptions[f"host/{one.name}"] = "outside host"
                else:
                    self.notes.append(f"host {one.name} has no usable address: left out")
        known = [text for addresses in hosts.values() for text in addresses]
        found, missing = witnesses(policies, known, self.addresses, self.families)
        for witness in found:
            hosts[f"outside/{witness.address}"] = (witness.address,)
            descriptions[f"outside/{witness.address}"] = f"witness {witness.description}"
        self.notes += [f"no witness {region}: no free usable address" for region in missing]
        return hosts, descriptions

    def usable_addresses(self, owner: str, addresses: Iterable[str]) -> tuple[str, ...]:
        """The addresses of the lab's families that an interface can have, each once; others are noted."""
        possible: dict[int, str] = {}
        for text in addresses:
            if usable(text):
                possible.setdefault(text_to_point(text), text)
            else:
                self.notes.append(f"{owner}: the address {printable(text)} is not usable in a lab: left out")
        return self.of_families(possible.values())

    def of_families(self, addresses: Iterable[str]) -> tuple[str, ...]:
        """The addresses of the lab's families."""
        return tuple(text for text in addresses if (6 if ":" in text else 4) in self.families)


def _placed(pod: Pod, node: Node) -> Pod:
    """The pod as it runs on a node."""
    addresses = node.addresses if pod.spec.host_network else pod.addresses
    status = PodStatus(
        phase="Running",
        pod_ips=tuple(PodIP(ip=text) for text in addresses),
        host_ips=tuple(HostIP(ip=text) for text in node.addresses),
    )
    spec = msgspec.structs.replace(pod.spec, node_name=node.name)
    metadata = msgspec.structs.replace(pod.metadata, namespace=pod.namespace)
    return msgspec.structs.replace(pod, metadata=metadata, spec=spec, status=status)


def _has(addresses: Iterable[str], version: int) -> bool:
    return any((6 if ":" in text else 4) == version for text in addresses)
