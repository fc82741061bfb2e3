"""The cluster that a lab builds: what the manifests say, completed where they say nothing.

Why: the engine and the kernel must speak of the same pods, so everything that the manifests leave open (nodes,
addresses, the pods of workloads) is decided here, once, in the terms of the API. Promises that what is given stays,
that equal input gives an equal cluster, and that everything left out is told in `notes`. Refuses clusters that cannot
be built: two pods with one address, addresses that nobody can have.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import cycle, islice

import msgspec

from haechi.analysis.cluster import pods_of_workloads
from haechi.lab.addresses import NODE_NETWORKS, POD_NETWORKS, Addresses
from haechi.lab.topology import Endpoint, NodeSpec, Topology, TopologyError, usable
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
    printable,
)
from haechi.sets import text_to_point

DEFAULT_NODES = 2
MOST_PODS = 5_000
"""A pod takes 3 ms and a namespace; a mistyped number of replicas must not take the machine."""


@dataclass(frozen=True)
class LabCluster:
    """A cluster in which every pod has a node and addresses.

    Attributes:
        nodes: with their addresses.
        namespaces: as given.
        pods: that run, workloads' pods included, each with node and addresses.
        policies: as given.
        hosts: outside hosts by name, with their addresses: `host/NAME` for an ExternalHost, `outside/ADDRESS` for a
            witness.
        words: what each host is, in words.
        notes: what was left out or chosen, in words.
    """

    nodes: tuple[Node, ...]
    namespaces: tuple[Namespace, ...]
    pods: tuple[Pod, ...]
    policies: tuple[NetworkPolicy, ...]
    hosts: dict[str, tuple[str, ...]] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def objects(self) -> tuple[Node | Namespace | Pod | NetworkPolicy, ...]:
        """All that the engine has to know."""
        return (*self.nodes, *self.namespaces, *self.pods, *self.policies)

    def topology(self) -> Topology:
        """The same as nodes, endpoints and addresses.

        Raises:
            TopologyError: given names or addresses contradict each other.
        """
        self._check_addresses()
        nodes = tuple(NodeSpec(node.name, node.addresses) for node in self.nodes)
        own = {node.name: node.addresses for node in self.nodes}
        pods = [
            Endpoint(
                pod.key,
                pod.spec.node_name,
                own[pod.spec.node_name] if pod.spec.host_network else pod.addresses,
                host_network=pod.spec.host_network,
            )
            for pod in self.pods
        ]
        hosts = [Endpoint(name, None, addresses) for name, addresses in self.hosts.items()]
        return Topology(nodes, (*pods, *hosts))

    def _check_addresses(self) -> None:
        """Tell, by name, who shares an address."""
        named = [(f"node {node.name}", node.addresses) for node in self.nodes]
        named += [(f"pod {pod.key}", pod.addresses) for pod in self.pods if not pod.spec.host_network]
        named += list(self.hosts.items())
        owners: dict[int, str] = {}
        for name, addresses in named:
            for text in addresses:
                other = owners.setdefault(text_to_point(text), name)
                if other != name:
                    raise TopologyError(name, f"has the address {text} of {other}; a lab cannot tell them apart")


def lab_cluster(
    objects: Iterable[Object], *, nodes: int = DEFAULT_NODES, families: tuple[int, ...] = (4, 6)
) -> LabCluster:
    """Complete the objects of some manifests to a cluster that can be built.

    Args:
        objects: everything that was loaded; policies that are not valid have to be left out or closed before.
        nodes: how many nodes the lab has.
        families: the address families of the lab: 4, 6 or both.

    Raises:
        TopologyError: there are more than `MOST_PODS` pods; and, by `topology`, if given addresses contradict each
            other.
    """
    return _Completing(list(objects), nodes, families).cluster()


class _Completing:
    """A cluster while it is being completed."""

    def __init__(self, objects: list[Object], nodes: int, families: tuple[int, ...]) -> None:
        self.objects = objects
        self.count = nodes
        self.families = families
        self.notes: list[str] = []
        given: list[str] = []
        for one in objects:
            if isinstance(one, Pod | Node | ExternalHost):
                given += [text for text in one.addresses if usable(text)]
        self.addresses = Addresses(given)

    def cluster(self) -> LabCluster:
        names = self.node_names()
        nodes = tuple(self.node(name) for name in names)
        policies = tuple(one for one in self.objects if isinstance(one, NetworkPolicy))
        hosts, words = self.hosts(policies)
        return LabCluster(
            nodes=nodes,
            namespaces=tuple(one for one in self.objects if isinstance(one, Namespace)),
            pods=self.pods(names, {node.name: node for node in nodes}),
            policies=policies,
            hosts=hosts,
            words=words,
            notes=tuple(self.notes),
        )

    # -- nodes -------------------------------------------------------------------------------------------------------

    def node_names(self) -> list[str]:
        """As many names as there are nodes: those of the input first."""
        declared = [one.name for one in self.objects if isinstance(one, Node)]
        mentioned = sorted({one.spec.node_name for one in self.objects if isinstance(one, Pod)} - {"", *declared})
        names = [*declared, *mentioned]
        if len(names) > self.count:
            self.notes.append(f"{len(names)} nodes are named, the lab has {self.count}: pods of the others move")
        spare = (name for name in (f"node-{number}" for number in range(1, 10**6)) if name not in names)
        while len(names) < self.count:
            names.append(next(spare))
        return names[: self.count]

    def node(self, name: str) -> Node:
        given = next((one for one in self.objects if isinstance(one, Node) and one.name == name), None)
        own = given.addresses if given else ()
        addresses = self.wanted(own)
        self.tell_unusable(f"node {name}", own)
        missing = tuple(n for n in NODE_NETWORKS if n.version in self.families and not _has(addresses, n.version))
        addresses += self.addresses.next(missing)
        metadata = given.metadata if given else ObjectMeta(name=name)
        entries = tuple(NodeAddress(type="InternalIP", address=text) for text in addresses)
        return Node(metadata=metadata, status=NodeStatus(addresses=entries))

    # -- pods --------------------------------------------------------------------------------------------------------

    def pods(self, names: Sequence[str], nodes: dict[str, Node]) -> tuple[Pod, ...]:
        given = [one for one in self.objects if isinstance(one, Pod)]
        made = list(islice(pods_of_workloads(self.objects, names), MOST_PODS + 1))
        if len(given) + len(made) > MOST_PODS:
            raise TopologyError("the cluster", f"has more than {MOST_PODS} pods, too many for one machine")
        for pod in given:
            if pod.completed:
                self.notes.append(f"pod {pod.key} has completed: policies ignore it, the lab leaves it out")
        turn = cycle(names)
        running = [pod for pod in (*given, *made) if not pod.completed]
        return tuple(self.pod(pod, pod.spec.node_name or next(turn), nodes, turn) for pod in running)

    def pod(self, pod: Pod, name: str, nodes: dict[str, Node], turn: Iterable[str]) -> Pod:
        node = nodes.get(name) or nodes[next(iter(turn))]
        spec = msgspec.structs.replace(pod.spec, node_name=node.name)
        if pod.spec.host_network:
            addresses = node.addresses
        else:
            addresses = self.wanted(pod.addresses)
            self.tell_unusable(f"pod {pod.key}", pod.addresses)
            if not addresses:
                addresses = self.addresses.next(n for n in POD_NETWORKS if n.version in self.families)
        status = PodStatus(
            phase="Running",
            pod_ips=tuple(PodIP(ip=text) for text in addresses),
            host_ips=tuple(HostIP(ip=text) for text in node.addresses),
        )
        metadata = msgspec.structs.replace(pod.metadata, namespace=pod.namespace)
        return msgspec.structs.replace(pod, metadata=metadata, spec=spec, status=status)

    # -- outside -----------------------------------------------------------------------------------------------------

    def hosts(self, policies: tuple[NetworkPolicy, ...]) -> tuple[dict[str, tuple[str, ...]], dict[str, str]]:
        hosts: dict[str, tuple[str, ...]] = {}
        words: dict[str, str] = {}
        for one in self.objects:
            if isinstance(one, ExternalHost):
                addresses = self.wanted(one.addresses)
                self.tell_unusable(f"host {one.name}", one.addresses)
                if addresses:
                    hosts[f"host/{one.name}"] = addresses
                    words[f"host/{one.name}"] = "an outside host"
                else:
                    self.notes.append(f"host {one.name} has no address that the lab can use")
        known = [text for addresses in hosts.values() for text in addresses]
        found, missing = witnesses(policies, known, self.addresses, self.families)
        for witness in found:
            hosts[f"outside/{witness.address}"] = (witness.address,)
            words[f"outside/{witness.address}"] = f"a witness {witness.words}"
        self.notes += [f"no witness {region}: it has no free address that a host can have" for region in missing]
        return hosts, words

    def wanted(self, addresses: Iterable[str]) -> tuple[str, ...]:
        """The addresses of the lab's families that an endpoint can have."""
        return tuple(text for text in addresses if usable(text) and (6 if ":" in text else 4) in self.families)

    def tell_unusable(self, who: str, addresses: Iterable[str]) -> None:
        self.notes += [
            f"{who} is given the address {printable(text)}, which nothing in the lab can have: it goes without it"
            for text in addresses
            if not usable(text)
        ]


def _has(addresses: Iterable[str], version: int) -> bool:
    return any((6 if ":" in text else 4) == version for text in addresses)
