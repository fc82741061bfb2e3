"""kubeconfig files mean what they mean for kubectl, and no message shows what they hold."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from base64 import b64decode
from collections.abc import Mapping
from itertools import product
from pathlib import Path

import msgspec
import pytest

from haechi.kube import Kubeconfig, KubeconfigError
from haechi.model import Struct

KUBECTL = shutil.which("kubectl", path=f"{Path(sys.executable).parent}{os.pathsep}{os.defpath}")
SECRET = "xyzzy-secret"


def kubectl(folder: Path, files: str, *arguments: str) -> tuple[int, dict[str, object]]:
    assert KUBECTL is not None
    done = subprocess.run(
        [KUBECTL, "config", "view", "--raw", "-o", "json", *arguments],
        cwd=folder,
        env={"KUBECONFIG": files, "HOME": str(folder)},
        capture_output=True,
        check=False,
    )
    return done.returncode, json.loads(done.stdout) if done.returncode == 0 else {}


def written(rng: random.Random, names: list[str]) -> dict[str, object]:
    """A kubeconfig in which some fields are set."""

    def some(**fields: object) -> dict[str, object]:
        return {name.replace("_", "-"): value for name, value in fields.items() if rng.random() < 0.5}

    def listed(field: str, **entry: object) -> list[object]:
        chosen = [name for name in names if rng.random() < 0.6]
        return [
            {"name": name, field: some(**{k: f"{v}{rng.randrange(99)}" for k, v in entry.items()})} for name in chosen
        ]

    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": rng.choice(["", *names]),
        "clusters": listed("cluster", server="https://h", certificate_authority="ca", tls_server_name="n", proxy_url="http://p"),
        "users": listed("user", token="t", client_certificate="../c", client_key="k", username="u", password="p"),
        "contexts": listed("context", cluster="c", user="u", namespace="n"),
    }  # fmt: skip


def as_kubectl(config: Kubeconfig) -> dict[str, object]:
    """The merged kubeconfig in the form of `kubectl config view`."""

    def entries(field: str, found: Mapping[str, Struct]) -> list[object] | None:
        listed = [{"name": name, field: json.loads(msgspec.json.encode(found[name]))} for name in sorted(found)]
        return [unfolded(one) for one in listed] or None

    return {
        "current-context": config.current_context,
        "clusters": entries("cluster", config.servers),
        "users": entries("user", config.users),
        "contexts": entries("context", config.contexts),
    }


@pytest.mark.parametrize("seed", range(6))
def test_files_are_merged_as_kubectl_merges_them(seed: int, tmp_path: Path) -> None:
    """Files in other folders are embedded by kubectl: each holds its own path, so that paths are compared as well."""
    rng = random.Random(seed)
    files = []
    for name, number in product(["c", "ca", "k"], range(99)):
        (tmp_path / f"{name}{number}").write_text(str(tmp_path / f"{name}{number}"))
    for number in range(3):
        folder = tmp_path / f"d{number}"
        folder.mkdir()
        for name in [f"{name}{number}" for name, number in product(["ca", "k"], range(99))]:
            (folder / name).write_text(str(folder / name))
        (folder / "config").write_text(json.dumps(written(rng, ["a", "b", "c"])))
        files.append(str(folder / "config"))
    listed = os.pathsep.join([*files, "", str(tmp_path / "missing"), files[0]])
    ours = as_kubectl(Kubeconfig.find(None, {"KUBECONFIG": listed}))
    code, theirs = kubectl(tmp_path, listed, "--flatten")
    assert code == 0
    assert ours == {name: unfolded(theirs[name]) for name in ours}


def unfolded(value: object) -> object:
    """What kubectl prints without empty texts, and with paths instead of the content of files."""
    if isinstance(value, list):
        return [unfolded(one) for one in value]
    if not isinstance(value, dict):
        return value
    paths = {name[:-5]: b64decode(text).decode() for name, text in value.items() if name.endswith("-data")}
    return {name: unfolded(one) for name, one in value.items() if one != "" and not name.endswith("-data")} | paths


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "clusters: null\nusers: []\ncurrent-context: null",
        "kind: Config\nunknown: 1\nusers:\n- {name: u, user: null, more: 1}",
        "users:\n- {name: u, user: {token: 'a', token: 'b'}}",
        "kind: Config\n---\nkind: Config\ncurrent-context: second",
        "contexts:\n- {name: n, context: {cluster: c, namespace: 0777}}",
        "contexts:\n- {name: y, context: {cluster: c}}",
        "contexts:\n- {name: a, context: {cluster: c}}\n- {name: a, context: {cluster: d}}",
        "kind: List",
        "apiVersion: v2\nkind: Config",
        "users: {u: {}}",
        "users: [null, {name: u}]",
        "- a",
        "just text",
        "users: [{name: u, user: {token: 12}}]",
        "a: [",
        "{\"users\": [{\"name\": \"u\", \"user\": {\"as-groups\": [\"g\"], \"as\": \"x\"}}]}",
    ],
)  # fmt: skip
def test_odd_files_are_taken_and_refused_as_by_kubectl(text: str, tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text(text)
    code, theirs = kubectl(tmp_path, str(path))
    try:
        ours = as_kubectl(Kubeconfig.find(str(path), {}))
    except KubeconfigError:
        assert code != 0
    else:
        assert code == 0
        assert ours == {name: unfolded(theirs[name]) for name in ours}


@pytest.mark.parametrize(
    "text",
    [
        f"users: [{{name: u, user: {{token: [{SECRET}]}}}}]",
        f"users: [{{name: u, user: {{token: *{SECRET}}}}}]",
        f"users:\n- name: u\n  user: {{password: {SECRET}, token: 12345678}}",
        f"token: {SECRET}\n\t- x: {SECRET}",
        f"users: {SECRET}",
        f"[{SECRET}",
    ],
)
def test_no_message_shows_what_a_file_holds(text: str, tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text(text)
    with pytest.raises(KubeconfigError) as caught:
        Kubeconfig.find(str(path), {})
    assert SECRET not in str(caught.value)
    assert "12345678" not in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_file_that_is_named_must_exist_and_those_of_the_environment_need_not(tmp_path: Path) -> None:
    missing = str(tmp_path / "missing")
    with pytest.raises(KubeconfigError, match="no such file"):
        Kubeconfig.find(missing, {})
    assert not Kubeconfig.find(None, {"KUBECONFIG": missing}).contexts
    assert not Kubeconfig.find(None, {"HOME": missing}).contexts
    (tmp_path / "file").touch()
    for unusable in (f"{tmp_path}/file/config", "/" + "x" * 300):
        with pytest.raises(KubeconfigError):
            Kubeconfig.find(None, {"KUBECONFIG": unusable})


def test_the_file_in_the_home_folder_counts_without_the_variable(tmp_path: Path) -> None:
    (tmp_path / ".kube").mkdir()
    (tmp_path / ".kube" / "config").write_text("current-context: mine")
    assert Kubeconfig.find(None, {"HOME": str(tmp_path)}).current_context == "mine"
    assert Kubeconfig.find(None, {"HOME": str(tmp_path), "KUBECONFIG": ""}).current_context == "mine"


def test_a_folder_and_a_huge_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(KubeconfigError, match="directory"):
        Kubeconfig.find(str(tmp_path), {})
    huge = tmp_path / "huge"
    with huge.open("wb") as file:
        file.truncate(17 * 1024 * 1024)
    with pytest.raises(KubeconfigError, match="larger than 16 MiB"):
        Kubeconfig.find(str(huge), {})


def test_relative_paths_count_from_the_folder_of_their_file(tmp_path: Path) -> None:
    folder = tmp_path / "k"
    folder.mkdir()
    plugin = {"command": "./bin/login", "apiVersion": "client.authentication.k8s.io/v1"}
    users = [
        {"name": "u", "user": {"client-certificate": "c", "client-key": "/abs/k", "tokenFile": "../t", "exec": plugin}},
        {"name": "v", "user": {"exec": {**plugin, "command": "on-the-path"}}},
    ]
    clusters = [{"name": "c", "cluster": {"certificate-authority": "ca"}}]
    (folder / "config").write_text(json.dumps({"users": users, "clusters": clusters}))
    found = Kubeconfig.find(str(folder / "config"), {})
    user = found.users["u"]
    assert (user.client_certificate, user.client_key, user.token_file) == (f"{folder}/c", "/abs/k", f"{tmp_path}/t")
    assert user.exec is not None
    assert user.exec.command == f"{folder}/bin/login"
    other = found.users["v"].exec
    assert other is not None
    assert other.command == "on-the-path"
    assert found.servers["c"].certificate_authority == f"{folder}/ca"
