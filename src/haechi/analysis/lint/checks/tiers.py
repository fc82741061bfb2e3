"""Checks of the order of rules in tiers: what never decides, what comes too late, and what has no defined order.

What never decides follows from selectors, addresses and ports, so it holds in every cluster, and all rules that are
reported can be deleted at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from ipaddress import ip_address
from itertools import combinations
from typing import NamedTuple

from haechi.analysis.cluster import ports_text
from haechi.analysis.lint.check import Check, Diagnostic, check
from haechi.analysis.lint.facts import Review, WrittenTierPolicy, WrittenTierRule
from haechi.analysis.lint.wording import name_list, rule_name
from haechi.engine import Endpoint, OrderedPolicy, OrderedRule, Stages, TierSet, deciding_rule, traffic
from haechi.model import Action, ClusterPolicyKey, Direction, Packet, Path, Severity, Tier, TierRuleRef
from haechi.sets import AddressSet, PortSet, point_to_text

_MOST_PODS = 20
"""Pods of different labels and ports on which the order of two policies is tried."""


@check(
    "unreachable-rule",
    Severity.WARNING,
    "Earlier rules of tiers decide everything that this rule matches, so it never decides.",
)
def unreachable_rule(review: Review) -> Iterator[Diagnostic]:
    """Rules and items of `from` and `to` that are never reached, other than exceptions that come too late."""
    for policy, rule, path, by in review.shared(_all_decided):
        if not _is_late(review, policy, rule, by):
            what = "rule" if path == rule.path else "item"
            verb = "matches" if len(by) == 1 else "match"
            message = f"this {what} never decides: {_names(rule, by)} {verb} all of it before"
            yield Diagnostic(policy.object, path, message, f"delete the {what}, or move it up")


@check(
    "exception-after-deny",
    Severity.WARNING,
    "An Accept comes after a Deny of its tier that denies all of it, so it has no effect.",
)
def exception_after_deny(review: Review) -> Iterator[Diagnostic]:
    """Accept rules, or items of them, that were most likely meant as exceptions of an earlier Deny."""
    for policy, rule, path, by in review.shared(_all_decided):
        if _is_late(review, policy, rule, by):
            verb = "denies" if len(by) == 1 else "deny"
            message = f"this exception has no effect: {_names(rule, by)} {verb} all of it before"
            yield Diagnostic(policy.object, path, message, f"move it before {_names(rule, by[:1])}")


class _Decided(NamedTuple):
    """A rule or an item that earlier rules decide."""

    policy: WrittenTierPolicy
    rule: WrittenTierRule
    path: Path
    by: tuple[TierRuleRef, ...]


def _all_decided(review: Review) -> Iterator[_Decided]:
    for policy in review.tier_policies:
        for rule in policy.rules:
            for path, by in _decided(review, rule):
                yield _Decided(policy, rule, path, by)


def _decided(review: Review, rule: WrittenTierRule) -> Iterator[tuple[Path, tuple[TierRuleRef, ...]]]:
    """The rule, or else those of its items, that earlier rules decide, with these."""
    whole = review.precedence.before(rule.rule)
    if whole:
        yield rule.path, whole
    elif whole is None and len(rule.written.peers) > 1:
        for path, _, part in rule.items():
            by = review.precedence.before(part)
            if by:
                yield path, by


def _is_late(review: Review, policy: WrittenTierPolicy, rule: WrittenTierRule, by: Iterable[TierRuleRef]) -> bool:
    if rule.rule.action is not Action.ACCEPT:
        return False
    rules = [_rule(review, ref) for ref in by]
    tiers = {review.engine.tier_policies[ref.policy].tier for ref in by}
    return tiers == {policy.policy.tier} and all(one.action is Action.DENY for one in rules)


def _rule(review: Review, ref: TierRuleRef) -> OrderedRule:
    return next(one for one in review.engine.tier_policies[ref.policy].rules(ref.direction) if one.ref == ref)


def _names(rule: WrittenTierRule, by: Iterable[TierRuleRef]) -> str:
    own = rule.rule.ref.policy
    return name_list(ref.path if ref.policy == own else rule_name(ref) for ref in by)


@check(
    "undefined-order",
    Severity.WARNING,
    "Two policies of a tier have one priority and decide the same connection differently; their order is undefined.",
)
def undefined_order(review: Review) -> Iterator[Diagnostic]:
    """Policies whose order decides about some connection of some pod of the input."""
    groups: dict[tuple[Tier, int], list[WrittenTierPolicy]] = {}
    for policy in review.tier_policies:
        groups.setdefault((policy.policy.tier, policy.policy.priority), []).append(policy)
    for group in groups.values():
        reported: set[ClusterPolicyKey] = set()
        for one, other in combinations(group, 2):
            found = _witness(review, one.policy, other.policy) if other.policy.key not in reported else ""
            if found:
                reported.add(other.policy.key)
                yield Diagnostic(
                    other.object,
                    ("spec", "priority"),
                    f"{one.policy.key} has the same priority, and their order decides whether {found}",
                    "give them different priorities",
                )


def _witness(review: Review, one: OrderedPolicy, other: OrderedPolicy) -> str:
    """A connection that the order of two policies decides, in words; empty if no pod of the input has one."""
    if one.subject is None or other.subject is None or one.subject.excludes(other.subject) or not _conflict(one, other):
        return ""
    common = review.pods(one.subject) & review.pods(other.subject)
    pods: dict[int, Endpoint] = {}
    for number in common:
        pod = review.engine.numbered(number)
        pods.setdefault(id(pod.labels), pod)
    for pod in list(pods.values())[:_MOST_PODS]:
        others = AddressSet.ALL - AddressSet.of(*pod.addresses)  # a pod always reaches itself
        for direction in Direction:
            first, second = (
                traffic(review.engine, _stages(review, pod, direction, *both)).restricted(others, PortSet.ALL)
                for both in ((one, other), (other, one))
            )
            difference = first.first_difference(second)
            if difference is not None:
                address, protocol, port, _ = difference
                peer = review.engine.owner(address)
                at = ip_address(point_to_text(address))
                packet = Packet(at, at, protocol, port)  # only its port counts below
                rule = deciding_rule(review.engine, pod, one.tier, direction, address, peer, packet)
                if rule is None or review.engine.tier_policies[rule.ref.policy].priority < one.priority:
                    continue  # decided before
                name = f"{peer.key} ({point_to_text(address)})" if peer is not None else point_to_text(address)
                ends = (name, str(pod.key)) if direction is Direction.INGRESS else (str(pod.key), name)
                return f"{ends[0]} may connect to {ends[1]} on {ports_text(PortSet.port(protocol, port))}"
    return ""


def _conflict(one: OrderedPolicy, other: OrderedPolicy) -> bool:
    """Whether rules of the two with different actions may match the same packet, in some cluster."""
    return any(
        mine.action is not theirs.action and _meet(mine, theirs)
        for direction in Direction
        for mine in one.rules(direction)
        for theirs in other.rules(direction)
    )


def _meet(one: OrderedRule, other: OrderedRule) -> bool:
    if not (one.names or other.names) and one.ports.isdisjoint(other.ports):
        return False
    pods = bool(one.peers.selections), bool(other.peers.selections)
    if all(pods) and not any((each.blocks or each.nodes or each.anywhere) for each in (one.peers, other.peers)):
        return not all(mine.excludes(theirs) for mine in one.peers.selections for theirs in other.peers.selections)
    return True


def _stages(review: Review, pod: Endpoint, direction: Direction, first: OrderedPolicy, second: OrderedPolicy) -> Stages:
    """What judges a pod's connections if its tier has these two policies, in this order."""
    engine = review.engine
    stages: list[TierSet] = []
    policies = engine.policy_set(pod, direction)
    for tier in Tier:
        if tier is Tier.BASELINE and policies is not None:
            break
        listed: Sequence[OrderedPolicy] = engine.tier_policies_of(pod, tier)
        if tier is first.tier:
            listed = (replace(first, priority=0), replace(second, priority=1))
        ports = pod.ports if direction is Direction.INGRESS else ()
        stages.append(TierSet.of(tier, direction, listed, ports))
    return (*stages, policies) if policies is not None else tuple(stages)  # type: ignore[return-value]


