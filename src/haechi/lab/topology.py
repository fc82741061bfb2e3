"""What a lab consists of: nodes, endpoints and their addresses, as plain values.

Promises that a `Topology` can be built: names are unique, every address can be given to an interface and occurs once,
every endpoint's node exists. Knows nothing of pods' labels or policies.
"""

from __future__ import annotations

import ipaddress
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from haechi.errors import HaechiError

if TYPE_CHECKING:
    from collections.abc import Iterable

# The two ends of every link: next hops that are on no interface, resolved by static neighbour entries.
NEAR_HOPS = (ipaddress.IPv4Address("169.254.1.1"), ipaddress.IPv6Address("fe80::1"))
FAR_HOPS = (ipaddress.IPv4Address("169.254.1.2"), ipaddress.IPv6Address("fe80::2"))


class TopologyError(HaechiError, ValueError):
    """A lab that cannot be built.

    Attributes:
        subject: the node, endpoint or address that is wrong.
        fault: what is wrong with it.
    """

    def __init__(self, subject: str, fault: str) -> None:
        super().__init__(subject, fault)
        self.subject = subject
        self.fault = fault

    def __str__(self) -> str:
        return f"{self.subject}: {self.fault}"


@dataclass(frozen=True, slots=True)
class LabNode:
    """A node of a lab: its unique name and its own addresses, as text, of either or both families."""

    name: str
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LabEndpoint:
    """A client and server of a lab: a pod on a node, or a host outside the cluster.

    Attributes:
        name: unique among endpoints.
        node: the pod's node, or None for an outside host.
        addresses: IPv4 and/or IPv6, as text. A host-network endpoint has addresses of its node.
        host_network: whether it lives in the node's own namespace.
    """

    name: str
    node: str | None
    addresses: tuple[str, ...]
    host_network: bool = False

    @property
    def is_pod(self) -> bool:
        """Whether it is a pod that policies apply to: neither outside nor in its node's namespace."""
        return self.node is not None and not self.host_network

    def count(self, family: int) -> int:
        """How many addresses of a family (4 or 6) it has."""
        return sum((":" in text) == (family == 6) for text in self.addresses)


@dataclass(frozen=True, slots=True)
class Topology:
    """Nodes and endpoints that together make one lab.

    Raises:
        TopologyError: it could not be built.
    """

    nodes: tuple[LabNode, ...]
    endpoints: tuple[LabEndpoint, ...]

    def __post_init__(self) -> None:
        _once((node.name for node in self.nodes), "is the name of two nodes")
        _once((endpoint.name for endpoint in self.endpoints), "is the name of two endpoints")
        own = {node.name: frozenset(map(_parse, node.addresses)) for node in self.nodes}
        for endpoint in self.endpoints:
            _check_place(endpoint, own)
        separate = (endpoint for endpoint in self.endpoints if not endpoint.host_network)
        owners: list[LabNode | LabEndpoint] = [*self.nodes, *separate]
        addresses = [_checked(text, owner.name) for owner in owners for text in owner.addresses]
        _once(map(str, addresses), "is the address of two of them")

    @property
    def families(self) -> tuple[int, ...]:
        """The IP versions in use: 4, 6 or both."""
        owners: list[LabNode | LabEndpoint] = [*self.nodes, *self.endpoints]
        return tuple(sorted({_parse(text).version for owner in owners for text in owner.addresses}))


def usable(address: str) -> bool:
    """Whether an endpoint of the lab can have this address: whether the kernel sends to it and forwards it.

    Not: multicast and broadcast, loopback, unspecified, fe80::/10 (never forwarded), IPv4-mapped (a socket would use
    IPv4), and the two next hops of the lab itself. Reserved ranges such as 0.0.0.0/8, 240.0.0.0/4 and 169.254.0.0/16
    work like any other.
    """
    try:
        value = ipaddress.ip_address(address)
    except ValueError:
        return False
    return _fault(value) is None


def _fault(value: ipaddress.IPv4Address | ipaddress.IPv6Address) -> str | None:
    if value in (*NEAR_HOPS, *FAR_HOPS):
        return "is a next hop of the lab itself"
    if value.is_multicast or value == ipaddress.IPv4Address("255.255.255.255"):
        return "is not a unicast address"
    if value.is_loopback or value.is_unspecified:
        return "is loopback or unspecified"
    if isinstance(value, ipaddress.IPv6Address):
        if value.ipv4_mapped is not None:
            return "is an IPv4-mapped address"
        if value.is_link_local or value.scope_id is not None:
            return "is link-local, which no node forwards"
    return None


def _check_place(
    endpoint: LabEndpoint, nodes: dict[str, frozenset[ipaddress.IPv4Address | ipaddress.IPv6Address]]
) -> None:
    if not endpoint.addresses:
        raise TopologyError(endpoint.name, "has no address")
    if endpoint.node is None:
        if endpoint.host_network:
            raise TopologyError(endpoint.name, "is on the host network of no node")
        return
    if endpoint.node not in nodes:
        raise TopologyError(endpoint.name, f"is on the node {endpoint.node}, which does not exist")
    if endpoint.host_network and not nodes[endpoint.node].issuperset(map(_parse, endpoint.addresses)):
        raise TopologyError(
            endpoint.name, f"is on the host network, but not all of its addresses are those of {endpoint.node}"
        )


def _checked(text: str, owner: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    value = _parse(text)
    if fault := _fault(value):
        raise TopologyError(owner, f"cannot have the address {text}: it {fault}")
    return value


def _parse(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        raise TopologyError(text, "is not an IP address") from None


def _once(names: Iterable[str], fault: str) -> None:
    for name, count in Counter(names).items():
        if count > 1:
            raise TopologyError(name, fault)
