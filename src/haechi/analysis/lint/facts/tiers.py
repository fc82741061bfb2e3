"""Policies of tiers as they are written beside what the engine makes of them, and which of their rules decide.

    WrittenTierPolicy        engine.OrderedPolicy
     └─ WrittenTierRule       OrderedRule           rules that cannot be read are left out

v1alpha1 is shown as the v1alpha2 that it means; the paths are the same, but for `ports`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

from haechi.analysis.cluster import Cluster
from haechi.engine import OrderedPolicy, OrderedRule, read_tier_peer
from haechi.model import (
    ClusterNetworkPolicyEgressPeer,
    ClusterNetworkPolicyEgressRule,
    ClusterNetworkPolicyIngressPeer,
    ClusterNetworkPolicyIngressRule,
    ClusterNetworkPolicySpec,
    Direction,
    Path,
    TierPolicy,
    as_cluster_network_policy,
)

TierPeer = ClusterNetworkPolicyIngressPeer | ClusterNetworkPolicyEgressPeer


class WrittenTierRule(NamedTuple):
    """A readable rule: as it is written, and as the engine reads it."""

    written: ClusterNetworkPolicyIngressRule | ClusterNetworkPolicyEgressRule
    rule: OrderedRule

    @property
    def path(self) -> Path:
        """`("spec", "ingress", 0)`."""
        return self.rule.ref.steps

    def items(self) -> Iterator[tuple[Path, TierPeer, OrderedRule]]:
        """Each item of `from` or `to` with its path, and the part of the rule that it is."""
        field = "from" if self.rule.ref.direction is Direction.INGRESS else "to"
        written: tuple[TierPeer, ...] = self.written.peers
        for number, peer in enumerate(written):
            peers = read_tier_peer(peer, self.rule.action)
            yield (*self.path, field, number), peer, replace(self.rule, peers=peers)


@dataclass(frozen=True, slots=True)
class WrittenTierPolicy:
    """A policy of a tier.

    Attributes:
        object: as given.
        spec: in v1alpha2.
        policy: as the engine reads it.
        rules: the readable ones, ingress, then egress.
    """

    object: TierPolicy
    spec: ClusterNetworkPolicySpec
    policy: OrderedPolicy
    rules: tuple[WrittenTierRule, ...]


def written_tier_policies(cluster: Cluster) -> Iterator[WrittenTierPolicy]:
    """All of a cluster, by tier and order; those with a subject that cannot be read have no rules."""
    for policy in sorted(cluster.engine.tier_policies.values(), key=lambda one: (one.tier, one.order)):
        given = cluster.tier_policies[policy.key]
        spec = as_cluster_network_policy(given).spec
        unreadable = {one.rule for one in policy.defects}
        rules = [
            WrittenTierRule((spec.ingress if direction is Direction.INGRESS else spec.egress)[rule.ref.index], rule)
            for direction in Direction
            for rule in policy.rules(direction)
            if None not in unreadable and rule.ref not in unreadable
        ]
        yield WrittenTierPolicy(given, spec, policy, tuple(rules))
