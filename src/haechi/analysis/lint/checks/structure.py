"""Checks of the structure of a policy: its directions and its lists of rules.

They need no pods, but use those of the input. What the API server rejects is left to it.
"""

from __future__ import annotations

from collections.abc import Iterator

from pyroaring import BitMap

from haechi.analysis.lint.check import Check, Diagnostic, check
from haechi.analysis.lint.facts import Review, WrittenPolicy
from haechi.analysis.lint.finding import Fix
from haechi.model import Direction, Edit, NetworkPolicySpec, Severity, default


@check(
    "rules-without-policy-type",
    Severity.ERROR,
    "policyTypes does not list the direction of these rules, so they have no effect.",
)
def rules_without_policy_type(review: Review) -> Iterator[Diagnostic]:
    """Rules of a direction in which the policy does not isolate."""
    for one in review.policies:
        for direction in sorted({rule.direction for rule in one.rules if not rule.in_force}):
            name = direction.lower()
            yield Diagnostic(
                one.object,
                ("spec", name),
                f"policyTypes does not list {direction}, so these rules have no effect",
                f"add {direction} to policyTypes, or delete {name}",
            )


@check(
    "empty-egress-without-policy-type",
    Severity.ERROR,
    "egress is empty and policyTypes is absent, so the policy does not affect egress.",
)
def empty_egress_without_policy_type(review: Review) -> Iterator[Diagnostic]:
    """`egress: []` that denies nothing."""
    for one in review.policies:
        if _denies_no_egress(review, one):
            yield Diagnostic(
                one.object,
                ("spec", "egress"),
                "egress is empty and policyTypes is absent: an empty list denies egress only if policyTypes lists "
                "Egress, so nothing is denied",
                "add policyTypes with Egress, or delete egress",
            )


def _denies_no_egress(review: Review, policy: WrittenPolicy) -> bool:
    spec = policy.object.spec
    return not spec.policy_types and not spec.egress and review.is_written(policy.object, ("spec", "egress"))


@check(
    "isolates-ingress-too",
    Severity.WARNING,
    "policyTypes is absent and all rules are for egress: the policy also denies all ingress.",
)
def isolates_ingress_too(review: Review) -> Iterator[Diagnostic]:
    """Policies for egress that, by the default of policyTypes, are the only ones that isolate pods for ingress."""
    isolated = _isolated_twice(review)
    for one in review.policies:
        pods = review.pods(one.policy.subject)
        if _has_only_egress(review, one) and (not pods or pods - isolated):
            yield Diagnostic(
                one.object,
                ("spec", "egress"),
                "policyTypes is absent, which always includes Ingress: the policy also denies all ingress of its pods",
                "write policyTypes: [Egress], or [Ingress, Egress] if that is intended",
            )


def _has_only_egress(review: Review, policy: WrittenPolicy) -> bool:
    """Whether it isolates for ingress by the default of policyTypes alone."""
    spec = policy.object.spec
    is_of_egress = bool(spec.egress) and not spec.ingress and not review.is_written(policy.object, ("spec", "ingress"))
    return is_of_egress and not spec.policy_types


def _isolated_twice(review: Review) -> BitMap:
    """The pods that more than one policy isolates for ingress: without one of them they are still isolated."""
    once, twice = BitMap(), BitMap()
    for one in review.policies:
        if Direction.INGRESS in one.policy.directions:
            pods = review.pods(one.policy.subject)
            twice |= once & pods
            once |= pods
    return twice


@check(
    "policy-types-implicit",
    Severity.NOTE,
    "policyTypes is absent: the directions depend on which rules there are.",
    on_request=True,
)
def policy_types_implicit(review: Review) -> Iterator[Diagnostic]:
    """Policies that leave policyTypes to the API server."""
    for one in review.policies:
        if not one.object.spec.policy_types:
            types = list(default(one.object).spec.policy_types)
            is_doubtful = _denies_no_egress(review, one) or _has_only_egress(review, one)  # written out it looks meant
            fix = None if is_doubtful else Fix("write out policyTypes", (_types(one, types),))
            yield Diagnostic(
                one.object,
                ("spec", "policyTypes"),
                f"policyTypes is absent, which means {' and '.join(types)}",
                f"write policyTypes: [{', '.join(types)}]",
                fix,
            )


def _types(policy: WrittenPolicy, types: list[str]) -> Edit:
    if policy.object.spec == NetworkPolicySpec():  # there may be no spec to write into
        return Edit(("spec",), {"podSelector": {}, "policyTypes": types})
    return Edit(("spec", "policyTypes"), types)


CHECKS: tuple[Check, ...] = (
    rules_without_policy_type,
    empty_egress_without_policy_type,
    isolates_ingress_too,
    policy_types_implicit,
)
