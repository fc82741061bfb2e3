"""A live cluster as the input of every command, beside what real kubectl dumps of it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from haechi.cli import main
from tests.cli.conftest import Haechi
from tests.kube.server import BUILT_IN, TOKEN, ApiServer, Json, Reply, other

KUBECTL = shutil.which("kubectl", path=f"{Path(sys.executable).parent}{os.pathsep}{os.defpath}")
POLICY = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db}
spec:
  podSelector: {matchLabels: {app: db}}
  ingress: [{from: [{podSelector: {matchLabels: {app: web}}}], ports: [{port: 5432}]}]
"""
TESTS = """\
apiVersion: haechi/v1alpha1
kind: ConnectivityTest
metadata: {name: shop}
spec:
  assertions:
  - {from: {pod: shop/web-7f-a}, to: {pod: shop/db}, ports: [5432], expect: allow}
"""


def owned(kind: str, name: str) -> list[Json]:
    return [{"apiVersion": "apps/v1", "kind": kind, "name": name, "uid": "u", "controller": True}]


def pod(name: str, app: str, address: str, namespace: str = "shop", **more: object) -> Json:
    metadata = {"name": name, "namespace": namespace, "labels": {"app": app}, **more}
    ports = [{"name": "db", "containerPort": 5432}]
    spec = {"nodeName": "n1", "containers": [{"name": "c", "ports": ports}]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec,
            "status": {"phase": "Running", "podIP": address, "podIPs": [{"ip": address}]}}  # fmt: skip


def policy(text: str, namespace: str) -> Json:
    found: Json = yaml.safe_load(text)
    assert isinstance(found["metadata"], dict)
    found["metadata"] |= {"namespace": namespace, "uid": "0a8cbd3a-5a08-4a6a-a2c4-6d0d3b9f6f50", "generation": 1}
    return found


def named(kind: str, name: str, **labels: str) -> Json:
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": name, "labels": labels}}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[ApiServer, Path]]:
    with ApiServer.running() as server:
        spec = {"replicas": 1, "template": {"metadata": {"labels": {"app": "web"}}}}
        meta = {"name": "web", "namespace": "shop"}
        done = pod("done", "web", "10.0.0.9")
        done["status"] = {"phase": "Succeeded", "podIP": "10.0.0.9"}
        server.put(
            named("Namespace", "shop", team="a"),
            named("Namespace", "ops"),
            named("Node", "n1"),
            {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta, "spec": spec},
            {"apiVersion": "apps/v1", "kind": "ReplicaSet", "spec": spec,
             "metadata": {"name": "web-7f", "namespace": "shop", "ownerReferences": owned("Deployment", "web")}},
            pod("web-7f-a", "web", "10.0.0.1", ownerReferences=owned("ReplicaSet", "web-7f")),
            pod("db", "db", "10.0.0.2"),
            pod("probe", "probe", "10.0.0.3", "ops"),
            done,
            {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "db", "namespace": "shop"},
             "spec": {"selector": {"app": "db"}, "ports": [{"port": 5432}], "clusterIP": "10.96.0.7"}},
            policy(POLICY, "shop"),
        )  # fmt: skip
        yield server, server.kubeconfig(tmp_path_factory.mktemp("kube"))


@pytest.fixture
def config(shop: tuple[ApiServer, Path]) -> Iterator[Path]:
    server, path = shop
    yield path
    server.scripts.clear()
    server.resources[:] = BUILT_IN


@pytest.fixture
def server(shop: tuple[ApiServer, Path], config: Path) -> ApiServer:
    return shop[0]


@pytest.fixture(scope="module")
def dump(shop: tuple[ApiServer, Path]) -> bytes:
    """What kubectl prints of the same cluster."""
    assert KUBECTL is not None
    kinds = ",".join(one.plural for one in BUILT_IN)
    command = [
        KUBECTL,
        "--kubeconfig",
        str(shop[1]),
        "get",
        kinds,
        "-A",
        "-o",
        "yaml",
        "--cache-dir",
        str(shop[1].parent),
    ]
    return subprocess.run(command, env={"HOME": str(shop[1].parent)}, capture_output=True, check=True).stdout


