"""Selectors by themselves, against every set of labels that selectors can distinguish."""

from __future__ import annotations

from itertools import product
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haechi.analysis.cluster.cluster import Cluster
from haechi.analysis.lint import Check, Finding, run_checks
from haechi.analysis.lint.checks.selectors import contradictory_selector, redundant_expression, unstable_label
from haechi.model import LabelSelector, Namespace, NetworkPolicy, NetworkPolicySpec, Node, ObjectMeta, Pod
from haechi.reference import parts, reference
from tests import clusters
from tests.analysis.lint.fixing import fixed
from tests.analysis.lint.linting import LARGE_EXAMPLES, found
from tests.building import policy, selector, tier_policy

Some = Namespace | Node | Pod | NetworkPolicy
HAS = "{operator: Exists, key:"
NOT = "{key: a, operator: NotIn, values:"
UNIVERSE = [
    {key: value for key, value in zip(clusters.KEYS, values, strict=True) if value}
    for values in product(("", "other", *clusters.VALUES), repeat=len(clusters.KEYS))
]
"""Labels that distinguish any two selectors of `clusters.selectors`: absent, any of their values, and one more."""


def selecting(one: LabelSelector) -> NetworkPolicy:
    return NetworkPolicy(metadata=ObjectMeta(name="p", namespace="x"), spec=NetworkPolicySpec(pod_selector=one))


def findings(check: Check, *policies: NetworkPolicy) -> tuple[Finding, ...]:
    return run_checks(Cluster.of(policies), [check])


def meant(one: LabelSelector) -> list[bool]:
    return [parts.selects(one, labels) for labels in UNIVERSE]


@st.composite
def crowded(draw: st.DrawFn) -> LabelSelector:
    """A selector with many expressions on few keys."""
    expressions = draw(st.lists(clusters.requirements(), max_size=5))
    pairs = draw(st.dictionaries(st.sampled_from(clusters.KEYS), st.sampled_from(clusters.VALUES), max_size=1))
    return LabelSelector(match_labels=pairs, match_expressions=tuple(expressions))


def without(one: LabelSelector, *numbers: int) -> LabelSelector:
    rest = tuple(e for n, e in enumerate(one.match_expressions) if n not in numbers)
    return LabelSelector(match_labels=one.match_labels, match_expressions=rest)


def number(finding: Finding) -> int:
    assert finding.path.startswith("spec.podSelector.matchExpressions[")
    return int(finding.path.rpartition("[")[2].rstrip("]"))


# -- contradictory-selector ------------------------------------------------------------------------------------------


@given(crowded())
def test_a_contradiction_is_reported_exactly_where_no_labels_match(one: LabelSelector) -> None:
    found = findings(contradictory_selector, selecting(one))
    assert len(found) == (not any(meant(one)))
    for finding in found:
        rest = without(one, *range(number(finding) + 1, len(one.match_expressions)))
        assert not any(meant(rest))  # up to the named requirement it is one already


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "{matchLabels: {a: '1'}, matchExpressions: [{key: a, operator: NotIn, values: ['1', '2']}]}",
            "no pod can match a notin (1,2) and a=1, so the policy selects nothing",
        ),
        (
            f"{{matchExpressions: [{HAS} a}}, {HAS} b}}, {{key: a, operator: DoesNotExist}}]}}",
            "no pod can match !a and a, so the policy selects nothing",
        ),
        (
            f"{{matchExpressions: [{{key: a, operator: In, values: ['1', '2']}}, {NOT} ['1']}}, {NOT} ['2']}}]}}",
            "no pod can match a notin (2) and all other requirements on a, so the policy selects nothing",
        ),
    ],
)
def test_the_two_that_contradict_are_named(text: str, message: str) -> None:
    (finding,) = findings(contradictory_selector, selecting(selector(text)))
    assert finding.message == message


def test_selectors_of_peers_are_checked_in_rules_in_force() -> None:
    never = "{matchExpressions: [{key: a, operator: Exists}, {key: a, operator: DoesNotExist}]}"
    rules = f"[{{from: [{{podSelector: {never}}}, {{namespaceSelector: {never}}}]}}]"
    one = findings(contradictory_selector, policy(f"{{ingress: {rules}}}"))
    assert [(finding.path, finding.message) for finding in one] == [
        (
            "spec.ingress[0].from[0].podSelector.matchExpressions[1]",
            "no pod can match !a and a, so this item allows nothing",
        ),
        (
            "spec.ingress[0].from[1].namespaceSelector.matchExpressions[1]",
            "no namespace can match !a and a, so this item allows nothing",
        ),
    ]
    assert findings(contradictory_selector, policy(f"{{policyTypes: [Egress], ingress: {rules}}}")) == ()


# -- redundant-expression --------------------------------------------------------------------------------------------


@given(crowded())
def test_without_redundant_expressions_the_selector_is_the_same_and_no_other_is_redundant(one: LabelSelector) -> None:
    if not any(meant(one)):
        assert findings(redundant_expression, selecting(one)) == ()
        return
    numbers = [number(finding) for finding in findings(redundant_expression, selecting(one))]
    rest = without(one, *numbers)
    assert meant(rest) == meant(one)
    for place in range(len(rest.match_expressions)):
        assert meant(without(rest, place)) != meant(rest)


@given(crowded())
def test_each_fix_by_itself_resolves_its_finding_and_changes_no_meaning(one: LabelSelector) -> None:
    before = findings(redundant_expression, selecting(one))
    for finding in before:
        after = fixed(selecting(one), finding)
        assert meant(after.spec.pod_selector) == meant(one)
        assert len(findings(redundant_expression, after)) == len(before) - 1


