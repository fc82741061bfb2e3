"""`list` where policies of tiers decide before and after NetworkPolicies."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Haechi

CLUSTER = """\
apiVersion: policy.networking.k8s.io/v1alpha2
kind: ClusterNetworkPolicy
metadata: {name: guard}
spec:
  tier: Admin
  priority: 10
  subject: {namespaces: {matchLabels: {kubernetes.io/metadata.name: shop}}}
  ingress:
  - action: Deny
    from: [{namespaces: {}}]
    protocols: [{tcp: {destinationPort: {number: 22}}}]
  - action: Accept
    from: [{pods: {podSelector: {matchLabels: {app: monitor}}}}]
    protocols: [{destinationNamedPort: metrics}]
  egress:
  - action: Deny
    to: [{networks: [169.254.169.254/32]}, {nodes: {}}]
---
apiVersion: policy.networking.k8s.io/v1alpha1
kind: BaselineAdminNetworkPolicy
metadata: {name: default}
spec:
  subject: {namespaces: {}}
  ingress:
  - action: Deny
    from: [{namespaces: {}}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db, namespace: shop}
spec:
  podSelector: {matchLabels: {app: db}}
  ingress:
  - from: [{podSelector: {matchLabels: {app: web}}}]
    ports: [{port: 5432}]
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop, labels: {app: db}}
spec: {containers: [{name: c, ports: [{name: metrics, containerPort: 9187}]}]}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
---
apiVersion: v1
kind: Pod
metadata: {name: m, namespace: watch, labels: {app: monitor}}
"""


def test_connections_between_pods(haechi: Haechi) -> None:
    assert haechi("list", "-", "--no-external", "-q", stdin=CLUSTER).out == (
        "shop/web[Pod] -> shop/db[Pod]: TCP 5432\nwatch/m[Pod] -> shop/db[Pod]: TCP 9187 (metrics)\n"
    )


def test_exposure_says_first_what_tiers_decide(haechi: Haechi) -> None:
    out = haechi("list", "-", "--exposure", "--focus", "shop/db", "-q", stdin=CLUSTER).out
    assert " ".join(out.split()) == (
        "shop/db[Pod] Egress: not isolated, open to everyone whom no tier denies "
        "Admin denies to addresses 169.254.169.254/32: everything "
        "(ClusterNetworkPolicy/guard spec.egress[0] at <stdin>:16:5) "
        "Admin denies to all nodes: everything (ClusterNetworkPolicy/guard spec.egress[0] at <stdin>:16:5) "
        "shop/db[Pod] Ingress: isolated, open only; tier Admin decides first "
        "Admin accepts from pods app=monitor in any namespace: TCP 9187 "
        "(ClusterNetworkPolicy/guard spec.ingress[1] at <stdin>:12:5) "
        "Admin denies from any pod: TCP 22 (ClusterNetworkPolicy/guard spec.ingress[0] at <stdin>:9:5) "
        "from pods app=web in namespace shop: TCP 5432 (shop/db spec.ingress[0] at <stdin>:34:5)"
    )


def test_the_document_has_tier_and_action(haechi: Haechi) -> None:
    text = haechi("list", "-", "--exposure", "--focus", "shop/web", "-q", "-o", "json", stdin=CLUSTER).out
    ingress = next(one for one in json.loads(text)["exposures"] if one["direction"] == "Ingress")
    found = [(one["tier"], one["action"], one["peer"], one["pods"]) for one in ingress["peers"]]
    assert found == [
        ("Admin", "Deny", "pods", "[<none>]: <none>"),
        ("Baseline", "Deny", "pods", "[<none>]: <none>"),
        (None, "Accept", "everyone", ""),
    ]
    assert [rule["policy"]["kind"] for one in ingress["peers"] for rule in one["rules"]] == [
        "ClusterNetworkPolicy",
        "BaselineAdminNetworkPolicy",
    ]


def test_a_changed_rule_of_a_tier_is_the_cause(haechi: Haechi, tmp_path: Path) -> None:
    new = tmp_path / "new.yaml"
    new.write_text(CLUSTER.replace("number: 22", "range: {start: 1, end: 6000}"))
    outcome = haechi("diff", "-", "--to", new, "-q", stdin=CLUSTER)
    assert "shop/web[Pod] -> shop/db[Pod]: TCP 5432 by ClusterNetworkPolicy/guard (changed)" in outcome.out
