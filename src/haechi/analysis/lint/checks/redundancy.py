"""Checks of items, rules and policies that others cover.

They follow from selectors, addresses and ports, not from the pods that happen to exist, so they hold in every cluster,
and all that they find can be deleted at once. A policy without rules is a default deny: it is reported only if another
policy is equivalent.
"""

from __future__ import annotations

from collections.abc import Iterator

from haechi.analysis.lint.check import Check, Diagnostic, check
from haechi.analysis.lint.facts import (
    Review,
    WrittenPeer,
    WrittenPolicy,
    WrittenRule,
    redundant_sets,
)
from haechi.analysis.lint.finding import Fix
from haechi.analysis.lint.wording import name_list
from haechi.analysis.reach import SelectionIndex
from haechi.engine import PodSelection
from haechi.model import Direction, Edit, Severity, path_text


@check("duplicate-policy", Severity.WARNING, "Two policies in a namespace are equivalent.")
def duplicate_policy(review: Review) -> Iterator[Diagnostic]:
    """Policies with the pods, directions and rules of an earlier one, however they are written."""
    for policy in review.policies:
        earlier = review.redundancy.duplicates.get(policy.key)
        if earlier is not None:
            yield Diagnostic(policy.object, (), f"this policy is equivalent to {earlier}", "delete one of the two")


@check(
    "redundant-policy",
    Severity.WARNING,
    "Other policies isolate the same pods and allow everything that this policy allows.",
)
def redundant_policy(review: Review) -> Iterator[Diagnostic]:
    """Policies with rules that others cover, isolation included."""
    for policy in review.policies:
        others = review.redundancy.policies.get(policy.key)
        if others is not None:
            verbs = "isolates the same pods and allows" if len(others) == 1 else "isolate the same pods and allow"
            message = (
                f"deleting this policy changes nothing: {name_list(map(str, others))} {verbs} everything that it allows"
            )
            yield Diagnostic(policy.object, (), message, "delete it, or narrow what covers it")


@check("redundant-rule", Severity.WARNING, "Other rules allow everything that this rule allows.")
def redundant_rule(review: Review) -> Iterator[Diagnostic]:
    """Rules that others cover: of the same policy, or of policies for all of its pods."""
    for policy in review.policies:
        redundant = [rule for rule in policy.rules if rule.ref in review.redundancy.rules]
        for rule in redundant:
            others = review.redundancy.rules[rule.ref]
            names = [one.path if one.policy == policy.key else f"{one.path} of {one.policy}" for one in others]
            verb = "allows" if len(names) == 1 else "allow"
            message = f"{name_list(names)} {verb} everything that this rule allows"
            is_repeated = any(each.ref in others and each.rule == rule.rule for each in policy.rules)
            # A rule that covers more may be the mistake: only a repeated one is certain to be deleted.
            fix = Fix("delete the rule", (Edit(rule.path),)) if is_repeated else None
            types = " and write policyTypes" if _isolates_by_rules(policy, redundant) else ""
            yield Diagnostic(policy.object, rule.path, message, f"delete it{types}, or narrow what covers it", fix)


@check("redundant-peer", Severity.WARNING, "Other items of the same list allow everything that this item allows.")
def redundant_peer(review: Review) -> Iterator[Diagnostic]:
    """Items of from and to that others of the list cover, except in rules that are redundant as a whole."""
    redundant = {*review.redundancy.duplicates, *review.redundancy.policies}
    for policy in review.policies:
        for rule, _ in () if policy.key in redundant else policy.effective:
            if rule.ref not in review.redundancy.rules:
                for number, others in sorted({**_covered_selections(rule), **_covered_blocks(rule)}.items()):
                    path = rule.peers[number].path
                    names = name_list(path_text(rule.peers[n].path) for n in others)
                    verb = "allows" if len(others) == 1 else "allow"
                    message = f"{names} {verb} everything that this item allows"
                    if _may_be_one_item(rule.peers[number], rule.peers[others[0]]):
                        yield Diagnostic(policy.object, path, message, "delete it, or merge the two items into one")
                    else:
                        fix = Fix("delete the item", (Edit(path),))
                        yield Diagnostic(policy.object, path, message, "delete it", fix)


# -- rules -----------------------------------------------------------------------------------------------------------


def _isolates_by_rules(policy: WrittenPolicy, redundant: list[WrittenRule]) -> bool:
    """Whether it is its egress rules that make the policy isolate for egress, and all of them are redundant."""
    egress = [rule for rule in policy.rules if rule.direction is Direction.EGRESS]
    return not policy.object.spec.policy_types and bool(egress) and all(rule in redundant for rule in egress)


# -- items -----------------------------------------------------------------------------------------------------------


def _covered_selections(rule: WrittenRule) -> dict[int, tuple[int, ...]]:
    """The items with selectors that another item of the rule covers, each with one that stays."""
    first: dict[PodSelection, int] = {}
    selections = {
        number: peer.selection
        for number, peer in enumerate(rule.peers)
        if peer.selection is not None and not peer.selection.contradictory
    }
    for number, one in selections.items():
        first.setdefault(one, number)
    index = SelectionIndex(first)
    found: dict[int, tuple[int, ...]] = {}
    for number, one in selections.items():
        stays = min((_rank(each, first, index) for each in index.implied_by(one)), default=(0, number))[1]
        if stays != number:
            found[number] = (stays,)
    return found


def _rank(one: PodSelection, first: dict[PodSelection, int], index: SelectionIndex) -> tuple[int, int]:
    """The fewer selections it implies, the wider it is; of equally wide ones, the first."""
    return len(index.implied_by(one)), first[one]


def _may_be_one_item(one: WrittenPeer, wider: WrittenPeer) -> bool:
    """Whether a dash may have split one item in two, so that deleting one is not certain to be right."""
    pods, namespaces = one.written, wider.written
    return pods.namespace_selector is None and namespaces.pod_selector is None and wider.selection is not None


def _covered_blocks(rule: WrittenRule) -> dict[int, tuple[int, ...]]:
    """The items with ipBlocks that others of the rule cover, each with those that stay."""
    blocks = {
        number: peer.peers.blocks
        for number, peer in enumerate(rule.peers)
        if peer.peers is not None and peer.peers.blocks
    }
    places = list(blocks)
    covered = redundant_sets(list(blocks.values()))
    return {places[n]: tuple(places[other] for other in others) for n, others in covered.items()}


CHECKS: tuple[Check, ...] = (duplicate_policy, redundant_policy, redundant_rule, redundant_peer)
