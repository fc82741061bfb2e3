"""What to add to policies so that a denied connection becomes possible, and what else that would open.

A deletion or another label opens more than was asked for. An addition can be exact: on each side that denies, a peer or
a port for a rule that otherwise fits, else a rule for a policy, else a policy of its own for pods that only policies
with more subjects select.

    from: [app=api], ports: [5432]     + from: app=web       the rule's ports are the port that was asked for
    from: [app=web], ports: [80]       + ports: 5432         its peers are the pods that were asked for
    any other                          + {from: app=web, ports: 5432}

Where a rule of a tier denies, NetworkPolicies do not help, except that one isolates a pod from the Baseline tier. Then
it is a rule before the one that denies, or a policy before that policy: Pass if what comes after allows, else Accept.

Each proposal was tried on the engine. What it opens is what `compare` reports, asked of the cluster with it; where a
tier denies, it closes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice, product

import msgspec

from haechi.analysis.cluster import Cluster
from haechi.analysis.reach import Difference, compare, range_text
from haechi.analysis.why.answer import PacketAnswer, SideAnswer, viewpoints
from haechi.analysis.why.changes import AnyPolicy, PolicyAddition, policy_of, tried
from haechi.analysis.why.patches import unified_patch
from haechi.analysis.why.rules import Viewpoint
from haechi.analysis.why.tieradditions import rules_before
from haechi.analysis.why.values import (
    PEER_FIELDS,
    Value,
    block_text,
    free_name,
    is_read_whole,
    pod_count,
    stable_labels,
)
from haechi.engine import PolicyRule, rule_ports, verdict
from haechi.model import (
    NAME_LABEL,
    Action,
    AnyPolicyKey,
    Direction,
    NetworkPolicy,
    NetworkPolicyEgressRule,
    NetworkPolicyIngressRule,
    PodKey,
    PolicyKey,
    Tier,
)
from haechi.sets import PROTOCOL_NAMES, PortSet, text_to_point


def _no_file(_: str) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Proposal:
    """Additions that together make a connection possible, one for each side that denies it.

    Attributes:
        additions: what to add.
        opened: every connection that they make possible, that of the question included.
        further: those without that of the question.
        exposed: what pods that need not exist could newly reach, or be reached by.
        patch: a unified diff of the files; empty if there are none, or one cannot be edited.
    """

    additions: tuple[PolicyAddition, ...]
    opened: tuple[Difference, ...]
    further: tuple[Difference, ...]
    exposed: tuple[Difference, ...]
    patch: str = ""

    @property
    def is_cluster_wide(self) -> bool:
        """Whether a policy of a tier is among what is added to, which may concern every pod."""
        return any(one.is_cluster_wide for one in self.additions)


def proposals(
    cluster: Cluster, answer: PacketAnswer, is_file: Callable[[str], bool] = _no_file
) -> tuple[Proposal, ...]:
    """Additions that allow a denied packet: the narrowest, then the narrowest to existing policies if it is another.

    Those to policies of tiers are last.

    Args:
        cluster: whose policies.
        answer: about the packet.
        is_file: whether a source of the input is a file that can be patched, by its name.
    """
    denying = [(side, viewpoint) for side, viewpoint in viewpoints(cluster, answer) if not side]
    sides = [tuple(_candidates(cluster, answer, *each)) for each in denying]
    if not sides:
        return ()
    by_tiers = any(side.decided_by is not None for side, _ in denying)
    judged: dict[tuple[PolicyAddition, ...], Proposal | None] = {}
    found: dict[tuple[PolicyAddition, ...], Proposal] = {}
    for is_preferred in (_is_any, _is_cluster_wide, _is_existing):
        listed = [sorted(side, key=lambda one: not is_preferred(one)) for side in sides]
        for additions in map(_together, islice(product(*listed), _MOST_TRIED)):
            if additions not in judged and len(judged) == _MOST_COMPARED:
                break
            if additions not in judged and _allows(cluster, answer, additions):
                judged[additions] = _proposal(cluster, answer, additions, closing=not by_tiers)
            one = judged.get(additions)
            if one is not None:
                found[additions] = replace(one, patch=unified_patch(cluster, one.additions, is_file))
                break
    return tuple(sorted(found.values(), key=lambda one: one.is_cluster_wide))


_MOST_TRIED = 100
_MOST_COMPARED = 6  # proposals of which it is computed what they open


def _is_any(_: PolicyAddition) -> bool:
    return True


def _is_existing(one: PolicyAddition) -> bool:
    return not one.is_new


def _is_cluster_wide(one: PolicyAddition) -> bool:
    return one.is_cluster_wide


def with_additions(cluster: Cluster, additions: Iterable[PolicyAddition]) -> Cluster:
    """The cluster after the additions."""
    policies: dict[AnyPolicyKey, AnyPolicy] = {}
    for one in additions:
        policies[one.policy] = one.applied(policies.get(one.policy) or policy_of(cluster, one.policy))
    objects = (*cluster.given, *policies.values())  # the last one of a key counts
    return Cluster.of(objects, ipblock_matches_pods=cluster.engine.ipblock_matches_pods)


def _together(additions: tuple[PolicyAddition, ...]) -> tuple[PolicyAddition, ...]:
    """The same, with different names for new policies."""
    if len(additions) == 2 and additions[0].policy == additions[1].policy and additions[1].is_new:
        first, second = additions
        return first, second.renamed(f"{second.policy.name}-2")
    return additions


def _allows(cluster: Cluster, answer: PacketAnswer, additions: tuple[PolicyAddition, ...]) -> bool:
    with tried(cluster, additions):
        return verdict(cluster.engine, answer.packet, through_service=answer.through_service).allowed


def _proposal(
    cluster: Cluster, answer: PacketAnswer, additions: tuple[PolicyAddition, ...], *, closing: bool
) -> Proposal | None:
    """None if it closes something and must not."""
    found = compare(cluster, with_additions(cluster, additions))
    if not closing and any(one.removes for one in found.differences):
        return None
    protocol, number = answer.packet.protocol, answer.packet.port
    wanted = PortSet.port(protocol, number) if protocol in PROTOCOL_NAMES else PortSet.protocol(protocol)

    def is_end(name: str, key: PodKey | None, address: object) -> bool:
        point = text_to_point(str(address))
        return name == range_text(point, point) if key is None else key in found.pods.get(name, ())

    further = tuple(
        one
        for one in found.connections
        if not (
            is_end(one.source, answer.source, answer.packet.source)
            and is_end(one.destination, answer.destination, answer.packet.destination)
            and one.after - one.before <= wanted
        )
    )
    return Proposal(additions, found.connections, further, found.exposures)


# -- what could be added to one side -----------------------------------------------------------------------------------


def _candidates(
    cluster: Cluster, answer: PacketAnswer, side: SideAnswer, viewpoint: Viewpoint
) -> Iterator[PolicyAddition]:
    """The narrowest first: policies of tiers last, then by the number of pods to which it applies, then by size."""
    own = stable_labels(viewpoint.subject)
    alike = sum(
        one.key.namespace == viewpoint.subject.key.namespace and own.items() <= one.labels.items()
        for one in cluster.engine.endpoints
    )
    decided = side.decided_by
    found: list[tuple[int, int, PolicyAddition]] = []
    if decided is None:
        found += _to_policies(cluster, viewpoint)
    if decided is None or decided.tier is Tier.BASELINE:
        found.append((alike, 3, _new_policy(cluster, viewpoint, own)))
    if decided is not None and decided.rule is not None:
        for action in (Action.PASS, Action.ACCEPT):
            rules = rules_before(cluster, viewpoint, decided.tier, decided.rule, action, (own, alike))
            found += [one for one in rules if _opens(cluster, answer, viewpoint.direction, one[2])]
    yield from (one for _, _, one in sorted(found, key=lambda each: (each[2].is_cluster_wide, *each[:2])))


def _opens(cluster: Cluster, answer: PacketAnswer, direction: Direction, addition: PolicyAddition) -> bool:
    """Whether an addition makes one end allow the packet."""
    with tried(cluster, [addition]):
        found = verdict(cluster.engine, answer.packet, through_service=answer.through_service)
    return (found.egress if direction is Direction.EGRESS else found.ingress).allowed


def _to_policies(cluster: Cluster, viewpoint: Viewpoint) -> Iterator[tuple[int, int, PolicyAddition]]:
    """What could be added to policies that isolate the pod: how many pods each selects, the size, and the addition."""
    subject, direction = viewpoint.subject, viewpoint.direction
    for key in sorted(cluster.engine.policies_of(subject, direction)):
        if is_read_whole(cluster, key, cluster.engine.policies[key].defects):
            count = pod_count(cluster, cluster.engine.policies[key].subject)
            yield from ((count, size, one) for size, one in _to_policy(cluster, key, viewpoint))


def _to_policy(cluster: Cluster, key: PolicyKey, viewpoint: Viewpoint) -> Iterator[tuple[int, PolicyAddition]]:
    """What could be added to one policy, each with its size."""
    engine, written = cluster.engine, cluster.policies[key]
    direction = viewpoint.direction
    peers = PEER_FIELDS[direction]
    peer, port = _peer(key.namespace, viewpoint), _port(viewpoint)
    wanted = PortSet.port(viewpoint.protocol, viewpoint.port) if port else PortSet.ALL
    alone = _read(direction, {peers: [peer]}, key.namespace)
    rules = written.spec.ingress if direction is Direction.INGRESS else written.spec.egress
    field = direction.lower()
    for ref, rule in engine.policies[key].referenced(direction):
        on = rule_ports(engine, rule, direction, viewpoint.subject, viewpoint.remote, viewpoint.peer)
        if rules[ref.index].peers and on == wanted:
            path = ("spec", field, ref.index, peers, len(rules[ref.index].peers))
            yield 1, PolicyAddition(key, path, peer)
        elif port and rules[ref.index].ports and rule.peers == alone.peers:
            yield 1, PolicyAddition(key, ("spec", field, ref.index, "ports", len(rules[ref.index].ports)), port)
    added: Value = {peers: [peer], "ports": [port]} if port else {peers: [peer]}
    if rules:
        yield 2, PolicyAddition(key, ("spec", field, len(rules)), added)
    else:
        yield 2, PolicyAddition(key, ("spec", field), [added])


def _new_policy(cluster: Cluster, viewpoint: Viewpoint, labels: Mapping[str, str]) -> PolicyAddition:
    """A policy for the pods with these labels alone."""
    direction, namespace = viewpoint.direction, viewpoint.subject.key.namespace
    port = _port(viewpoint)
    rule: Value = {PEER_FIELDS[direction]: [_peer(namespace, viewpoint)], **({"ports": [port]} if port else {})}
    taken = {one.name for one in cluster.policies if one.namespace == namespace}
    key = PolicyKey(namespace, free_name(cluster, viewpoint, taken))
    selector = {"matchLabels": dict(labels)} if labels else {}
    spec = {"podSelector": selector, "policyTypes": [str(direction)], direction.lower(): [rule]}
    value: Value = {
        "apiVersion": NetworkPolicy.api_version,
        "kind": NetworkPolicy.kind,
        "metadata": {"name": key.name, "namespace": namespace},
        "spec": spec,
    }
    return PolicyAddition(key, (), value)


def _read(direction: Direction, rule: Value, namespace: str) -> PolicyRule:
    if direction is Direction.INGRESS:
        return PolicyRule.read(msgspec.convert(rule, NetworkPolicyIngressRule), namespace)
    return PolicyRule.read(msgspec.convert(rule, NetworkPolicyEgressRule), namespace)


def _peer(namespace: str, viewpoint: Viewpoint) -> Value:
    """The other end as an item of `from` or `to` of a policy of this namespace."""
    if viewpoint.peer is None:
        return {"ipBlock": {"cidr": block_text(viewpoint.remote)}}
    labels = stable_labels(viewpoint.peer)
    pods: Value = {"podSelector": {"matchLabels": labels} if labels else {}}
    own = viewpoint.peer.key.namespace
    return pods if own == namespace else {"namespaceSelector": {"matchLabels": {NAME_LABEL: own}}, **pods}


def _port(viewpoint: Viewpoint) -> Value | None:
    word = PROTOCOL_NAMES.get(viewpoint.protocol)
    return None if word is None else {"protocol": word, "port": viewpoint.port}
