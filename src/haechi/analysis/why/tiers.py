"""What a tier does with one packet at one end, and through which items of which rule.

The decision is the engine's. A rule that cannot be read has no items: it denies everything, whatever it was to do.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from haechi.analysis.cluster import Cluster
from haechi.analysis.why.rules import ItemRef, Viewpoint
from haechi.engine import (
    OrderedRule,
    deciding_rule,
    includes,
    read_tier_peer,
    read_tier_protocol,
    tier_rule_ports,
)
from haechi.model import (
    Action,
    ClusterNetworkPolicy,
    ClusterNetworkPolicyEgressPeer,
    ClusterNetworkPolicyEgressRule,
    ClusterNetworkPolicyIngressPeer,
    ClusterNetworkPolicyIngressRule,
    Direction,
    Packet,
    Tier,
    TierRuleRef,
    as_cluster_network_policy,
)
from haechi.sets import PortSet


@dataclass(frozen=True, slots=True)
class TierAnswer:
    """What a tier that has rules about a pod does with a packet.

    Attributes:
        tier: which.
        rule: the first rule that matches the packet, with its location; None if none does.
        name: the name of that rule; empty if it has none.
        action: what it does; None without a rule.
        peers: its items of `from` or `to` that match the other end.
        ports: its items of `protocols` or `ports` that match the packet; empty if it matches every port.
        defects: why it cannot be read, so that it denies everything.
        by_name: of an address outside, the rules before it that would accept it by a domain name: no address is known
            to have one.
        is_tie: whether another policy of the same priority, asked after this one only for its name, does otherwise.
    """

    tier: Tier
    rule: TierRuleRef | None = None
    name: str = ""
    action: Action | None = None
    peers: tuple[ItemRef, ...] = ()
    ports: tuple[ItemRef, ...] = ()
    defects: tuple[str, ...] = ()
    by_name: tuple[TierRuleRef, ...] = ()
    is_tie: bool = False

    @property
    def decides(self) -> bool:
        """Whether nothing is asked after it."""
        return self.action in (Action.ACCEPT, Action.DENY)

    def __str__(self) -> str:
        """`Admin baseline-deny rule "no-ssh": Pass`."""
        if self.rule is None:
            return f"{self.tier}: no rule"
        which = f'rule "{self.name}"' if self.name else self.rule.path
        return f"{self.tier} {self.rule.policy.name} {which}: {self.action}{' (unreadable)' if self.defects else ''}"


def tier_answers(cluster: Cluster, viewpoint: Viewpoint, packet: Packet, *, isolated: bool) -> Iterator[TierAnswer]:
    """The tiers that are asked and have rules about the pod, in order: the Baseline tier only if it is not isolated."""
    engine, ends = cluster.engine, (viewpoint.remote, viewpoint.peer)
    for tier in Tier:
        if tier is Tier.BASELINE and isolated:
            return
        policies = engine.tier_policies_of(viewpoint.subject, tier)
        if any(viewpoint.direction in one.directions for one in policies):
            rule = deciding_rule(engine, viewpoint.subject, tier, viewpoint.direction, *ends, packet)
            found = _answer(cluster, viewpoint, tier, rule)
            yield found
            if found.decides:
                return


def tier_rules(cluster: Cluster, viewpoint: Viewpoint, tier: Tier) -> list[OrderedRule]:
    """The rules of a tier about the pod, in order."""
    policies = cluster.engine.tier_policies_of(viewpoint.subject, tier)
    return [rule for one in policies for rule in one.rules(viewpoint.direction)]


def _answer(cluster: Cluster, viewpoint: Viewpoint, tier: Tier, rule: OrderedRule | None) -> TierAnswer:
    rules = tier_rules(cluster, viewpoint, tier)
    before = rules if rule is None else rules[: rules.index(rule)]
    by_name = tuple(cluster.located(one.ref) for one in before if _is_by_name(cluster, one, viewpoint))
    if rule is None:
        return TierAnswer(tier, by_name=by_name)
    defects = cluster.engine.tier_policies[rule.ref.policy].defects
    broken = tuple(f"{one.path}: {one.reason}" for one in defects if one.rule in (None, rule.ref))
    return TierAnswer(
        tier,
        cluster.located(rule.ref),
        _written(cluster, rule).name,
        rule.action,
        () if broken else tuple(_peers(cluster, rule, viewpoint)),
        () if broken else tuple(_ports(cluster, rule, viewpoint)),
        broken,
        by_name,
        _is_tie(cluster, viewpoint, tier, rule),
    )


def _written(cluster: Cluster, rule: OrderedRule) -> ClusterNetworkPolicyIngressRule | ClusterNetworkPolicyEgressRule:
    """A rule as it was given, in v1alpha2."""
    spec = as_cluster_network_policy(cluster.tier_policies[rule.ref.policy]).spec
    ingress = rule.ref.direction is Direction.INGRESS
    return spec.ingress[rule.ref.index] if ingress else spec.egress[rule.ref.index]


def _peers(cluster: Cluster, rule: OrderedRule, viewpoint: Viewpoint) -> Iterator[ItemRef]:
    """The peers of a readable rule that match the other end."""
    word = "from" if rule.ref.direction is Direction.INGRESS else "to"
    peers: tuple[ClusterNetworkPolicyIngressPeer | ClusterNetworkPolicyEgressPeer, ...] = _written(cluster, rule).peers
    for number, peer in enumerate(peers):
        if _has_peer(cluster, replace(rule, peers=read_tier_peer(peer, rule.action)), viewpoint):
            yield _item(cluster, rule, f"{word}[{number}]")


def _ports(cluster: Cluster, rule: OrderedRule, viewpoint: Viewpoint) -> Iterator[ItemRef]:
    """The entries of `protocols` or `ports` of a readable rule that match the packet."""
    word = "protocols" if rule.ref.policy.kind == ClusterNetworkPolicy.kind else "ports"
    for number, entry in enumerate(_written(cluster, rule).protocols or ()):
        read = read_tier_protocol(entry)
        ports, names = (PortSet.NONE, (read,)) if isinstance(read, str) else (read, ())
        if has_tier_port(replace(rule, ports=ports, names=names), viewpoint):
            yield _item(cluster, rule, f"{word}[{number}]")


def _item(cluster: Cluster, rule: OrderedRule, item: str) -> ItemRef:
    path = f"{rule.ref.path}.{item}"
    return ItemRef(path, cluster.location(rule.ref.policy, path))


def _is_tie(cluster: Cluster, viewpoint: Viewpoint, tier: Tier, rule: OrderedRule) -> bool:
    """Whether another policy of the priority of the one that decides would do otherwise."""
    policies = cluster.engine.tier_policies
    priority = policies[rule.ref.policy].priority
    for other in cluster.engine.tier_policies_of(viewpoint.subject, tier):
        if other.priority == priority and other.key != rule.ref.policy:
            matching = (one for one in other.rules(viewpoint.direction) if tier_rule_matches(cluster, one, viewpoint))
            first = next(matching, rule)
            if first.action is not rule.action:
                return True
    return False


def _has_peer(cluster: Cluster, rule: OrderedRule, viewpoint: Viewpoint) -> bool:
    return includes(cluster.engine, rule.peers, viewpoint.remote, viewpoint.peer)


def has_tier_port(rule: OrderedRule, viewpoint: Viewpoint) -> bool:
    """Whether a rule of a tier matches the port of a packet."""
    server = viewpoint.subject if viewpoint.direction is Direction.INGRESS else viewpoint.peer
    return tier_rule_ports(rule, server).contains(viewpoint.protocol, viewpoint.port)


def tier_rule_matches(cluster: Cluster, rule: OrderedRule, viewpoint: Viewpoint) -> bool:
    """Whether a rule of a tier matches a packet."""
    return has_tier_port(rule, viewpoint) and _has_peer(cluster, rule, viewpoint)


def _is_by_name(cluster: Cluster, rule: OrderedRule, viewpoint: Viewpoint) -> bool:
    """Whether it would accept an address outside, if that had one of its names."""
    if rule.action is not Action.ACCEPT or viewpoint.peer is not None or not has_tier_port(rule, viewpoint):
        return False
    peers = _written(cluster, rule).peers
    return any(isinstance(one, ClusterNetworkPolicyEgressPeer) and one.domain_names for one in peers)
