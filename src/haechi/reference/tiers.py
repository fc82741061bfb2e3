"""The verdict of one tier on one packet, rule by rule (ClusterNetworkPolicy, policy.networking.k8s.io/v1alpha2).

Policies of the tier whose subject selects the pod are asked by priority, those of one priority by name, and their
rules in order; the first one that matches decides. Where a part of a rule cannot be read, that rule fails closed:
Accept matches nothing, and any other action denies everything. A subject that cannot be read selects what its
readable part selects, and all its rules fail closed; one that chooses no pods in a known way selects none.
"""

from __future__ import annotations

from collections.abc import Mapping

from haechi.model import (
    Action,
    Address,
    ClusterNetworkPolicy,
    ClusterNetworkPolicyEgressPeer,
    ClusterNetworkPolicyEgressRule,
    ClusterNetworkPolicyIngressPeer,
    ClusterNetworkPolicyIngressRule,
    ClusterNetworkPolicyProtocol,
    ClusterPolicyKey,
    Direction,
    LabelSelector,
    NamespacedPod,
    Packet,
    Pod,
    Tier,
    TierRuleRef,
    as_cluster_network_policy,
)
from haechi.reference.parts import (
    PROTOCOLS,
    ClusterObjects,
    Unreadable,
    expressions,
    is_readable,
    meets,
    namespace_labels,
    network,
    node_addresses,
    selects,
)

TierRule = ClusterNetworkPolicyIngressRule | ClusterNetworkPolicyEgressRule
TierPeer = ClusterNetworkPolicyIngressPeer | ClusterNetworkPolicyEgressPeer


def decide(
    cluster: ClusterObjects,
    tier: Tier,
    pod: Pod,
    peer: Pod | None,
    direction: Direction,
    remote: Address,
    packet: Packet,
) -> tuple[Action, TierRuleRef] | None:
    """What a tier does with the packet at `pod`, and the rule that says so; None if no rule matches."""
    asked = []
    for written in cluster.tier_policies:
        policy = as_cluster_network_policy(written)
        if tier_of(policy) is tier and selects_pod(cluster, policy, pod):
            asked.append((policy.spec.priority, written.name, written.kind, policy))
    server = pod if direction is Direction.INGRESS else peer
    for _, name, kind, policy in sorted(asked, key=lambda each: each[:3]):
        rules: tuple[TierRule, ...] = policy.spec.ingress if direction is Direction.INGRESS else policy.spec.egress
        for index, rule in enumerate(rules):
            action = rule_decides(cluster, policy, rule, peer, server, remote, packet)
            if action is not None:
                return action, TierRuleRef(ClusterPolicyKey(kind, name), direction, index)
    return None


def tier_of(policy: ClusterNetworkPolicy) -> Tier:
    """Its tier; Admin, where policies cannot be overruled, if there is no such tier."""
    return Tier.BASELINE if policy.spec.tier == Tier.BASELINE else Tier.ADMIN


def is_closed(policy: ClusterNetworkPolicy) -> bool:
    """Whether its tier or its subject cannot be read, so that all its rules fail closed."""
    subject = policy.spec.subject
    selectors = [subject.namespaces] if subject.pods is None else list(selectors_of(subject.pods))
    return policy.spec.tier not in tuple(Tier) or not all(
        is_readable(one) for each in selectors if each is not None for one in expressions(each)
    )


def selectors_of(pods: NamespacedPod) -> tuple[LabelSelector | None, LabelSelector | None]:
    """Of namespaces and of pods."""
    return pods.namespace_selector, pods.pod_selector


def selects_pod(cluster: ClusterObjects, policy: ClusterNetworkPolicy, pod: Pod) -> bool:
    """Whether the readable part of the subject selects the pod."""
    return subject_selects(policy, namespace_labels(cluster, pod), pod.metadata.labels)


def subject_selects(policy: ClusterNetworkPolicy, of_namespace: Mapping[str, str], of_pod: Mapping[str, str]) -> bool:
    """Whether the readable part of the subject selects a pod with these labels in a namespace with these."""
    subject = policy.spec.subject
    if (subject.namespaces is None) == (subject.pods is None):
        return False
    by_namespace, by_pod = (subject.namespaces, None) if subject.pods is None else selectors_of(subject.pods)
    if subject.pods is not None and by_pod is None:
        return False
    labels = ((by_namespace, of_namespace), (by_pod, of_pod))
    return all(
        meets(one, found) for each, found in labels if each is not None for one in expressions(each) if is_readable(one)
    )


