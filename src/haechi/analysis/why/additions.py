"""What to add to policies so that a denied connection becomes possible, and what else that would open.

A deletion or another label opens more than was asked for. An addition can be exact: on each side that denies, a peer or
a port for a rule that otherwise fits, else a rule for a policy, else a policy of its own for pods that only policies
with more subjects select.

    from: [app=api], ports: [5432]     + from: app=web       the rule's ports are the port that was asked for
    from: [app=web], ports: [80]       + ports: 5432         its peers are the pods that were asked for
    any other                          + {from: app=web, ports: 5432}

Each proposal was tried on the engine. What it opens is what `compare` reports, asked of the cluster with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import msgspec

from haechi.analysis.cluster import UNSTABLE_LABELS, Cluster
from haechi.analysis.reach import Difference, compare, range_text
from haechi.analysis.why.answer import PacketAnswer, viewpoints
from haechi.analysis.why.changes import PolicyAddition, tried
from haechi.analysis.why.patches import unified_patch
from haechi.analysis.why.rules import Viewpoint
from haechi.engine import Endpoint, PolicyRule, rule_ports, verdict
from haechi.model import (
    NAME_LABEL,
    Direction,
    NetworkPolicy,
    NetworkPolicyEgressRule,
    NetworkPolicyIngressRule,
    PodKey,
    PolicyKey,
)
from haechi.sets import PROTOCOL_NAMES, V6_START, PortSet, point_to_text, text_to_point

Value = dict[str, Any]
"""Plain data, as in a manifest."""


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


def proposals(
    cluster: Cluster, answer: PacketAnswer, is_file: Callable[[str], bool] = _no_file
) -> tuple[Proposal, ...]:
    """Additions that allow a denied packet: the narrowest, then the narrowest to existing policies if it is another.

    Args:
        cluster: whose policies.
        answer: about the packet.
        is_file: whether a source of the input is a file that can be patched, by its name.
    """
    sides = [tuple(_candidates(cluster, viewpoint)) for allows, viewpoint in viewpoints(cluster, answer) if not allows]
    if not sides or not all(sides):
        return ()
    best = tuple(side[0] for side in sides)
    existing = tuple(next((one for one in side if not one.is_new), side[0]) for side in sides)
    tries = (_together(additions) for additions in dict.fromkeys((best, existing)))
    found = (_proposal(cluster, answer, one) for one in tries if _allows(cluster, answer, one))
    return tuple(replace(one, patch=unified_patch(cluster, one.additions, is_file)) for one in found)


def with_additions(cluster: Cluster, additions: Iterable[PolicyAddition]) -> Cluster:
    """The cluster after the additions."""
    policies = dict(cluster.policies)
    for one in additions:
        policies[one.policy] = one.applied(policies.get(one.policy))
    others = (one for one in cluster.given if not isinstance(one, NetworkPolicy))
    return Cluster.of((*others, *policies.values()), ipblock_matches_pods=cluster.engine.ipblock_matches_pods)


def _together(additions: tuple[PolicyAddition, ...]) -> tuple[PolicyAddition, ...]:
    """The same, with different names for new policies."""
    if len(additions) == 2 and additions[0].policy == additions[1].policy and additions[1].is_new:
        first, second = additions
        return first, second.renamed(f"{second.policy.name}-2")
    return additions


def _allows(cluster: Cluster, answer: PacketAnswer, additions: tuple[PolicyAddition, ...]) -> bool:
    with tried(cluster, additions):
        return verdict(cluster.engine, answer.packet).allowed


def _proposal(cluster: Cluster, answer: PacketAnswer, additions: tuple[PolicyAddition, ...]) -> Proposal:
    found = compare(cluster, with_additions(cluster, additions))
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


def _candidates(cluster: Cluster, viewpoint: Viewpoint) -> Iterator[PolicyAddition]:
    """The narrowest first: by the number of pods to which it applies, then by size."""
    subject, direction = viewpoint.subject, viewpoint.direction
    found: list[tuple[int, int, PolicyAddition]] = []
    for key in sorted(cluster.engine.policies_of(subject, direction)):
        place = cluster.places.get(key)
        is_read_whole = not cluster.engine.policies[key].defects and not (place is not None and place.problems)
        if is_read_whole:  # what could not be read of another one would be lost
            count = sum(1 for _ in cluster.engine.members(cluster.engine.policies[key].subject))
            found += [(count, size, one) for size, one in _to_policy(cluster, key, viewpoint)]
    own = _stable(subject)
    alike = (
        one
        for one in cluster.engine.endpoints
        if one.key.namespace == subject.key.namespace and own.items() <= one.labels.items()
    )
    found.append((sum(1 for _ in alike), 3, _new_policy(cluster, viewpoint, own)))
    yield from (one for _, _, one in sorted(found, key=lambda candidate: candidate[:2]))


def _to_policy(cluster: Cluster, key: PolicyKey, viewpoint: Viewpoint) -> Iterator[tuple[int, PolicyAddition]]:
    """What could be added to one policy, each with its size."""
    engine, written = cluster.engine, cluster.policies[key]
    direction = viewpoint.direction
    peers = _PEERS[direction]
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
    rule: Value = {_PEERS[direction]: [_peer(namespace, viewpoint)], **({"ports": [port]} if port else {})}
    name, number = f"allow-{direction.lower()}-{_short(cluster, viewpoint.subject.key)}", 1
    while PolicyKey(namespace, name if number == 1 else f"{name}-{number}") in cluster.policies:
        number += 1
    key = PolicyKey(namespace, name if number == 1 else f"{name}-{number}")
    selector = {"matchLabels": dict(labels)} if labels else {}
    spec = {"podSelector": selector, "policyTypes": [str(direction)], direction.lower(): [rule]}
    value: Value = {
        "apiVersion": NetworkPolicy.api_version,
        "kind": NetworkPolicy.kind,
        "metadata": {"name": key.name, "namespace": namespace},
        "spec": spec,
    }
    return PolicyAddition(key, (), value)


_PEERS = {Direction.INGRESS: "from", Direction.EGRESS: "to"}
_LONGEST = 200  # of 253 characters of a name


_OWN_LABELS: Final = UNSTABLE_LABELS | {
    "apps.kubernetes.io/pod-index",
    "batch.kubernetes.io/job-completion-index",
    "batch.kubernetes.io/job-name",
    "job-name",
    "statefulset.kubernetes.io/pod-name",
}
"""Labels that one pod, or the pods of one run, have to themselves."""


def _short(cluster: Cluster, key: PodKey) -> str:
    return cluster.owners[key].name[:_LONGEST].rstrip("-.")


def _read(direction: Direction, rule: Value, namespace: str) -> PolicyRule:
    if direction is Direction.INGRESS:
        return PolicyRule.read(msgspec.convert(rule, NetworkPolicyIngressRule), namespace)
    return PolicyRule.read(msgspec.convert(rule, NetworkPolicyEgressRule), namespace)


def _peer(namespace: str, viewpoint: Viewpoint) -> Value:
    """The other end as an item of `from` or `to` of a policy of this namespace."""
    if viewpoint.peer is None:
        length = 32 if viewpoint.remote < V6_START else 128
        return {"ipBlock": {"cidr": f"{point_to_text(viewpoint.remote)}/{length}"}}
    labels = _stable(viewpoint.peer)
    pods: Value = {"podSelector": {"matchLabels": labels} if labels else {}}
    own = viewpoint.peer.key.namespace
    return pods if own == namespace else {"namespaceSelector": {"matchLabels": {NAME_LABEL: own}}, **pods}


def _port(viewpoint: Viewpoint) -> Value | None:
    word = PROTOCOL_NAMES.get(viewpoint.protocol)
    return None if word is None else {"protocol": word, "port": viewpoint.port}


def _stable(pod: Endpoint) -> dict[str, str]:
    """The labels of a pod that those made in its place will have, too."""
    return {key: value for key, value in sorted(pod.labels.items()) if key not in _OWN_LABELS}
