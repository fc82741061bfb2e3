"""Directions and lists of rules, against the reference."""

from __future__ import annotations

from random import Random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from haechi.analysis.cluster.cluster import Cluster
from haechi.analysis.lint import Check, Finding, run_checks
from haechi.analysis.lint.checks.structure import (
    CHECKS,
    isolates_ingress_too,
    policy_types_implicit,
    rules_without_policy_type,
)
from haechi.model import Namespace, NetworkPolicy, NetworkPolicySpec, Node, Object, Pod, default
from haechi.model.verdict import Direction
from haechi.reference import parts, reference
from tests import clusters
from tests.analysis.lint.fixing import fixed
from tests.analysis.lint.linting import LARGE_EXAMPLES, found
from tests.building import pod, policy

Some = Namespace | Node | Pod | NetworkPolicy
RANDOM = st.randoms(use_true_random=False)
OPEN = "[{to: [{podSelector: {}}]}]"


def findings(check: Check, *objects: Object) -> tuple[Finding, ...]:
    return run_checks(Cluster.of(objects), [check])


def text(spec: str) -> str:
    return f"apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: p}}\nspec: {spec}\n"


def same(before: parts.ClusterObjects, after: parts.ClusterObjects, random: Random) -> bool:
    packets = clusters.probes(before, random)[:40]
    return all(reference.allowed(before, one) == reference.allowed(after, one) for one in packets)


# -- rules-without-policy-type ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spec", "paths"),
    [
        ("{podSelector: {}, policyTypes: [Ingress], egress: [{}]}", ["spec.egress"]),
        ("{podSelector: {}, policyTypes: [Egress], ingress: [{}, {}]}", ["spec.ingress"]),
        ("{podSelector: {}, policyTypes: [Egress, Ingress], ingress: [{}], egress: [{}]}", []),
        ("{podSelector: {}, policyTypes: [Ingress], egress: []}", []),
        ("{podSelector: {}, ingress: [{}], egress: [{}]}", []),  # both depend on the rules
        ("{podSelector: {}, policyTypes: [], egress: [{}]}", []),
    ],
)
def test_rules_of_a_direction_that_is_not_listed(spec: str, paths: list[str]) -> None:
    assert [one.path for one in found(text(spec), "rules-without-policy-type")] == paths


@LARGE_EXAMPLES
@given(clusters.policies(readable=False), st.lists(clusters.objects(), max_size=8), RANDOM)
def test_such_rules_have_no_effect(one: NetworkPolicy, objects: list[Some], random: Random) -> None:
    for finding in findings(rules_without_policy_type, one):
        rest = msgspec.structs.replace(one.spec, **{finding.path.removeprefix("spec."): ()})
        after = msgspec.structs.replace(one, spec=rest)
        assert same(clusters.cluster([*objects, one]), clusters.cluster([*objects, after]), random)


@LARGE_EXAMPLES
@given(clusters.policies(readable=False))
def test_without_policy_types_there_are_none(one: NetworkPolicy) -> None:
    without = msgspec.structs.replace(one, spec=msgspec.structs.replace(one.spec, policy_types=()))
    assert findings(rules_without_policy_type, without) == ()


# -- empty-egress-without-policy-type --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spec", "count"),
    [
        ("{podSelector: {}, egress: []}", 1),
        ("{podSelector: {}, egress: null}", 1),
        ("{podSelector: {}, policyTypes: [], egress: []}", 1),
        ("{podSelector: {}}", 0),
        ("{podSelector: {}, ingress: []}", 0),
        ("{podSelector: {}, egress: [{}]}", 0),
        ("{podSelector: {}, policyTypes: [Egress], egress: []}", 0),
        ("{podSelector: {}, policyTypes: [Ingress], egress: []}", 0),  # the author chose that
    ],
)
def test_an_empty_egress_that_denies_nothing(spec: str, count: int) -> None:
    one = found(text(spec), "empty-egress-without-policy-type")
    assert len(one) == count
    assert [str(finding.location).rpartition(":")[0][-2:] for finding in one] == [":4"] * count