QUESTIONS = [
    ("list",),
    ("list", "--exposure"),
    ("list", "-o", "json"),
    ("can", "shop/deployment/web", "shop/db", "5432"),
    ("can", "ops/probe", "shop/db"),
    ("explain",),
    ("explain", "pod/db"),
    ("lint", "--select", "all", "-o", "concise"),
    ("compile", "--node", "n1"),
]


def without_places(text: str) -> list[str]:
    """The words of an answer without the places of its objects, which differ; order and lines are theirs."""
    plurals = "|".join(one.plural for one in BUILT_IN)
    text = re.sub(rf"\b({plurals})(/[\w-]+)+|[\w./-]+dump\.yaml(:\d+:\d+)?", "PLACE", text)
    return sorted(re.sub(r'"(line|column)": \d+', "", text).split())


@pytest.mark.parametrize("question", QUESTIONS, ids=" ".join)
def test_the_answer_is_that_of_what_kubectl_dumps(
    question: tuple[str, ...], haechi: Haechi, config: Path, dump: bytes, tmp_path: Path
) -> None:
    head = question[:-2] if question[0] == "compile" else question
    path = tmp_path / "dump.yaml"
    path.write_bytes(dump)
    live = haechi(*question, "--kubeconfig", config)
    file = haechi(*head, path, *question[len(head) :])
    assert live.code == file.code
    assert without_places(live.out) == without_places(file.out)
    assert live.out


def test_a_context_and_all_namespaces_mean_the_same(
    haechi: Haechi, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(config))
    whole = haechi("list", "--context", "here")
    assert whole.code == 0
    assert haechi("list", "-A") == whole
    assert haechi("list", "-A", "--context", "here") == whole


def test_one_namespace_is_read_alone_and_the_answer_says_so(haechi: Haechi, config: Path, server: ApiServer) -> None:
    before = len(server.requests)
    outcome = haechi("list", "--kubeconfig", config, "-n", "shop")
    assert outcome.code == 0
    assert "ops" not in outcome.out
    assert "only namespace shop was read: pods and policies of other namespaces are unknown\n" in outcome.err
    assert all("/namespaces/shop" in path or path == "/apis" for path in server.paths()[before:])
    document = json.loads(haechi("list", "--kubeconfig", config, "-n", "shop", "-n", "ops", "-o", "json").out)
    assert "only namespace shop, ops was read" in " ".join(document["notes"])


@pytest.mark.parametrize("question", [("lint",), ("validate",), ("explain",), ("list",), ("list", "--exposure")])
def test_every_answer_about_some_namespaces_says_so(question: tuple[str, ...], haechi: Haechi, config: Path) -> None:
    outcome = haechi(*question, "--kubeconfig", config, "-n", "shop")
    assert "only namespace shop was read" in outcome.err


def test_rules_of_a_node_after_applying_say_so(haechi: Haechi, config: Path) -> None:
    outcome = haechi("compile", "-", "--kubeconfig", config, "--node", "n1", stdin=POLICY)
    assert outcome.code == 0
    assert "files applied over the cluster: objects replaced: 0, added: 1\n" in outcome.err


def test_explain_reads_and_explains_the_namespace(haechi: Haechi, config: Path) -> None:
    assert (
        "NetworkPolicy shop/db (networkpolicies/shop/db)" in haechi("explain", "--kubeconfig", config, "-n", "shop").out
    )
    outcome = haechi("explain", "--kubeconfig", config, "-n", "ops")
    assert (outcome.code, outcome.out) == (2, "")
    assert "there is no policy in namespace ops" in outcome.err


