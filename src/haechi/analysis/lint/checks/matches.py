"""Checks of selectors that select no pod, or only pods that policies ignore.

They report only where the input would show the pods: it has others in the same namespace, or a label one typing error
away, or it is a complete cluster. A warning needs evidence of a mistake: with such a label the same selector selects
pods, or pods in another namespace match it. Other pods may be made by a controller: one note for each namespace.

Not reported are selectors that match workloads without pods, completed pods or Services, whose pods may be created;
labels such as `quarantine=true` that pods get when needed; and, except for typos, items beside others that select pods.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import NamedTuple

from haechi.analysis.lint.check import Check, Diagnostic, check
from haechi.analysis.lint.facts import INITIAL_NAMESPACES, Label, Review, Vocabulary, WrittenPeer, WrittenPolicy
from haechi.analysis.lint.wording import name_list
from haechi.engine import PodSelection
from haechi.model import NAME_LABEL, Path, Severity
from haechi.select import EVERYTHING, Requirement, Selector, SelectorOperator

_FLAGS = frozenset({"", "allow", "allowed", "enabled", "on", "true", "yes"})
"""Values of labels that pods get when needed."""
_MADE = "fine if a controller makes the pods"


class NoMatch(NamedTuple):
    """Why a selection selects no pod.

    Attributes:
        message: what does not match.
        hint: how to resolve it.
        is_typo: whether it is certainly a mistake, whatever else the input shows.
        is_near: whether the hint proposes labels.
        is_foreign: whether no pod there has any of the keys: the input may not show the pods that have.
    """

    message: str
    hint: str
    is_typo: bool = False
    is_near: bool = False
    is_foreign: bool = False


class _Unmatched(NamedTuple):
    """A podSelector or an item that selects no pod.

    Attributes:
        policy: the one that contains it.
        path: of the podSelector or the item.
        message: what does not match.
        hint: how to resolve it.
        is_mistake: whether anything shows that pods were meant that exist.
        is_near: whether the hint proposes labels.
        is_shown: whether the input would show the pods.
    """

    policy: WrittenPolicy
    path: Path
    message: str
    hint: str
    is_mistake: bool
    is_near: bool = False
    is_shown: bool = True


@check(
    "selects-nothing",
    Severity.WARNING,
    "podSelector selects none of the pods in the namespace, so the policy has no effect.",
)
def selects_nothing(review: Review) -> Iterator[Diagnostic]:
    """Policies that select no pod of their namespace, most likely by mistake."""
    for one in review.shared(_policies):
        if one.is_mistake:
            yield Diagnostic(one.policy.object, one.path, f"the policy selects nothing: {one.message}", one.hint)


@check(
    "peer-matches-nothing",
    Severity.WARNING,
    "An item of from or to selects no pod.",
)
def peer_matches_nothing(review: Review) -> Iterator[Diagnostic]:
    """Items with selectors that select no pod, most likely by mistake."""
    for one in review.shared(_items):
        if one.is_mistake:
            yield Diagnostic(one.policy.object, one.path, f"this item allows nothing: {one.message}", one.hint)


@check(
    "absent-pods",
    Severity.NOTE,
    "Policies or items of from and to select no pod of the input; a controller may make the pods.",
)
def absent_pods(review: Review) -> Iterator[Diagnostic]:
    """The other policies and items that select no pod: one note for each namespace, and for each close label."""
    by_namespace: dict[str, tuple[list[_Unmatched], list[_Unmatched]]] = {}
    for kind, found in enumerate((review.shared(_policies), review.shared(_items))):
        for one in found:
            if one.is_near and not one.is_mistake:
                what = "this item" if kind else "the policy"
                yield Diagnostic(one.policy.object, one.path, f"{what} selects no pod: {one.message}", one.hint)
            elif not one.is_mistake:
                by_namespace.setdefault(one.policy.key.namespace, ([], []))[kind].append(one)
    for policies, items in by_namespace.values():
        listed = [*policies, *items]
        if any(one.is_shown for one in listed):
            yield Diagnostic(listed[0].policy.object, listed[0].path, *_absent(policies, items))


def _absent(policies: list[_Unmatched], items: list[_Unmatched]) -> tuple[str, str]:
    """The message and the hint about a namespace."""
    if len(policies) + len(items) == 1:
        (one,) = (*policies, *items)
        what = "the policy" if policies else "this item"
        return f"{what} selects no pod: {one.message}", f"{_MADE}; {one.hint}" if one.hint else _MADE
    names = name_list(one.policy.key.name for one in (*policies, *items))
    counts = [f"{len(policies)} {'policy' if len(policies) == 1 else 'policies'}"] if policies else []
    counts += [f"{len(items)} {'item' if len(items) == 1 else 'items'} of from and to"] if items else []
    return f"{' and '.join(counts)} select no pod of this input: {names}", _MADE


def _policies(review: Review) -> Iterator[_Unmatched]:
    """The policies that select no pod."""
    known: dict[PodSelection, NoMatch | None] = {}
    path: Path = ("spec", "podSelector")
    for one in review.policies:
        subject = one.policy.subject
        if review.selector(one.object.spec.pod_selector) is None:
            continue
        if subject not in known:
            known[subject] = no_match(review, subject)
        if (reason := known[subject]) is not None:
            elsewhere = _matching_namespaces(review, subject)
            hint = _elsewhere(review, one, elsewhere) if elsewhere and not reason.is_typo else reason.hint
            is_shown = not reason.is_foreign or review.inventory.is_complete
            is_mistake, is_near = reason.is_typo or bool(elsewhere), reason.is_near
            yield _Unmatched(one, path, reason.message, hint, is_mistake, is_near, is_shown)


def _elsewhere(review: Review, policy: WrittenPolicy, namespaces: str) -> str:
    if review.omits_namespace(policy):
        return f"metadata.namespace is missing, so the policy is in default; matching pods are in {namespaces}"
    return f"a policy selects only pods in its own namespace; matching pods are in {namespaces}"


def _matching_namespaces(review: Review, selection: PodSelection) -> str:
    """The namespaces with pods that match its pod selector, in words."""
    return name_list(review.inventory.namespaces_of(review.pods(PodSelection(EVERYTHING, selection.pods))))


def _items(review: Review) -> Iterator[_Unmatched]:
    """The items that select no pod."""

    @cache
    def known(selection: PodSelection, is_own: bool) -> NoMatch | None:
        return no_match(review, selection, is_own=is_own)

    for policy in review.policies:
        for rule, _ in policy.effective:
            found = [(one, _no_match_of_peer(one, known)) for one in rule.peers]
            is_alone = all(reason is not None for _, reason in found)
            for peer, reason in found:
                if reason is None or not (reason.is_typo or is_alone):
                    continue
                if reason.is_typo or peer.written.namespace_selector is not None:
                    yield _Unmatched(policy, peer.path, reason.message, reason.hint, reason.is_typo, reason.is_near)
                elif review.inventory.has_other_pods(policy.policy.subject):
                    yield _own_namespace(review, policy, peer, reason)


def _no_match_of_peer(peer: WrittenPeer, known: Callable[[PodSelection, bool], NoMatch | None]) -> NoMatch | None:
    return None if peer.selection is None else known(peer.selection, peer.written.namespace_selector is None)


def _own_namespace(review: Review, policy: WrittenPolicy, peer: WrittenPeer, reason: NoMatch) -> _Unmatched:
    """An item without namespaceSelector, which selects pods in the policy's own namespace."""
    elsewhere = _matching_namespaces(review, peer.selection) if peer.selection is not None else ""
    hint = f"matching pods are in {elsewhere}: a podSelector alone selects pods in the policy's own namespace"
    is_shown = not reason.is_foreign or review.inventory.is_complete
    return _Unmatched(
        policy, peer.path, reason.message, hint if elsewhere else reason.hint, bool(elsewhere), reason.is_near, is_shown
    )


