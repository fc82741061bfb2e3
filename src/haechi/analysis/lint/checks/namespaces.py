"""Checks of namespaces: the policy's own, and those that peers select by labels.

The input may show only a part of a cluster, so a namespace is reported as unknown only if its name is one typing error
away from another one, if pods that match the policy are elsewhere, or if the input declares all other namespaces.
"""

from __future__ import annotations

from collections.abc import Iterator

from haechi.analysis.lint.check import Check, Diagnostic, check
from haechi.analysis.lint.facts import INITIAL_NAMESPACES, Review, WrittenPeer, WrittenPolicy
from haechi.analysis.lint.wording import name_list
from haechi.engine import PodSelection
from haechi.model import NAME_LABEL, Direction, Severity
from haechi.select import EVERYTHING, Requirement, Selector, SelectorOperator

_NAME_KEYS = frozenset({"name", "namespace", "kubernetes.io/name", "kubernetes.io/namespace", "metadata.name"})
"""Labels by which people select a namespace by its name."""


@check(
    "unknown-namespace",
    Severity.WARNING,
    "The policy is in a namespace that does not exist in the input, while others do.",
)
def unknown_namespace(review: Review) -> Iterator[Diagnostic]:
    """Policies in namespaces that are neither declared nor have pods or workloads."""
    known = review.inventory.namespace_labels
    unknown = {one.key.namespace for one in review.policies} - known.keys() - INITIAL_NAMESPACES
    is_complete = len(unknown) == 1 and review.inventory.populated <= review.inventory.declared != frozenset()
    for one in review.policies if known else ():
        if one.key.namespace not in review.inventory.populated and review.omits_namespace(one):
            yield from _missing(review, one)
        elif one.key.namespace in unknown:
            yield from _unknown(review, one, is_complete=is_complete)


def _missing(review: Review, one: WrittenPolicy) -> Iterator[Diagnostic]:
    elsewhere = _elsewhere(review, one)
    if elsewhere:
        message = f"metadata.namespace is missing, so the policy is in default; matching pods are in {elsewhere}"
        yield Diagnostic(one.object, ("metadata", "name"), message, "write metadata.namespace")


def _unknown(review: Review, one: WrittenPolicy, *, is_complete: bool) -> Iterator[Diagnostic]:
    known, namespace = review.inventory.namespace_labels, one.key.namespace
    near, elsewhere = _near(review, namespace), _elsewhere(review, one)
    if near or elsewhere or is_complete:
        more = f"; matching pods are in {elsewhere}" if elsewhere else ""
        names = name_list(name for name in known if name not in INITIAL_NAMESPACES) or name_list(known)
        hint = f"did you mean {near}?" if near else f"namespaces in the input: {names}"
        yield Diagnostic(one.object, ("metadata", "namespace"), f"there is no namespace {namespace}{more}", hint)


def _near(review: Review, namespace: str) -> str:
    label = review.inventory.namespace_vocabulary.typo(Requirement(NAME_LABEL, SelectorOperator.IN, (namespace,)))
    return (label.value or "") if label is not None else ""


def _elsewhere(review: Review, policy: WrittenPolicy) -> str:
    """The namespaces with pods that match the podSelector, if it requires a label, in words."""
    pods = policy.policy.subject.pods
    if pods.anchor() is None:
        return ""
    return name_list(review.inventory.namespaces_of(review.pods(PodSelection(EVERYTHING, pods))))


@check(
    "tenant-label",
    Severity.NOTE,
    "Peers are selected by labels that others may set, on namespaces or on pods in any namespace.",
    on_request=True,
)
def tenant_label(review: Review) -> Iterator[Diagnostic]:
    """Peers in namespaces that are selected by labels, not by name."""
    for policy in review.policies:
        for rule, _ in policy.effective:
            effect = "who may connect" if rule.direction is Direction.INGRESS else "what may be reached"
            for peer in rule.peers:
                why = _permission(review, peer)
                if why:
                    yield Diagnostic(
                        policy.object,
                        peer.path,
                        f"anyone who may {why} decides {effect}",
                        f"select namespaces by {NAME_LABEL}, which cannot be set to another value",
                    )


def _permission(review: Review, peer: WrittenPeer) -> str:
    """The permission that is enough to be selected by an item, in words; empty if the item names its namespaces."""
    written = peer.written.namespace_selector
    scope = review.selector(written) if written is not None else None
    if peer.selection is None or scope is None or scope.contradictory or _is_named(scope):
        return ""
    labels = [one for one in scope.requirements if one.key != NAME_LABEL]
    if labels:
        return f"label a namespace ({name_list(map(str, labels))})"
    pods = peer.selection.pods
    if pods.requirements and not scope.requirements:
        return f"label a pod in any namespace ({name_list(map(str, pods.requirements))})"
    return ""


def _is_named(scope: Selector) -> bool:
    return any(one.key == NAME_LABEL and one.operator is SelectorOperator.IN for one in scope.requirements)


@check(
    "namespace-name-label",
    Severity.WARNING,
    "A namespaceSelector requires a label that namespaces do not have unless somebody sets it.",
)
def namespace_name_label(review: Review) -> Iterator[Diagnostic]:
    """Items that select a namespace that every cluster has by its name, but under another label than its own."""
    for policy in review.policies:
        for one in review.selectors(policy) if policy.object.spec.ingress or policy.object.spec.egress else ():
            if one.of_namespaces and not review.inventory.namespaces(one.selector):
                named = [each for each in one.selector.requirements if each.key in _NAME_KEYS]
                for name in [
                    each.values[0] for each in named if INITIAL_NAMESPACES.issuperset(each.values) and each.values
                ]:
                    if name not in review.inventory.declared:  # otherwise peer-matches-nothing
                        message = f"no namespace has {one.selector} unless somebody labels it"
                        hint = f"since Kubernetes 1.21 the label {NAME_LABEL}={name} is always there"
                        yield Diagnostic(policy.object, one.path, message, hint)


CHECKS: tuple[Check, ...] = (unknown_namespace, namespace_name_label, tenant_label)
