"""Checks of selectors that select no pod, or only pods that policies ignore.

They report only where the input would show the pods: it has others in the same namespace, or a label one typing error
away, or it is a complete cluster. Not reported are selectors that match workloads without pods, completed pods or
Services, whose pods may be created; labels such as `quarantine=true` that pods get when needed; and, except for typos,
items beside others that select pods.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import NamedTuple

from haechi.analysis.lint.check import Check, Diagnostic, check
from haechi.analysis.lint.facts import INITIAL_NAMESPACES, Review, Vocabulary, WrittenPeer, WrittenPolicy
from haechi.analysis.lint.wording import name_list
from haechi.engine import PodSelection
from haechi.model import NAME_LABEL, Severity
from haechi.select import EVERYTHING, Requirement, Selector, SelectorOperator

MOST_LEFT_OUT = 8
"""Requirements of a selector that are left out one by one for a hint."""
_FLAGS = frozenset({"", "allow", "allowed", "enabled", "on", "true", "yes"})
"""Values of labels that pods get when needed."""


class _NoMatch(NamedTuple):
    """Why a selection selects no pod.

    Attributes:
        message: what does not match.
        hint: how to resolve it.
        is_typo: whether it is certainly a mistake, whatever else the input shows.
        is_foreign: whether no pod there has any of the keys: the input may not show the pods that have.
    """

    message: str
    hint: str
    is_typo: bool = False
    is_foreign: bool = False


@check(
    "selects-nothing",
    Severity.WARNING,
    "podSelector selects none of the pods in the namespace, so the policy has no effect.",
)
def selects_nothing(review: Review) -> Iterator[Diagnostic]:
    """Policies that select no pod of their namespace."""
    known: dict[PodSelection, _NoMatch | None] = {}
    for one in review.policies:
        subject = one.policy.subject
        if review.selector(one.object.spec.pod_selector) is None:
            continue
        if subject not in known:
            known[subject] = _no_match(review, subject)
        if (reason := known[subject]) is not None:
            elsewhere = _matching_namespaces(review, subject)
            if elsewhere or not reason.is_foreign or review.inventory.is_complete:
                message, hint = f"the policy selects nothing: {reason.message}", _hint(review, one, reason, elsewhere)
                yield Diagnostic(one.object, ("spec", "podSelector"), message, hint)


def _hint(review: Review, policy: WrittenPolicy, reason: _NoMatch, elsewhere: str) -> str:
    if reason.is_typo or not elsewhere:
        return reason.hint or "fix the selector, or the labels of the pods"
    if review.omits_namespace(policy):
        return f"metadata.namespace is missing, so the policy is in default; matching pods are in {elsewhere}"
    return f"a policy selects only pods in its own namespace; matching pods are in {elsewhere}"


def _matching_namespaces(review: Review, selection: PodSelection) -> str:
    """The namespaces with pods that match its pod selector, in words."""
    return name_list(review.inventory.namespaces_of(review.pods(PodSelection(EVERYTHING, selection.pods))))


@check(
    "peer-matches-nothing",
    Severity.WARNING,
    "An item of from or to selects no pod.",
)
def peer_matches_nothing(review: Review) -> Iterator[Diagnostic]:
    """Items with selectors that select no pod."""

    @cache
    def no_match(selection: PodSelection, is_own: bool) -> _NoMatch | None:
        return _no_match(review, selection, is_own=is_own)

    for policy in review.policies:
        for rule, _ in policy.effective:
            found = [(one, _no_match_of_peer(one, no_match)) for one in rule.peers]
            is_alone = all(reason is not None for _, reason in found)
            for peer, reason in found:
                if reason is None or not (reason.is_typo or is_alone):
                    continue
                if reason.is_typo or peer.written.namespace_selector is not None:
                    yield Diagnostic(
                        policy.object, peer.path, f"this item allows nothing: {reason.message}", reason.hint
                    )
                elif review.inventory.has_other_pods(policy.policy.subject):
                    yield from _own_namespace(review, policy, peer, reason)


def _no_match_of_peer(peer: WrittenPeer, no_match: Callable[[PodSelection, bool], _NoMatch | None]) -> _NoMatch | None:
    return None if peer.selection is None else no_match(peer.selection, peer.written.namespace_selector is None)


def _own_namespace(review: Review, policy: WrittenPolicy, peer: WrittenPeer, reason: _NoMatch) -> Iterator[Diagnostic]:
    """The finding for an item without namespaceSelector, which selects pods in the policy's own namespace."""
    elsewhere = _matching_namespaces(review, peer.selection) if peer.selection is not None else ""
    if elsewhere or not reason.is_foreign or review.inventory.is_complete:
        hint = f"matching pods are in {elsewhere}: a podSelector alone selects pods in the policy's own namespace"
        message = f"this item allows nothing: {reason.message}"
        yield Diagnostic(policy.object, peer.path, message, hint if elsewhere else reason.hint)