@LARGE_EXAMPLES
@given(clusters.policies(readable=False), st.lists(clusters.objects(), max_size=8), st.randoms(use_true_random=False))
def test_fixes_change_no_verdict(one: NetworkPolicy, objects: list[Some], random: Random) -> None:
    for finding in findings(redundant_expression, one):
        before = clusters.cluster([*objects, one])
        after = clusters.cluster([*objects, fixed(one, finding)])
        for packet in clusters.probes(before, random)[:30]:
            assert reference.allowed(after, packet) == reference.allowed(before, packet)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("{key: a, operator: Exists}", "a is implied by a=1"),
        ("{key: a, operator: In, values: ['1', '1']}", "a=1 is implied by a=1"),
        ("{key: a, operator: NotIn, values: ['2']}", "a notin (2) is implied by a=1"),
    ],
)
def test_the_implying_requirement_is_named_and_an_empty_list_is_deleted(expression: str, message: str) -> None:
    one = selecting(selector(f"{{matchLabels: {{a: '1'}}, matchExpressions: [{expression}]}}"))
    (finding,) = findings(redundant_expression, one)
    assert finding.message == message
    assert fixed(one, finding).spec.pod_selector == selector("{matchLabels: {a: '1'}}")


def test_the_later_of_two_equal_ones_is_reported() -> None:
    twice = "{key: a, operator: Exists}"
    (finding,) = findings(redundant_expression, selecting(selector(f"{{matchExpressions: [{twice}, {twice}]}}")))
    assert number(finding) == 1


def test_an_expression_may_be_implied_by_the_rest_together() -> None:
    text = (
        "{matchExpressions: [{key: a, operator: NotIn, values: ['1', '2']}, {key: a, operator: NotIn, values: ['1']}, "
        "{key: b, operator: Exists}, {key: a, operator: In, values: ['1', '3']}, "
        "{key: a, operator: In, values: ['3', '2', '4']}]}"
    )
    one = selecting(selector(text))
    numbers = [number(finding) for finding in findings(redundant_expression, one)]
    assert meant(without(one.spec.pod_selector, *numbers)) == meant(one.spec.pod_selector)


def test_other_keys_and_lone_expressions_are_needed() -> None:
    text = "{matchLabels: {a: '1'}, matchExpressions: [{key: b, operator: Exists}]}"
    assert findings(redundant_expression, selecting(selector(text))) == ()
    assert findings(redundant_expression, selecting(selector("{matchExpressions: [{key: a, operator: Exists}]}"))) == ()


def test_very_long_lists_are_skipped() -> None:
    many = ", ".join(["{key: a, operator: Exists}"] * 10_000)
    assert findings(redundant_expression, selecting(selector(f"{{matchExpressions: [{many}]}}"))) == ()


# -- unstable-label --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("{matchLabels: {pod-template-hash: abc}}", 1),
        ("{matchLabels: {controller-revision-hash: abc, app: web}}", 1),
        ("{matchLabels: {batch.kubernetes.io/controller-uid: abc}}", 1),
        ("{matchExpressions: [{key: pod-template-hash, operator: NotIn, values: [abc]}]}", 1),
        ("{matchExpressions: [{key: pod-template-hash, operator: Exists}]}", 0),  # pods of Deployments, whichever
        ("{matchLabels: {job-name: backup-28391234}}", 1),
        ("{matchLabels: {batch.kubernetes.io/job-name: backup-28391234}}", 1),
        ("{matchLabels: {job-name: migrate-v2}}", 0),
        ("{matchLabels: {job-name: backup-28391234-x}}", 0),
        ("{matchLabels: {statefulset.kubernetes.io/pod-name: db-0, apps.kubernetes.io/pod-index: '0'}}", 0),
    ],
)
def test_labels_that_controllers_change(text: str, count: int) -> None:
    assert len(findings(unstable_label, selecting(selector(text)))) == count
    peers = f"{{ingress: [{{from: [{{podSelector: {text}, namespaceSelector: {text}}}]}}]}}"
    assert len(findings(unstable_label, policy(peers))) == count  # a namespace may have such a label: it stays


def test_the_label_is_where_the_finding_points() -> None:
    text = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: web
spec:
  podSelector:
    matchLabels:
      app: web
      pod-template-hash: abc
"""
    (finding,) = found(text, "unstable-label")
    assert str(finding.location).endswith(":9:7")


# -- tiers -----------------------------------------------------------------------------------------------------------

NEVER = "{matchExpressions: [{key: a, operator: Exists}, {key: a, operator: DoesNotExist}]}"


@pytest.mark.parametrize(
    ("subject", "peer", "message"),
    [
        (NEVER, "namespaces: {}", "no namespace can match !a and a, so the policy selects nothing"),
        ("{}", f"namespaces: {NEVER}", "no namespace can match !a and a, so this item matches nothing"),
        ("{}", f"pods: {{podSelector: {NEVER}}}", "no pod can match !a and a, so this item matches nothing"),
        ("{}", f"nodes: {NEVER}", "no node can match !a and a, so this item matches nothing"),
    ],
)
def test_selectors_of_tiers_are_checked_as_well(subject: str, peer: str, message: str) -> None:
    rule = f"{{action: Deny, to: [{{{peer}}}]}}"
    one = tier_policy(f"{{tier: Admin, priority: 1, subject: {{namespaces: {subject}}}, egress: [{rule}]}}")
    (finding,) = run_checks(Cluster.of([one]), [contradictory_selector])
    assert finding.message == message
    assert finding.path.startswith("spec.subject.namespaces" if subject == NEVER else "spec.egress[0].to[0].")
