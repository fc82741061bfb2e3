"""Checks of whom selectors mean now: nobody, or only pods that policies do not see.

Promises to tell of a selector that misses only where the input would show whom it should mean: pods of the same
namespace are there, or the label is one slip of the keyboard away, or the input is a whole cluster. Workloads without
pods, completed pods and Services count as met: their pods may come. Marks such as `quarantine=true`, which pods get at
need, are never missed, and an item beside others that mean somebody only if it is surely a slip.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import NamedTuple

from haechi.analysis.lint.check import Check, Found, check
from haechi.analysis.lint.facts import ALWAYS, Review, Vocabulary, WrittenPeer, WrittenPolicy
from haechi.analysis.lint.finding import Severity
from haechi.analysis.lint.wording import several
from haechi.engine import PodSelection
from haechi.model import NAME_LABEL, Path
from haechi.select import EVERYTHING, Requirement, Selector, SelectorOperator

MOST_LEFT_OUT = 8
"""Requirements of a selector that are tried without."""


_MARKS = frozenset({"", "allow", "allowed", "enabled", "on", "true", "yes"})
"""Values of labels that are put on pods at need."""


class _Miss(NamedTuple):
    """Why a selection means nobody.

    Attributes:
        message: what is not there.
        hint: what to do about it.
        is_slip: whether it is surely a mistake, whatever else the input shows.
        is_foreign: whether no pod there has any of the labels' keys, so that the pods may be those of somebody else.
    """

    message: str
    hint: str
    is_slip: bool = False
    is_foreign: bool = False


@check(
    "selects-nothing",
    Severity.WARNING,
    "podSelector selects none of the pods that the namespace has, so the policy does nothing.",
)
def selects_nothing(review: Review) -> Iterator[Found]:
    """Policies that select no pod of their namespace."""
    misses: dict[PodSelection, _Miss | None] = {}
    for one in review.policies:
        subject = one.policy.subject
        if review.selector(one.object.spec.pod_selector) is None:
            continue
        if subject not in misses:
            misses[subject] = _miss(review, subject)
        if (miss := misses[subject]) is not None:
            places = _places(review, subject)
            if places or not miss.is_foreign or review.population.is_whole:
                hint = _hint_of_policy(review, one, miss, places)
                yield Found(one.object, ("spec", "podSelector"), f"the policy selects nothing: {miss.message}", hint)


def _hint_of_policy(review: Review, policy: WrittenPolicy, miss: _Miss, places: str) -> str:
    if miss.is_slip or not places:
        return miss.hint or "correct the labels, or label the pods that are meant"
    if review.lacks_namespace(policy):
        return f"metadata.namespace is missing, so the policy is in default; such pods are in {places}"
    return f"a policy selects pods of its own namespace only; such pods are in {places}"


def _places(review: Review, selection: PodSelection) -> str:
    """The namespaces of the pods that its labels would mean anywhere."""
    return several(review.population.namespaces_of(review.pods(PodSelection(EVERYTHING, selection.pods))))


@check(
    "peer-matches-nothing",
    Severity.WARNING,
    "An item of from or to means no pod at all.",
)
def peer_matches_nothing(review: Review) -> Iterator[Found]:
    """Items by labels for which nobody is there."""

    @cache
    def miss_of(selection: PodSelection, is_own: bool) -> _Miss | None:
        return _miss(review, selection, is_own=is_own)

    for policy in review.policies:
        for rule, _ in policy.effective:
            found = [(one, _miss_of_peer(one, miss_of)) for one in rule.peers]
            is_alone = all(miss is not None for _, miss in found)
            for peer, miss in found:
                if miss is None or not (miss.is_slip or is_alone):
                    continue
                if miss.is_slip or peer.written.namespace_selector is not None:
                    yield Found(policy.object, peer.path, f"this item allows nothing: {miss.message}", miss.hint)
                elif review.population.shows_others(policy.policy.subject):
                    yield from _own_item(review, policy, peer, miss)


def _miss_of_peer(peer: WrittenPeer, miss_of: Callable[[PodSelection, bool], _Miss | None]) -> _Miss | None:
    return None if peer.selection is None else miss_of(peer.selection, peer.written.namespace_selector is None)


def _own_item(review: Review, policy: WrittenPolicy, peer: WrittenPeer, miss: _Miss) -> Iterator[Found]:
    """Of an item that means pods of the policy's own namespace, as it has no namespaceSelector."""
    places = _places(review, peer.selection) if peer.selection is not None else ""
    if places or not miss.is_foreign or review.population.is_whole:
        message = f"this item allows nothing: {miss.message}"
        elsewhere = f"such pods are in {places}: a podSelector alone means pods of the policy's own namespace"
        yield Found(policy.object, peer.path, message, elsewhere if places else miss.hint)


def _peers(review: Review) -> Iterator[tuple[WrittenPolicy, WrittenPeer, PodSelection]]:
    for policy in review.policies:
        for rule, _ in policy.effective:
            for peer in rule.peers:
                if peer.selection is not None:
                    yield policy, peer, peer.selection


def _miss(review: Review, selection: PodSelection, *, is_own: bool = True) -> _Miss | None:
    """Why a selection means nobody; None if it means somebody, or if the input does not show enough to tell."""
    scope, population = selection.namespaces, review.population
    if selection.pods.contradictory or (isinstance(scope, Selector) and scope.contradictory):
        return None
    if review.pods(selection):
        return None
    names = population.namespaces(scope)
    if not names:
        return None if is_own else _no_namespace(review, scope)
    if population.on_host.meant(names, selection.pods) or population.to_come.meant(names, selection.pods):
        return None
    return _no_pod(review, selection, names)