def _peers(review: Review) -> Iterator[tuple[WrittenPolicy, WrittenPeer, PodSelection]]:
    for policy in review.policies:
        for rule, _ in policy.effective:
            for peer in rule.peers:
                if peer.selection is not None:
                    yield policy, peer, peer.selection


def _no_match(review: Review, selection: PodSelection, *, is_own: bool = True) -> _NoMatch | None:
    """Why a selection selects no pod; None if it selects some, or if the input does not show enough to decide."""
    scope, inventory = selection.namespaces, review.inventory
    if selection.pods.contradictory or (isinstance(scope, Selector) and scope.contradictory):
        return None
    if review.pods(selection):
        return None
    names = inventory.namespaces(scope)
    if not names:
        return None if is_own else _no_namespace(review, scope)
    if inventory.host_network.selected(names, selection.pods) or inventory.expected.selected(names, selection.pods):
        return None
    return _no_pod(review, selection, names)


def _no_pod(review: Review, selection: PodSelection, names: tuple[str, ...]) -> _NoMatch | None:
    scope, inventory = selection.namespaces, review.inventory
    count = len(inventory.pods_in(scope))
    if not count or selection.pods.anchor() is None:  # no pods are shown, or the selector only excludes some
        return None
    vocabulary = inventory.vocabulary(scope)
    unmet = [one for one in selection.pods.requirements if not review.pods(_only(scope, one))]
    is_known = isinstance(scope, str) or scope.anchor() is not None or inventory.is_complete
    is_typo = any(vocabulary.typo(one) or vocabulary.renamed(one) for one in unmet)
    foreign = [one for one in unmet if one.key not in vocabulary]
    if not is_typo and (not is_known or any(map(_is_flag, foreign))):
        return None
    required = str(unmet[0]) if unmet else str(selection.pods)
    where = name_list(names)
    message = f"the only pod in {where} does not match {required}"
    if count > 1:
        message = f"none of the {count} pods in {where} matches {required}"
    hint = _near_label(vocabulary, unmet) if unmet else _without_one(review, selection)
    return _NoMatch(message, hint, is_typo, is_foreign=bool(unmet) and foreign == unmet and not is_typo)


def _is_flag(requirement: Requirement) -> bool:
    """Whether it requires a label that pods get when needed, such as `quarantine=true`."""
    return requirement.operator is not SelectorOperator.IN or _FLAGS.issuperset(requirement.values)


def _without_one(review: Review, selection: PodSelection) -> str:
    """The one requirement without which some pods are selected, if there is just one, in words."""
    all_of = selection.pods.requirements
    rests = {one: [other for other in all_of if other is not one] for one in all_of[:MOST_LEFT_OUT]}
    found = [(one, review.pods(PodSelection(selection.namespaces, Selector.all_of(r)))) for one, r in rests.items()]
    selecting = [(one, pods) for one, pods in found if pods]
    if len(selecting) != 1:
        return ""
    ((requirement, pods),) = selecting
    names = name_list(str(owner) for owner, _ in review.inventory.workloads_of(pods))
    return f"without {requirement} it selects {names}"


