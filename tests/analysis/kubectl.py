"""The real kubectl, talking to a server of one answer: policies that somebody else stored."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import msgspec

from haechi.model import NetworkPolicy, default

GROUP = "networking.k8s.io"
KUBECTL = Path(sys.executable).parent / "kubectl"
Json = dict[str, object]


def stored(policy: NetworkPolicy) -> Json:
    """The object as an API server would send it."""
    plain: Json = msgspec.to_builtins(default(policy))
    return {"apiVersion": f"{GROUP}/v1", "kind": "NetworkPolicy", **plain}


def _answers(policies: Iterable[NetworkPolicy]) -> dict[str, Json]:
    objects = [stored(policy) for policy in policies]
    resource = {"name": "networkpolicies", "singularName": "networkpolicy", "namespaced": True}
    resource |= {"kind": "NetworkPolicy", "verbs": ["get", "list"], "shortNames": ["netpol"]}
    version = {"groupVersion": f"{GROUP}/v1", "version": "v1"}
    group = {"name": GROUP, "versions": [version], "preferredVersion": version}
    found: dict[str, Json] = {
        "/api": {"kind": "APIVersions", "versions": ["v1"]},
        "/api/v1": {"kind": "APIResourceList", "groupVersion": "v1", "resources": []},
        "/apis": {"kind": "APIGroupList", "apiVersion": "v1", "groups": [group]},
        f"/apis/{GROUP}/v1": {"kind": "APIResourceList", "groupVersion": f"{GROUP}/v1", "resources": [resource]},
        f"/apis/{GROUP}/v1/networkpolicies": {
            "apiVersion": f"{GROUP}/v1",
            "kind": "NetworkPolicyList",
            "metadata": {"resourceVersion": "1"},
            "items": objects,
        },
    }
    for policy, plain in zip(policies, objects, strict=True):
        found[f"/apis/{GROUP}/v1/namespaces/{policy.namespace}/networkpolicies/{policy.name}"] = plain
    return found


@contextmanager
def _serving(answers: dict[str, Json]) -> Iterator[int]:
    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = answers.get(self.path.partition("?")[0])
            body = json.dumps(
                found or {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 404}
            ).encode()
            self.send_response(404 if found is None else 200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the name of the base class)
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


def described(policies: list[NetworkPolicy], home: Path, zone: str = "UTC") -> str:
    """What `kubectl describe netpol -A` prints; invalid UTF-8 as surrogates."""
    with _serving(_answers(policies)) as port:
        command = [str(KUBECTL), "describe", "netpol", "-A", f"--server=http://127.0.0.1:{port}"]
        command += [f"--cache-dir={home}/{port}", "--kubeconfig=/dev/null"]
        environment = {**os.environ, "HOME": str(home), "TZ": zone, "NO_PROXY": "127.0.0.1"}
        done = subprocess.run(command, capture_output=True, check=False, env=environment, timeout=120)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode(errors="surrogateescape")
