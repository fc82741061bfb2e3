"""The verdict on one packet, and everything that one side allows, as functions of the engine's state.

`verdict` equals `haechi.reference.allowed` for every packet, and `traffic` holds exactly the packets that policies
allow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from ipaddress import IPv4Address

from haechi.engine.endpoint import Endpoint
from haechi.engine.engine import Engine, Stages
from haechi.engine.policy import PolicyRule
from haechi.engine.policyset import PolicySet, ports_by_name
from haechi.engine.selection import NamedPeer, Peers
from haechi.engine.tierpolicy import OrderedRule
from haechi.engine.tierset import TierSet
from haechi.model import CLOSED, OPEN, Action, Address, Direction, Packet, PacketVerdict, Side, Tier
from haechi.sets import V6_START, AddressSet, PortSet, Traffic


def point(address: Address) -> int:
    """An address on the line of `haechi.sets.AddressSet`."""
    return int(address) if isinstance(address, IPv4Address) else V6_START + int(address)


def verdict(engine: Engine, packet: Packet, *, through_service: bool = False) -> PacketVerdict:
    """The verdict of both ends on a packet ("Where the specification is silent", docs/architecture.md).

    Args:
        engine: the cluster.
        packet: what is sent.
        through_service: whether it was sent to a Service, so that tiers also judge a pod that reaches itself.
    """
    source, destination = point(packet.source), point(packet.destination)
    clients, servers = engine.claimants(source), engine.claimants(destination)
    if len(clients) > 1 or len(servers) > 1:
        return PacketVerdict(CLOSED if len(clients) > 1 else OPEN, CLOSED if len(servers) > 1 else OPEN)
    client = clients[0] if clients else None
    server = servers[0] if servers else None
    if client is not None and client is server and not through_service:
        return PacketVerdict(OPEN, OPEN)
    return PacketVerdict(
        side(engine, client, Direction.EGRESS, destination, server, packet),
        side(engine, server, Direction.INGRESS, source, client, packet),
    )


def side(
    engine: Engine, subject: Endpoint | None, direction: Direction, remote: int, peer: Endpoint | None, packet: Packet
) -> Side:
    """The verdict of one end; `remote` and `peer` are the other end.

    A pod that is its own peer reaches itself through a Service: NetworkPolicies do not restrict it, tiers do.
    """
    if subject is None or is_own_node(engine, subject, remote):
        return OPEN
    policies = engine.policy_set(subject, direction)
    keys = () if policies is None else policies.policies
    for tier in Tier if engine.tier_policies else ():
        if tier is Tier.BASELINE and policies is not None:
            break
        rule = deciding_rule(engine, subject, tier, direction, remote, peer, packet)
        if rule is not None and rule.action is not Action.PASS:
            return Side(rule.action is Action.ACCEPT, policies is not None, keys, rule.ref)
    if policies is None:
        return OPEN
    allowed = (
        subject is peer
        or any(includes(engine, peers, remote, peer) for peers in policies.at(packet.protocol, packet.port))
        or any(
            _named_ports(engine, named, remote, peer).contains(packet.protocol, packet.port) for named in policies.named
        )
    )
    return Side(allowed, isolated=True, policies=keys)


def is_own_node(engine: Engine, subject: Endpoint, remote: int) -> bool:
    """Whether an address is one of the node on which a pod runs, with which no policy comes between."""
    return remote in subject.host_addresses or remote in engine.node_addresses(subject.node)


def deciding_rule(
    engine: Engine,
    subject: Endpoint,
    tier: Tier,
    direction: Direction,
    remote: int,
    peer: Endpoint | None,
    packet: Packet,
) -> OrderedRule | None:
    """The first rule of a tier that matches a packet at one end; arguments as of `side`."""
    server = subject if direction is Direction.INGRESS else peer
    for policy in engine.tier_policies_of(subject, tier):
        for rule in policy.rules(direction):
            ports = tier_rule_ports(rule, server)
            if ports.contains(packet.protocol, packet.port) and includes(engine, rule.peers, remote, peer):
                return rule
    return None


def tier_rule_ports(rule: OrderedRule, server: Endpoint | None) -> PortSet:
    """The ports of one rule of a tier on the receiving end, which is None if it is no pod."""
    if not rule.names or server is None:
        return rule.ports
    return rule.ports | ports_by_name(server.ports, [*rule.protocol_names()])


def includes(engine: Engine, peers: Peers, remote: int, peer: Endpoint | None) -> bool:
    """Whether peers include the address `remote`, which belongs to the pod `peer` if there is one."""
    if peers.anywhere or (remote in peers.blocks and (peer is None or engine.ipblock_matches_pods)):
        return True
    if peers.nodes and remote in engine.addresses_of_nodes(peers.nodes):
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
    rule = replace(rule, blocks_match_pods=engine.ipblock_matches_pods)  # it may be a part of one of the engine's
    return PortSet.union_all([rule.ports, *(_named_ports(engine, named, remote, peer) for named in rule.named_peers())])


def side_ports(
    engine: Engine, subject: Endpoint | None, direction: Direction, remote: int, peer: Endpoint | None
) -> PortSet:
    """Every port that one end allows with one address; arguments and answer as of `side`."""
    if subject is None or is_own_node(engine, subject, remote):
        return PortSet.ALL
    policies = engine.policy_set(subject, direction)
    server = subject if direction is Direction.INGRESS else peer
    asked = Tier if policies is None else (Tier.ADMIN,)
    tiers = (
        [
            (rule.action, tier_rule_ports(rule, server))
            for one in engine.tier_policies_of(subject, tier)
            for rule in one.rules(direction)
            if includes(engine, rule.peers, remote, peer)
        ]
        for tier in asked
    )
    if policies is None or subject is peer:
        return passing_ports(tiers, PortSet.ALL)
    return passing_ports(tiers, _policy_ports(engine, policies, remote, peer))


def passing_ports(
    tiers: Iterable[Iterable[tuple[Action, PortSet]]], last: PortSet, asked: PortSet = PortSet.ALL
) -> PortSet:
    """The ports that tiers accept, and those of `last` among the ports that they leave undecided.

    Args:
        tiers: of each tier, in order, what its matching rules do on which ports, in order.
        last: what is allowed after them.
        asked: only these ports.
    """
    accepted, undecided = PortSet.NONE, asked
    for rules in tiers:
        left = undecided
        for action, ports in rules:
            here = left & ports
            left -= here
            if action is not Action.PASS:
                undecided -= here
            if action is Action.ACCEPT:
                accepted |= here
    return accepted | (undecided & last)


def _policy_ports(engine: Engine, policies: PolicySet, remote: int, peer: Endpoint | None) -> PortSet:
    """Every port that a policy set allows with one address."""
    terms = ((PortSet.ALL, policies.everywhere), *policies.by_ports)
    found = [ports for ports, peers in terms if includes(engine, peers, remote, peer)]
    return PortSet.union_all([*found, *(_named_ports(engine, named, remote, peer) for named in policies.named)])


def addresses(engine: Engine, peers: Peers) -> AddressSet:
    """All addresses that peers have in the present state."""
    if peers.anywhere:
        return AddressSet.ALL
    nodes = engine.addresses_of_nodes(peers.nodes) if peers.nodes else ()
    blocks = peers.blocks if engine.ipblock_matches_pods else peers.blocks - engine.pod_addresses
    return AddressSet.of(*engine.addresses(peers.selections), *nodes) | blocks


def traffic(engine: Engine, stages: Stages) -> Traffic:
    """Everything that the stages of a side allow, by the address of the other end."""
    return _allowed(stages, lambda *peers: _terms(engine, *peers))


def outside(engine: Engine, stages: Stages) -> Traffic:
    """The same for addresses that no pod has."""
    return _allowed(stages, lambda peers, _, ports: ((outside_addresses(engine, peers), ports),))


def outside_addresses(engine: Engine, peers: Peers) -> AddressSet:
    """The addresses of peers that need not be pods': those of blocks and nodes."""
    if peers.anywhere or not peers.nodes:
        return AddressSet.ALL if peers.anywhere else peers.blocks
    return peers.blocks | AddressSet.of(*engine.addresses_of_nodes(peers.nodes))


