"""A cluster is read as its objects would be from files, and what could not be read is part of the result."""

from __future__ import annotations

import asyncio
import tracemalloc
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from haechi import Cluster
from haechi.kube import ALL_KINDS, NODE_KINDS, Access, Forbidden, Gone, KubeError, Unauthorized, Unreachable, load
from haechi.model import Code, Manifests, NetworkPolicy, Pod, Problem, Severity
from tests.kube.server import ApiServer, Json, Reply, Request, Served, other

NAMESPACE: Json = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop", "labels": {"team": "a"}}}
NODE: Json = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n"}}
POLICY: Json = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "NetworkPolicy",
    "metadata": {"name": "db", "namespace": "shop", "managedFields": [{"manager": "kubectl"}]},
    "spec": {"podSelector": {"matchLabels": {"app": "db"}}, "policyTypes": ["Ingress"]},
}


def pod(name: str, namespace: str = "shop", **status: object) -> Json:
    metadata = {"name": name, "namespace": namespace, "labels": {"app": name}}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"nodeName": "n"}, "status": status}


def names(found: Manifests) -> list[str]:
    return sorted(one.object.display_name for one in found.objects)


def forbid(server: ApiServer, *plurals: str) -> None:
    def script(request: Request) -> Reply | None:
        return Reply.error(403, "no") if request.path.split("/")[-1] in plurals else None

    server.script(script)


@pytest.fixture
def shop(server: ApiServer) -> ApiServer:
    server.put(NAMESPACE, NODE, POLICY, pod("db", podIP="10.0.0.1"), pod("web"), pod("else", "other"))
    return server


def test_everything_is_read_with_its_place(shop: ApiServer, access: Access) -> None:
    found = load(access)
    assert names(found) == [
        "Namespace/shop", "NetworkPolicy/shop/db", "Node/n", "Pod/other/else", "Pod/shop/db", "Pod/shop/web"
    ]  # fmt: skip
    assert found.problems == ()
    (policy,) = found.loaded(NetworkPolicy)
    assert str(policy.location("spec.podSelector")) == "networkpolicies/shop/db"
    assert policy.object.spec.pod_selector.match_labels == {"app": "db"}


def test_nothing_but_get_is_sent(shop: ApiServer, access: Access) -> None:
    load(access)
    assert {request.method for request in shop.requests} == {"GET"}


def test_a_node_needs_four_kinds_only(shop: ApiServer, access: Access) -> None:
    load(access, NODE_KINDS)
    assert sorted(path.rpartition("/")[2] for path in shop.paths()) == [
        "apis", "namespaces", "networkpolicies", "nodes", "pods"
    ]  # fmt: skip


def test_of_some_namespaces_nothing_else_is_asked_for(shop: ApiServer, access: Access) -> None:
    found = load(access, namespaces=["shop", "shop"])
    assert names(found) == ["Namespace/shop", "NetworkPolicy/shop/db", "Pod/shop/db", "Pod/shop/web"]
    assert all("/namespaces/shop" in path or path == "/apis" for path in shop.paths())
    assert shop.paths().count("/api/v1/namespaces/shop/pods") == 1


def test_a_namespace_that_is_not_there_or_has_no_possible_name(shop: ApiServer, access: Access) -> None:
    with pytest.raises(KubeError, match="there is no namespace 'nope' in context 'here'"):
        load(access, namespaces=["nope"])
    before = len(shop.requests)
    with pytest.raises(KubeError, match="is not the name of a namespace"):
        load(access, namespaces=["../../secrets"])
    assert len(shop.requests) == before


@pytest.mark.parametrize("plural", ["pods", "namespaces", "nodes", "services", "deployments", "apis"])
def test_what_may_not_be_listed_is_an_error_with_the_missing_rule(plural: str, shop: ApiServer, access: Access) -> None:
    forbid(shop, plural)
    found = load(access)
    (problem,) = found.problems
    assert (problem.severity, problem.code) == (Severity.ERROR, Code.UNREADABLE)
    if plural == "apis":
        assert str(problem.location) == "kinds of the cluster"
    else:
        rule = problem.hint.removeprefix("the missing RBAC rule: ")
        assert yaml.safe_load(rule)[0]["resources"] == [plural]
        assert str(problem.location) == plural
    assert found.loaded(NetworkPolicy)


