"""What an API server accepts and nobody can evaluate is said where it is."""

from __future__ import annotations

import pytest

from haechi.analysis.cluster import Cluster
from haechi.model import Code, Severity, Source, read_manifests

POLICY = """\
apiVersion: policy.networking.k8s.io/v1alpha2
kind: ClusterNetworkPolicy
metadata: {name: c}
spec:
  tier: Admin
  priority: 1
  subject: {namespaces: {}}
  ingress:
  - action: Accept
    from: [{namespaces: {}}]
"""
OLD = """\
apiVersion: policy.networking.k8s.io/v1alpha1
kind: AdminNetworkPolicy
metadata: {name: c}
spec:
  priority: 1
  subject: {namespaces: {}}
  ingress:
  - action: Deny
    from: [{namespaces: {}}]
    ports: [{portRange: {start: 500, end: 400}}]
"""
LIKE = "{matchExpressions: [{key: a, operator: Like}]}"


def located(text: str) -> list[tuple[int, str]]:
    found = Cluster.of(read_manifests([Source("f", text.encode())])).problems
    assert all((one.severity, one.code) == (Severity.WARNING, Code.DOUBTFUL) for one in found)
    return [(one.location.line, one.path) for one in found]


@pytest.mark.parametrize(
    ("text", "places"),
    [
        (POLICY, []),
        (
            POLICY.replace("from: [{namespaces: {}}]", f"from: [{{namespaces: {LIKE}}}]"),
            [(10, "spec.ingress[0].from[0]")],
        ),
        (
            POLICY.replace("subject: {namespaces: {}}", f"subject: {{namespaces: {LIKE}}}"),
            [(7, "spec.subject.namespaces")],
        ),
        (OLD.replace("start: 500", "start: 300"), []),
        (OLD, [(10, "spec.ingress[0].ports[0]")]),
    ],
)
def test_a_part_that_cannot_be_read_is_a_warning_with_its_place(text: str, places: list[tuple[int, str]]) -> None:
    assert located(text) == places
