"""A policy as it is written, beside what the engine makes of it."""

from __future__ import annotations

from io import BytesIO

import pytest

from haechi.analysis.cluster.cluster import Cluster
from haechi.analysis.lint.facts.review import Review
from haechi.files import load
from haechi.model import path_text
from tests.building import policy

TEXT = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {%sname: p}
spec: {podSelector: {}, ingress: [], egress: null}
"""


def review(text: str) -> Review:
    return Review(Cluster.of(load(["-"], BytesIO(text.encode()))))


def test_a_field_is_written_even_if_it_is_empty() -> None:
    found = review(TEXT % "")
    (one,) = found.policies
    assert found.is_written(one.object, ("spec", "ingress"))
    assert found.is_written(one.object, ("spec", "egress"))
    assert not found.is_written(one.object, ("spec", "policyTypes"))
    assert not found.is_written(one.object, ("status", "x"))


def test_nothing_is_written_of_what_was_made_in_python() -> None:
    found = Review(Cluster.of([policy("{ingress: []}")]))
    assert not found.is_written(found.policies[0].object, ("spec", "ingress"))


@pytest.mark.parametrize(
    ("namespace", "omits"), [("", True), ("namespace: default, ", False), ("namespace: shop, ", False)]
)
def test_a_namespace_may_be_missing(namespace: str, omits: bool) -> None:
    found = review(TEXT % namespace)
    assert found.omits_namespace(found.policies[0]) is omits


def test_in_python_a_namespace_is_not_missing() -> None:
    found = Review(Cluster.of([policy(namespace="default"), policy(namespace="")]))
    assert not any(map(found.omits_namespace, found.policies))


def test_the_selectors_that_can_be_read() -> None:
    broken = "{matchExpressions: [{key: a, operator: Gt}]}"
    own = (
        f"{{from: [{{podSelector: {broken}}}, {{namespaceSelector: {{}}, podSelector: {{}}}}, {{podSelector: {{}}}}]}}"
    )
    block = "{from: [{ipBlock: {cidr: 10.0.0.0/8}}, {ipBlock: {cidr: 10.0.0.0/8}, podSelector: {}}, {}]}"
    found = Review(Cluster.of([policy(f"{{ingress: [{own}, {block}], egress: [], policyTypes: [Ingress]}}")]))
    assert [(path_text(one.path), one.of_namespaces) for one in found.selectors(found.policies[0])] == [
        ("spec.podSelector", False),
        ("spec.ingress[0].from[1].namespaceSelector", True),
        ("spec.ingress[0].from[1].podSelector", False),
        ("spec.ingress[0].from[2].podSelector", False),
    ]
    unread = Review(Cluster.of([policy(f"{{podSelector: {broken}, egress: [{{to: [{{podSelector: {{}}}}]}}]}}")]))
    assert [path_text(one.path) for one in unread.selectors(unread.policies[0])] == ["spec.egress[0].to[0].podSelector"]
    dead = Review(Cluster.of([policy(f"{{policyTypes: [Egress], ingress: [{own}]}}")]))
    assert [path_text(one.path) for one in dead.selectors(dead.policies[0])] == ["spec.podSelector"]
