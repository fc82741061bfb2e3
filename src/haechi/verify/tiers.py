"""What the rules of a tier match: all packets at once, read literally.

As `haechi.verify.meaning` for NetworkPolicies: rule after rule as `haechi.reference.tiers` reads them, with sets of
addresses and ports instead of single packets, and no code shared with `haechi.engine`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from haechi.model import (
    Action,
    ClusterNetworkPolicy,
    ClusterNetworkPolicyEgressPeer,
    ClusterNetworkPolicyEgressRule,
    ClusterNetworkPolicyIngressPeer,
    ClusterNetworkPolicyIngressRule,
    ClusterNetworkPolicyProtocol,
    Direction,
    LabelSelector,
    NetworkPolicyPeer,
)
from haechi.reference import PROTOCOLS, Unreadable, is_closed
from haechi.sets import AddressSet, PortSet, Traffic
from haechi.verify.pods import NamedPorts

TierRule = ClusterNetworkPolicyIngressRule | ClusterNetworkPolicyEgressRule
_Peer = ClusterNetworkPolicyIngressPeer | ClusterNetworkPolicyEgressPeer


class PeerPods(NamedTuple):
    """The pods that peers select: their addresses, together and by the named ports of the pods."""

    addresses: AddressSet
    by_ports: tuple[tuple[NamedPorts, AddressSet], ...]


class ClusterLookup(NamedTuple):
    """How the objects of a cluster are asked; each raises `Unreadable` for a selector that cannot be read.

    Attributes:
        pods: the pods that a peer selects.
        nodes: the addresses of the nodes that a selector selects.
        network: the addresses of a CIDR.
    """

    pods: Callable[[NetworkPolicyPeer], PeerPods]
    nodes: Callable[[LabelSelector], AddressSet]
    network: Callable[[str], AddressSet]


def rule_effect(
    policy: ClusterNetworkPolicy, rule: TierRule, own_ports: NamedPorts, lookup: ClusterLookup
) -> tuple[Action, Traffic] | None:
    """What a rule does, and to which packets, by the address of the other end; None if it can match nothing.

    Args:
        policy: whose rule it is.
        rule: one of `spec.ingress` or `spec.egress`.
        own_ports: the named ports of the pod that the policy is about.
        lookup: the cluster.
    """
    try:
        if is_closed(policy) or rule.action not in tuple(Action) or not rule.peers or rule.protocols == ():
            raise Unreadable
        action = Action(rule.action)
        return action, _matched(rule, action, own_ports, lookup)
    except Unreadable:
        return None if rule.action == Action.ACCEPT else (Action.DENY, Traffic.ALL)


def _matched(rule: TierRule, action: Action, own_ports: NamedPorts, lookup: ClusterLookup) -> Traffic:
    plain: list[AddressSet] = []
    pods: list[PeerPods] = []
    for peer in rule.peers:
        found = _peer(peer, action, lookup)
        if isinstance(found, PeerPods):
            pods.append(found)
        else:
            plain.append(found)
    addresses = AddressSet.union_all([*plain, *(each.addresses for each in pods)])
    if rule.protocols is None:
        return Traffic.of(addresses, PortSet.ALL)
    entries = [_protocol(entry) for entry in rule.protocols]
    ports = PortSet.union_all([each for each in entries if isinstance(each, PortSet)])
    names = [each for each in entries if isinstance(each, str)]
    if names and plain:
        raise Unreadable
    if isinstance(rule, ClusterNetworkPolicyIngressRule):
        return Traffic.of(addresses, ports | _resolved(names, own_ports))
    named = [(own, _resolved(names, theirs)) for each in pods for theirs, own in each.by_ports]
    return Traffic.from_terms([(addresses, ports), *named])


def _resolved(names: Iterable[str], ports: NamedPorts) -> PortSet:
    """The ports of any of these names, of whichever protocol."""
    listed = list(names)
    return PortSet.union_all([PortSet.port(protocol, number) for protocol, name, number in ports if name in listed])


def _peer(peer: _Peer, action: Action, lookup: ClusterLookup) -> AddressSet | PeerPods:
    """The pods or the addresses of one item of `from` or `to`, exactly one of whose fields is given."""
    found: list[AddressSet | PeerPods] = []
    if peer.namespaces is not None:
        found.append(lookup.pods(NetworkPolicyPeer(namespace_selector=peer.namespaces)))
    if peer.pods is not None:
        if peer.pods.pod_selector is None:
            raise Unreadable
        namespaces = peer.pods.namespace_selector or LabelSelector()
        found.append(lookup.pods(NetworkPolicyPeer(namespace_selector=namespaces, pod_selector=peer.pods.pod_selector)))
    if isinstance(peer, ClusterNetworkPolicyEgressPeer):
        if peer.nodes is not None:
            found.append(lookup.nodes(peer.nodes))
        if peer.networks:
            found.append(AddressSet.union_all([lookup.network(text) for text in peer.networks]))
        if peer.domain_names:
            if action is not Action.ACCEPT:
                raise Unreadable
            found.append(AddressSet.NONE)
    if len(found) != 1:
        raise Unreadable
    return found[0]


def _protocol(entry: ClusterNetworkPolicyProtocol) -> PortSet | str:
    """The ports or the port name of one item of `protocols`, exactly one of whose fields is given."""
    found: list[PortSet | str] = []
    for name, transport in (("TCP", entry.tcp), ("UDP", entry.udp), ("SCTP", entry.sctp)):
        if transport is not None:
            port = transport.destination_port
            if port is None or (port.number is None) == (port.range is None):
                raise Unreadable
            first, last = (port.number, port.number) if port.range is None else (port.range.start, port.range.end)
            if first is None or last is None or not 1 <= first <= last <= 65535:
                raise Unreadable
            found.append(PortSet.port(PROTOCOLS[name], first, last))
    if entry.destination_named_port is not None:
        found.append(entry.destination_named_port)
    if len(found) != 1 or found == [""]:
        raise Unreadable
    return found[0]


def rules_of(policy: ClusterNetworkPolicy, direction: Direction) -> tuple[TierRule, ...]:
    """The rules of one direction, in order."""
    return policy.spec.ingress if direction is Direction.INGRESS else policy.spec.egress