def rule_decides(
    cluster: ClusterObjects,
    policy: ClusterNetworkPolicy,
    rule: TierRule,
    peer: Pod | None,
    server: Pod | None,
    remote: Address,
    packet: Packet,
) -> Action | None:
    """The action of a rule on a packet that it matches, or None: (any peer) and (no protocols or any of them)."""
    try:  # every part is evaluated, so that an unreadable one is always noticed
        if is_closed(policy) or rule.action not in tuple(Action) or not rule.peers or rule.protocols == ():
            raise Unreadable
        action = Action(rule.action)
        named = [entry for entry in rule.protocols or () if entry.destination_named_port is not None]
        if named and any(map(has_no_names, rule.peers)):
            raise Unreadable
        by_peer = [peer_matches(cluster, each, action, peer, remote) for each in rule.peers]
        by_protocol = [protocol_matches(each, server, packet) for each in rule.protocols or ()]
    except Unreadable:
        return None if rule.action == Action.ACCEPT else Action.DENY
    return action if any(by_peer) and (rule.protocols is None or any(by_protocol)) else None


def peer_matches(cluster: ClusterObjects, entry: TierPeer, action: Action, peer: Pod | None, remote: Address) -> bool:
    """Whether one item of `from` or `to` matches the remote end; exactly one of its fields is given."""
    found: list[bool] = []
    if entry.namespaces is not None:
        found.append(selects(entry.namespaces, namespace_labels(cluster, peer)) and peer is not None)
    if entry.pods is not None:
        by_namespace, by_pod = selectors_of(entry.pods)
        if by_pod is None:
            raise Unreadable
        pods = selects(by_pod, peer.metadata.labels if peer is not None else {})
        namespaces = selects(by_namespace or LabelSelector(), namespace_labels(cluster, peer))
        found.append(pods and namespaces and peer is not None)
    if isinstance(entry, ClusterNetworkPolicyEgressPeer):
        if entry.nodes is not None:
            selects(entry.nodes, {})  # notices an unreadable selector where there are no nodes
            nodes = [node for node in cluster.nodes if selects(entry.nodes, node.metadata.labels)]
            found.append(any(remote in node_addresses(node) for node in nodes))
        if entry.networks:
            networks = [network(text) for text in entry.networks]
            found.append(any(remote in one for one in networks))
        if entry.domain_names:
            if action is not Action.ACCEPT:  # a name stands for addresses that are not known
                raise Unreadable
            found.append(False)
    if len(found) != 1:
        raise Unreadable
    return found[0]


def has_no_names(entry: TierPeer) -> bool:
    """Whether it means addresses, which have no named ports."""
    return isinstance(entry, ClusterNetworkPolicyEgressPeer) and bool(
        entry.networks or entry.domain_names or entry.nodes is not None
    )


def protocol_matches(entry: ClusterNetworkPolicyProtocol, server: Pod | None, packet: Packet) -> bool:
    """Whether one item of `protocols` matches; exactly one of its fields is given. A port name is the server's."""
    found: list[bool] = []
    for name, transport in (("TCP", entry.tcp), ("UDP", entry.udp), ("SCTP", entry.sctp)):
        if transport is not None:
            port = transport.destination_port
            if port is None or (port.number is None) == (port.range is None):
                raise Unreadable
            first, last = (port.number, port.number) if port.range is None else (port.range.start, port.range.end)
            if first is None or last is None or not 1 <= first <= last <= 65535:
                raise Unreadable
            found.append(packet.protocol == PROTOCOLS[name] and first <= packet.port <= last)
    if entry.destination_named_port is not None:
        if not entry.destination_named_port:
            raise Unreadable
        ports = [port for one in server.spec.containers for port in one.ports] if server is not None else []
        found.append(
            any(
                port.name == entry.destination_named_port
                and (PROTOCOLS.get(port.protocol), port.container_port) == (packet.protocol, packet.port)
                for port in ports
            )
        )
    if len(found) != 1:
        raise Unreadable
    return found[0]