def _peers(review: Review) -> Iterator[tuple[WrittenPolicy, WrittenPeer, PodSelection]]:
    for policy in review.policies:
        for rule, _ in policy.effective:
            for peer in rule.peers:
                if peer.selection is not None:
                    yield policy, peer, peer.selection


def no_match(review: Review, selection: PodSelection, *, is_own: bool = True) -> NoMatch | None:
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


def _no_pod(review: Review, selection: PodSelection, names: tuple[str, ...]) -> NoMatch | None:
    scope, inventory = selection.namespaces, review.inventory
    count = len(inventory.pods_in(scope))
    if not count or selection.pods.anchor() is None:  # no pods are shown, or the selector only excludes some
        return None
    vocabulary = inventory.vocabulary(scope)
    unmet = [one for one in selection.pods.requirements if not review.pods(_only(scope, one))]

    def selects(pods: Selector) -> bool:
        return bool(review.pods(PodSelection(scope, pods)))

    typo = _corrected(selection.pods, unmet, vocabulary.typo, selects)
    is_known = isinstance(scope, str) or scope.anchor() is not None or inventory.is_complete
    foreign = [one for one in unmet if one.key not in vocabulary]
    if not typo and (not is_known or any(map(_is_flag, foreign))):
        return None
    near = typo or _corrected(selection.pods, unmet, vocabulary.nearest, selects)
    where = name_list(names)
    message = f"the only pod in {where} does not match {selection.pods}"
    if count > 1:
        message = f"none of the {count} pods in {where} matches {selection.pods}"
    hint = f"did you mean {near}?" if near else _known_values(vocabulary, unmet)
    is_foreign = bool(unmet) and foreign == unmet and not near
    return NoMatch(message, hint, bool(typo), bool(near), is_foreign)