def test_files_are_applied_over_the_cluster(haechi: Haechi, config: Path, tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    path.write_text(POLICY.replace("{name: db}", "{name: db, namespace: shop}").replace("app: web", "app: probe"))
    question = ("can", "shop/deployment/web", "shop/db", "5432")
    assert haechi(*question, "--kubeconfig", config).code == 0
    outcome = haechi(*question, path, "--kubeconfig", config)
    assert outcome.code == 1
    assert f"isolated by shop/db at {path}:5:3" in outcome.out
    assert "files applied over the cluster: objects replaced: 1, added: 0" in outcome.out


def test_objects_without_a_namespace_are_applied_to_that_of_the_context(
    haechi: Haechi, config: Path, tmp_path: Path
) -> None:
    path = tmp_path / "p.yaml"
    path.write_text(POLICY.replace("app: web", "app: probe"))
    question = ("can", "shop/deployment/web", "shop/db", "5432", path, "--kubeconfig")
    assert haechi(*question, config).code == 0
    assert haechi(*question, config, "-n", "shop").code == 1
    changed = json.loads(config.read_text())
    changed["contexts"][0]["context"]["namespace"] = "shop"
    other_config = config.with_name("other")
    other_config.write_text(json.dumps(changed))
    assert haechi(*question, other_config).code == 1


def test_diff_shows_what_applying_would_change(haechi: Haechi, config: Path, tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    path.write_text(POLICY.replace("app: web", "app: probe"))
    same = haechi("diff", "-", "--kubeconfig", config, "-n", "shop", stdin=POLICY)
    assert same.code == 0
    outcome = haechi("diff", path, "--kubeconfig", config, "-n", "shop")
    assert outcome.code == 1
    assert "- shop/web[Deployment] -> shop/db[Pod]: TCP 5432 by shop/db (changed)\n" in outcome.out
    document = json.loads(haechi("diff", path, "--kubeconfig", config, "-n", "shop", "-o", "json").out)
    assert [change["change"] for change in document["changes"]] == ["removed"]


def test_lint_offers_no_fix_for_what_is_in_no_file(haechi: Haechi, config: Path, tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    path.write_text(POLICY)
    assert "(--fix)" in haechi("lint", path, "--select", "policy-types-implicit").out
    outcome = haechi("lint", "--kubeconfig", config, "--select", "policy-types-implicit")
    assert "networkpolicies/shop/db" in outcome.out
    assert "--fix" not in outcome.out + outcome.err


def test_what_is_stored_is_not_judged_as_a_create(haechi: Haechi, config: Path, dump: bytes) -> None:
    """The Deployment has no selector: no server creates that, but this one has it."""
    assert haechi("validate", "-", stdin=dump).code == 1
    outcome = haechi("validate", "--kubeconfig", config)
    assert (outcome.code, outcome.out) == (0, "")


@pytest.mark.parametrize(("namespace", "code"), [(("-n", "shop"), 1), ((), 0)])
def test_updates_without_a_namespace_are_in_that_of_the_cluster(
    haechi: Haechi, config: Path, tmp_path: Path, namespace: tuple[str, ...], code: int
) -> None:
    """Pod db of namespace shop cannot get another port; in the context's namespace it is new."""
    path = tmp_path / "pod.yaml"
    spec = "{nodeName: n1, containers: [{name: c, image: i:1, ports: [{name: db, containerPort: 5433}]}]}"
    path.write_text(f"apiVersion: v1\nkind: Pod\nmetadata: {{name: db}}\nspec: {spec}\n")
    outcome = haechi("validate", "--kubeconfig", config, *namespace, "--update", path)
    assert outcome.code == code, outcome.out
    assert ("Pod/shop/db: spec: Forbidden: pod updates" in outcome.out) == bool(code)


def test_files_over_a_cluster_are_judged_as_updates_of_what_it_has(
    haechi: Haechi, config: Path, tmp_path: Path
) -> None:
    """The port of a pod cannot change; a pod that is not there yet is created."""
    path = tmp_path / "pod.yaml"
    spec = "{nodeName: n1, containers: [{name: c, image: i:1, ports: [{name: db, containerPort: 5432}]}]}"
    path.write_text(f"apiVersion: v1\nkind: Pod\nmetadata: {{name: db, namespace: shop}}\nspec: {spec}\n")
    question = ("validate", path, "--kubeconfig", config)
    assert haechi(*question).code == 0
    path.write_text(path.read_text().replace("5432", "5433"))
    assert haechi("validate", path).code == 0
    outcome = haechi(*question)
    assert outcome.code == 1
    assert outcome.out.startswith(f"{path}:4:1: error: Pod/shop/db: spec: Forbidden: pod updates may not change fields")
    path.write_text(path.read_text().replace("name: db,", "name: new,"))
    assert haechi(*question).code == 0


def test_diff_compares_two_sets_of_files_over_one_cluster(haechi: Haechi, config: Path, tmp_path: Path) -> None:
    """One cluster, read once, below both sides."""
    old, new = tmp_path / "old.yaml", tmp_path / "new.yaml"
    old.write_text(POLICY.replace("app: web", "app: probe"))
    new.write_text(POLICY)
    cluster = ("--kubeconfig", config, "-n", "shop")
    change = "shop/web[Deployment] -> shop/db[Pod]: TCP 5432 by shop/db (changed)\n"
    assert f"+ {change}" in haechi("diff", old, new, *cluster).out
    assert f"- {change}" in haechi("diff", "--to", old, *cluster).out
    assert haechi("diff", old, "--to", old, "--with", old, *cluster).code == 0


def test_diff_reads_the_cluster_once(haechi: Haechi, config: Path, server: ApiServer) -> None:
    before = len(server.requests)
    haechi("diff", "-", "--kubeconfig", config, stdin=POLICY)
    paths = server.paths()[before:]
    assert len(paths) == len(set(paths))


def test_tests_are_judged_on_the_cluster(haechi: Haechi, config: Path, tmp_path: Path) -> None:
    path = tmp_path / "tests.yaml"
    path.write_text(TESTS)
    outcome = haechi("test", path, "--kubeconfig", config)
    assert outcome.code == 0, outcome.err


@pytest.mark.parametrize("question", [("list", "-o", "json"), ("can", "shop/db", "ops/probe", "-o", "json")])
def test_what_may_not_be_listed_makes_the_answer_partial(
    question: tuple[str, ...], haechi: Haechi, config: Path, server: ApiServer
) -> None:
    server.script(
        lambda request: Reply.error(403, "services is forbidden") if request.path.endswith("/services") else None
    )
    outcome = haechi(*question, "--kubeconfig", config)
    assert outcome.code == 2
    document = json.loads(outcome.out)
    assert document["partial"]
    (unreadable,) = document["unreadable"]
    assert unreadable["location"] == {"file": "services", "line": 0, "column": 0}
    assert 'the missing RBAC rule: - {apiGroups: [""], resources: [services], verbs: [list]}' in outcome.err
    assert "the answer excludes unreadable input" in outcome.err
    strict = haechi(*question, "--kubeconfig", config, "--strict")
    assert (strict.code, strict.out) == (2, "")


def test_compile_and_verify_do_nothing_with_a_cluster_that_is_not_whole(
    haechi: Haechi, config: Path, server: ApiServer
) -> None:
    server.script(lambda request: Reply.error(403, "no") if request.path.endswith("/pods") else None)
    outcome = haechi("compile", "--kubeconfig", config, "--node", "n1")
    assert (outcome.code, outcome.out) == (2, "")
    assert "nothing was done" in outcome.err


def test_policies_of_other_kinds_are_reported(haechi: Haechi, config: Path, server: ApiServer) -> None:
    server.resources.append(other("cilium.io", "v2", "CiliumNetworkPolicy", namespaced=True))
    server.put(
        {"apiVersion": "cilium.io/v2", "kind": "CiliumNetworkPolicy", "metadata": {"name": "c", "namespace": "shop"}}
    )
    outcome = haechi("can", "shop/db", "ops/probe", "--kubeconfig", config)
    assert (
        "ciliumnetworkpolicies/shop/c: warning: CiliumNetworkPolicy/shop/c: policies of cilium.io/v2 are not"
        in outcome.err
    )
    assert "1 object of other policy kinds may change this answer: CiliumNetworkPolicy" in outcome.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("can", "a", "b", "80"), "PATH: there is no input"),
        (("can", "a", "b", "polices"), "polices: error: no such file"),
        (("explain", "pod/a"), "or: haechi explain pod/a --context NAME"),
        (("list",), "PATH: there is no input\n  name files, also in haechi.toml, or a cluster with --context"),
        (("lint", "-n", "shop", "-n", "ops", "FILE"), "--namespace: objects of files that name no namespace can be in"),
        (("lint", "-n", "../x", "FILE"), "--namespace: '../x' is not the name of a namespace"),
        (("can", "a", "b", "FILE", "-n", ""), "--namespace: '' is not the name of a namespace"),
        (("list", "-A", "-n", "shop", "CONFIG"), "--all-namespaces: all namespaces, or some: not both"),
        (("compile", "--node", "n1", "-n", "shop", "CONFIG"), "--namespace: a node enforces the policies of all"),
        (("lint", "--fix", "FILE", "CONFIG"), "--fix: a cluster is never changed"),
        (("list", "--context", "nope", "CONFIG"), "there is no context 'nope' in the kubeconfig\n  --context: here"),
        (("list", "-n", "nope", "CONFIG"), "there is no namespace 'nope' in context 'here'"),
        (("list", "-n", "../x", "CONFIG"), "is not the name of a namespace"),
        (("list", "--kubeconfig", "/none"), "/none: no such file or directory"),
        (("diff", "FILE"), "needs two PATHs, --to or --git"),
    ],
)
def test_what_cannot_be_asked_is_said(
    arguments: tuple[str, ...], words: str, haechi: Haechi, config: Path, tmp_path: Path
) -> None:
    (tmp_path / "p.yaml").write_text(POLICY)
    names: dict[str, list[object]] = {"FILE": [tmp_path / "p.yaml"], "CONFIG": ["--kubeconfig", config]}
    given = [word for argument in arguments for word in names.get(argument, [argument])]
    outcome = haechi(*given)
    assert (outcome.code, outcome.out) == (2, "")
    assert words in outcome.err