_Term = tuple[AddressSet, PortSet]
_Matched = Callable[[Peers, Iterable[NamedPeer], PortSet], Iterable[_Term]]  # what peers match on some ports


def _terms(engine: Engine, peers: Peers, named: Iterable[NamedPeer], ports: PortSet) -> Iterator[_Term]:
    yield addresses(engine, peers), ports
    yield from _named_terms(engine, named, ports)


def _allowed(stages: Stages, matched: _Matched) -> Traffic:
    allowed, undecided = Traffic.NONE, Traffic.ALL
    for stage in stages:
        if isinstance(stage, PolicySet):
            groups = [(PortSet.ALL, stage.everywhere, stage.named), *((*one, ()) for one in stage.by_ports)]
            found = Traffic.from_terms(one for ports, peers, named in groups for one in matched(peers, named, ports))
            return found if len(stages) == 1 else allowed | (found & undecided)
        accepted, denied = _decisions(stage, matched)
        allowed |= accepted & undecided
        undecided -= accepted | denied
    return allowed | undecided


def _named_terms(engine: Engine, named: Iterable[NamedPeer], within: PortSet) -> Iterator[tuple[AddressSet, PortSet]]:
    """The addresses of pods with the numbers, among some ports, that they give to port names."""
    for each in named:
        for endpoint, own in engine.members(each.selection):
            ports = ports_by_name(endpoint.ports, [(each.protocol, each.name)]) & within
            yield AddressSet.of(*own) & each.within, ports


def _decisions(tier_set: TierSet, matched: _Matched) -> tuple[Traffic, Traffic]:
    """What a tier accepts and what it denies."""
    accepted: list[_Term] = []
    denied: list[_Term] = []
    for ports, entries in tier_set.pieces():
        decided = Traffic.NONE
        for entry in entries:
            found = Traffic.from_terms(matched(entry.peers, entry.named, ports)) - decided
            decided |= found
            if entry.action is not Action.PASS:
                (accepted if entry.action is Action.ACCEPT else denied).extend(found.boxes())
    return Traffic.from_terms(accepted), Traffic.from_terms(denied)
