"""`haechi explain` of policies of tiers."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from syrupy.assertion import SnapshotAssertion

from haechi.report.explanation import Explanation
from tests.cli.conftest import Haechi
from tests.cli.goldens import TextFile

TIERS = """\
apiVersion: policy.networking.k8s.io/v1alpha2
kind: ClusterNetworkPolicy
metadata: {name: shops}
spec:
  tier: Admin
  priority: 20
  subject: {namespaces: {matchLabels: {team: shop}}}
  ingress:
  - name: no-ssh
    action: Deny
    from: [{namespaces: {}}]
    protocols: [{tcp: {destinationPort: {number: 22}}}]
  - name: operators
    action: Accept
    from: [{pods: {podSelector: {matchLabels: {app: operator}}}}, {namespaces: {matchLabels: {team: operators}}}]
    protocols: [{tcp: {destinationPort: {number: 22}}}, {destinationNamedPort: http}]
  - action: Pass
    from: [{namespaces: {matchLabels: {team: shop}}}]
  egress:
  - action: Accept
    to: [{domainNames: ['*.example.com']}]
  - action: Deny
    to: [{nodes: {}}, {networks: [10.0.0.0/8, 'fd00::/8']}]
---
apiVersion: policy.networking.k8s.io/v1alpha2
kind: ClusterNetworkPolicy
metadata: {name: metadata}
spec:
  tier: Admin
  priority: 10
  subject: {namespaces: {}}
  egress:
  - {action: Deny, to: [{networks: [169.254.169.254/32]}]}
---
apiVersion: policy.networking.k8s.io/v1alpha1
kind: BaselineAdminNetworkPolicy
metadata: {name: default}
spec:
  subject: {namespaces: {}}
  ingress:
  - {action: Allow, from: [{namespaces: {}}], ports: [{portNumber: {port: 443, protocol: TCP}}]}
  - {action: Deny, from: [{namespaces: {}}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  podSelector: {matchLabels: {app: web}}
  ingress: [{from: [{podSelector: {}}], ports: [{port: 22}]}, {}]
---
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {team: shop}}
---
apiVersion: v1
kind: Node
metadata: {name: worker}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: c, image: web, ports: [{name: http, containerPort: 80}]}]}
status: {podIPs: [{ip: 10.0.0.1}]}
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop}
spec: {containers: [{name: c, image: db}]}
status: {podIPs: [{ip: 10.0.0.2}]}
---
apiVersion: v1
kind: Pod
metadata: {name: other, namespace: elsewhere}
spec: {containers: [{name: c, image: other}]}
status: {podIPs: [{ip: 10.0.0.3}]}
"""


@pytest.fixture
def golden(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    return snapshot.use_extension(TextFile)


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("target", [(), ("pod/web",), ("pod/db",)], ids=["policies", "web", "db"])
def test_policies_and_pods_are_explained(
    target: tuple[str, ...], language: str, haechi: Haechi, golden: SnapshotAssertion
) -> None:
    found = haechi("explain", *target, "-", "--lang", language, stdin=TIERS)
    assert found.code == 0
    assert found.out == golden


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("cnp/metadata", "ClusterNetworkPolicy metadata (<stdin>:"),
        ("clusternetworkpolicy/metadata", "ClusterNetworkPolicy metadata (<stdin>:"),
        ("banp/default", "BaselineAdminNetworkPolicy default (<stdin>:"),
    ],
)
def test_one_is_chosen_by_kind_and_name(name: str, title: str, haechi: Haechi) -> None:
    assert haechi("explain", name, "-", "--lang", "en", stdin=TIERS).out.startswith(title)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("cnp/shop",), "'shop' is not a ClusterNetworkPolicy\n  did you mean shops?"),
        (("anp/shops",), "'shops' is not an AdminNetworkPolicy"),
        (("cnp/x/shops",), "'x/shops' is not a ClusterNetworkPolicy"),
        (("policy/shops",), "'shops' is not a NetworkPolicy\n  did you mean cnp/shops?"),
        (("cnp/shops", "-o", "describe"), "describe is for NetworkPolicies only"),
    ],
)
def test_other_names_are_errors(arguments: tuple[str, ...], words: str, haechi: Haechi) -> None:
    name, *rest = arguments
    found = haechi("explain", name, "-", *rest, stdin=TIERS)
    assert (found.code, found.out) == (2, "")
    assert words in found.err


def test_policies_of_a_namespace_are_those_in_it(haechi: Haechi) -> None:
    assert "ClusterNetworkPolicy shops" not in haechi("explain", "-", "-n", "shop", "--lang", "en", stdin=TIERS).out


def test_describe_says_what_it_leaves_out(haechi: Haechi) -> None:
    found = haechi("explain", "-", "-o", "describe", stdin=TIERS)
    assert found.out.startswith("Name:         web\n")
    assert "3 policies of tiers not described" in found.err


def test_json_has_order_and_what_never_decides(haechi: Haechi) -> None:
    found = msgspec.json.decode(haechi("explain", "-", "-o", "json", stdin=TIERS).out, type=Explanation)
    assert [(one.policy.name, one.tier, one.priority) for one in found.tier_policies] == [
        ("metadata", "Admin", 10), ("shops", "Admin", 20), ("default", "Baseline", None),
    ]  # fmt: skip
    first, second, last = found.tier_policies
    assert [one.name for one in first.after] == ["shops"]
    assert [one.name for one in second.before] == ["metadata"]
    assert [one.name for one in second.selected] == ["db", "web"]
    assert [(part.rule.path, str(part.rule.location), [by.path for by in part.by]) for part in second.decided] == [
        ("spec.ingress[1].protocols[0]", "<stdin>:16:17", ["spec.ingress[0]"])
    ]
    assert (last.before, last.after) == ([], [])


def test_json_has_the_stages_of_a_pod(haechi: Haechi) -> None:
    (one,) = msgspec.json.decode(
        haechi("explain", "pod/web", "-", "-o", "json", stdin=TIERS).out, type=Explanation
    ).pods
    assert [(stage.stage, [policy.name for policy in stage.policies]) for stage in one.ingress_stages] == [
        ("Admin", ["shops"]), ("NetworkPolicy", ["web"]),
    ]  # fmt: skip
    assert [(stage.stage, [policy.name for policy in stage.policies]) for stage in one.egress_stages] == [
        ("Admin", ["metadata", "shops"])
    ]


UNREADABLE: dict[str, Any] = {
    "apiVersion": "policy.networking.k8s.io/v1alpha2",
    "kind": "ClusterNetworkPolicy",
    "metadata": {"name": "c"},
    "spec": {
        "tier": "Admin",
        "priority": 1,
        "subject": {"namespaces": {}},
        "ingress": [
            {"action": "Deny", "from": [{"namespacez": {}}]},
            {"action": "Accept", "from": [{"pods": {"podSelector": {"matchLabels": {"a": 1}}}}]},
        ],
    },
}


def test_what_cannot_be_read_is_explained_as_it_is_enforced(haechi: Haechi) -> None:
    found = haechi("explain", "-", "--lang", "en", stdin=json.dumps(UNREADABLE))
    assert found.code == 2
    text = " ".join(found.out.split())
    assert (
        "Rule 1 of 2 cannot be read, so it denies every incoming connection: strict decoding error: unknown field"
        in text
    )
    assert "Rule 2 of 2 cannot be read, so it accepts nothing: spec.ingress[1].from[0].pods" in text
    assert "the unreadable parts of 1 policy are treated as deny" in found.err