def _no_pod(review: Review, selection: PodSelection, names: tuple[str, ...]) -> _Miss | None:
    scope, population = selection.namespaces, review.population
    within = len(population.within(scope))
    if not within or selection.pods.anchor() is None:  # nothing is shown, or all but some are meant
        return None
    vocabulary = population.vocabulary(scope)
    unmet = [one for one in selection.pods.requirements if not review.pods(_only(scope, one))]
    is_known = isinstance(scope, str) or scope.anchor() is not None or population.is_whole
    is_slip = any(vocabulary.slip(one) or vocabulary.renamed(one) for one in unmet)
    foreign = [one for one in unmet if one.key not in vocabulary]
    if not is_slip and (not is_known or any(map(_is_mark, foreign))):
        return None
    wanted = str(unmet[0]) if unmet else str(selection.pods)
    where = several(names)
    message = f"the pod of {where} does not meet {wanted}"
    if within > 1:
        message = f"none of the {within} pods of {where} meets {wanted}"
    hint = _hint(vocabulary, unmet) if unmet else _without_one(review, selection)
    return _Miss(message, hint, is_slip, is_foreign=bool(unmet) and foreign == unmet and not is_slip)


def _is_mark(requirement: Requirement) -> bool:
    """Whether it asks for a label that pods get at need, such as `quarantine=true`."""
    return requirement.operator is not SelectorOperator.IN or _MARKS.issuperset(requirement.values)


def _without_one(review: Review, selection: PodSelection) -> str:
    """The one requirement without which some pods are meant, if there is just one."""
    all_of = selection.pods.requirements
    rests = {one: [other for other in all_of if other is not one] for one in all_of[:MOST_LEFT_OUT]}
    found = [(one, review.pods(PodSelection(selection.namespaces, Selector.all_of(r)))) for one, r in rests.items()]
    meant = [(one, pods) for one, pods in found if pods]
    if len(meant) != 1:
        return ""
    names = several(str(owner) for owner, _ in review.population.workloads_of(meant[0][1]))
    return f"without {meant[0][0]} it means {names}"


def _only(scope: str | Selector, requirement: Requirement) -> PodSelection:
    return PodSelection(scope, Selector.all_of((requirement,)))


def _hint(vocabulary: Vocabulary, unmet: list[Requirement]) -> str:
    near = next(filter(None, map(vocabulary.nearest, unmet)), "")
    if near:
        return f"did you mean {near}?"
    for one in unmet:
        if values := vocabulary.values(one.key):
            return f"there is {several(f'{one.key}={value}' for value in values)}"
    return ""


def _no_namespace(review: Review, scope: str | Selector) -> _Miss | None:
    """Why no namespace is meant, where the namespaces and their labels are known."""
    population = review.population
    labels = population.namespace_vocabulary
    if isinstance(scope, str):
        wanted = Requirement(NAME_LABEL, SelectorOperator.IN, (scope,))
        near = labels.slip(wanted)
        if scope in ALWAYS or not (near or population.is_whole):
            return None
        is_slip = bool(near)
        near = near or labels.nearest(wanted)
        return _Miss(f"there is no namespace {scope}", f"did you mean {near}?" if near else "", is_slip)
    if scope.anchor() is None:
        return None
    unmet = [one for one in scope.requirements if not population.namespaces(Selector.all_of((one,)))]
    called = _called(population.declared.__contains__, unmet)
    near = called or next(filter(None, map(labels.slip, unmet)), "")
    if not (near or population.is_whole):
        return None
    wanted_text = str(unmet[0]) if unmet else str(scope)
    if called:
        hint = f"namespace {called} lacks this label; if it is meant, {NAME_LABEL}={called} names it"
    else:
        hint = _hint(labels, unmet)
    return _Miss(f"no namespace meets {wanted_text}", hint, bool(near))


def _called(is_declared: Callable[[str], bool], unmet: list[Requirement]) -> str:
    """The namespace that has a wanted value as its name, and not as the wanted label."""
    values = (value for one in unmet if one.operator is SelectorOperator.IN for value in one.values)
    return next(filter(is_declared, values), "")


@check(
    "host-network-selected",
    Severity.WARNING,
    "A selector means pods on the host's network, which policies do not see as pods.",
)
def host_network_selected(review: Review) -> Iterator[Found]:
    """Policies that select such pods by a label, and peers that mean nobody else."""
    on_host = review.population.on_host
    for one in review.policies:
        pods = review.selector(one.object.spec.pod_selector)
        if pods is not None and pods.anchor() is not None:
            names = on_host.meant((one.key.namespace,), pods)
            if names:
                yield _on_host(
                    one, ("spec", "podSelector"), f"podSelector selects {several(names)} on the host's network", True
                )
    for policy, peer, selection in _peers(review):
        if _is_anchored(peer, selection) and not review.pods(selection):
            names = on_host.meant(review.population.namespaces(selection.namespaces), selection.pods)
            if names:
                yield _on_host(policy, peer.path, f"this item means only {several(names)} on the host's network", False)


def _is_anchored(peer: WrittenPeer, selection: PodSelection) -> bool:
    """Whether an item asks for a label that must be there, so that just these pods are meant."""
    scope = selection.namespaces
    named = peer.written.namespace_selector is not None and (isinstance(scope, str) or scope.anchor() is not None)
    return selection.pods.anchor() is not None or named


def _on_host(policy: WrittenPolicy, path: Path, message: str, is_subject: bool) -> Found:
    effect = (
        "policies have no effect on them" if is_subject else "to policies they are their nodes, so it allows nothing"
    )
    hint = "guard the node itself" if is_subject else "allow the addresses of the nodes by ipBlock"
    return Found(policy.object, path, f"{message}: {effect}", hint)


CHECKS: tuple[Check, ...] = (selects_nothing, peer_matches_nothing, host_network_selected)
