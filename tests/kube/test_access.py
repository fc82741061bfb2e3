"""How a cluster is reached: only as the kubeconfig says, and never without verified TLS."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from haechi.kube import Access, CredentialsError, KubeconfigError, access_to
from haechi.kube.access import MAX_FILE, read_file

AUTHORITY = "LS0tLS1CRUdJTg=="


def written(folder: Path, cluster: dict[str, object], user: dict[str, object] | None = None) -> str:
    path = folder / "config"
    config = {
        "current-context": "dev",
        "clusters": [{"name": "c", "cluster": {"server": "https://api.example:6443", **cluster}}],
        "users": [{"name": "u", "user": user or {}}],
        "contexts": [
            {"name": "dev", "context": {"cluster": "c", "user": "u"}},
            {"name": "prod", "context": {"cluster": "c", "user": "u", "namespace": "shop"}},
            {"name": "no-cluster", "context": {"cluster": "gone"}},
            {"name": "no-user", "context": {"cluster": "c", "user": "gone"}},
        ],
    }
    path.write_text(json.dumps(config))
    return str(path)


def access(folder: Path, variables: dict[str, str] | None = None, /, **cluster: object) -> Access:
    fields = {name.replace("_", "-"): value for name, value in cluster.items()}
    return access_to(kubeconfig=written(folder, fields), environment=variables or {})


def test_the_current_context_or_the_one_that_is_named(tmp_path: Path) -> None:
    path = written(tmp_path, {})
    assert access_to(None, path, {}).namespace == "default"
    found = access_to("prod", path, {})
    assert (found.name, found.namespace, found.server) == ("prod", "shop", "https://api.example:6443")


@pytest.mark.parametrize(
    ("context", "words"),
    [
        ("none", "there is no context 'none'.*--context: dev, no-cluster, no-user, prod"),
        ("no-cluster", "names cluster 'gone'"),
        ("no-user", "names user 'gone'"),
    ],
)
def test_a_context_must_be_whole(context: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(KubeconfigError, match=words):
        access_to(context, written(tmp_path, {}), {})


def test_without_any_kubeconfig_the_remedy_is_named(tmp_path: Path) -> None:
    with pytest.raises(KubeconfigError, match=r"no context is chosen.*KUBECONFIG"):
        access_to(environment={"HOME": str(tmp_path)})


@pytest.mark.parametrize(
    ("cluster", "words"),
    [
        ({"insecure_skip_tls_verify": True}, "verified TLS only.*set certificate-authority"),
        ({"server": "http://localhost:8001"}, "verified TLS only.*instead of kubectl proxy"),
        ({"server": "api.example:6443"}, "must be https://"),
        ({"server": ""}, "must be https://"),
        ({"server": "https://"}, "must be https://"),
        ({"server": "https://u:hunter2@h"}, "must be https://"),
        ({"server": "https://h:99999"}, "must be https://"),
        ({"server": "https://h/?a=b"}, "must be https://"),
        ({"server": "https://[::1"}, "must be https://"),
        ({"certificate_authority_data": "!"}, "not base64"),
        ({"proxy_url": "socks5://p"}, "only http:// proxies"),
    ],
)
def test_what_is_not_safe_or_not_possible_is_refused(cluster: dict[str, object], words: str, tmp_path: Path) -> None:
    with pytest.raises(KubeconfigError, match=words) as caught:
        access(tmp_path, **cluster)
    assert "hunter2" not in str(caught.value)


def test_a_login_that_kubectl_dropped_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KubeconfigError, match=r"auth-provider.*exec plugin"):
        access_to(kubeconfig=written(tmp_path, {}, {"auth-provider": {"name": "gcp", "config": {}}}), environment={})


def test_the_authority_is_data_or_a_file_beside_the_kubeconfig(tmp_path: Path) -> None:
    (tmp_path / "ca").write_bytes(b"from file")
    assert access(tmp_path).authority is None
    assert access(tmp_path, certificate_authority="ca").authority == b"from file"
    both = access(tmp_path, certificate_authority="ca", certificate_authority_data=AUTHORITY)
    assert both.authority == b"-----BEGIN"
    with pytest.raises(CredentialsError, match="no such file"):
        access(tmp_path, certificate_authority="missing")


def test_a_path_before_the_api_and_a_slash_at_the_end(tmp_path: Path) -> None:
    assert access(tmp_path, server="https://rancher/k8s/clusters/c-1/").server == "https://rancher/k8s/clusters/c-1"


@pytest.mark.parametrize(
    ("server", "environment", "proxy"),
    [
        ("https://h", {}, ""),
        ("https://h", {"HTTP_PROXY": "http://p:1"}, ""),
        ("https://h", {"HTTPS_PROXY": "http://p:1"}, "http://p:1"),
        ("https://h", {"https_proxy": "p:1"}, "http://p:1"),
        ("https://localhost:6443", {"HTTPS_PROXY": "http://p:1"}, ""),
        ("https://127.0.0.2", {"HTTPS_PROXY": "http://p:1"}, ""),
        ("https://[::1]:6443", {"HTTPS_PROXY": "http://p:1"}, ""),
        ("https://a.h", {"HTTPS_PROXY": "http://p:1", "NO_PROXY": "x, H"}, ""),
        ("https://ah", {"HTTPS_PROXY": "http://p:1", "NO_PROXY": "h"}, "http://p:1"),
        ("https://h", {"HTTPS_PROXY": "http://p:1", "NO_PROXY": ".h"}, "http://p:1"),
        ("https://a.h", {"HTTPS_PROXY": "http://p:1", "NO_PROXY": ".h"}, ""),
        ("https://a.h", {"HTTPS_PROXY": "http://p:1", "no_proxy": "*.h"}, ""),
        ("https://h", {"HTTPS_PROXY": "http://p:1", "NO_PROXY": "*"}, ""),
        ("https://h:6443", {"HTTPS_PROXY": "http://p:1", "NO_PROXY": "h:443"}, "http://p:1"),
        ("https://h:6443", {"HTTPS_PROXY": "http://p:1", "NO_PROXY": "h:6443"}, ""),
        ("https://10.0.0.7", {"HTTPS_PROXY": "http://p:1", "NO_PROXY": "bad/8,10.0.0.0/8"}, ""),
        ("https://11.0.0.7", {"HTTPS_PROXY": "http://p:1", "NO_PROXY": "10.0.0.0/8,0.0.7"}, "http://p:1"),
        ("https://[fd00::1]:6443", {"HTTPS_PROXY": "http://p:1", "NO_PROXY": "fd00::1"}, ""),
        ("https://[fd00::1]:6443", {"HTTPS_PROXY": "http://p:1", "NO_PROXY": "[fd00::1]:6443"}, ""),
    ],
)
def test_a_proxy_only_where_the_environment_says_so(
    server: str, environment: dict[str, str], proxy: str, tmp_path: Path
) -> None:
    assert access(tmp_path, environment, server=server).proxy == proxy


def test_the_proxy_of_the_kubeconfig_comes_first(tmp_path: Path) -> None:
    found = access(tmp_path, {"HTTPS_PROXY": "http://e", "NO_PROXY": "*"}, proxy_url="http://k:3128")
    assert found.proxy == "http://k:3128"


def test_within_a_pod_its_service_account_is_used_unless_there_is_a_kubeconfig(tmp_path: Path) -> None:
    for name, text in (("token", "tok\n"), ("ca.crt", "pem"), ("namespace", "ops\n")):
        (tmp_path / name).write_text(text)
    environment = {"KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "6443", "HOME": str(tmp_path)}
    found = access_to(environment=environment, service_account=tmp_path)
    assert (found.name, found.server, found.namespace) == ("in-cluster", "https://[fd00::1]:6443", "ops")
    assert (found.authority, found.user.token_file) == (b"pem", str(tmp_path / "token"))
    written(tmp_path, {})
    found = access_to(environment={**environment, "KUBECONFIG": str(tmp_path / "config")}, service_account=tmp_path)
    assert found.name == "dev"
    with pytest.raises(CredentialsError, match="the pod's namespace"):
        access_to(environment=environment, service_account=tmp_path / "none")


def test_printing_an_access_shows_no_secret(tmp_path: Path) -> None:
    path = written(tmp_path, {"proxy-url": "http://u:hunter2@p"}, {"token": "hunter2", "password": "hunter2"})
    assert "hunter2" not in repr(access_to(kubeconfig=path, environment={}))


def test_a_file_of_a_kubeconfig_is_a_regular_one_of_a_sensible_size(tmp_path: Path) -> None:
    """A pipe would block, a device never end."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "large").write_bytes(bytes(MAX_FILE + 1))
    (tmp_path / "whole").write_bytes(b"x")
    for name, words in (("pipe", "not a regular file"), ("large", "larger than"), ("absent", "no such file")):
        with pytest.raises(CredentialsError, match=words):
            read_file("tokenFile", str(tmp_path / name))
    with pytest.raises(CredentialsError, match="not a regular file"):
        read_file("tokenFile", "/dev/zero")
    assert read_file("tokenFile", str(tmp_path / "whole")) == b"x"
