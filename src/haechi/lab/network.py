"""A topology as namespaces, links and routes of the kernel.

```
  pod ─┐                               ┌─ pod        every line is a veth pair; every box routes
  pod ─┴─ node ───┐           ┌─ node ─┴─ pod        host-network endpoints live in their node
                  └─ fabric ──┤
                              └─ outside             all outside hosts: their addresses on one loopback
```

Promises that every endpoint reaches every other by every family that both have, that traffic between two pods of one
node is forwarded by that node, and that no packet ever waits for a neighbour: both ends of each link know the other's
hardware address from the start. Installs no packet filter. Refuses nothing that a `Topology` accepts.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from haechi import rtnetlink
from haechi.lab.topology import FAR_HOPS, NEAR_HOPS, Endpoint, NodeSpec, Topology
from haechi.netns import NetworkNamespace, require_ipv6
from haechi.rtnetlink import RouteSocket

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import TracebackType

    from haechi.rtnetlink import Address, RouteRequest

NEAR_HARDWARE = bytes.fromhex("020000000001")  # locally administered; the near end is the one closer to the fabric
FAR_HARDWARE = bytes.fromhex("020000000002")
UPLINK = 2  # the interface index of a namespace's link towards the fabric, called eth0
_FIRST_DOWNLINK = 10
_FORWARDING = {"net.ipv4.ip_forward": 1, "net.ipv4.conf.all.rp_filter": 0, "net.ipv4.conf.default.rp_filter": 0}
_FORWARDING_6 = {"net.ipv6.conf.all.forwarding": 1}
_ENABLED_6 = {"net.ipv6.conf.all.disable_ipv6": 0, "net.ipv6.conf.default.disable_ipv6": 0}


@dataclass(slots=True)
class Box:
    """A namespace with its routing socket and the links that lead away from the fabric."""

    namespace: NetworkNamespace
    routes: RouteSocket
    downlinks: dict[str, int] = field(default_factory=dict)

    def close(self) -> None:
        """Let go of both."""
        self.routes.close()
        self.namespace.close()


@dataclass(slots=True)
class Network:
    """A lab that has been built. `with network:` takes it down at the end.

    Attributes:
        topology: what it was built from.
    """

    topology: Topology
    _nodes: dict[str, Box]
    _pods: dict[str, Box]
    _outside: Box
    _fabric: Box
    _endpoints: dict[str, Endpoint]

    def node(self, name: str) -> NetworkNamespace:
        """The namespace of a node: here its packets are forwarded and its rules belong."""
        return self._nodes[name].namespace

    def endpoint(self, name: str) -> Endpoint:
        """The endpoint of that name."""
        return self._endpoints[name]

    def home(self, name: str) -> NetworkNamespace:
        """The namespace of an endpoint; host-network endpoints share their node's, outside hosts share one."""
        return self._box(self._endpoints[name]).namespace

    def set_mtu(self, name: str, mtu: int) -> None:
        """Narrow the link to an endpoint, on its node's side: larger packets towards it are answered by ICMP."""
        box, index = self._downlink(name)
        box.routes.commit([rtnetlink.link_mtu(index, mtu)])

    def deafen(self, name: str, deaf: bool = True) -> None:
        """Let a pod ignore all packets, or hear again: its node sends them to a hardware address that nobody has.

        The node's own work is the same as ever, which makes it measurable.
        """
        box, index = self._downlink(name)
        hardware = bytes.fromhex("0200000000ff") if deaf else FAR_HARDWARE
        box.routes.commit(rtnetlink.neighbour(index, hop, hardware) for hop in self._hops(FAR_HOPS))

    def close(self) -> None:
        """Take it down; the kernel removes the namespaces with everything in them."""
        for box in (*self._pods.values(), *self._nodes.values(), self._outside, self._fabric):
            box.close()

    def __enter__(self) -> Network:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _box(self, endpoint: Endpoint) -> Box:
        if endpoint.node is None:
            return self._outside
        return self._nodes[endpoint.node] if endpoint.host_network else self._pods[endpoint.name]

    def _downlink(self, name: str) -> tuple[Box, int]:
        endpoint = self._endpoints[name]
        if endpoint.node is None:
            return self._fabric, self._fabric.downlinks["outside"]
        if endpoint.host_network:
            return self._fabric, self._fabric.downlinks[f"node {endpoint.node}"]
        box = self._nodes[endpoint.node]
        return box, box.downlinks[name]

    def _hops(self, hops: tuple[Address, ...]) -> list[Address]:
        return [hop for hop in hops if hop.version in self.topology.families]