@check(
    "pass-without-effect",
    Severity.NOTE,
    "A Pass in the Baseline tier is followed by no rule for what it matches, so it has no effect.",
)
def pass_without_effect(review: Review) -> Iterator[Diagnostic]:
    """Pass rules of the Baseline tier after which nothing else could decide."""
    baseline = [one for one in review.tier_policies if one.policy.tier is Tier.BASELINE]
    for policy in baseline:
        subject = policy.policy.subject
        for rule in policy.rules if subject is not None else ():
            direction = rule.rule.ref.direction
            later = [one for one in policy.policy.rules(direction) if one.ref.index > rule.rule.ref.index]
            for other in baseline:
                theirs = other.policy.subject
                if other is not policy and other.policy.priority >= policy.policy.priority and theirs is not None:
                    later += [] if subject is None or subject.excludes(theirs) else other.policy.rules(direction)
            if rule.rule.action is Action.PASS and all(one.action is Action.PASS for one in later):
                yield Diagnostic(
                    policy.object,
                    (*rule.path, "action"),
                    "this Pass has no effect: no later rule denies anything, and nothing comes after the Baseline tier",
                    "delete the rule",
                )


@check(
    "policy-without-effect",
    Severity.WARNING,
    "The Admin tier denies everything that a rule of a NetworkPolicy allows, so the rule has no effect.",
)
def policy_without_effect(review: Review) -> Iterator[Diagnostic]:
    """Rules of NetworkPolicies, or items of them, of which the Admin tier leaves nothing to decide, and denies some."""
    for policy in review.policies if review.engine.tier_policies else ():
        for rule, read in policy.effective:
            subject = policy.policy.subject
            parts = [(peer.path, replace(read, peers=peer.peers)) for peer in rule.peers if peer.peers is not None]
            for path, part in ((rule.path, read), *(parts if len(parts) > 1 else ())):
                by = review.precedence.before_policies(part, subject, rule.direction)
                if by and any(_rule(review, ref).action is Action.DENY for ref in by):
                    what = "rule" if path == rule.path else "item"
                    verb = "decides" if len(by) == 1 else "decide"
                    message = f"this {what} has no effect: {name_list(map(rule_name, by))} {verb} all of it before"
                    yield Diagnostic(policy.object, path, message, f"delete the {what}, or pass it on there")
                if by is not None and path == rule.path:
                    break


CHECKS: tuple[Check, ...] = (
    unreachable_rule,
    exception_after_deny,
    undefined_order,
    pass_without_effect,
    policy_without_effect,
)
