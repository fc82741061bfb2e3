"""A topology, built from namespaces, links and routes of the kernel.

```
  pod ─┐                               ┌─ pod        every line is a veth pair; every namespace routes
  pod ─┴─ node ───┐           ┌─ node ─┴─ pod        host-network endpoints live in their node
                  └─ fabric ──┤
                              └─ outside             all outside hosts: their addresses on one loopback
```

Promises that every endpoint reaches every other by every family that both have, that traffic between two pods of one
node is forwarded by that node, and that no packet ever waits for neighbour discovery: both ends of each link know the
other's hardware address from the start. Installs no packet filter. Refuses nothing that a `Topology` accepts.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from haechi import rtnetlink
from haechi.lab.topology import FAR_HOPS, NEAR_HOPS, LabEndpoint, LabNode, Topology
from haechi.netns import NetworkNamespace, require_ipv6, require_open_files
from haechi.rtnetlink import RouteSocket

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import TracebackType

    from haechi.rtnetlink import Address, RouteRequest

NEAR_HARDWARE = bytes.fromhex("020000000001")  # locally administered; the near end is the one closer to the fabric
FAR_HARDWARE = bytes.fromhex("020000000002")
UPLINK = 2  # the interface index of a namespace's link towards the fabric, called eth0
_FIRST_DOWNLINK = 10
_SOCKETS = 128
"""What is open beside the namespaces: sockets for probes (`haechi.lab.sender` needs so many at least), nf_tables."""
_FORWARDING = {"net.ipv4.ip_forward": 1, "net.ipv4.conf.all.rp_filter": 0, "net.ipv4.conf.default.rp_filter": 0}
_FORWARDING_6 = {"net.ipv6.conf.all.forwarding": 1}
_ENABLED_6 = {"net.ipv6.conf.all.disable_ipv6": 0, "net.ipv6.conf.default.disable_ipv6": 0}


@dataclass(slots=True)
class RoutedNamespace:
    """A namespace with its routing socket and the links that lead away from the fabric."""

    namespace: NetworkNamespace
    routes: RouteSocket
    downlinks: dict[str, int] = field(default_factory=dict)

    def close(self) -> None:
        """Close both."""
        self.routes.close()
        self.namespace.close()


@dataclass(slots=True)
class Network:
    """A lab that has been built. `with network:` tears it down at the end.

    Attributes:
        topology: what it was built from.
    """

    topology: Topology
    _nodes: dict[str, RoutedNamespace]
    _pods: dict[str, RoutedNamespace]
    _outside: RoutedNamespace
    _fabric: RoutedNamespace
    _endpoints: dict[str, LabEndpoint]

    def node(self, name: str) -> NetworkNamespace:
        """The namespace of a node, which forwards its pods' packets and holds its rules."""
        return self._nodes[name].namespace

    def endpoint(self, name: str) -> LabEndpoint:
        """The endpoint of that name."""
        return self._endpoints[name]

    def namespace_of(self, name: str) -> NetworkNamespace:
        """The namespace of an endpoint; host-network endpoints share their node's, outside hosts share one."""
        return self._routed(self._endpoints[name]).namespace

    def set_mtu(self, name: str, mtu: int) -> None:
        """Set the MTU of the link to an endpoint, on its node's side: larger packets to it are answered by ICMP."""
        routed, index = self._downlink(name)
        routed.routes.commit([rtnetlink.link_mtu(index, mtu)])

    def blackhole(self, name: str, active: bool = True) -> None:
        """Let no packet reach a pod, or let them reach it again: its node sends them to an unknown hardware address.

        The node does the same work for them as before, which makes it measurable.
        """
        routed, index = self._downlink(name)
        hardware = bytes.fromhex("0200000000ff") if active else FAR_HARDWARE
        routed.routes.commit(rtnetlink.neighbour(index, hop, hardware) for hop in self._hops(FAR_HOPS))

    def close(self) -> None:
        """Tear it down; the kernel removes the namespaces with everything in them."""
        for routed in (*self._pods.values(), *self._nodes.values(), self._outside, self._fabric):
            routed.close()

    def __enter__(self) -> Network:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _routed(self, endpoint: LabEndpoint) -> RoutedNamespace:
        if endpoint.node is None:
            return self._outside
        return self._nodes[endpoint.node] if endpoint.host_network else self._pods[endpoint.name]

    def _downlink(self, name: str) -> tuple[RoutedNamespace, int]:
        endpoint = self._endpoints[name]
        if endpoint.node is None:
            return self._fabric, self._fabric.downlinks["outside"]
        if endpoint.host_network:
            return self._fabric, self._fabric.downlinks[f"node {endpoint.node}"]
        routed = self._nodes[endpoint.node]
        return routed, routed.downlinks[name]

    def _hops(self, hops: tuple[Address, ...]) -> list[Address]:
        return [hop for hop in hops if hop.version in self.topology.families]


def build(topology: Topology, progress: Callable[[int, int], None] = lambda done, total: None) -> Network:  # noqa: ARG005
    """Build a lab; the calling process should be one of `haechi.netns.isolated`.

    Args:
        topology: what to build.
        progress: called with the number of endpoints that were built, and of all.

    Raises:
        MissingFeature: the topology needs veth or IPv6, which the kernel does not have.
        TooFewOpenFiles: the process may not open a file for each namespace and some sockets.
        NetnsError: the kernel rejects a namespace, a setting, an address or a route.
    """
    if 6 in topology.families:
        require_ipv6()
    require_open_files(len(topology.endpoints) + 2 * len(topology.nodes) + _SOCKETS)
    builder = _Builder(topology, progress)
    try:
        return builder.network()
    except BaseException:
        builder.abandon()
        raise


