"""A real API server as the input of questions: its paging, its RBAC, its discovery."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.cli.conftest import Haechi, haechi
from tests.conformance.definitions import install, published
from tests.conformance.objects import CUSTOM
from tests.conformance.server import ApiServer, NotAvailable

__all__ = ["haechi"]
ROLE = next(
    yaml.safe_load(part.split("```")[0])
    for part in (Path(__file__).parents[2] / "docs" / "cli.md").read_text(encoding="utf-8").split("```yaml\n")
    if "kind: ClusterRole" in part[:120]
)
RBAC = "/apis/rbac.authorization.k8s.io/v1"
POLICY = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "NetworkPolicy",
    "metadata": {"name": "db"},
    "spec": {
        "podSelector": {"matchLabels": {"app": "db"}},
        "ingress": [{"from": [{"podSelector": {"matchLabels": {"app": "web"}}}]}],
    },
}
CRD = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "ciliumnetworkpolicies.cilium.io"},
    "spec": {
        "group": "cilium.io",
        "scope": "Namespaced",
        "names": {"kind": "CiliumNetworkPolicy", "plural": "ciliumnetworkpolicies"},
        "versions": [
            {
                "name": "v2",
                "served": True,
                "storage": True,
                "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
            }
        ],
    },
}


def post(server: ApiServer, path: str, body: object, *, again: bool = False) -> None:
    answer = server.ask("POST", path, json.dumps(body).encode())
    assert answer.status in (200, 201) or (again and answer.status == 409), answer


@pytest.fixture(scope="module")
def shop(kubernetes: ApiServer) -> ApiServer:
    """Two namespaces with a policy and pods; the user `reader` has the documented role, `nobody` has none."""
    for name in ("live-shop", "live-ops"):
        post(kubernetes, "/api/v1/namespaces", {"metadata": {"name": name}}, again=True)
    for name, app in [("web", "web"), ("db", "db"), *((f"other-{number}", "other") for number in range(5))]:
        pod = {
            "metadata": {"name": name, "labels": {"app": app}},
            "spec": {"containers": [{"name": "c", "image": "i"}]},
        }
        post(kubernetes, "/api/v1/namespaces/live-shop/pods", pod, again=True)
    post(kubernetes, "/apis/networking.k8s.io/v1/namespaces/live-shop/networkpolicies", POLICY, again=True)
    post(kubernetes, f"{RBAC}/clusterroles", ROLE, again=True)
    binding = {
        "metadata": {"name": "live-reader"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": ROLE["metadata"]["name"]},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "reader"}],
    }
    post(kubernetes, f"{RBAC}/clusterrolebindings", binding, again=True)
    return kubernetes


def config(server: ApiServer, folder: Path, user: str) -> Path:
    """A kubeconfig that acts as a user without further rights."""
    content = json.loads(server.kubeconfig())
    content["users"][0]["user"] |= {"as": user, "as-groups": ["system:authenticated"]}
    path = folder / user
    path.write_text(json.dumps(content))
    return path


def test_the_documented_role_is_enough(shop: ApiServer, tmp_path: Path, haechi: Haechi) -> None:
    reader = config(shop, tmp_path, "reader")
    outcome = haechi("can", "live-shop/web", "live-shop/db", "80", "--kubeconfig", reader)
    assert (outcome.code, outcome.err) == (0, "")
    assert "isolated by live-shop/db at networkpolicies/live-shop/db" in outcome.out
    assert haechi("can", "live-shop/other-0", "live-shop/db", "80", "--kubeconfig", reader).code == 1
    assert haechi("explain", "--kubeconfig", reader, "-n", "live-shop").code == 0


def test_without_a_role_the_missing_rule_is_named(shop: ApiServer, tmp_path: Path, haechi: Haechi) -> None:
    outcome = haechi("list", "--kubeconfig", config(shop, tmp_path, "nobody"))
    assert (outcome.code, outcome.out) == (2, "")
    assert "apiGroups: [networking.k8s.io], resources: [networkpolicies], verbs: [list]" in outcome.err


def test_pages_are_read_to_the_end(
    shop: ApiServer, tmp_path: Path, haechi: Haechi, monkeypatch: pytest.MonkeyPatch
) -> None:
    question = ("list", "--by", "pod", "-o", "json", "--kubeconfig", config(shop, tmp_path, "reader"))
    whole = haechi(*question)
    monkeypatch.setattr("haechi.kube.client.PAGE", 2)
    assert haechi(*question) == whole
    assert "live-shop/other-4" in whole.out


def test_wrong_credentials_are_said(shop: ApiServer, tmp_path: Path, haechi: Haechi) -> None:
    content = json.loads(shop.kubeconfig())
    content["users"][0]["user"] = {"token": "wrong-token"}
    (tmp_path / "config").write_text(json.dumps(content))
    outcome = haechi("list", "--kubeconfig", tmp_path / "config")
    assert outcome.code == 2
    assert "the server does not accept the credentials" in outcome.err
    assert "wrong-token" not in outcome.err


def test_diff_against_files(shop: ApiServer, tmp_path: Path, haechi: Haechi) -> None:
    reader = config(shop, tmp_path, "reader")
    same = {**POLICY, "metadata": {"name": "db", "namespace": "live-shop"}}
    assert haechi("diff", "-", "--kubeconfig", reader, stdin=json.dumps(same)).code == 0
    opened = {**same, "spec": {"podSelector": {"matchLabels": {"app": "db"}}, "ingress": [{}]}}
    outcome = haechi("diff", "-", "--kubeconfig", reader, stdin=json.dumps(opened))
    assert outcome.code == 1
    assert outcome.out.startswith("+ live-shop/other-0[Pod], live-shop/other-1[Pod]")


@pytest.mark.parametrize(
    "question", [("validate",), ("list", "--strict"), ("explain",), ("lint", "--fail-on", "never")]
)
def test_what_the_server_has_stored_is_sound(
    question: tuple[str, ...], shop: ApiServer, tmp_path: Path, haechi: Haechi
) -> None:
    """Of every kind an object as the server stores it: with defaults, status and what it adds to templates."""
    containers = {"containers": [{"name": "c", "image": "i"}]}
    template = {"metadata": {"labels": {"app": "w"}}, "spec": containers}
    once = {"metadata": {}, "spec": {**containers, "restartPolicy": "Never"}}
    selected = {"selector": {"matchLabels": {"app": "w"}}, "template": template}
    bodies: dict[str, dict[str, object]] = {
        "/apis/apps/v1/{}/deployments": selected,
        "/apis/apps/v1/{}/replicasets": selected,
        "/apis/apps/v1/{}/daemonsets": selected,
        "/apis/apps/v1/{}/statefulsets": {**selected, "serviceName": "w"},
        "/apis/batch/v1/{}/jobs": {"template": once},
        "/apis/batch/v1/{}/cronjobs": {"schedule": "0 0 * * *", "jobTemplate": {"spec": {"template": once}}},
        "/api/v1/{}/replicationcontrollers": {"selector": {"app": "w"}, "template": template},
        "/api/v1/{}/services": {"selector": {"app": "db"}, "ports": [{"port": 80}]},
    }
    for path, spec in bodies.items():
        post(shop, path.format("namespaces/live-ops"), {"metadata": {"name": "w"}, "spec": spec}, again=True)
    node = {"metadata": {"name": "live-node"}, "spec": {"podCIDRs": ["10.1.0.0/24"], "podCIDR": "10.1.0.0/24"}}
    post(shop, "/api/v1/nodes", node, again=True)
    outcome = haechi(*question, "--kubeconfig", config(shop, tmp_path, "reader"))
    assert outcome.code == 0, outcome.out + outcome.err
    assert "error" not in outcome.err.replace("0 errors", "")


@pytest.fixture
def cilium(shop: ApiServer) -> Iterator[None]:
    """A policy of Cilium's, whose definition goes away at the end."""
    import time

    path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    post(shop, path, CRD)
    policy = {"apiVersion": "cilium.io/v2", "kind": "CiliumNetworkPolicy", "metadata": {"name": "c"}}
    until = time.monotonic() + 20
    collection = "/apis/cilium.io/v2/namespaces/live-shop/ciliumnetworkpolicies"
    while shop.ask("POST", collection, json.dumps(policy).encode()).status == 404:
        assert time.monotonic() < until
        time.sleep(0.05)
    while b"cilium" not in json.dumps(shop.ask("GET", "/apis").body).encode():
        assert time.monotonic() < until
        time.sleep(0.05)
    yield
    shop.ask("DELETE", f"{path}/{CRD['metadata']['name']}")  # type: ignore[index]