def test_a_namespace_that_may_not_be_read_needs_get(shop: ApiServer, access: Access) -> None:
    forbid(shop, "shop")
    (problem,) = load(access, namespaces=["shop"]).problems
    assert "resources: [namespaces], verbs: [get]" in problem.hint


def test_without_policies_there_is_nothing(shop: ApiServer, access: Access) -> None:
    forbid(shop, "networkpolicies")
    with pytest.raises(
        Forbidden, match=r"apiGroups: \[networking.k8s.io\], resources: \[networkpolicies\], verbs: \[list\]"
    ):
        load(access)


def test_credentials_that_are_refused_are_no_partial_answer(shop: ApiServer, access: Access) -> None:
    shop.script(lambda request: Reply.error(401, "Unauthorized") if request.path.endswith("pods") else None)
    with pytest.raises(Unauthorized, match="log in anew"):
        load(access)


def test_an_unreachable_server_is_no_partial_answer(access: Access) -> None:
    with pytest.raises(Unreachable):
        load(replace(access, server="https://name.invalid"))


def expiring(server: ApiServer, times: int) -> None:
    """The second page of the pods is gone, as often as that."""
    left = [times]

    def script(request: Request) -> Reply | None:
        if request.path.endswith("/pods") and "continue" in request.query and left[0]:
            left[0] -= 1
            return Reply.error(410, "The provided continue parameter is too old")
        return None

    server.script(script)


def test_a_list_that_expires_is_begun_anew_once(shop: ApiServer, access: Access) -> None:
    shop.page = 2
    expiring(shop, 1)
    found = load(access)
    assert len(found.loaded(Pod)) == 3
    assert found.problems == ()


def test_a_list_that_expires_again_is_an_error(shop: ApiServer, access: Access) -> None:
    shop.page = 2
    expiring(shop, 2)
    found = load(access)
    (problem,) = found.problems
    assert (str(problem.location), problem.code) == ("pods", Code.UNREADABLE)
    assert "too old" in problem.message
    assert found.loaded(Pod) == ()


def test_policies_that_expire_are_no_answer(shop: ApiServer, access: Access) -> None:
    shop.script(lambda request: Reply.error(410, "old") if request.path.endswith("networkpolicies") else None)
    with pytest.raises(Gone):
        load(access)


CUT = Reply(b'{"items": [{"metadata"', cut=10)


@pytest.mark.parametrize(
    "reply", [CUT, Reply(b"no JSON"), Reply(b"{}", headers={"Content-Type": "text/plain"}), Reply(b"", 302)]
)
def test_a_broken_list_is_an_error_not_an_empty_one(reply: Reply, shop: ApiServer, access: Access) -> None:
    shop.script(lambda request: reply if request.path.endswith("/pods") else None)
    (problem,) = load(access).problems
    assert (str(problem.location), problem.severity) == ("pods", Severity.ERROR)


@pytest.mark.parametrize(
    ("item", "words"),
    [
        ("null", "an item is not an object"),
        ("1", "an item is not an object"),
        ('{"metadata": {"name": "a", "namespace": "x"}, "status": {"podIP": 7}}', "must be a string"),
        ('{"metadata": {"name": 7}}', "must be a string"),
        ("[" * 2000 + "]" * 2000, ""),
        ('{"metadata": {"name": "a", "labels": ' + '{"a":' * 3000 + "1" + "}" * 3000 + "}}", ""),
    ],
)  # fmt: skip
def test_a_hostile_object_is_an_error_and_the_others_count(
    item: str, words: str, shop: ApiServer, access: Access
) -> None:
    good = '{"metadata": {"name": "good", "namespace": "shop"}}'
    body = f'{{"kind": "PodList", "items": [{item}, {good}]}}'.encode()
    shop.script(lambda request: Reply(body) if request.path.endswith("/pods") else None)
    found = load(access)
    assert any(problem.severity is Severity.ERROR and words in problem.message for problem in found.problems)