def _only(scope: str | Selector, requirement: Requirement) -> PodSelection:
    return PodSelection(scope, Selector.all_of((requirement,)))


def _near_label(vocabulary: Vocabulary, unmet: list[Requirement]) -> str:
    near = next(filter(None, map(vocabulary.nearest, unmet)), None)
    if near is not None:
        return f"did you mean {near}?"
    for one in unmet:
        if values := vocabulary.values(one.key):
            return f"there is {name_list(f'{one.key}={value}' for value in values)}"
    return ""


def _no_namespace(review: Review, scope: str | Selector) -> _NoMatch | None:
    """Why no namespace is selected, where the namespaces and their labels are known."""
    inventory = review.inventory
    labels = inventory.namespace_vocabulary
    if isinstance(scope, str):
        required = Requirement(NAME_LABEL, SelectorOperator.IN, (scope,))
        typo = labels.typo(required)
        if scope in INITIAL_NAMESPACES or not (typo or inventory.is_complete):
            return None
        near = typo or labels.nearest(required)
        return _NoMatch(f"there is no namespace {scope}", f"did you mean {near}?" if near else "", typo is not None)
    if scope.anchor() is None:
        return None
    unmet = [one for one in scope.requirements if not inventory.namespaces(Selector.all_of((one,)))]
    named = _named(inventory.declared.__contains__, unmet)
    is_typo = bool(named) or any(map(labels.typo, unmet))
    if not (is_typo or inventory.is_complete):
        return None
    if named:
        hint = f"namespace {named} does not have this label; select it by {NAME_LABEL}={named}"
    else:
        hint = _near_label(labels, unmet)
    return _NoMatch(f"no namespace matches {unmet[0] if unmet else scope}", hint, is_typo)


def _named(is_declared: Callable[[str], bool], unmet: list[Requirement]) -> str:
    """The namespace that has a required value as its name, but not as the required label."""
    values = (value for one in unmet if one.operator is SelectorOperator.IN for value in one.values)
    return next(filter(is_declared, values), "")


@check(
    "host-network-selected",
    Severity.WARNING,
    "A selector selects pods on the host network, which policies do not treat as pods.",
)
def host_network_selected(review: Review) -> Iterator[Diagnostic]:
    """Policies that select such pods by a label, and peers that select no others."""
    host_network = review.inventory.host_network
    for one in review.policies:
        pods = review.selector(one.object.spec.pod_selector)
        if pods is not None and pods.anchor() is not None:
            names = host_network.selected((one.key.namespace,), pods)
            if names:
                message = f"podSelector selects {name_list(names)} on the host network: policies have no effect on them"
                yield Diagnostic(one.object, ("spec", "podSelector"), message, "protect the node itself")
    for policy, peer, selection in _peers(review):
        if _is_anchored(peer, selection) and not review.pods(selection):
            names = host_network.selected(review.inventory.namespaces(selection.namespaces), selection.pods)
            if names:
                message = (
                    f"this item selects only {name_list(names)} on the host network: "
                    "their addresses are those of their nodes, so it allows nothing"
                )
                yield Diagnostic(policy.object, peer.path, message, "allow the addresses of the nodes by ipBlock")


def _is_anchored(peer: WrittenPeer, selection: PodSelection) -> bool:
    """Whether an item requires a label or names a namespace, so that it is meant for certain pods."""
    scope = selection.namespaces
    named = peer.written.namespace_selector is not None and (isinstance(scope, str) or scope.anchor() is not None)
    return selection.pods.anchor() is not None or named


CHECKS: tuple[Check, ...] = (selects_nothing, peer_matches_nothing, host_network_selected)