class _Builder:
    """The steps of `build`, and the namespaces so far."""

    def __init__(self, topology: Topology, progress: Callable[[int, int], None]) -> None:
        self.topology = topology
        self.progress = progress
        self.families = topology.families
        self.namespaces: list[RoutedNamespace] = []

    def network(self) -> Network:
        fabric = self.router("fabric")
        outside_addresses = [text for e in self.topology.endpoints if e.node is None for text in e.addresses]
        outside = self.join(fabric, "outside", outside_addresses, on=rtnetlink.LOOPBACK)
        nodes = {node.name: self.node(fabric, node) for node in self.topology.nodes}
        pods = {}
        for number, endpoint in enumerate(self.topology.endpoints):
            self.progress(number, len(self.topology.endpoints))
            if endpoint.node is not None and not endpoint.host_network:
                pods[endpoint.name] = self.join(nodes[endpoint.node], endpoint.name, endpoint.addresses)
                pods[endpoint.name].routes.close()  # half of the descriptors of a large lab
        endpoints = {endpoint.name: endpoint for endpoint in self.topology.endpoints}
        return Network(self.topology, nodes, pods, outside, fabric, endpoints)

    def node(self, fabric: RoutedNamespace, node: LabNode) -> RoutedNamespace:
        routed = self.join(fabric, f"node {node.name}", node.addresses, forwarding=True)
        pods = [e for e in self.topology.endpoints if e.node == node.name and not e.host_network]
        behind = [text for pod in pods for text in pod.addresses]
        fabric.routes.commit(_host_routes(fabric.downlinks[f"node {node.name}"], behind))
        return routed

    def router(self, name: str) -> RoutedNamespace:
        routed = self.create(name)
        self.forward(routed.namespace)
        routed.routes.commit([rtnetlink.link_up(rtnetlink.LOOPBACK)])
        return routed

    def join(
        self,
        upstream: RoutedNamespace,
        name: str,
        addresses: Iterable[str],
        *,
        on: int = UPLINK,
        forwarding: bool = False,
    ) -> RoutedNamespace:
        """Create a namespace with `addresses` behind `upstream`, with a default route to it and host routes back."""
        addresses = list(addresses)
        routed = self.create(name)
        if forwarding:
            self.forward(routed.namespace)
        index = _FIRST_DOWNLINK + len(upstream.downlinks)
        near = rtnetlink.VethEnd(f"down{index}", index, NEAR_HARDWARE)
        far = rtnetlink.VethEnd("eth0", UPLINK, FAR_HARDWARE)
        pair = rtnetlink.veth(near, far, routed.namespace.descriptor)
        upstream.routes.commit([pair, *self.switch_on(index, FAR_HOPS, FAR_HARDWARE)])
        routed.routes.commit(
            [
                rtnetlink.link_up(rtnetlink.LOOPBACK),
                *self.switch_on(UPLINK, NEAR_HOPS, NEAR_HARDWARE),
                *(rtnetlink.address(on, ipaddress.ip_address(text)) for text in addresses),
                *(rtnetlink.route(UPLINK, everything, hop) for everything, hop in self.defaults()),
            ]
        )
        upstream.routes.commit(_host_routes(index, addresses))
        upstream.downlinks[name] = index
        return routed

    def create(self, name: str) -> RoutedNamespace:
        namespace = NetworkNamespace.create(name)
        try:
            routed = RoutedNamespace(namespace, RouteSocket(namespace))
        except BaseException:
            namespace.close()
            raise
        self.namespaces.append(routed)
        if 6 in self.families:
            _configure(namespace, _ENABLED_6)
        return routed

    def forward(self, namespace: NetworkNamespace) -> None:
        _configure(namespace, _FORWARDING)
        if 6 in self.families:
            _configure(namespace, _FORWARDING_6)

    def switch_on(self, index: int, hops: tuple[Address, ...], hardware: bytes) -> Iterator[RouteRequest]:
        if 6 in self.families:
            yield rtnetlink.no_link_local(index)
        yield rtnetlink.link_up(index)
        for hop in hops:
            if hop.version in self.families:
                yield rtnetlink.neighbour(index, hop, hardware)

    def defaults(self) -> Iterator[tuple[rtnetlink.Network, Address]]:
        if 4 in self.families:
            yield ipaddress.IPv4Network("0.0.0.0/0"), NEAR_HOPS[0]
        if 6 in self.families:
            yield ipaddress.IPv6Network("::/0"), NEAR_HOPS[1]

    def abandon(self) -> None:
        for routed in self.namespaces:
            routed.close()


def _host_routes(index: int, addresses: Iterable[str]) -> Iterator[RouteRequest]:
    for text in addresses:
        value = ipaddress.ip_address(text)
        yield rtnetlink.route(index, ipaddress.ip_network(value), FAR_HOPS[0] if value.version == 4 else FAR_HOPS[1])


def _configure(namespace: NetworkNamespace, settings: dict[str, int]) -> None:
    for name, value in settings.items():
        namespace.sysctl(name, value)
