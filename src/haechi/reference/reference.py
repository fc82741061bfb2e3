"""`allowed(cluster, packet)`: the verdict of the NetworkPolicy specification on one packet.

Why: it is the oracle that everything else is compared with. It is short enough to check by eye against the document
("Network Policies", kubernetes.io): no caches, no sets, no speed, no code shared with the engine.
Where an object cannot be read, it fails closed: a rule with an unreadable part allows nothing, an unreadable pod
selector selects what its readable part selects, unreadable policyTypes are both directions.
"""

from __future__ import annotations

from haechi.model import (
    CLOSED,
    OPEN,
    Action,
    Address,
    Direction,
    IPBlock,
    NetworkPolicy,
    NetworkPolicyEgressRule,
    NetworkPolicyIngressRule,
    NetworkPolicyPeer,
    NetworkPolicyPort,
    Packet,
    PacketVerdict,
    Pod,
    PolicyKey,
    Side,
    Tier,
)
from haechi.reference.parts import (
    PROTOCOLS,
    ClusterObjects,
    Unreadable,
    addresses,
    expressions,
    is_readable,
    meets,
    named_ports,
    namespace_labels,
    network,
    node_addresses,
    readable,
    selects,
)
from haechi.reference.tiers import decide

NetworkPolicyRule = NetworkPolicyIngressRule | NetworkPolicyEgressRule


def allowed(cluster: ClusterObjects, packet: Packet) -> PacketVerdict:
    """The verdict of both ends of `packet`."""
    clients, servers = owners(cluster, packet.source), owners(cluster, packet.destination)
    if len(clients) > 1 or len(servers) > 1:  # an address that several pods claim: denied
        return PacketVerdict(CLOSED if len(clients) > 1 else OPEN, CLOSED if len(servers) > 1 else OPEN)
    client = clients[0] if clients else None
    server = servers[0] if servers else None
    if client is not None and client is server:  # a pod cannot block access to itself
        return PacketVerdict(OPEN, OPEN)
    return PacketVerdict(
        side(cluster, client, server, Direction.EGRESS, packet.destination, packet),
        side(cluster, server, client, Direction.INGRESS, packet.source, packet),
    )


def owners(cluster: ClusterObjects, address: Address) -> list[Pod]:
    """The pods with this address that policies apply to: not on the host's network, not completed."""
    return [pod for pod in cluster.pods if is_policed(pod) and address in addresses(pod)]


def is_policed(pod: Pod) -> bool:
    """Whether policies apply to this pod at all."""
    return not pod.spec.host_network and pod.status.phase not in ("Succeeded", "Failed")


def side(
    cluster: ClusterObjects, pod: Pod | None, peer: Pod | None, direction: Direction, remote: Address, packet: Packet
) -> Side:
    """The verdict of one end: `pod` is that end (None: not a pod, not restricted), `peer` and `remote` the other.

    A pod that is its own peer reaches itself through a Service: NetworkPolicies do not restrict it, tiers do.
    """
    if pod is None or is_own_node(cluster, pod, remote):
        return OPEN
    isolating = [policy for policy in cluster.policies if isolates(policy, pod, direction)]
    keys = tuple(sorted(PolicyKey(policy.namespace, policy.metadata.name) for policy in isolating))
    for tier in Tier:
        if tier is Tier.BASELINE and isolating:  # NetworkPolicies come between the tiers and decide everything
            break
        decision = decide(cluster, tier, pod, peer, direction, remote, packet)
        if decision is not None and decision[0] is not Action.PASS:
            action, rule = decision
            return Side(action is Action.ACCEPT, isolated=bool(keys), policies=keys, tier_rule=rule)
    server = pod if direction is Direction.INGRESS else peer
    passes = (
        not isolating
        or pod is peer
        or any(
            rule_allows(cluster, policy, rule, peer, server, remote, packet)
            for policy in isolating
            for rule in rules(policy, direction)
        )
    )
    return Side(allowed=passes, isolated=bool(keys), policies=keys)


def is_own_node(cluster: ClusterObjects, pod: Pod, remote: Address) -> bool:
    """A pod and the node on which it runs always reach each other."""
    texts = [entry.ip for entry in pod.status.host_ips] or [pod.status.host_ip]
    for node in cluster.nodes:
        if node.metadata.name == pod.spec.node_name:
            return remote in [*readable(texts), *node_addresses(node)]
    return remote in readable(texts)


