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
from haechi.analysis.why.answer import PacketAnswer, SideAnswer, viewpoints
from haechi.analysis.why.changes import Change, LabelChange, PolicyDeletion, RuleDeletion, tried
from haechi.analysis.why.rules import Viewpoint, label_fixes, rule_answers
from haechi.analysis.why.tiers import TierAnswer, has_tier_port, tier_rule_matches, tier_rules
from haechi.engine import OrderedRule, verdict
from haechi.model import NAME_LABEL, Action, PodKey
from haechi.select import Requirement, Selector, SelectorOperator

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
            if _reverses(cluster, answer, changes):
                found.append(changes)
                if len(found) == _SHOWN:
                    break
        if found:
            return tuple(found)
    return ()


def _reverses(cluster: Cluster, answer: PacketAnswer, changes: Iterable[Change]) -> bool:
    with tried(cluster, changes):
        found = verdict(cluster.engine, answer.packet, through_service=answer.through_service)
    return found.allowed != answer.allowed


# -- of a denied packet ------------------------------------------------------------------------------------------------


def _allowing(cluster: Cluster, answer: PacketAnswer) -> Iterator[Change]:
    """What could open a side that denies: labels that the nearest rules ask for, then deletions, then other labels.

    Deletions in tiers are last: they concern the whole cluster.
    """
    denying = [(side, viewpoint) for side, viewpoint in viewpoints(cluster, answer) if not side]
    by_tiers = [(side.decided_by, viewpoint) for side, viewpoint in denying if side.decided_by is not None]
    by_policies = [viewpoint for side, viewpoint in denying if side.decided_by is None]
    policies = cluster.engine.policies
    for viewpoint in by_policies:
        keys = sorted(cluster.engine.policies_of(viewpoint.subject, viewpoint.direction))
        rules = [answer for key in keys for answer in rule_answers(cluster, policies[key], viewpoint)]
        for rule in sorted(rules, key=lambda rule: len(rule.mismatches)):
            yield from (mismatch.fix for mismatch in rule.mismatches if mismatch.fix is not None)
    for tier, viewpoint in by_tiers:
        for earlier in _before(cluster, viewpoint, tier):
            if earlier.action is not Action.DENY and has_tier_port(earlier, viewpoint):
                yield from label_fixes(cluster, earlier.peers, viewpoint)
    for viewpoint in by_policies:
        keys = sorted(cluster.engine.policies_of(viewpoint.subject, viewpoint.direction))
        yield from (PolicyDeletion(key) for key in keys)
    for viewpoint in by_policies:
        keys = sorted(cluster.engine.policies_of(viewpoint.subject, viewpoint.direction))
        for key in keys:
            yield from _unselecting(policies[key].subject.pods, viewpoint.subject.key)
    for tier, viewpoint in by_tiers:
        yield from _out_of_tier(cluster, viewpoint, tier)


def _before(cluster: Cluster, viewpoint: Viewpoint, tier: TierAnswer) -> Iterator[OrderedRule]:
    """The rules of a tier before the one that decides, and that one."""
    for rule in tier_rules(cluster, viewpoint, tier.tier):
        yield rule
        if rule.ref == tier.rule:
            return


def _out_of_tier(cluster: Cluster, viewpoint: Viewpoint, tier: TierAnswer) -> Iterator[Change]:
    """Labels by which the rule of a tier would no longer mean the pods, and the deletion of the rule and its policy."""
    if tier.rule is None:
        return
    *_, denying = _before(cluster, viewpoint, tier)
    subject = cluster.engine.tier_policies[tier.rule.policy].subject
    if subject is not None:
        yield from _unselecting(subject.pods, viewpoint.subject.key)
    if viewpoint.peer is not None:
        for selection in sorted(denying.peers.selections, key=str):
            yield from _unselecting(selection.pods, viewpoint.peer.key)
    yield RuleDeletion(tier.rule)
    yield PolicyDeletion(tier.rule.policy)


def _unselecting(selector: Selector, pod: PodKey) -> Iterator[Change]:
    """Labels that would take a pod out of what a selector selects."""
    for requirement in selector.requirements:
        yield LabelChange("Pod", pod, requirement.key, _failing(requirement))


def _failing(requirement: Requirement) -> str | None:
    """A value of the label that fails the requirement; None: no such label."""
    match requirement.operator:
        case SelectorOperator.IN | SelectorOperator.EXISTS:
            return None
        case SelectorOperator.NOT_IN:
            return requirement.values[0]
        case SelectorOperator.DOES_NOT_EXIST:
            return ""


# -- of an allowed packet ----------------------------------------------------------------------------------------------


def _denying(cluster: Cluster, answer: PacketAnswer) -> Iterator[Change]:
    """What could close a side that allows: deletions of the rules that allow, and labels by which the peer is meant."""
    sides = list(viewpoints(cluster, answer))
    for side, _ in sides:
        for rule in side.allowing:
            yield RuleDeletion(rule.rule)
    for _, viewpoint in sides:
        if viewpoint.peer is not None:
            for key in viewpoint.peer.labels:
                if key != NAME_LABEL:
                    yield LabelChange("Pod", viewpoint.peer.key, key, None)
    for side, viewpoint in sides:
        yield from _in_tiers(cluster, side, viewpoint)


def _in_tiers(cluster: Cluster, side: SideAnswer, viewpoint: Viewpoint) -> Iterator[Change]:
    """Deletions of the rules of tiers that match the packet before one that denies it."""
    for tier in side.tiers:
        for rule in tier_rules(cluster, viewpoint, tier.tier) if tier.rule is not None else ():
            if tier_rule_matches(cluster, rule, viewpoint):
                if rule.action is Action.DENY:
                    break
                yield RuleDeletion(cluster.located(rule.ref))
