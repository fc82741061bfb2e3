"""The verdict on one packet, and everything that one side allows, as functions of the engine's state.

`verdict` equals `haechi.reference.allowed` for every packet, and `traffic` holds exactly the packets that policies
allow.
"""

from __future__ import annotations

from ipaddress import IPv4Address

from haechi.engine.endpoint import Endpoint
from haechi.engine.engine import Engine
from haechi.engine.policy import PolicyRule
from haechi.engine.policyset import PolicySet, ports_by_name
from haechi.engine.selection import NamedPeer, Peers
from haechi.model import CLOSED, OPEN, Address, Direction, Packet, PacketVerdict, Side
from haechi.sets import V6_START, AddressSet, PortSet, Traffic


def point(address: Address) -> int:
    """An address on the line of `haechi.sets.AddressSet`."""
    return int(address) if isinstance(address, IPv4Address) else V6_START + int(address)


def verdict(engine: Engine, packet: Packet) -> PacketVerdict:
    """The verdict of both ends on a packet ("Where the specification is silent", docs/architecture.md)."""
    source, destination = point(packet.source), point(packet.destination)
    clients, servers = engine.claimants(source), engine.claimants(destination)
    if len(clients) > 1 or len(servers) > 1:
        return PacketVerdict(CLOSED if len(clients) > 1 else OPEN, CLOSED if len(servers) > 1 else OPEN)
    client = clients[0] if clients else None
    server = servers[0] if servers else None
    if client is not None and client is server:
        return PacketVerdict(OPEN, OPEN)
    return PacketVerdict(
        side(engine, client, Direction.EGRESS, destination, server, packet),
        side(engine, server, Direction.INGRESS, source, client, packet),
    )


def side(
    engine: Engine, subject: Endpoint | None, direction: Direction, remote: int, peer: Endpoint | None, packet: Packet
) -> Side:
    """The verdict of one end; `remote` and `peer` are the other end."""
    if subject is None or remote in subject.host_addresses or remote in engine.node_addresses(subject.node):
        return OPEN
    policies = engine.policy_set(subject, direction)
    if policies is None:
        return OPEN
    allowed = any(includes(engine, peers, remote, peer) for peers in policies.at(packet.protocol, packet.port)) or any(
        _named_ports(engine, named, remote, peer).contains(packet.protocol, packet.port) for named in policies.named
    )
    return Side(allowed, isolated=True, policies=policies.policies)


def includes(engine: Engine, peers: Peers, remote: int, peer: Endpoint | None) -> bool:
    """Whether peers include the address `remote`, which belongs to the pod `peer` if there is one."""
    if peers.anywhere or remote in peers.blocks:
        return True
    return peer is not None and any(engine.is_member(peer, selection) for selection in peers.selections)


def _named_ports(engine: Engine, named: NamedPeer, remote: int, peer: Endpoint | None) -> PortSet:
    """The ports of a pod that an egress rule allows by name at its address `remote`."""
    if peer is None or remote not in named.within or not engine.is_member(peer, named.selection):
        return PortSet.NONE
    return ports_by_name(peer.ports, [(named.protocol, named.name)])


def rule_ports(
    engine: Engine, rule: PolicyRule, direction: Direction, subject: Endpoint, remote: int, peer: Endpoint | None
) -> PortSet:
    """The ports of one rule on the receiving end: its numbers, and those of its names. The other end as in `side`."""
    if not rule.names:
        return rule.ports
    if direction is Direction.INGRESS:
        return rule.ports | ports_by_name(subject.ports, rule.names)
    return PortSet.union_all([rule.ports, *(_named_ports(engine, named, remote, peer) for named in rule.named_peers())])


def allowed_ports(engine: Engine, policies: PolicySet | None, remote: int, peer: Endpoint | None) -> PortSet:
    """Every port that a policy set allows with one address; all of them without a policy set."""
    if policies is None:
        return PortSet.ALL
    terms = ((PortSet.ALL, policies.everywhere), *policies.by_ports)
    found = [ports for ports, peers in terms if includes(engine, peers, remote, peer)]
    return PortSet.union_all([*found, *(_named_ports(engine, named, remote, peer) for named in policies.named)])


def addresses(engine: Engine, peers: Peers) -> AddressSet:
    """All addresses that peers have in the present state."""
    if peers.anywhere:
        return AddressSet.ALL
    return AddressSet.of(*engine.addresses(peers.selections)) | peers.blocks


def traffic(engine: Engine, policies: PolicySet | None) -> Traffic:
    """Everything that a policy set allows, by the address of the other end; everything without a policy set."""
    if policies is None:
        return Traffic.ALL
    terms = [(addresses(engine, policies.everywhere), PortSet.ALL)]
    terms += [(addresses(engine, peers), ports) for ports, peers in policies.by_ports]
    for named in policies.named:
        for endpoint, own in engine.members(named.selection):
            terms.append(
                (AddressSet.of(*own) & named.within, ports_by_name(endpoint.ports, [(named.protocol, named.name)]))
            )
    return Traffic.from_terms(terms)
