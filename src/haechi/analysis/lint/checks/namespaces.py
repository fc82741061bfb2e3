"""Checks of namespaces: of the policy's own, and of those that peers choose by labels.

Promises not to miss namespaces in an input that shows only a part of a cluster: a namespace is called unknown only if
its name is one slip away from another's, if the policy's pods are elsewhere, or if the input declares all others.
"""

from __future__ import annotations

from collections.abc import Iterator

from haechi.analysis.lint.check import Check, Found, check
from haechi.analysis.lint.facts import ALWAYS, Review, WrittenPeer, WrittenPolicy
from haechi.analysis.lint.finding import Severity
from haechi.analysis.lint.wording import several
from haechi.engine import PodSelection
from haechi.model import NAME_LABEL, Direction
from haechi.select import EVERYTHING, Requirement, Selector, SelectorOperator


@check(
    "unknown-namespace",
    Severity.WARNING,
    "The policy is in a namespace that the input does not have, while it has others.",
)
def unknown_namespace(review: Review) -> Iterator[Found]:
    """Policies in namespaces that are neither declared nor have pods or workloads."""
    known = review.population.labels
    unknown = {one.key.namespace for one in review.policies} - known.keys() - ALWAYS
    is_complete = len(unknown) == 1 and review.populated <= review.population.declared != frozenset()
    for one in review.policies if known else ():
        if one.key.namespace not in review.populated and review.lacks_namespace(one):
            yield from _missing(review, one)
        elif one.key.namespace in unknown:
            yield from _unknown(review, one, is_complete=is_complete)


def _missing(review: Review, one: WrittenPolicy) -> Iterator[Found]:
    elsewhere = _elsewhere(review, one)
    if elsewhere:
        message = (
            f"metadata.namespace is missing, so the policy is in default; its podSelector means pods in {elsewhere}"
        )
        yield Found(one.object, ("metadata", "name"), message, "write metadata.namespace")


def _unknown(review: Review, one: WrittenPolicy, *, is_complete: bool) -> Iterator[Found]:
    known, namespace = review.population.labels, one.key.namespace
    near, elsewhere = _near(review, namespace), _elsewhere(review, one)
    if near or elsewhere or is_complete:
        more = f"; its podSelector means pods in {elsewhere}" if elsewhere else ""
        names = several(name for name in known if name not in ALWAYS) or several(known)
        hint = f"did you mean {near}?" if near else f"the namespaces of the input are {names}"
        yield Found(one.object, ("metadata", "namespace"), f"there is no namespace {namespace}{more}", hint)


def _near(review: Review, namespace: str) -> str:
    wanted = Requirement(NAME_LABEL, SelectorOperator.IN, (namespace,))
    return review.population.namespace_vocabulary.slip(wanted).rpartition("=")[2]


def _elsewhere(review: Review, policy: WrittenPolicy) -> str:
    """The namespaces of the pods that the policy's labels, if it names any, would mean anywhere."""
    pods = policy.policy.subject.pods
    if pods.anchor() is None:
        return ""
    return several(review.population.namespaces_of(review.pods(PodSelection(EVERYTHING, pods))))


@check(
    "tenant-label",
    Severity.NOTE,
    "Whoever may label namespaces, or pods in any namespace, decides who is meant.",
    on_request=True,
)
def tenant_label(review: Review) -> Iterator[Found]:
    """Peers of namespaces that are not named, but chosen by labels that others set."""
    for policy in review.policies:
        for rule, _ in policy.effective:
            verb = "gets in" if rule.direction is Direction.INGRESS else "is reached"
            for peer in rule.peers:
                why = _trusted(review, peer)
                if why:
                    yield Found(
                        policy.object,
                        peer.path,
                        f"whoever may {why} decides who {verb}",
                        f"name the namespaces by {NAME_LABEL}, which nobody can set",
                    )


def _trusted(review: Review, peer: WrittenPeer) -> str:
    """What somebody must be allowed to do to be meant by an item; empty if the item names its namespaces."""
    written = peer.written.namespace_selector
    scope = review.selector(written) if written is not None else None
    if peer.selection is None or scope is None or scope.contradictory or _is_named(scope):
        return ""
    labels = [one for one in scope.requirements if one.key != NAME_LABEL]
    if labels:
        return f"label a namespace ({several(map(str, labels))})"
    pods = peer.selection.pods
    if pods.requirements and not scope.requirements:
        return f"label a pod in any namespace ({several(map(str, pods.requirements))})"
    return ""


def _is_named(scope: Selector) -> bool:
    return any(one.key == NAME_LABEL and one.operator is SelectorOperator.IN for one in scope.requirements)


CHECKS: tuple[Check, ...] = (unknown_namespace, tenant_label)