def build(topology: Topology) -> Network:
    """Make a lab in the calling thread's surroundings, which should be those of `haechi.netns.isolated`.

    Raises:
        MissingFeature: the kernel has no veth or no IPv6, as far as the topology needs them.
        NetnsError: it refuses a namespace, a setting, an address or a route.
    """
    if 6 in topology.families:
        require_ipv6()
    building = _Building(topology)
    try:
        return building.network()
    except BaseException:
        building.abandon()
        raise


class _Building:
    """The steps of `build`, and what has been made so far."""

    def __init__(self, topology: Topology) -> None:
        self.topology = topology
        self.families = topology.families
        self.boxes: list[Box] = []

    def network(self) -> Network:
        fabric = self.router("fabric")
        outside_addresses = [text for e in self.topology.endpoints if e.node is None for text in e.addresses]
        outside = self.join(fabric, "outside", outside_addresses, on=rtnetlink.LOOPBACK)
        nodes = {node.name: self.node(fabric, node) for node in self.topology.nodes}
        pods = {
            endpoint.name: self.join(nodes[endpoint.node], endpoint.name, endpoint.addresses)
            for endpoint in self.topology.endpoints
            if endpoint.node is not None and not endpoint.host_network
        }
        endpoints = {endpoint.name: endpoint for endpoint in self.topology.endpoints}
        return Network(self.topology, nodes, pods, outside, fabric, endpoints)

    def node(self, fabric: Box, node: NodeSpec) -> Box:
        box = self.join(fabric, f"node {node.name}", node.addresses, forwarding=True)
        pods = [e for e in self.topology.endpoints if e.node == node.name and not e.host_network]
        behind = [text for pod in pods for text in pod.addresses]
        fabric.routes.commit(_host_routes(fabric.downlinks[f"node {node.name}"], behind))
        return box

    def router(self, name: str) -> Box:
        box = self.box(name)
        self.forward(box.namespace)
        box.routes.commit([rtnetlink.link_up(rtnetlink.LOOPBACK)])
        return box

    def join(
        self, upstream: Box, name: str, addresses: Iterable[str], *, on: int = UPLINK, forwarding: bool = False
    ) -> Box:
        """Make a namespace with `addresses` behind `upstream`, with a default route to it and host routes back."""
        addresses = list(addresses)
        box = self.box(name)
        if forwarding:
            self.forward(box.namespace)
        index = _FIRST_DOWNLINK + len(upstream.downlinks)
        near = rtnetlink.VethEnd(f"down{index}", index, NEAR_HARDWARE)
        far = rtnetlink.VethEnd("eth0", UPLINK, FAR_HARDWARE)
        pair = rtnetlink.veth(near, far, box.namespace.descriptor)
        upstream.routes.commit([pair, *self.switch_on(index, FAR_HOPS, FAR_HARDWARE)])
        box.routes.commit(
            [
                rtnetlink.link_up(rtnetlink.LOOPBACK),
                *self.switch_on(UPLINK, NEAR_HOPS, NEAR_HARDWARE),
                *(rtnetlink.address(on, ipaddress.ip_address(text)) for text in addresses),
                *(rtnetlink.route(UPLINK, everything, hop) for everything, hop in self.defaults()),
            ]
        )
        upstream.routes.commit(_host_routes(index, addresses))
        upstream.downlinks[name] = index
        return box

    def box(self, name: str) -> Box:
        namespace = NetworkNamespace.create(name)
        try:
            box = Box(namespace, RouteSocket(namespace))
        except BaseException:
            namespace.close()
            raise
        self.boxes.append(box)
        if 6 in self.families:
            _configure(namespace, _ENABLED_6)
        return box

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
        for box in self.boxes:
            box.close()


def _host_routes(index: int, addresses: Iterable[str]) -> Iterator[RouteRequest]:
    for text in addresses:
        value = ipaddress.ip_address(text)
        yield rtnetlink.route(index, ipaddress.ip_network(value), FAR_HOPS[0] if value.version == 4 else FAR_HOPS[1])


def _configure(namespace: NetworkNamespace, settings: dict[str, int]) -> None:
    for name, value in settings.items():
        namespace.sysctl(name, value)
