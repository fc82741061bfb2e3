"""Documents that become objects: names, closed policies, strictness, what objects share."""

from __future__ import annotations

import json

import pytest

from haechi.engine import OrderedPolicy
from haechi.model import (
    ClusterNetworkPolicy,
    Code,
    ExternalHost,
    NetworkPolicy,
    Severity,
    check,
)
from tests.model.reading import POLICY, codes, names, policy, read, read_json, where


def cluster_policy(**spec: object) -> dict[str, object]:
    return {
        "apiVersion": "policy.networking.k8s.io/v1alpha2",
        "kind": "ClusterNetworkPolicy",
        "metadata": {"name": "a"},
        "spec": {"tier": "Admin", "priority": 1, "subject": {"namespaces": {}}, **spec},
    }


ACCEPT = {"action": "Accept", "from": [{"namespaces": {}}]}
PASS = {"action": "Pass", "from": [{"namespaces": {}}]}


@pytest.mark.parametrize(
    ("spec", "actions"),
    [
        ({"ingress": [ACCEPT, PASS]}, ["Accept", "Pass"]),
        ({"ingress": [ACCEPT, {**PASS, "new": 1}]}, ["Accept", "Deny"]),
        ({"ingress": [{**ACCEPT, "new": 1}, PASS]}, ["Pass"]),
        ({"ingress": [{**ACCEPT, "from": [{"namespaces": {}, "new": {}}]}, PASS]}, ["Pass"]),
        ({"ingress": [{**ACCEPT, "protocols": [{"tcp": {"destinationPort": {"number": "x"}}}]}, PASS]}, ["Pass"]),
        ({"ingress": [5, PASS]}, ["Deny", "Pass"]),
        ({"ingress": 5}, ["Deny"]),
        ({"ingress": [ACCEPT, PASS], "egress": 5}, ["Accept", "Pass"]),
        ({"ingress": [ACCEPT, PASS], "new": 5}, ["Deny"]),
        ({"ingress": [ACCEPT, PASS], "tier": 5}, ["Deny"]),
    ],
)
def test_rules_of_tiers_that_cannot_be_decoded_fail_closed(spec: dict[str, object], actions: list[str]) -> None:
    """And others stay as they are; an Accept that fails closed matches nothing."""
    manifests = read(json.dumps(cluster_policy(**spec)))
    (loaded,) = manifests.loaded(ClusterNetworkPolicy)
    assert [str(rule.action) for rule in OrderedPolicy.read(loaded.object).ingress] == actions
    is_good = actions == ["Accept", "Pass"] and "egress" not in spec
    assert bool(loaded.problems) is not is_good


def test_a_status_is_no_unknown_field() -> None:
    manifests = read(json.dumps({**cluster_policy(), "status": {"conditions": []}}))
    assert manifests.errors == ()


def test_the_first_of_two_objects_with_one_name_counts() -> None:
    """The absent namespace is `default`; both places are told."""
    second = POLICY.replace("{name: NAME}", "{name: NAME, namespace: default}")
    manifests = read(
        POLICY + "---\n" + second + "---\n" + POLICY.replace("NetworkPolicy", "Pod").replace("networking.k8s.io/", "")
    )
    assert [loaded.object.kind for loaded in manifests.objects] == ["NetworkPolicy", "Pod"]
    problem, unknown = manifests.problems
    assert unknown.message == 'unknown field "spec.podSelector"'
    assert (problem.code, where(problem)) == (Code.DUPLICATE_OBJECT, (8, 12))
    assert "is already defined at <stdin>:1:1" in problem.message


def test_policies_with_generated_names_are_all_different() -> None:
    """The server would name each of them."""
    text = POLICY.replace("name: NAME", "generateName: x-")
    assert len(read(text + "---\n" + text).objects) == 2


