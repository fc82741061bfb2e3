"""The breadth of selectors, against asking every pod."""

from __future__ import annotations

from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haechi.analysis.cluster.cluster import Cluster
from haechi.analysis.lint import Check, Finding, run_checks
from haechi.analysis.lint.checks.breadth import partial_workload, selects_everything
from haechi.model import LabelSelector, Namespace, NetworkPolicy, NetworkPolicySpec, Node, Object, ObjectMeta, Pod
from haechi.reference import parts, reference
from tests import clusters
from tests.analysis.cluster.test_owners import owned
from tests.analysis.lint.linting import LARGE_EXAMPLES
from tests.building import namespace, pod, policy

Some = Namespace | Node | Pod | NetworkPolicy
SHOP = [pod("x/web", "10.0.0.1", marks="app=web,team=shop"), pod("x/db", "10.0.0.2", marks="app=db,team=shop")]
TEAM = "{matchLabels: {team: shop}}"


def findings(check: Check, *objects: Object) -> tuple[Finding, ...]:
    return run_checks(Cluster.of(objects), [check])


# -- selects-everything ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spec", "messages"),
    [
        (f"{{podSelector: {TEAM}}}", ["team=shop selects all 2 pods in x"]),
        ("{podSelector: {}}", []),
        ("{podSelector: {matchLabels: {app: web}}}", []),
        (f"{{ingress: [{{from: [{{podSelector: {TEAM}}}]}}]}}", ["team=shop selects all 2 pods in x"]),
        ("{ingress: [{from: [{namespaceSelector: {matchLabels: {a: '1'}}}]}]}", ["a=1 selects all 2 namespaces"]),
        ("{ingress: [{from: [{namespaceSelector: {matchLabels: {b: '1'}}}]}]}", []),
    ],
)
def test_selectors_of_everything(spec: str, messages: list[str]) -> None:
    both = [namespace("x", "a=1,b=1"), namespace("y", "a=1")]
    assert [one.message for one in findings(selects_everything, policy(spec), *SHOP, *both)] == messages


def test_one_pod_is_not_everything() -> None:
    assert findings(selects_everything, policy(f"{{podSelector: {TEAM}}}"), SHOP[0]) == ()


@LARGE_EXAMPLES
@given(st.lists(st.one_of(clusters.objects(readable=False), clusters.pods()), max_size=10))
def test_policies_that_select_everything_are_those_that_leave_no_pod_out(objects: list[Some]) -> None:
    cluster = clusters.cluster([*objects])
    last: list[Object] = [*cluster.pods, *cluster.namespaces, *cluster.nodes, *cluster.policies]
    expected = set()
    for one in cluster.policies:
        wanted = parts.expressions(one.spec.pod_selector)
        home = [each for each in cluster.pods if each.namespace == one.namespace and reference.is_policed(each)]
        judged = wanted and all(map(parts.is_readable, wanted)) and len(home) > 1
        if judged and all(parts.selects(one.spec.pod_selector, each.labels) for each in home):
            expected.add(one.display_name)
    found = [finding for finding in findings(selects_everything, *last) if finding.path == "spec.podSelector"]
    assert {finding.subject for finding in found} == expected


# -- partial-workload ------------------------------------------------------------------------------------------------


def replica(name: str, marks: str, of: str = "web") -> Pod:
    return owned((("StatefulSet", of, True),), marks, f"x/{name}")


def test_the_pods_that_are_left_out_are_named() -> None:
    pods = [replica("web-0", "app=web,tier=front"), replica("web-1", "app=web"), replica("web-2", "app=web")]
    one = policy("{podSelector: {matchLabels: {tier: front}}}")
    (finding,) = findings(partial_workload, one, *pods)
    assert finding.message == "podSelector selects 1 of 3 pods of x/web[StatefulSet], but not web-1 and web-2"


@pytest.mark.parametrize("spec", ["{podSelector: {}}", "{podSelector: {matchLabels: {app: web}}}"])
def test_complete_workloads_are_not_reported(spec: str) -> None:
    pods = [replica("web-0", "app=web,tier=front"), replica("web-1", "app=web"), replica("db-0", "app=db", "db")]
    assert findings(partial_workload, policy(spec), *pods) == ()


@given(st.lists(st.tuples(st.sampled_from("ab"), clusters.labels), max_size=6), clusters.selectors())
def test_a_workload_is_reported_exactly_if_some_are_selected_and_some_not(
    given: list[tuple[str, dict[str, str]]], selector: LabelSelector
) -> None:
    meta = ObjectMeta(name="p", namespace="x")
    one = NetworkPolicy(metadata=meta, spec=NetworkPolicySpec(pod_selector=selector))
    pods, selected = [], defaultdict(set)
    for number, (of, marks) in enumerate(given):
        text = ",".join(f"{key}={value}" for key, value in marks.items())
        pods.append(replica(f"p-{number}", text, of))
        selected[of].add(parts.selects(selector, marks))
    assert len(findings(partial_workload, one, *pods)) == any(len(both) == 2 for both in selected.values())
