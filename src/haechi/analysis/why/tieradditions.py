"""What to add to a tier so that it no longer denies a connection: a rule before the one that does, or a policy.

The rule means the other end by its labels or its address, on the port of the question. In the policy that denies it is
for all pods that this is about; a policy of its own, with a priority that no other one has, is for pods like this one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from haechi.analysis.cluster import Cluster
from haechi.analysis.why.changes import PolicyAddition
from haechi.analysis.why.rules import Viewpoint
from haechi.analysis.why.values import (
    PEER_FIELDS,
    Value,
    block_text,
    free_name,
    is_read_whole,
    pod_count,
    stable_labels,
)
from haechi.model import (
    NAME_LABEL,
    Action,
    AdminNetworkPolicy,
    BaselineAdminNetworkPolicy,
    ClusterNetworkPolicy,
    ClusterPolicyKey,
    Direction,
    Tier,
    TierPolicy,
    TierRuleRef,
)
from haechi.sets import PROTOCOL_NAMES

_MOST_RULES = {ClusterNetworkPolicy.kind: 25, AdminNetworkPolicy.kind: 100, BaselineAdminNetworkPolicy.kind: 100}


def rules_before(
    cluster: Cluster,
    viewpoint: Viewpoint,
    tier: Tier,
    denying: TierRuleRef,
    action: Action,
    alike: tuple[Mapping[str, str], int],
) -> Iterator[tuple[int, int, PolicyAddition]]:
    """A rule before one that denies, and a policy before that policy, for pods like this one: labels and their number.

    Each with the number of pods to which it applies, and a size.
    """
    rule = _tier_rule(viewpoint, denying.policy.kind, action)
    if rule is None:
        return
    key, direction = denying.policy, viewpoint.direction.lower()
    read, written = cluster.engine.tier_policies[key], cluster.tier_policies[key]
    rules = written.spec.ingress if viewpoint.direction is Direction.INGRESS else written.spec.egress
    if (
        read.subject is not None
        and len(rules) < _MOST_RULES[key.kind]
        and is_read_whole(cluster, key, read.defects)
        and not (key.kind == BaselineAdminNetworkPolicy.kind and action is Action.PASS)
    ):
        yield pod_count(cluster, read.subject), 2, PolicyAddition(key, ("spec", direction, denying.index), rule)
    used = {one.priority for one in cluster.engine.tier_policies.values() if one.tier is tier}
    free = next((number for number in range(read.priority - 1, -1, -1) if number not in used), None)
    if free is not None and not isinstance(written, BaselineAdminNetworkPolicy):
        spec = {
            **({"tier": str(tier)} if isinstance(written, ClusterNetworkPolicy) else {}),
            "priority": free,
            "subject": {"pods": _tier_pods(viewpoint.subject.key.namespace, alike[0])},
            direction: [rule],
        }
        yield alike[1], 3, _new_tier_policy(cluster, viewpoint, written, spec)


def _new_tier_policy(cluster: Cluster, viewpoint: Viewpoint, like: TierPolicy, spec: Value) -> PolicyAddition:
    """A policy of the same kind as another one."""
    key = ClusterPolicyKey(like.kind, free_name(cluster, viewpoint, {one.name for one in cluster.tier_policies}))
    value = {"apiVersion": like.api_version, "kind": like.kind, "metadata": {"name": key.name}, "spec": spec}
    return PolicyAddition(key, (), value)


def _tier_rule(viewpoint: Viewpoint, kind: str, action: Action) -> Value | None:
    """The other end and the port as a rule; None for connections from outside, which no rule can match."""
    is_new = kind == ClusterNetworkPolicy.kind
    if viewpoint.peer is not None:
        peer: Value = {"pods": _tier_pods(viewpoint.peer.key.namespace, stable_labels(viewpoint.peer))}
    elif viewpoint.direction is Direction.EGRESS:
        peer = {"networks": [block_text(viewpoint.remote)]}
    else:
        return None
    word = PROTOCOL_NAMES.get(viewpoint.protocol)
    ports: Value = {}
    if word is not None and is_new:
        ports = {"protocols": [{word.lower(): {"destinationPort": {"number": viewpoint.port}}}]}
    elif word is not None:
        ports = {"ports": [{"portNumber": {"protocol": word, "port": viewpoint.port}}]}
    named = "Allow" if action is Action.ACCEPT and not is_new else str(action)
    return {"action": named, PEER_FIELDS[viewpoint.direction]: [peer], **ports}


def _tier_pods(namespace: str, labels: Mapping[str, str]) -> Value:
    pods = {"matchLabels": dict(labels)} if labels else {}
    return {"namespaceSelector": {"matchLabels": {NAME_LABEL: namespace}}, "podSelector": pods}
