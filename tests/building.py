"""Kubernetes objects and packets in few words, for tests that are read."""

from __future__ import annotations

from ipaddress import ip_address

import msgspec
import yaml

from haechi.model import (
    ClusterNetworkPolicy,
    ClusterNetworkPolicySpec,
    Container,
    ContainerPort,
    LabelSelector,
    Namespace,
    NetworkPolicy,
    NetworkPolicySpec,
    Node,
    NodeAddress,
    NodeStatus,
    ObjectMeta,
    Pod,
    PodIP,
    PodSpec,
    PodStatus,
)
from haechi.model.verdict import Packet

PROTOCOLS = {"TCP": 6, "UDP": 17, "SCTP": 132, "ICMP": 1, "GRE": 47, "ICMPv6": 58}


def labels(text: str) -> dict[str, str]:
    """`a=1,b=2`."""
    return dict(pair.split("=") for pair in text.split(",") if pair)


def selector(text: str) -> LabelSelector:
    """A label selector, as YAML."""
    return msgspec.convert(yaml.safe_load(text), LabelSelector)


def policy(spec: str = "{}", *, name: str = "p", namespace: str = "x") -> NetworkPolicy:
    """A policy, its spec as YAML."""
    meta = ObjectMeta(name=name, namespace=namespace)
    return NetworkPolicy(metadata=meta, spec=msgspec.convert(yaml.safe_load(spec), NetworkPolicySpec))


def tier_policy(spec: str, *, name: str = "c") -> ClusterNetworkPolicy:
    """A ClusterNetworkPolicy, its spec as YAML: in tier Admin, of priority 10 and about all pods unless it says so."""
    given = {"tier": "Admin", "priority": 10, "subject": {"namespaces": {}}, **yaml.safe_load(spec)}
    return ClusterNetworkPolicy(metadata=ObjectMeta(name=name), spec=msgspec.convert(given, ClusterNetworkPolicySpec))


def container(text: str) -> Container:
    """`web=80/TCP dns=53/UDP`; a port without a name is `=80/TCP`."""
    ports = []
    for port in text.split():
        name, _, rest = port.partition("=")
        number, _, protocol = rest.partition("/")
        ports.append(ContainerPort(name=name, container_port=int(number), protocol=protocol))
    return Container(name="c", ports=tuple(ports))


def pod(
    key: str,
    *addresses: str,
    marks: str = "",
    ports: tuple[str, ...] = (),
    node: str = "",
    phase: str = "Running",
    host_network: bool = False,
) -> Pod:
    """The pod `namespace/name`; `ports` has one text for each container."""
    namespace, name = key.split("/")
    return Pod(
        metadata=ObjectMeta(name=name, namespace=namespace, labels=labels(marks)),
        spec=PodSpec(node_name=node, host_network=host_network, containers=tuple(container(text) for text in ports)),
        status=PodStatus(phase=phase, pod_ips=tuple(PodIP(ip=address) for address in addresses)),
    )


def namespace(name: str, marks: str = "") -> Namespace:
    """A namespace with labels."""
    return Namespace(metadata=ObjectMeta(name=name, labels=labels(marks)))


def node(name: str, *addresses: str, marks: str = "") -> Node:
    """A node with internal addresses and labels."""
    found = tuple(NodeAddress(type="InternalIP", address=address) for address in addresses)
    return Node(metadata=ObjectMeta(name=name, labels=labels(marks)), status=NodeStatus(addresses=found))


def packet(source: str, destination: str, on: str = "80/TCP") -> Packet:
    """A packet between two addresses; `on` is `80/TCP`, or `ICMP` for a protocol without ports."""
    port, _, protocol = on.rpartition("/")
    return Packet(ip_address(source), ip_address(destination), PROTOCOLS[protocol], int(port or 0))
