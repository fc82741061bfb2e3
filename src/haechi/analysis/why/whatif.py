"""The smallest change that would turn a verdict round.

Promises that each proposal was tried on the engine and turned the verdict, and that no proposal is longer than another.
Refuses to look for ever: at most three changes together, and among many candidates at most the nearest are combined.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import combinations

from haechi.analysis.cluster import Cluster
from haechi.analysis.why.answer import Way
from haechi.analysis.why.changes import Change, LabelChange, PolicyDeletion, RuleDeletion, tried
from haechi.analysis.why.rules import Approach, rule_answers
from haechi.engine import NAMESPACE_NAME_LABEL, verdict
from haechi.model import Packet
from haechi.select import SelectorOperator
from haechi.sets import text_to_point

_MOST = {1: 400, 2: 40, 3: 16}  # how many candidates are tried alone, in pairs, in threes
_SHOWN = 5


def flips(cluster: Cluster, way: Way) -> tuple[tuple[Change, ...], ...]:
    """The shortest lists of changes that turn the verdict on a packet, nearest first; at most five."""
    candidates = list(dict.fromkeys(_allowing(cluster, way) if not way.allowed else _denying(cluster, way)))
    for size, most in _MOST.items():
        found = []
        for changes in combinations(candidates[:most], size):
            if _turns(cluster, way.packet, changes, way.allowed):
                found.append(changes)
                if len(found) == _SHOWN:
                    break
        if found:
            return tuple(found)
    return ()


def _turns(cluster: Cluster, packet: Packet, changes: Iterable[Change], allowed: bool) -> bool:
    with tried(cluster, changes):
        return verdict(cluster.engine, packet).allowed != allowed


def _approaches(cluster: Cluster, way: Way) -> Iterator[tuple[bool, Approach]]:
    """Each isolated end, and whether it allows."""
    engine, packet = cluster.engine, way.packet
    source = None if way.source is None else engine.endpoint(way.source)
    destination = None if way.destination is None else engine.endpoint(way.destination)
    ends = ((way.egress, source, packet.destination, destination), (way.ingress, destination, packet.source, source))
    for side, subject, remote, peer in ends:
        if subject is not None and side.isolating:
            point = text_to_point(str(remote))
            yield side.allowed, Approach(subject, side.direction, point, peer, packet.protocol, packet.port)


def _allowing(cluster: Cluster, way: Way) -> Iterator[Change]:
    """What could open a side that denies: labels that the nearest rules ask for, then deletions, then other labels."""
    policies = cluster.engine.policies
    denying = [approach for allows, approach in _approaches(cluster, way) if not allows]
    for approach in denying:
        keys = sorted(cluster.engine.policies_of(approach.subject, approach.direction))
        rules = [answer for key in keys for answer in rule_answers(cluster, policies[key], approach)]
        for rule in sorted(rules, key=lambda rule: len(rule.lacks)):
            yield from (lack.mend for lack in rule.lacks if lack.mend is not None)
    for approach in denying:
        keys = sorted(cluster.engine.policies_of(approach.subject, approach.direction))
        yield from (PolicyDeletion(key) for key in keys)
    for approach in denying:
        yield from _unselecting(cluster, approach)


def _unselecting(cluster: Cluster, approach: Approach) -> Iterator[Change]:
    """Labels that would take a pod out of the policies that isolate it."""
    for key in sorted(cluster.engine.policies_of(approach.subject, approach.direction)):
        for requirement in cluster.engine.policies[key].subject.pods.requirements:
            match requirement.operator:
                case SelectorOperator.IN | SelectorOperator.EXISTS:
                    yield LabelChange("Pod", approach.subject.key, requirement.key, None)
                case SelectorOperator.NOT_IN:
                    yield LabelChange("Pod", approach.subject.key, requirement.key, requirement.values[0])
                case SelectorOperator.DOES_NOT_EXIST:
                    yield LabelChange("Pod", approach.subject.key, requirement.key, "")


def _denying(cluster: Cluster, way: Way) -> Iterator[Change]:
    """What could close a side that allows: deletions of the rules that allow, and labels by which the peer is meant."""
    for side in (way.egress, way.ingress):
        for rule in side.allowing:
            yield RuleDeletion(rule.rule)
    for _, approach in _approaches(cluster, way):
        if approach.peer is not None:
            for key in approach.peer.labels:
                if key != NAMESPACE_NAME_LABEL:
                    yield LabelChange("Pod", approach.peer.key, key, None)
