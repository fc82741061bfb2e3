"""Random policies of tiers and nodes with labels: parts of a cluster that a `tests.generator.Generator` draws.

Selectors are in the words of its vocabulary; networks, ports and nodes are those of all vocabularies.
"""

from __future__ import annotations

from typing import TypeVar

import msgspec
from hypothesis import strategies as st

from haechi.model import (
    AdminNetworkPolicy,
    AdminNetworkPolicyEgressRule,
    AdminNetworkPolicyIngressRule,
    AdminNetworkPolicyPort,
    AdminNetworkPolicySpec,
    AdminPortRange,
    BaselineAdminNetworkPolicy,
    BaselineAdminNetworkPolicySpec,
    ClusterNetworkPolicy,
    ClusterNetworkPolicyEgressPeer,
    ClusterNetworkPolicyEgressRule,
    ClusterNetworkPolicyIngressPeer,
    ClusterNetworkPolicyIngressRule,
    ClusterNetworkPolicyProtocol,
    ClusterNetworkPolicySpec,
    ClusterNetworkPolicySubject,
    LabelSelector,
    LabelSelectorRequirement,
    NamespacedPod,
    Node,
    ObjectMeta,
    PortNumber,
    ProtocolPort,
    ProtocolPortRange,
    TierPolicy,
    TransportProtocol,
)
from tests import clusters
from tests.building import node
from tests.generator import Generator, Object

OldRule = TypeVar("OldRule", AdminNetworkPolicyIngressRule, AdminNetworkPolicyEgressRule)
ACTIONS = ("Accept", "Deny", "Pass")
NETWORKS = (
    "10.0.0.0/30",
    "10.0.0.4/31",
    "0.0.0.0/0",
    "::/0",
    "fd00::/124",
    "8.8.8.8/32",
    "10.0.0.1/8",
    "172.16.0.0/16",
)
NODE_ADDRESSES = ("172.16.0.1", "172.16.0.2", "fd02::1", "10.0.0.7")
NODE_SELECTORS = (LabelSelector(), LabelSelector(match_labels={"os": "1"}))
UNREADABLE = LabelSelector(match_expressions=(LabelSelectorRequirement(key="app", operator="Like", values=("1",)),))
_EgressPeer = ClusterNetworkPolicyEgressPeer
ODD_PEERS = (
    _EgressPeer(),
    _EgressPeer(domain_names=("example.com",)),
    _EgressPeer(networks=("10.0.0.0/33",)),
    _EgressPeer(nodes=UNREADABLE),
    _EgressPeer(networks=("10.0.0.0/8",), nodes=LabelSelector()),
)
PORTS = (
    *(ProtocolPort(number=port) for port in clusters.PORTS),
    ProtocolPort(range=ProtocolPortRange(start=79, end=90)),
)
_TRANSPORTS = tuple(TransportProtocol(destination_port=port) for port in PORTS)
PROTOCOLS = (
    *(ClusterNetworkPolicyProtocol(tcp=one) for one in _TRANSPORTS * 2),
    *(ClusterNetworkPolicyProtocol(udp=one) for one in _TRANSPORTS),
    *(ClusterNetworkPolicyProtocol(sctp=one) for one in _TRANSPORTS),
)
NAMED = tuple(ClusterNetworkPolicyProtocol(destination_named_port=name) for name in clusters.NAMES)
ODD_PROTOCOLS = (
    ClusterNetworkPolicyProtocol(),
    ClusterNetworkPolicyProtocol(tcp=TransportProtocol()),
    ClusterNetworkPolicyProtocol(destination_named_port=""),
    ClusterNetworkPolicyProtocol(tcp=TransportProtocol(destination_port=ProtocolPort(number=0))),
)
OLD_PORTS = (
    AdminNetworkPolicyPort(port_number=PortNumber(port=80)),
    AdminNetworkPolicyPort(port_number=PortNumber(protocol="UDP", port=53)),
    AdminNetworkPolicyPort(port_range=AdminPortRange(start=79, end=90)),
    AdminNetworkPolicyPort(named_port=clusters.NAMES[0]),
)