def test_a_policy_that_cannot_be_read_stays_and_denies(shop: ApiServer, access: Access) -> None:
    bad = {**POLICY, "metadata": {"name": "bad", "namespace": "shop"}, "spec": {"podSelector": {}, "new": 1}}
    shop.put(bad)
    found = load(access)
    (problem,) = found.problems
    assert problem.code is Code.UNKNOWN_FIELD
    assert str(problem.location) == "networkpolicies/shop/bad"
    assert len(found.loaded(NetworkPolicy)) == 2


def test_names_with_escapes_are_printable(shop: ApiServer, access: Access) -> None:
    shop.put({**POLICY, "metadata": {"name": "\x1b[2J", "namespace": "shop"}, "spec": {"x": 1}})
    (problem,) = load(access).problems
    assert "\x1b" not in str(problem)


@pytest.mark.parametrize(
    ("group", "version", "kind", "namespaced"),
    [
        ("cilium.io", "v2", "CiliumNetworkPolicy", True),
        ("cilium.io", "v2", "CiliumClusterwideNetworkPolicy", False),
        ("crd.projectcalico.org", "v1", "GlobalNetworkPolicy", False),
        ("projectcalico.org", "v3", "NetworkPolicy", True),
        ("security.istio.io", "v1", "AuthorizationPolicy", True),
    ],
)
def test_policies_of_other_kinds_are_the_warning_that_files_give(
    group: str, version: str, kind: str, namespaced: bool, shop: ApiServer, access: Access
) -> None:
    from haechi.model import Source, read_manifests

    shop.resources.append(other(group, version, kind, namespaced=namespaced))
    metadata = {"name": "p", **({"namespace": "shop"} if namespaced else {})}
    policy: Json = {"apiVersion": f"{group}/{version}", "kind": kind, "metadata": metadata}
    shop.put(policy)
    (found,) = load(access).problems
    expected, *_ = read_manifests([Source("x", Reply.of(policy).body)]).problems
    plain = Problem(found.severity, found.code, found.message, expected.location, found.object, (), found.hint)
    assert plain == expected
    assert str(found.location).endswith("/shop/p" if namespaced else "/p")


def test_a_kind_of_two_versions_is_read_once(shop: ApiServer, access: Access) -> None:
    for version in ("v1", "v1beta1"):
        shop.resources.append(other("security.istio.io", version, "AuthorizationPolicy", namespaced=True))
    shop.resources.append(other("security.istio.io", "v1beta1", "PeerAuthentication", namespaced=True))
    load(access)
    asked = [path for path in shop.paths() if path.count("/") == 4 and "istio" in path]
    assert asked == [
        "/apis/security.istio.io/v1/authorizationpolicies", "/apis/security.istio.io/v1beta1/peerauthentications"
    ]  # fmt: skip


@pytest.mark.parametrize(
    "groups",
    [
        {"groups": None},
        {},
        {"groups": [{"name": "cilium.io", "versions": None, "preferredVersion": {"version": ""}}]},
        {"groups": [{"name": "cilium.io", "versions": [{"version": "v2"}]}]},
    ],
)
def test_discovery_with_nothing_in_it_is_nothing(groups: Json, shop: ApiServer, access: Access) -> None:
    empty = {"resources": [{"name": "ciliumnetworkpolicies", "kind": "CiliumNetworkPolicy", "verbs": None}]}
    for path, body in (("/apis", groups), ("/apis/cilium.io/v2", empty)):
        shop.script(lambda request, path=path, body=body: Reply.of(body) if request.path == path else None)  # type: ignore[misc]
    assert load(access).problems == ()


@pytest.mark.parametrize("body", [{"groups": 1}, {"groups": [{"name": 1}]}, []])
def test_discovery_that_is_none_is_an_error(body: object, shop: ApiServer, access: Access) -> None:
    shop.script(lambda request: Reply.of(body) if request.path == "/apis" else None)
    (problem,) = load(access).problems
    assert (problem.severity, str(problem.location)) == (Severity.ERROR, "kinds of the cluster")