def policy_types(policy: NetworkPolicy) -> tuple[str, ...]:
    """`spec.policyTypes` with its default: Ingress always, Egress if there is an egress rule; both if unreadable."""
    if not set(policy.spec.policy_types) <= set(Direction):
        return ("Ingress", "Egress")
    return policy.spec.policy_types or (("Ingress", "Egress") if policy.spec.egress else ("Ingress",))


def isolates(policy: NetworkPolicy, pod: Pod, direction: Direction) -> bool:
    """Whether `policy` selects `pod` for `direction`; a policy selects only in its own namespace."""
    return (
        direction in policy_types(policy)
        and policy.namespace == pod.namespace
        and all(
            meets(expression, pod.metadata.labels)
            for expression in expressions(policy.spec.pod_selector)
            if is_readable(expression)
        )
    )


def rules(policy: NetworkPolicy, direction: Direction) -> tuple[NetworkPolicyRule, ...]:
    """The rules of one direction; none if the pod selector or policyTypes cannot be read."""
    selecting = all(is_readable(expression) for expression in expressions(policy.spec.pod_selector))
    if not selecting or not set(policy.spec.policy_types) <= set(Direction):
        return ()
    return policy.spec.ingress if direction is Direction.INGRESS else policy.spec.egress


def rule_allows(
    cluster: ClusterObjects,
    policy: NetworkPolicy,
    rule: NetworkPolicyRule,
    peer: Pod | None,
    server: Pod | None,
    remote: Address,
    packet: Packet,
) -> bool:
    """(no peers or any peer matches the remote) and (no ports or any port matches); unreadable: nothing."""
    peers = rule.to if isinstance(rule, NetworkPolicyEgressRule) else rule.from_
    try:  # every part is evaluated, so that an unreadable one is always noticed
        matching = [entry for entry in peers if peer_matches(cluster, policy, entry, peer, remote)]
        by_port = [port_matches(entry, server, packet) for entry in rule.ports]
    except Unreadable:
        return False
    return (not peers or bool(matching)) and (not rule.ports or any(by_port))


def peer_matches(
    cluster: ClusterObjects, policy: NetworkPolicy, entry: NetworkPolicyPeer, peer: Pod | None, remote: Address
) -> bool:
    """Whether one item of `from` or `to` matches the remote end."""
    if entry.ip_block is not None:
        if entry.pod_selector is not None or entry.namespace_selector is not None:
            raise Unreadable
        return in_block(entry.ip_block, remote)
    if entry.pod_selector is None and entry.namespace_selector is None:
        raise Unreadable
    # Both selectors are evaluated even without a peer, so that an unreadable one is always noticed.
    labels = peer.metadata.labels if peer is not None else {}
    by_pod = entry.pod_selector is None or selects(entry.pod_selector, labels)
    if entry.namespace_selector is None:
        by_namespace = peer is not None and peer.namespace == policy.namespace
    else:
        by_namespace = selects(entry.namespace_selector, namespace_labels(cluster, peer))
    return peer is not None and by_pod and by_namespace


def in_block(block: IPBlock, remote: Address) -> bool:
    """In the CIDR and in none of its exceptions; bits beyond the prefix do not count; families never cross."""
    networks = [network(text) for text in (block.cidr, *block.except_)]
    return remote in networks[0] and not any(remote in network for network in networks[1:])


def port_matches(entry: NetworkPolicyPort, server: Pod | None, packet: Packet) -> bool:
    """Whether one item of `ports` matches the packet's protocol and destination port; names are the server's."""
    protocol = PROTOCOLS.get("TCP" if entry.protocol is None else entry.protocol)
    if protocol is None or entry.port == "" or (entry.end_port is not None and not isinstance(entry.port, int)):
        raise Unreadable
    if isinstance(entry.port, int):
        last = entry.port if entry.end_port is None else entry.end_port
        if not 1 <= entry.port <= last <= 65535:
            raise Unreadable
        return packet.protocol == protocol and entry.port <= packet.port <= last
    if entry.port is None:
        return packet.protocol == protocol
    return packet.protocol == protocol and packet.port > 0 and packet.port in named_ports(server, entry.port, protocol)
