"""What a person waits for: whole processes of the questions, from a file to the last line.

The clusters are those of `benchmarks.cluster`, their pods owned by Deployments, and their policies such that about a
third of all pairs of pods are connected: most apps have policies for who may reach them, a few for whom they reach.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import msgspec
import yaml

from benchmarks import cluster
from benchmarks.measure import Figure, peak_megabytes
from haechi.model import NetworkPolicy, Pod
from haechi.model.base import OwnerReference, Resource

PROTECTED, CONFINED = 39, 20  # of the 40 apps of a namespace: those with ingress policies, those with egress policies
SMALL, LARGE = (1_000, 200), (10_000, 2_000)
MEMORY = 500.0
_PROGRAM = """import os, sys
from haechi.cli import process
told = int(sys.argv.pop(1))
code = process()
os.write(told, open("/proc/self/status", "rb").read())
sys.exit(code)"""
"""The command line, and last what it says of itself to a file descriptor."""


def questions() -> list[Figure]:
    """Every figure, each in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        small, large, other = Path(folder, "small.yaml"), Path(folder, "large.json"), Path(folder, "other.json")
        small.write_text(yaml.safe_dump_all(_objects(*SMALL)), encoding="utf-8")
        objects = list(_objects(*LARGE))
        large.write_text(json.dumps(_dump(objects)), encoding="utf-8")
        other.write_text(json.dumps(_dump(objects[:-1])), encoding="utf-8")
        tests = Path(folder, "tests.json")
        tests.write_text(json.dumps(_tests()), encoding="utf-8")
        ends = (f"{cluster.namespace_of(0)}/app-0-0", f"{cluster.namespace_of(1)}/app-1-25")
        return [
            *_process("list --by pod, 1,000 pods, YAML", 2.5, "list", small, "--by", "pod", "-o", "json"),
            *_process("list --by class, 10,000 pods, JSON", 4.0, "list", large, "--by", "class", "-o", "json"),
            *_process("list --by workload, 10,000 pods, JSON", 6.0, "list", large, "--by", "workload", "-o", "json"),
            *_process("can, 10,000 pods, JSON", 3.0, "can", *ends, "8080", large),
            *_process("can --what-if, 10,000 pods, JSON", 3.0, "can", *ends, "8080", large, "--what-if"),
            *_process("diff by one policy, 10,000 pods, JSON", 8.0, "diff", large, other, "-o", "json"),
            *_process("test, 20 assertions about all pairs, 10,000 pods, JSON", 6.0, "test", tests, large),
            *_process("lint, 10,000 pods, JSON", 10.0, "lint", large, "-o", "json"),
            *_process("lint --select all, 10,000 pods, JSON", 10.0, "lint", large, "--select", "all", "-o", "json"),
        ]


def _process(name: str, limit: float, *arguments: str | Path) -> list[Figure]:
    """Time and memory of a process; its output is read, as a file or a pipe would."""
    read, write = os.pipe()
    begun = time.perf_counter()
    command = [sys.executable, "-c", _PROGRAM, str(write), *map(str, arguments)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, pass_fds=[write]) as process:
        os.close(write)
        assert process.stdout is not None
        lines = process.stdout.read().count(b"\n")
    taken = time.perf_counter() - begun
    with os.fdopen(read, encoding="ascii") as told:
        status = told.read()
    if process.returncode not in (0, 1):
        raise RuntimeError(f"haechi {' '.join(map(str, arguments))} ended with {process.returncode}")
    return [
        Figure(f"{name}: {lines:,} lines", taken, "s", limit),
        Figure(f"{name}: peak memory", peak_megabytes(status), "MB", MEMORY),
    ]


def _tests() -> dict[str, object]:
    """Of each namespace: its pods reach every pod there is; and nobody else but some addresses reaches them."""
    assertions: list[dict[str, object]] = []
    for namespace in cluster.namespaces(LARGE[0]):
        here = {"namespace": namespace.name}
        assertions.append({"from": here, "to": {"namespaceSelector": {}}, "expect": "allow"})
        assertions.append({"to": here, "ports": [8080], "only": [here, {"ip": "172.16.0.0/12"}]})
    metadata, spec = {"name": "all pairs"}, {"assertions": assertions}
    return {"apiVersion": "haechi/v1alpha1", "kind": "ConnectivityTest", "metadata": metadata, "spec": spec}


def _dump(objects: list[dict[str, object]]) -> dict[str, object]:
    return {"apiVersion": "v1", "kind": "List", "items": objects}


def _objects(pods: int, policies: int) -> Iterator[dict[str, object]]:
    for namespace in cluster.namespaces(pods):
        yield _built(namespace)
    for pod in cluster.pods(pods, families=(4, 6)):
        yield _built(_owned(pod))
    for policy in islice(_policies(pods, policies), policies):
        yield _built(policy)


def _built(one: Resource) -> dict[str, object]:
    return {"apiVersion": one.api_version, "kind": one.kind, **msgspec.to_builtins(one)}


def _owned(pod: Pod) -> Pod:
    """The pod with the owner that a Deployment's pod has."""
    name = f"{pod.name.rpartition('-')[0]}-{pod.labels['pod-template-hash']}"
    replicas = OwnerReference(api_version="apps/v1", kind="ReplicaSet", name=name, uid=name, controller=True)
    return msgspec.structs.replace(pod, metadata=msgspec.structs.replace(pod.metadata, owner_references=(replicas,)))


def _policies(pods: int, policies: int) -> Iterator[NetworkPolicy]:
    """Those whose apps are to have some, no default denials; more than enough."""
    for policy in cluster.policies(policies * 3, pods):
        app = policy.spec.pod_selector.match_labels.get("app", "")
        if app and int(app.rpartition("-")[2]) < (CONFINED if policy.spec.egress else PROTECTED):
            yield policy
