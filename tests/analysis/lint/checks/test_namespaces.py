"""Namespaces that do not exist, and labels that others set."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haechi.analysis.cluster.cluster import Cluster
from haechi.analysis.lint import Check, Finding, run_checks
from haechi.analysis.lint.checks.namespaces import tenant_label, unknown_namespace
from haechi.model import Namespace, NetworkPolicy, Node, Object, Pod
from tests import clusters
from tests.analysis.lint.linting import LARGE_EXAMPLES, found
from tests.building import namespace, pod, policy

Some = Namespace | Node | Pod | NetworkPolicy
SELECTING = "{podSelector: {matchLabels: {app: web}}}"
WEB = pod("shop/web", "10.0.0.1", marks="app=web")
DB = pod("shop/db", "10.0.0.2", marks="app=db")


def findings(check: Check, *objects: Object) -> tuple[Finding, ...]:
    return run_checks(Cluster.of(objects), [check])


# -- unknown-namespace -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("home", "objects", "message", "hint"),
    [
        ("shopp", [DB], "there is no namespace shopp", "did you mean shop?"),
        ("prod", [namespace("shop")], "there is no namespace prod", "namespaces in the input: shop"),
        (
            "prod",
            [WEB],
            "there is no namespace prod; matching pods are in shop",
            "namespaces in the input: shop",
        ),
    ],
)
def test_namespaces_that_do_not_exist(home: str, objects: list[Object], message: str, hint: str) -> None:
    (finding,) = findings(unknown_namespace, policy(SELECTING, namespace=home), *objects)
    assert (finding.message, finding.hint, finding.path) == (message, hint, "metadata.namespace")


@pytest.mark.parametrize(
    ("home", "objects"),
    [
        ("shop", [WEB]),
        ("shop", [namespace("shop")]),
        ("shop", []),  # policies alone show no namespaces
        ("prod", [namespace("shop"), pod("other/a", "10.0.0.9")]),  # not all existing ones are declared
        ("prod", [namespace("shop"), policy(namespace="stage")]),
        ("prod", [DB]),  # manifests of one namespace do not show the others
        ("default", [WEB, namespace("shop")]),  # every cluster has it, and it is written
        ("kube-system", [WEB, namespace("shop")]),
        ("shop", [pod("shop/agent", "10.0.0.1", host_network=True), namespace("x")]),
    ],
)
def test_namespaces_that_may_exist(home: str, objects: list[Object]) -> None:
    assert findings(unknown_namespace, policy(SELECTING, namespace=home), *objects) == ()


def manifests(home: str = "", pods: str = "shop", label: str = "app: web") -> str:
    return f"""\
apiVersion: v1
kind: Pod
metadata: {{name: web, namespace: {pods}, labels: {{app: web}}}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{{home}name: p}}
spec: {{podSelector: {{matchLabels: {{{label}}}}}}}
"""


def test_a_missing_namespace() -> None:
    (finding,) = found(manifests(), "unknown-namespace")
    assert finding.message == "metadata.namespace is missing, so the policy is in default; matching pods are in shop"
    assert str(finding.location).endswith(":7:12")


@pytest.mark.parametrize(
    "text",
    [
        manifests("namespace: default, "),
        manifests("namespace: shop, "),
        manifests(pods="default"),
        manifests(label="app: other"),
    ],
)
def test_a_policy_in_default_may_be_intended(text: str) -> None:
    assert found(text, "unknown-namespace") == ()


@LARGE_EXAMPLES
@given(st.lists(clusters.objects(readable=False), max_size=8))
def test_no_pod_is_in_a_reported_namespace(objects: list[Some]) -> None:
    homes = {
        one.name if isinstance(one, Namespace) else one.namespace for one in objects if isinstance(one, Namespace | Pod)
    }
    for finding in findings(unknown_namespace, *objects):
        assert homes
        assert finding.subject.split("/")[1] not in homes


# -- tenant-label ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("peer", "why"),
    [
        ("{namespaceSelector: {matchLabels: {team: ops}}}", "label a namespace (team=ops)"),
        (
            "{namespaceSelector: {matchExpressions: [{key: stage, operator: DoesNotExist}]}}",
            "label a namespace (!stage)",
        ),
        (
            "{namespaceSelector: {}, podSelector: {matchLabels: {app: dns}}}",
            "label a pod in any namespace (app=dns)",
        ),
        ("{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: ops}}}", ""),
        ("{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: ops, team: ops}}}", ""),
        ("{namespaceSelector: {}}", ""),
        ("{namespaceSelector: {}, podSelector: {}}", ""),
        ("{podSelector: {matchLabels: {app: web}}}", ""),
        ("{ipBlock: {cidr: 10.0.0.0/8}}", ""),
    ],
)
def test_who_decides_which_peers_are_allowed(peer: str, why: str) -> None:
    one = policy(f"{{ingress: [{{from: [{peer}]}}], egress: [{{to: [{peer}]}}]}}")
    messages = [finding.message for finding in findings(tenant_label, one)]
    both = [f"anyone who may {why} decides what may be reached", f"anyone who may {why} decides who may connect"]
    assert messages == (both if why else [])