# -- parts -------------------------------------------------------------------------------------------------------------


def is_odd(words: Generator) -> bool:
    """Whether a part is one that cannot be read; one time in eight, if parts may be so."""
    return not words.readable and words.chance(12)


def namespaced_pods(words: Generator) -> NamespacedPod:
    """Pods of namespaces, or of all."""
    if is_odd(words):
        return NamespacedPod()
    namespaces = words.namespace_selector() if words.chance(50) else None
    return NamespacedPod(namespace_selector=namespaces, pod_selector=words.selector())


def subject(words: Generator) -> ClusterNetworkPolicySubject:
    """The pods that a policy is about."""
    if is_odd(words):
        return ClusterNetworkPolicySubject()
    if words.chance(50):
        return ClusterNetworkPolicySubject(pods=namespaced_pods(words))
    return ClusterNetworkPolicySubject(namespaces=words.namespace_selector())


def ingress_peer(words: Generator) -> ClusterNetworkPolicyIngressPeer:
    """Where connections come from."""
    if is_odd(words):
        return ClusterNetworkPolicyIngressPeer()
    if words.chance(50):
        return ClusterNetworkPolicyIngressPeer(pods=namespaced_pods(words))
    return ClusterNetworkPolicyIngressPeer(namespaces=words.namespace_selector())


def egress_peer(words: Generator) -> ClusterNetworkPolicyEgressPeer:
    """Where connections go."""
    if is_odd(words):
        return words.one(ODD_PEERS)
    match words.integer(0, 3):
        case 0:
            return ClusterNetworkPolicyEgressPeer(namespaces=words.namespace_selector())
        case 1:
            return ClusterNetworkPolicyEgressPeer(pods=namespaced_pods(words))
        case 2:
            return ClusterNetworkPolicyEgressPeer(networks=words.several(NETWORKS, (1, 2)))
        case _:
            return ClusterNetworkPolicyEgressPeer(nodes=words.one(NODE_SELECTORS))


def protocol(words: Generator) -> ClusterNetworkPolicyProtocol:
    """An entry of `protocols`."""
    if is_odd(words):
        return words.one(ODD_PROTOCOLS)
    return words.one(NAMED) if words.chance(20) else words.one(PROTOCOLS)


def protocols(words: Generator) -> tuple[ClusterNetworkPolicyProtocol, ...] | None:
    """All of a rule; None for every port."""
    return None if words.chance(60) else words.some(protocol, (int(words.readable), 2))


def _action(words: Generator) -> str:
    return "Log" if is_odd(words) else words.one(ACTIONS)


def _old_action(words: Generator) -> str:
    return "Accept" if is_odd(words) else words.one(("Allow", "Deny", "Pass"))


def _is_addresses(peer: ClusterNetworkPolicyEgressPeer) -> bool:
    """Whether a peer has no port names."""
    return bool(peer.networks) or peer.nodes is not None


def ingress_rule(words: Generator) -> ClusterNetworkPolicyIngressRule:
    """A rule about connections to the subject."""
    return ClusterNetworkPolicyIngressRule(
        action=_action(words), from_=words.some(ingress_peer, (1, 2)), protocols=protocols(words)
    )


def egress_rule(words: Generator) -> ClusterNetworkPolicyEgressRule:
    """A rule about connections of the subject; if it is to be read, no port name is beside addresses."""
    to, entries = words.some(egress_peer, (1, 2)), protocols(words)
    if words.readable and any(map(_is_addresses, to)):
        entries = tuple(one for one in entries or () if one.destination_named_port is None) or None
    return ClusterNetworkPolicyEgressRule(action=_action(words), to=to, protocols=entries)


