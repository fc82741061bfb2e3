"""Small labs that the tests share, and the questions to ask in them."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from haechi.lab.probe import Probe, Protocol
from haechi.lab.topology import LabEndpoint, LabNode, Topology
from haechi.model import Object, Pod
from tests import clusters
from tests.building import pod

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

NODES = (LabNode("n1", ("172.18.0.2", "fd01::2")), LabNode("n2", ("172.18.0.3", "fd01::3")))
PODS = (
    LabEndpoint("a", "n1", ("10.1.0.1", "fd00:1::1")),
    LabEndpoint("b", "n1", ("10.1.0.2", "fd00:1::2")),
    LabEndpoint("c", "n2", ("192.168.2.3", "fd00:2::3")),
)
OUTSIDE = (LabEndpoint("o1", None, ("8.8.8.8", "2001:db8::8")), LabEndpoint("o2", None, ("1.1.1.1",)))
HOST_NETWORK = (
    LabEndpoint("h1", "n1", ("172.18.0.2", "fd01::2"), host_network=True),
    LabEndpoint("h2", "n2", ("172.18.0.3", "fd01::3"), host_network=True),
)
EVERYTHING = Topology(NODES, (*PODS, *OUTSIDE, *HOST_NETWORK))
PROTOCOLS: tuple[Protocol, ...] = ("TCP", "UDP", "SCTP")


def pairs(
    endpoints: Iterable[LabEndpoint], protocols: Iterable[Protocol] = PROTOCOLS, ports: Iterable[int] = (80,)
) -> list[Probe]:
    """Every endpoint to every other, by every family that both have; outside hosts not among themselves."""
    endpoints = list(endpoints)
    return [
        Probe(source.name, destination.name, here, there, protocol, port)
        for source, destination, protocol, port in product(endpoints, endpoints, protocols, ports)
        if source != destination and (source.node is not None or destination.node is not None)
        for here, there in product(source.addresses, destination.addresses)
        if (":" in here) == (":" in there)
    ]


def listeners(probes: Iterable[Probe]) -> dict[str, Collection[tuple[Protocol, int]]]:
    """One listener for every port that is asked for."""
    result: dict[str, set[tuple[Protocol, int]]] = {}
    for probe in probes:
        result.setdefault(probe.destination, set()).add((probe.protocol, probe.port))
    return dict(result)


def separate(found: list[Pod]) -> list[Object]:
    """Each pod once, running, with addresses that are its own: a lab has no disputes."""
    kept = {each.key: each for each in found}
    taken: set[str] = set()
    result: list[Object] = []
    for each in kept.values():
        addresses = [text for text in each.addresses if text in clusters.POD_ADDRESSES and text not in taken]
        taken.update(addresses)
        made = pod(each.key, *addresses, node=each.spec.node_name, host_network=each.spec.host_network)
        result.append(Pod(metadata=each.metadata, spec=each.spec, status=made.status))
    return result
