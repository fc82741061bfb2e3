"""An exposure asked about one peer: an address, or a pod that need not have been there when it was taken."""

from __future__ import annotations

from haechi.analysis.cluster.cluster import Cluster
from haechi.analysis.reach.exposure import Exposure, ExposureEntry, PeerKind, exposures
from haechi.analysis.reach.listing import Listing
from haechi.engine import Endpoint
from haechi.model.verdict import Action, Packet, Tier


def all_exposures(cluster: Cluster) -> tuple[Exposure, ...]:
    """Both directions of every pod."""
    listing = Listing.of(cluster, "pod")
    return exposures(cluster, listing.groups, listing.reach.classes)


def allows(
    cluster: Cluster, one: Exposure, remote: int, peer: Endpoint | None, packet: Packet, server: Endpoint | None
) -> bool:
    """Whether an exposure allows the packet with the address `remote`, that of the pod `peer` of the cluster if any.

    A port name is the number that `server` gives it.
    """
    matching = [entry for entry in one.entries if _matches(cluster, entry, remote, peer, packet, server)]
    for tier in Tier:
        first = next((entry for entry in matching if entry.tier is tier), None)
        if first is not None and first.action is not Action.PASS:
            return first.action is Action.ACCEPT
    return any(entry.tier is None for entry in matching)


def _matches(
    cluster: Cluster, entry: ExposureEntry, remote: int, peer: Endpoint | None, packet: Packet, server: Endpoint | None
) -> bool:
    if entry.peer.nodes is not None and remote not in cluster.engine.addresses_of_nodes([entry.peer.nodes]):
        return False
    if entry.peer.pods is not None and (peer is None or not cluster.engine.is_member(peer, entry.peer.pods)):
        return False
    if entry.peer.kind is PeerKind.ADDRESSES and peer is not None and not cluster.engine.ipblock_matches_pods:
        return False
    if (entry.peer.kind is PeerKind.ADDRESSES or entry.peer.addresses) and remote not in entry.peer.addresses:
        return False
    if entry.port_name is None:
        return entry.ports.contains(packet.protocol, packet.port)
    return any(
        (each.protocol, each.number) == (packet.protocol, packet.port) and (each.protocol, each.name) == entry.port_name
        for each in (server.ports if server is not None else ())
    )