def test_every_kind_that_files_may_hold_is_read_of_a_cluster() -> None:
    """A kind that is added to the model is either everywhere, or looked for by its group."""
    from haechi.kube.resources import resource_of
    from haechi.model import KINDS, ExternalHost

    assert {*ALL_KINDS, ExternalHost} == set(KINDS)
    built_in = {"", "apps", "batch", "networking.k8s.io"}
    assert {kind for kind in ALL_KINDS if resource_of(kind) is not None} == {
        kind for kind in ALL_KINDS if kind.api_version.rpartition("/")[0] in built_in
    }


def test_routes_of_the_gateway_api_are_read_where_the_cluster_has_them(shop: ApiServer, access: Access) -> None:
    from haechi.model import HTTPRoute

    for version in ("v1beta1", "v1"):
        shop.resources.append(Served("gateway.networking.k8s.io", version, "httproutes", "HTTPRoute", namespaced=True))
        metadata = {"name": "r", "namespace": "shop"}
        shop.put({"apiVersion": f"gateway.networking.k8s.io/{version}", "kind": "HTTPRoute", "metadata": metadata})
    found = load(access)
    assert found.problems == ()
    (route,) = found.loaded(HTTPRoute)
    assert str(route.location()) == "httproutes/shop/r"
    assert not load(access, NODE_KINDS).loaded(HTTPRoute)


def test_policies_of_other_kinds_that_may_not_be_listed_are_an_error(shop: ApiServer, access: Access) -> None:
    shop.resources.append(other("cilium.io", "v2", "CiliumNetworkPolicy", namespaced=True))
    forbid(shop, "ciliumnetworkpolicies")
    (problem,) = load(access).problems
    assert (problem.severity, str(problem.location)) == (Severity.ERROR, "ciliumnetworkpolicies")
    assert "apiGroups: [cilium.io]" in problem.hint


def test_other_groups_and_kinds_are_not_asked_for(shop: ApiServer, access: Access) -> None:
    load(access)
    assert not any("projectcalico" in path or path.endswith("secrets") for path in shop.paths())


def test_progress_is_told_by_kind(shop: ApiServer, access: Access) -> None:
    steps: list[tuple[str, int, int]] = []
    shop.page = 2
    load(access, progress=lambda *step: steps.append(step))
    assert [step for step in steps if step[0] == "reading pods"] == [("reading pods", 2, 3), ("reading pods", 3, 3)]


def test_the_text_of_pods_is_not_kept(server: ApiServer, access: Access) -> None:
    """5,000 pods of 4 kB are 20 MB of text; of each page only what policies need stays."""
    server.put(*({**pod(f"p{number}"), "metadata": {"name": f"p{number}", "namespace": "shop",
                  "annotations": {"a": "x" * 4000}}} for number in range(3000)))  # fmt: skip
    tracemalloc.start()
    found = load(access, [Pod])
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(found.objects) == 3000
    assert kept < 6_000_000


def test_it_works_where_a_loop_already_runs(shop: ApiServer, access: Access) -> None:
    async def notebook() -> Manifests:
        return load(access)

    assert len(asyncio.run(notebook()).objects) == 6


def test_the_library_reads_a_cluster(shop: ApiServer, access: Access, tmp_path: Path) -> None:
    config = str(tmp_path / "config")
    cluster = Cluster.from_context(kubeconfig=config)
    assert (len(cluster.pods), len(cluster.policies), cluster.problems) == (3, 1, ())
    assert str(cluster.location(next(iter(cluster.policies)))) == "networkpolicies/shop/db"
    shop_only = Cluster.from_context("here", kubeconfig=config, namespaces=["shop"])
    assert set(map(str, shop_only.pods)) == {"shop/db", "shop/web"}
    with pytest.raises(KubeError):
        Cluster.from_context("nope", kubeconfig=config)