def tier_policy(words: Generator) -> ClusterNetworkPolicy:
    """A ClusterNetworkPolicy of either tier; priorities and names are few."""
    return ClusterNetworkPolicy(
        metadata=ObjectMeta(name=words.one("cde")),
        spec=ClusterNetworkPolicySpec(
            tier="Developer" if is_odd(words) else words.one(("Admin", "Baseline")),
            priority=words.integer(0, 2),
            subject=subject(words),
            ingress=words.some(ingress_rule, (0, 3)),
            egress=words.some(egress_rule, (0, 3)),
        ),
    )


def old_ingress_rule(words: Generator) -> AdminNetworkPolicyIngressRule:
    """A rule of v1alpha1."""
    return AdminNetworkPolicyIngressRule(
        action=_old_action(words),
        from_=words.some(ingress_peer, (1, 2)),
        ports=words.several(OLD_PORTS, (0, 2)),
    )


def old_egress_rule(words: Generator) -> AdminNetworkPolicyEgressRule:
    """A rule of v1alpha1; if it is to be read, no port name is beside addresses."""
    to, ports = words.some(egress_peer, (1, 2)), words.several(OLD_PORTS, (0, 2))
    if words.readable and any(map(_is_addresses, to)):
        ports = tuple(one for one in ports if one.named_port is None)
    return AdminNetworkPolicyEgressRule(action=_old_action(words), to=to, ports=ports)


def _without_pass(words: Generator, rule: OldRule) -> OldRule:
    """A rule of a BaselineAdminNetworkPolicy, which has no Pass."""
    return msgspec.structs.replace(rule, action="Deny") if rule.action == "Pass" and not is_odd(words) else rule


def old_policy(words: Generator) -> AdminNetworkPolicy | BaselineAdminNetworkPolicy:
    """An AdminNetworkPolicy or the BaselineAdminNetworkPolicy."""
    ingress, egress = words.some(old_ingress_rule, (0, 2)), words.some(old_egress_rule, (0, 2))
    if words.chance(40):
        baseline = BaselineAdminNetworkPolicySpec(
            subject=subject(words),
            ingress=tuple(_without_pass(words, rule) for rule in ingress),
            egress=tuple(_without_pass(words, rule) for rule in egress),
        )
        return BaselineAdminNetworkPolicy(metadata=ObjectMeta(name="default"), spec=baseline)
    admin = AdminNetworkPolicySpec(priority=words.integer(0, 2), subject=subject(words), ingress=ingress, egress=egress)
    return AdminNetworkPolicy(metadata=ObjectMeta(name=words.one("cd")), spec=admin)


def any_tier_policy(words: Generator) -> TierPolicy:
    """A policy of any of the three kinds."""
    return old_policy(words) if words.chance(33) else tier_policy(words)


def labelled_node(words: Generator) -> Node:
    """A node with a label, and addresses that pods may have as well."""
    return node(words.one(clusters.NODES), *words.several(NODE_ADDRESSES, (0, 2)), marks=f"os={words.one('12')}")


# -- strategies --------------------------------------------------------------------------------------------------------


def tier_policies(*, readable: bool = True) -> st.SearchStrategy[ClusterNetworkPolicy]:
    """ClusterNetworkPolicies."""
    return clusters.generated(tier_policy, clusters.WIDE, readable=readable)


def old_policies(*, readable: bool = True) -> st.SearchStrategy[AdminNetworkPolicy | BaselineAdminNetworkPolicy]:
    """AdminNetworkPolicies and BaselineAdminNetworkPolicies."""
    return clusters.generated(old_policy, clusters.WIDE, readable=readable)


def nodes() -> st.SearchStrategy[Node]:
    """Nodes with labels."""
    return clusters.generated(labelled_node, clusters.WIDE)


def objects(*, readable: bool = True) -> st.SearchStrategy[Object | TierPolicy]:
    """Any one object; policies of tiers most often."""
    return st.one_of(
        clusters.objects(readable=readable),
        tier_policies(readable=readable),
        tier_policies(readable=readable),
        old_policies(readable=readable),
        nodes(),
    )