@pytest.mark.usefixtures("cilium")
def test_a_policy_of_another_kind_is_found(shop: ApiServer, tmp_path: Path, haechi: Haechi) -> None:
    outcome = haechi("list", "--kubeconfig", config(shop, tmp_path, "reader"))
    assert (
        "ciliumnetworkpolicies/live-shop/c: warning: CiliumNetworkPolicy/live-shop/c: policies of cilium.io/v2"
        in outcome.err
    )
    assert outcome.code == 0


@pytest.fixture
def tier_policy(shop: ApiServer) -> Iterator[str]:
    """A ClusterNetworkPolicy of the server, as it was sent."""
    kind = CUSTOM[0]
    try:
        install(shop, published(kind))
    except NotAvailable as problem:
        pytest.skip(str(problem))
    rule = {"action": "Deny", "from": [{"namespaces": {}}], "protocols": [{"tcp": {"destinationPort": {"number": 25}}}]}
    spec = {"tier": "Admin", "priority": 1, "subject": {"pods": {"podSelector": {}}}, "ingress": [rule]}
    body = {"apiVersion": kind.api_version, "kind": kind.name, "metadata": {"name": "no-mail"}, "spec": spec}
    post(shop, kind.path, body, again=True)
    yield json.dumps(body)
    shop.ask("DELETE", f"{kind.path}/no-mail")


def test_a_policy_of_a_tier_is_read_and_judged(
    shop: ApiServer, tier_policy: str, tmp_path: Path, haechi: Haechi
) -> None:
    reader = config(shop, tmp_path, "reader")
    outcome = haechi("validate", "--kubeconfig", reader)
    assert outcome.code == 0, outcome.out + outcome.err
    question = ("validate", "-", "--kubeconfig", reader)
    assert haechi(*question, stdin=tier_policy).code == 0
    assert haechi(*question, stdin=tier_policy.replace('"Deny"', '"deny"')).code == 1
    assert haechi("can", "live-shop/web", "live-shop/db", "25", "--kubeconfig", reader).out.startswith("denied")