@pytest.mark.parametrize("status", [401, 403, 500])
def test_no_error_shows_the_token(status: int, haechi: Haechi, config: Path, server: ApiServer) -> None:
    server.script(lambda request: Reply.error(status, f"\x1b[2J {request.headers['authorization']}"))
    outcome = haechi("list", "--kubeconfig", config, "-v")
    assert outcome.code == 2
    assert TOKEN not in outcome.out + outcome.err
    assert "\x1b" not in outcome.err


def test_the_documented_cluster_role_is_enough() -> None:
    """Each resource that is asked for, and each policy kind of others, has its rule."""
    from haechi.kube import ALL_KINDS
    from haechi.kube.resources import resource_of
    from haechi.model import kinds, policy_kinds

    text = (Path(__file__).parents[2] / "docs" / "cli.md").read_text(encoding="utf-8")
    role = next(
        yaml.safe_load(part.split("```")[0]) for part in text.split("```yaml\n") if "kind: ClusterRole" in part[:120]
    )
    listed = {
        (group, resource)
        for rule in role["rules"]
        if "list" in rule["verbs"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
    }
    assert {verb for rule in role["rules"] for verb in rule["verbs"]} == {"get", "list"}
    groups: dict[str, set[str]] = {}
    for kind in ALL_KINDS:
        groups.setdefault(kind.api_version.rpartition("/")[0], set()).add(kind.kind)
    for group in kinds._OTHER_POLICIES:
        groups.setdefault(group, set()).update(policy_kinds(group))
    assert groups.keys() == {group for group, _ in listed}
    assert {group: len(names) for group, names in groups.items()} == {
        group: sum(each == group for each, _ in listed) - (group == "crd.projectcalico.org") * 2 for group in groups
    }
    ours = {(one.group, one.plural) for one in map(resource_of, ALL_KINDS) if one is not None}
    assert ours <= listed


def test_the_help_of_every_command_names_the_context(capsys: pytest.CaptureFixture[str]) -> None:
    main(["can", "--help"])
    assert "--context" in capsys.readouterr().out
