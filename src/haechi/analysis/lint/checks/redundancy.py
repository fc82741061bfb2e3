"""Checks of what could go without any change: items, rules and policies that others cover.

What they tell holds in every cluster: it follows from selectors, addresses and ports, not from the pods that happen to
exist. All that is told can go at once. A policy without rules is a default denial and never told, unless another one
says exactly the same.
"""

from __future__ import annotations

from collections.abc import Iterator

from haechi.analysis.lint.check import Check, Found, check
from haechi.analysis.lint.facts import (
    Review,
    RulePlace,
    Wider,
    WrittenPeer,
    WrittenPolicy,
    WrittenRule,
    superfluous,
)
from haechi.analysis.lint.finding import Fix, Severity
from haechi.analysis.lint.wording import several
from haechi.engine import PodSelection
from haechi.model import Direction, Edit, path_text


@check("duplicate-policy", Severity.WARNING, "Two policies of a namespace say exactly the same.")
def duplicate_policy(review: Review) -> Iterator[Found]:
    """Policies with the pods, directions and rules of an earlier one, however they are written."""
    for policy in review.policies:
        earlier = review.coverage.duplicates.get(policy.key)
        if earlier is not None:
            yield Found(policy.object, (), f"this policy says exactly what {earlier} says", "delete one of the two")


@check("redundant-policy", Severity.WARNING, "All that this policy does is done by other policies too.")
def redundant_policy(review: Review) -> Iterator[Found]:
    """Policies with rules that others cover, isolation included."""
    for policy in review.policies:
        others = review.coverage.policies.get(policy.key)
        if others is not None:
            verbs = "isolates the same pods and allows" if len(others) == 1 else "isolate the same pods and allow"
            message = (
                f"without this policy nothing would change: {several(map(str, others))} {verbs} all that it allows"
            )
            yield Found(policy.object, (), message, "delete it, or narrow what covers it")


@check("redundant-rule", Severity.WARNING, "All that this rule allows is allowed by other rules too.")
def redundant_rule(review: Review) -> Iterator[Found]:
    """Rules that others of the policy, or of policies for all of its pods, cover."""
    for policy in review.policies:
        needless = list(_needless(review, policy))
        for rule in needless:
            others = review.coverage.rules[_place(policy, rule)]
            names = [str(one) if one.policy == policy.key else f"{one} of {one.policy}" for one in others]
            verb = "allows" if len(names) == 1 else "allow"
            message = f"all that this rule allows, {several(names)} {verb} too"
            twice = any(_place(policy, each) in others and each.rule == rule.rule for each in policy.rules)
            fix = Fix("delete the rule", (Edit(rule.path),)) if twice else None  # else the wider one may be the mistake
            types = " and write policyTypes" if _isolates_by_rules(policy, needless) else ""
            yield Found(policy.object, rule.path, message, f"delete it{types}, or narrow what covers it", fix)


@check("redundant-peer", Severity.WARNING, "Whom this item of a rule means, its other items mean too.")
def redundant_peer(review: Review) -> Iterator[Found]:
    """Items of from and to that others of the same list cover; not told of rules that could go as a whole."""
    gone = {*review.coverage.duplicates, *review.coverage.policies}
    for policy in review.policies:
        for rule, _ in () if policy.key in gone else policy.effective:
            if _place(policy, rule) not in review.coverage.rules:
                for number, others in sorted({**_selecting(rule), **_blocking(rule)}.items()):
                    path = rule.peers[number].path
                    names = several(path_text(rule.peers[n].path) for n in others)
                    message = f"whom this item means, {names} mean{'s' if len(others) == 1 else ''} too"
                    if _are_halves(rule.peers[number], rule.peers[others[0]]):
                        yield Found(policy.object, path, message, "delete it, or make one item of the two")
                    else:
                        yield Found(policy.object, path, message, "delete it", Fix("delete the item", (Edit(path),)))


# -- rules -----------------------------------------------------------------------------------------------------------


def _place(policy: WrittenPolicy, rule: WrittenRule) -> RulePlace:
    return RulePlace(policy.key, rule.direction, int(rule.path[-1]))


def _needless(review: Review, policy: WrittenPolicy) -> Iterator[WrittenRule]:
    return (rule for rule in policy.rules if _place(policy, rule) in review.coverage.rules)


def _isolates_by_rules(policy: WrittenPolicy, gone: list[WrittenRule]) -> bool:
    """Whether it is its egress rules that make the policy isolate for egress, and all of them are needless."""
    egress = [rule for rule in policy.rules if rule.direction is Direction.EGRESS]
    return not policy.object.spec.policy_types and bool(egress) and all(rule in gone for rule in egress)


# -- items -----------------------------------------------------------------------------------------------------------


def _selecting(rule: WrittenRule) -> dict[int, tuple[int, ...]]:
    """The items with selectors that another one of the rule covers, each with one that stays."""
    first: dict[PodSelection, int] = {}
    chosen = {number: one for number, peer in enumerate(rule.peers) for one in _selection(peer)}
    for number, one in chosen.items():
        first.setdefault(one, number)
    wider = Wider(first)
    found: dict[int, tuple[int, ...]] = {}
    for number, one in chosen.items():
        stays = min((_rank(each, first, wider) for each in wider.than(one)), default=(0, number))[1]
        if stays != number:
            found[number] = (stays,)
    return found


def _are_halves(one: WrittenPeer, wider: WrittenPeer) -> bool:
    """Whether a dash may have made two items of one: then it is not certain that an item is to go."""
    pods, namespaces = one.written, wider.written
    return pods.namespace_selector is None and namespaces.pod_selector is None and wider.selection is not None


def _blocking(rule: WrittenRule) -> dict[int, tuple[int, ...]]:
    """The items with ipBlocks that others of the rule cover, each with those that stay."""
    places = [number for number, peer in enumerate(rule.peers) if peer.peers is not None and peer.peers.blocks]
    blocks = [peer.peers.blocks for peer in rule.peers if peer.peers is not None and peer.peers.blocks]
    return {places[n]: tuple(places[other] for other in others) for n, others in superfluous(blocks).items()}


def _selection(peer: WrittenPeer) -> Iterator[PodSelection]:
    if peer.selection is not None and not peer.selection.contradictory:
        yield peer.selection


def _rank(one: PodSelection, first: dict[PodSelection, int], wider: Wider) -> tuple[int, int]:
    """The fewer are wider, the wider; of those that are as wide, the first."""
    return len(wider.than(one)), first[one]


CHECKS: tuple[Check, ...] = (duplicate_policy, redundant_policy, redundant_rule, redundant_peer)
