"""What real kubectl sends to a server for a kubeconfig, and what the client sends for the same one."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from haechi.kube import Client, KubeError, access_to
from tests.kube.server import ApiServer, Request

KUBECTL = shutil.which("kubectl", path=f"{Path(sys.executable).parent}{os.pathsep}{os.defpath}")
V1, BETA = "client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"
PLUGIN = """\
import json, os, sys
info = json.loads(os.environ["KUBERNETES_EXEC_INFO"])
open(sys.argv[1], "a").write(json.dumps(info) + "\\n")
print(json.dumps({**info, "status": {"token": "from-plugin-" + os.environ.get("WHO", "")}}))
"""


def plugin(version: str = V1, **fields: object) -> dict[str, object]:
    command = {"command": sys.executable, "args": ["-c", PLUGIN, "asked"], "interactiveMode": "Never"}
    return {"exec": {"apiVersion": version, **command, **fields}}


USERS: dict[str, dict[str, object]] = {
    "token": {"token": "t"},
    "token file": {"tokenFile": "token"},
    "token and token file": {"token": "t", "tokenFile": "token"},
    "password": {"username": "u", "password": "p:é"},
    "impersonation": {"token": "t", "as": "jo", "as-groups": ["a", "b"], "as-uid": "7"},
    "plugin": plugin(),
    "older plugin": plugin(BETA),
    "plugin with variables": plugin(env=[{"name": "WHO", "value": "jo"}]),
    "plugin that is told the cluster": plugin(provideClusterInfo=True),
    "plugin and token": {"token": "t", **plugin()},
    "plugin without a mode": plugin(interactiveMode=None),
    "older plugin without a mode": plugin(BETA, interactiveMode=None),
    "plugin of a mode that is none": plugin(interactiveMode="Sometimes"),
    "plugin of a version that is none": plugin("client.authentication.k8s.io/v1alpha1"),
    "plugin that needs a terminal": plugin(interactiveMode="Always"),
}


def credentials_of(request: Request) -> dict[str, str]:
    return {name: value for name, value in request.headers.items() if name.startswith(("authorization", "impersonate"))}


@pytest.mark.parametrize("user", USERS)
def test_the_same_credentials_are_sent(
    user: str, server: ApiServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert KUBECTL is not None
    monkeypatch.chdir(tmp_path)
    (tmp_path / "token").write_text("from-file\n")
    config = json.loads(server.kubeconfig(tmp_path, **{"tls-server-name": "localhost"}).read_text())
    config["users"][0]["user"] = USERS[user]
    (tmp_path / "config").write_text(json.dumps(config))
    command = [KUBECTL, "--kubeconfig", "config", "get", "--raw", "/api/v1/pods"]
    theirs = subprocess.run(
        command, env={"HOME": str(tmp_path)}, capture_output=True, stdin=subprocess.DEVNULL, check=False
    )
    asked = tmp_path / "asked"
    told = asked.read_text() if asked.exists() else ""
    asked.unlink(missing_ok=True)

    async def get() -> None:
        async with Client(access_to(kubeconfig="config")) as client:
            await client.get("/api/v1/pods")

    if theirs.returncode:
        assert server.requests == []
        with pytest.raises(KubeError):
            asyncio.run(get())
        return
    asyncio.run(get())
    first, second = server.requests
    assert credentials_of(second) == credentials_of(first)
    assert _told(asked.read_text() if asked.exists() else "") == _told(told)


def _told(text: str) -> object:
    """What a plugin was told, without the fields that only hold nothing."""
    found = [json.loads(line) for line in text.splitlines()]
    for one in found:
        cluster = one["spec"].get("cluster", {})
        one["spec"]["cluster"] = {name: value for name, value in cluster.items() if value is not None}
    return found