def test_in_json_too() -> None:
    one = '{"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "p"}, "spec": %s}'
    assert len(found(one % '{"podSelector": {}, "egress": []}', "empty-egress-without-policy-type")) == 1
    assert found(one % '{"podSelector": {}}', "empty-egress-without-policy-type") == ()


def test_policies_made_in_python_have_no_empty_fields() -> None:
    assert run_checks(Cluster.of([policy("{egress: []}")]), CHECKS[1:2]) == ()


# -- isolates-ingress-too --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spec", "count"),
    [
        (f"{{podSelector: {{}}, egress: {OPEN}}}", 1),
        (f"{{podSelector: {{}}, ingress: [], egress: {OPEN}}}", 0),  # written out
        (f"{{podSelector: {{}}, ingress: [{{}}], egress: {OPEN}}}", 0),
        (f"{{podSelector: {{}}, policyTypes: [Egress], egress: {OPEN}}}", 0),
        (f"{{podSelector: {{}}, policyTypes: [Ingress, Egress], egress: {OPEN}}}", 0),
        ("{podSelector: {}}", 0),
    ],
)
def test_egress_rules_alone_isolate_for_ingress(spec: str, count: int) -> None:
    assert len(found(text(spec), "isolates-ingress-too")) == count


@pytest.mark.parametrize(
    ("others", "count"),
    [
        ([], 1),
        (["{podSelector: {}, policyTypes: [Ingress]}"], 0),  # isolated anyway
        (["{podSelector: {matchLabels: {app: web}}, policyTypes: [Ingress]}"], 1),  # but for one
        (["{podSelector: {}, policyTypes: [Egress]}"], 1),
    ],
)
def test_pods_that_others_isolate_anyway_are_not_reported(others: list[str], count: int) -> None:
    pods = [pod("x/web", "10.0.0.1", marks="app=web"), pod("x/db", "10.0.0.2", marks="app=db")]
    more = [policy(one, name=f"q{number}") for number, one in enumerate(others)]
    assert len(findings(isolates_ingress_too, policy(f"{{egress: {OPEN}}}"), *pods, *more)) == count


@LARGE_EXAMPLES
@given(st.lists(clusters.objects(readable=False), max_size=9))
def test_it_is_reported_exactly_where_egress_alone_would_change_ingress(objects: list[Some]) -> None:
    cluster = clusters.cluster(objects)
    seen = [one for one in cluster.pods if reference.is_policed(one)]
    expected = set()
    for one in cluster.policies:
        others = [other for other in cluster.policies if other is not one]
        mine = [each for each in seen if reference.isolates(one, each, Direction.INGRESS)]
        shut = [each for each in mine if any(reference.isolates(p, each, Direction.INGRESS) for p in others)]
        if not one.spec.policy_types and one.spec.egress and not one.spec.ingress and (not mine or shut != mine):
            expected.add(one.display_name)
    last: list[Object] = [*cluster.pods, *cluster.namespaces, *cluster.nodes, *cluster.policies]
    assert {finding.subject for finding in findings(isolates_ingress_too, *last)} == expected


# -- policy-types-implicit -------------------------------------------------------------------------------------------


@LARGE_EXAMPLES
@given(clusters.policies(readable=False), st.lists(clusters.objects(), max_size=8), RANDOM)
def test_written_out_the_policy_is_the_same(one: NetworkPolicy, objects: list[Some], random: Random) -> None:
    found = findings(policy_types_implicit, one)
    assert len(found) == (not one.spec.policy_types)
    for finding in found:
        is_doubtful = bool(findings(isolates_ingress_too, one))
        assert (finding.fix is None) == is_doubtful
        if is_doubtful:
            continue
        after = fixed(one, finding)
        assert findings(policy_types_implicit, after) == ()
        assert default(after) == default(one)
        assert same(clusters.cluster([*objects, one]), clusters.cluster([*objects, after]), random)


@pytest.mark.parametrize("one", [NetworkPolicy(), NetworkPolicy(spec=NetworkPolicySpec()), policy("{}")])
def test_a_policy_of_defaults_only_can_be_written_out(one: NetworkPolicy) -> None:
    (finding,) = findings(policy_types_implicit, one)
    assert fixed(one, finding).spec == NetworkPolicySpec(policy_types=("Ingress",))
