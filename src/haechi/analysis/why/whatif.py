"""The smallest changes that would reverse a verdict.

Each proposal was tried on the engine and reversed the verdict; none is longer than another. The search is bounded: at
most three changes together, and of many candidates only the nearest are combined.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Self

from haechi.analysis.cluster import Cluster
from haechi.analysis.why.additions import Proposal, proposals
from haechi.analysis.why.answer import PacketAnswer, viewpoints
from haechi.analysis.why.changes import Change, LabelChange, PolicyDeletion, RuleDeletion, tried
from haechi.analysis.why.rules import Viewpoint, rule_answers
from haechi.engine import verdict
from haechi.model import NAME_LABEL, Packet
from haechi.select import SelectorOperator

_MOST = {1: 400, 2: 40, 3: 16}  # how many candidates are tried alone, in pairs, in threes
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class WhatIf:
    """What would reverse the verdict on a packet.

    Attributes:
        proposals: of a denied packet, what to add to policies.
        changes: other changes: of a denied packet they allow more than it.
    """

    proposals: tuple[Proposal, ...]
    changes: tuple[tuple[Change, ...], ...]

    @classmethod
    def of(cls, cluster: Cluster, answer: PacketAnswer, is_file: Callable[[str], bool]) -> Self:
        """Everything that is proposed for a packet; `is_file` as for `proposals`."""
        additions = () if answer.allowed else proposals(cluster, answer, is_file)
        return cls(additions, smallest_changes(cluster, answer))


def smallest_changes(cluster: Cluster, answer: PacketAnswer) -> tuple[tuple[Change, ...], ...]:
    """The shortest lists of changes that reverse the verdict on a packet, nearest first; at most five."""
    candidates = list(dict.fromkeys(_allowing(cluster, answer) if not answer.allowed else _denying(cluster, answer)))
    for size, most in _MOST.items():
        found = []
        for changes in combinations(candidates[:most], size):
            if _reverses(cluster, answer.packet, changes, answer.allowed):
                found.append(changes)
                if len(found) == _SHOWN:
                    break
        if found:
            return tuple(found)
    return ()


def _reverses(cluster: Cluster, packet: Packet, changes: Iterable[Change], allowed: bool) -> bool:
    with tried(cluster, changes):
        return verdict(cluster.engine, packet).allowed != allowed


def _allowing(cluster: Cluster, answer: PacketAnswer) -> Iterator[Change]:
    """What could open a side that denies: labels that the nearest rules ask for, then deletions, then other labels."""
    policies = cluster.engine.policies
    denying = [viewpoint for allows, viewpoint in viewpoints(cluster, answer) if not allows]
    for viewpoint in denying:
        keys = sorted(cluster.engine.policies_of(viewpoint.subject, viewpoint.direction))
        rules = [answer for key in keys for answer in rule_answers(cluster, policies[key], viewpoint)]
        for rule in sorted(rules, key=lambda rule: len(rule.mismatches)):
            yield from (mismatch.fix for mismatch in rule.mismatches if mismatch.fix is not None)
    for viewpoint in denying:
        keys = sorted(cluster.engine.policies_of(viewpoint.subject, viewpoint.direction))
        yield from (PolicyDeletion(key) for key in keys)
    for viewpoint in denying:
        yield from _unselecting(cluster, viewpoint)


def _unselecting(cluster: Cluster, viewpoint: Viewpoint) -> Iterator[Change]:
    """Labels that would take a pod out of the policies that isolate it."""
    for key in sorted(cluster.engine.policies_of(viewpoint.subject, viewpoint.direction)):
        for requirement in cluster.engine.policies[key].subject.pods.requirements:
            match requirement.operator:
                case SelectorOperator.IN | SelectorOperator.EXISTS:
                    yield LabelChange("Pod", viewpoint.subject.key, requirement.key, None)
                case SelectorOperator.NOT_IN:
                    yield LabelChange("Pod", viewpoint.subject.key, requirement.key, requirement.values[0])
                case SelectorOperator.DOES_NOT_EXIST:
                    yield LabelChange("Pod", viewpoint.subject.key, requirement.key, "")


def _denying(cluster: Cluster, answer: PacketAnswer) -> Iterator[Change]:
    """What could close a side that allows: deletions of the rules that allow, and labels by which the peer is meant."""
    for side in (answer.egress, answer.ingress):
        for rule in side.allowing:
            yield RuleDeletion(rule.rule)
    for _, viewpoint in viewpoints(cluster, answer):
        if viewpoint.peer is not None:
            for key in viewpoint.peer.labels:
                if key != NAME_LABEL:
                    yield LabelChange("Pod", viewpoint.peer.key, key, None)