@pytest.mark.parametrize("wrap", [json.dumps, lambda data: "# YAML\n" + json.dumps(data)])
def test_a_policy_that_cannot_be_decoded_is_closed(wrap: object) -> None:
    """It isolates its pods as far as it can be read, and allows nothing."""
    assert callable(wrap)
    selector = {"matchLabels": {"app": "x"}}
    manifests = read(wrap(policy("a", podSelector=selector, policyTypes=["Egress"], egress=[{"to": [{"ports": 1}]}])))
    (loaded,) = manifests.loaded(NetworkPolicy)
    assert loaded.problems == manifests.problems
    assert loaded.object.spec.pod_selector.match_labels == {"app": "x"}
    assert (loaded.object.spec.egress, loaded.object.spec.policy_types) == ((), ("Ingress", "Egress"))
    assert check(manifests) == ()


@pytest.mark.parametrize(
    ("spec", "labels", "types"),
    [
        ({"podSelector": {"matchLabels": {"a": "b"}}, "ingress": [{"form": []}]}, {"a": "b"}, ("Ingress",)),
        ({"podSelector": {"matchLabels": {"a": "b"}}, "ingress": 5}, {"a": "b"}, ("Ingress",)),
        ({"podSelector": {"matchLabels": {"a": 1}}}, {}, ("Ingress",)),
        ({"podSelectr": {"matchLabels": {"a": "b"}}}, {}, ("Ingress", "Egress")),
        ({"podSelector": {"matchLabels": {"a": "b"}}, "policyTypes": [5]}, {"a": "b"}, ("Ingress", "Egress")),
        (5, {}, ("Ingress", "Egress")),
    ],
)
def test_a_closed_policy_keeps_only_what_can_be_trusted(spec: object, labels: object, types: object) -> None:
    """Where its selector or directions may be meant otherwise, it selects all pods in both."""
    (loaded,) = read_json({**policy("a"), "spec": spec}).loaded(NetworkPolicy)
    assert loaded.problems
    assert loaded.object.spec.pod_selector.match_labels == labels
    assert loaded.object.spec.policy_types == types
    assert loaded.object.spec.ingress == ()


def test_a_status_from_an_old_cluster_is_only_warned_of() -> None:
    """kubectl get of 1.24 to 1.27 printed one."""
    manifests = read_json({**policy("a"), "status": {}})
    assert [p.severity for p in manifests.problems] == [Severity.WARNING]
    assert manifests.objects[0].problems == ()


def test_repeated_keys_are_errors_in_policies_and_warnings_elsewhere() -> None:
    """Where the last of them stands."""
    manifests = read(
        POLICY + "spec: {podSelector: {}}\n---\n" + "apiVersion: v1\nkind: Pod\nmetadata:\n  name: x\n  name: z\n"
    )
    assert [(p.severity, p.code, where(p)) for p in manifests.problems] == [
        (Severity.ERROR, Code.DUPLICATE_FIELD, (5, 1)),
        (Severity.WARNING, Code.DUPLICATE_FIELD, (11, 3)),
    ]
    assert names(manifests) == ["NAME", "z"]
    repeated = json.dumps(policy("a")).replace('"spec": {}', '"spec": {"podSelector": {}, "podSelector": {}}')
    assert codes(read(repeated)) == [Code.DUPLICATE_FIELD]


def test_an_external_host_is_decoded_strictly() -> None:
    """It is Haechi's own kind, and as easy to misspell as any."""
    text = "apiVersion: haechi/v1alpha1\nkind: ExternalHost\nmetadata: {name: x}\nspec: {addresses: [1.1.1.1]}\n"
    assert read(text).all(ExternalHost)[0].addresses == ("1.1.1.1",)
    assert codes(read(text.replace("addresses", "adresses"))) == [Code.UNKNOWN_FIELD]


def test_fields_of_kinds_that_are_not_known_in_full_are_not_judged() -> None:
    """Routes have fields that no document of the Kubernetes API lists; an Ingress has none."""
    route = "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: a}\nspec: {some: {thing: 1}}\n"
    assert read(route).problems == ()
    ingress = route.replace("gateway.networking", "networking").replace("HTTPRoute", "Ingress")
    assert [problem.message for problem in read(ingress).problems] == ['unknown field "spec.some"']
