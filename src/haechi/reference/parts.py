"""Parts of objects, read literally: selectors, addresses, CIDRs and port names.

What cannot be read raises `Unreadable`; whoever evaluates the rule around it fails closed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from re import fullmatch, sub

from haechi.model import (
    Address,
    LabelSelector,
    LabelSelectorRequirement,
    Namespace,
    NetworkPolicy,
    Node,
    Pod,
    TierPolicy,
)

PROTOCOLS = {"TCP": 6, "UDP": 17, "SCTP": 132}


class Unreadable(ValueError):
    """A part of a policy that cannot be read."""


@dataclass(frozen=True)
class ClusterObjects:
    """All objects of a cluster, as the API server lists them."""

    pods: tuple[Pod, ...] = ()
    namespaces: tuple[Namespace, ...] = ()
    nodes: tuple[Node, ...] = ()
    policies: tuple[NetworkPolicy, ...] = ()
    tier_policies: tuple[TierPolicy, ...] = ()


def addresses(pod: Pod) -> list[Address]:
    """All addresses of a pod, of both families."""
    return readable([entry.ip for entry in pod.status.pod_ips if entry.ip] or [pod.status.pod_ip])


def readable(texts: list[str]) -> list[Address]:
    """The addresses among these texts; packets have no other ones."""
    found: list[Address] = []
    for text in texts:
        try:
            found.append(network(f"{text}/{128 if ':' in text else 32}").network_address)
        except Unreadable:
            continue
    return found


def node_addresses(node: Node) -> list[Address]:
    """The addresses, not the names, of a node."""
    entries = node.status.addresses
    return readable([entry.address for entry in entries if entry.type in ("InternalIP", "ExternalIP")])


def namespace_labels(cluster: ClusterObjects, pod: Pod | None) -> dict[str, str]:
    """Labels of the pod's namespace, with the one that the API server always sets."""
    if pod is None:
        return {}
    name = pod.namespace
    given = [namespace.metadata.labels for namespace in cluster.namespaces if namespace.metadata.name == name]
    return {**(given[0] if given else {}), "kubernetes.io/metadata.name": name}


def network(text: str) -> IPv4Network | IPv6Network:
    """A CIDR as any API server may have stored it: leading zeros are decimal, an IPv4-mapped network is IPv4."""
    if not fullmatch("[0-9A-Fa-f:.]+/[0-9]+", text):  # no zone, no netmask, no bare address
        raise Unreadable
    plain = sub(r"(?<![0-9A-Fa-f])0+(?=[0-9]+\.)|(?<=\.)0+(?=[0-9])", "", text)  # the dotted numbers are decimal
    try:
        found = ip_network(plain, strict=False)
    except ValueError:
        raise Unreadable from None
    if isinstance(found, IPv6Network) and found.network_address.ipv4_mapped and found.prefixlen >= 96:
        return IPv4Network((found.network_address.ipv4_mapped, found.prefixlen - 96))
    return found


def named_ports(server: Pod | None, name: str, protocol: int) -> list[int]:
    """The numbers of a port name in the server's containers; only pods have port names."""
    if server is None:
        return []
    ports = [port for container in server.spec.containers for port in container.ports]
    return [port.container_port for port in ports if port.name == name and PROTOCOLS.get(port.protocol) == protocol]


def expressions(selector: LabelSelector) -> list[LabelSelectorRequirement]:
    """All conditions of a selector; an entry of `matchLabels` is an `In` with one value."""
    labels = selector.match_labels.items()
    return [LabelSelectorRequirement(key=key, operator="In", values=(value,)) for key, value in labels] + list(
        selector.match_expressions
    )


def is_readable(expression: LabelSelectorRequirement) -> bool:
    """In and NotIn have values, Exists and DoesNotExist have none; there is no other operator."""
    return expression.operator in (("In", "NotIn") if expression.values else ("Exists", "DoesNotExist"))


def selects(selector: LabelSelector, labels: Mapping[str, str]) -> bool:
    """Whether all conditions are met; `{}` selects everything."""
    if not all(is_readable(expression) for expression in expressions(selector)):
        raise Unreadable
    return all(meets(expression, labels) for expression in expressions(selector))


def meets(expression: LabelSelectorRequirement, labels: Mapping[str, str]) -> bool:
    """One condition on one label."""
    value = labels.get(expression.key)
    match expression.operator:
        case "In":
            return value is not None and value in expression.values
        case "NotIn":
            return value is None or value not in expression.values
        case "Exists":
            return value is not None
        case _:
            return value is None