def _is_flag(requirement: Requirement) -> bool:
    """Whether it requires a label that pods get when needed, such as `quarantine=true`."""
    return requirement.operator is not SelectorOperator.IN or _FLAGS.issuperset(requirement.values)


def _corrected(
    selector: Selector,
    unmet: list[Requirement],
    near: Callable[[Requirement], Label | None],
    selects: Callable[[Selector], bool],
) -> str:
    """The whole selector with labels near those that nothing has, if it selects something; empty if not."""
    labels = {one: near(one) for one in unmet}
    if not labels or None in labels.values():
        return ""
    meant = Selector.all_of(_as_requirement(labels.get(one)) or one for one in selector.requirements)
    return str(meant) if selects(meant) else ""


def _as_requirement(label: Label | None) -> Requirement | None:
    if label is None:
        return None
    operator = SelectorOperator.EXISTS if label.value is None else SelectorOperator.IN
    return Requirement(label.key, operator, () if label.value is None else (label.value,))


def _only(scope: str | Selector, requirement: Requirement) -> PodSelection:
    return PodSelection(scope, Selector.all_of((requirement,)))


def _known_values(vocabulary: Vocabulary, unmet: list[Requirement]) -> str:
    """What pods have where they have the key, in words."""
    for one in unmet:
        if values := vocabulary.values(one.key):
            return f"there is {name_list(f'{one.key}={value}' for value in values)}"
    return ""


def _no_namespace(review: Review, scope: str | Selector) -> NoMatch | None:
    """Why no namespace is selected, where the namespaces and their labels are known."""
    inventory = review.inventory
    labels = inventory.namespace_vocabulary
    message = f"no namespace matches {scope}"
    if isinstance(scope, str):
        message = f"there is no namespace {scope}"
        if scope in INITIAL_NAMESPACES:
            return None
        scope = Selector.all_of((Requirement(NAME_LABEL, SelectorOperator.IN, (scope,)),))
    if scope.anchor() is None:
        return None
    unmet = [one for one in scope.requirements if not inventory.namespaces(Selector.all_of((one,)))]
    named = _named(inventory.declared.__contains__, unmet)
    typo = _corrected(scope, unmet, labels.typo, lambda meant: bool(inventory.namespaces(meant)))
    if not (named or typo or inventory.is_complete):
        return None
    near = typo or _corrected(scope, unmet, labels.nearest, lambda meant: bool(inventory.namespaces(meant)))
    if named:
        hint = f"namespace {named} does not have this label; select it by {NAME_LABEL}={named}"
    else:
        hint = f"did you mean {near}?" if near else _known_values(labels, unmet)
    return NoMatch(message, hint, bool(named or typo), bool(near))


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


CHECKS: tuple[Check, ...] = (selects_nothing, peer_matches_nothing, absent_pods, host_network_selected)
