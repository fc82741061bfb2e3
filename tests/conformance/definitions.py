"""The published definitions of ClusterNetworkPolicy and its predecessors, and how a server gets them."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
import time
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tests.conformance.objects import Kind
from tests.conformance.server import ApiServer, NotAvailable

MODULE = "sigs.k8s.io/network-policy-api"
GROUP = "policy.networking.k8s.io"
SUMS = {
    "v0.3.0": "h1:RL6fVXiix9IW1pj0ImkW645m+EWmb3dBGCiW19bg5+k=",
    "v0.1.7": "h1:obY2FTEidLXVdRYu7gJ4q1RYE57pBnrpMqoE2LZgp4g=",
    "v0.2.0": "h1:W/f0Y9VoeQdOWjX/h2gZyLH6gZ5LLEXmh/9wy9mQWKw=",
}
"""Checksums of the module's versions, as in a go.sum."""
_SECONDS = 30


@cache
def _module(version: str) -> Path:
    """The folder of a version of the module, downloaded if need be.

    Raises:
        NotAvailable: there is no Go, or the module cannot be downloaded.
    """
    go = shutil.which("go")
    if go is None:
        raise NotAvailable("no Go")
    with tempfile.TemporaryDirectory(prefix="haechi-conformance-") as folder:
        (Path(folder) / "go.mod").write_text("module haechi.invalid/definitions\n", encoding="utf-8")
        command = [go, "mod", "download", "-json", f"{MODULE}@{version}"]
        answer = subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True)
    found = json.loads(answer.stdout or "{}")
    if answer.returncode:
        raise NotAvailable(f"go mod download: {found.get('Error') or answer.stderr.strip()}")
    assert found["Sum"] == SUMS[version], found
    return Path(found["Dir"])


def published(kind: Kind) -> Any:
    """The definition of a kind as published.

    Raises:
        NotAvailable: it cannot be had here.
    """
    path = _module(kind.release) / "config" / "crd" / kind.channel.value / f"{GROUP}_{kind.plural}.yaml"
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def lenient(definition: Any) -> Any:
    """The definition with a schema that takes everything, so that objects can be stored that the real one refuses."""
    lax = json.loads(json.dumps(definition))
    for version in lax["spec"]["versions"]:
        schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
        version["schema"]["openAPIV3Schema"] = {"type": "object", "properties": {"spec": schema, "status": schema}}
    return lax


def install(server: ApiServer, definition: Any) -> None:
    """Have the server know the definition, in place of another of the same name, and wait until it judges by it."""
    root = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    path = f"{root}/{definition['metadata']['name']}"
    stored = server.ask("GET", path)
    if stored.status == 200:
        version = stored.body["metadata"]["resourceVersion"]
        definition = {**definition, "metadata": {**definition["metadata"], "resourceVersion": version}}
        answer = server.ask("PUT", path, json.dumps(definition).encode())
    else:
        answer = server.ask("POST", root, json.dumps(definition).encode())
    assert answer.status in (200, 201), answer
    _await_effect(server, definition)


def _await_effect(server: ApiServer, definition: Any) -> None:
    """Wait until a dry run is judged by the definition: by a field of its own whose name tells it from every other."""
    names, version = definition["spec"]["names"], definition["spec"]["versions"][0]
    schema = version["schema"]["openAPIV3Schema"]["properties"]["spec"]
    fields = schema.get("properties", {}).get("egress", {}).get("items", {}).get("properties", {})
    peers = fields.get("to", {}).get("items", {}).get("properties", {})
    spec: Any = {"egress": [{"to": [{"nodes": {}}]}]}
    wanted = "any" if not fields else "nodes" if "nodes" in peers else "no nodes"
    body = {
        "apiVersion": f"{definition['spec']['group']}/{version['name']}",
        "kind": names["kind"],
        "metadata": {"name": "default"},
        "spec": spec,
    }
    path = f"/apis/{body['apiVersion']}/{names['plural']}?dryRun=All&fieldValidation=Strict"
    until = time.monotonic() + _SECONDS
    while time.monotonic() < until:
        answer = server.ask("POST", path, json.dumps(body).encode())
        message = str(answer.body.get("message", ""))
        is_strict = "unknown field" in message
        found = {201: "any", 409: "any", 400: "no nodes" if is_strict else "", 422: "nodes"}.get(answer.status, "")
        if found == wanted:
            return
        time.sleep(0.05)
    raise AssertionError(f"{definition['metadata']['name']} has no effect: {answer}")
