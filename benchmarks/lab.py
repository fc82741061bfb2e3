"""Whole processes, as a user starts them."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure import Figure, seconds

RUNS = 3


def lab() -> list[Figure]:
    """`haechi lab run` over 27 pods on 2 nodes, two ports, from nothing to the finished table."""
    with tempfile.TemporaryDirectory() as folder:
        manifest = Path(folder, "cluster.json")
        manifest.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": _items()}), encoding="utf-8")
        command = ["lab", "run", str(manifest), "--port", "80", "--port", "81"]
        return [Figure("a lab of 27 pods on 2 nodes, two ports", _fastest(command), "s", 6.0)]


def large_lab() -> list[Figure]:
    """`haechi lab run` over 1,000 pods of 40 workloads with the default budget: a sample, once."""
    with tempfile.TemporaryDirectory() as folder:
        manifest = Path(folder, "cluster.json")
        items = [item for number in range(40) for item in _workload(number)]
        manifest.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}), encoding="utf-8")
        taken = seconds(lambda: _haechi(["lab", "run", str(manifest)]))
    return [Figure("a lab of 1,000 pods of 40 workloads, default budget", taken, "s", 60.0)]


def helping() -> list[Figure]:
    """`haechi --help`."""
    return [Figure("haechi --help", _fastest(["--help"]), "s", 0.3)]


def _fastest(arguments: list[str]) -> float:
    """The median of some runs."""
    return sorted(seconds(lambda: _haechi(arguments)) for _ in range(RUNS))[RUNS // 2]


def _haechi(arguments: list[str]) -> None:
    command = [str(Path(sys.executable).with_name("haechi")), *arguments]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def _items() -> list[object]:
    pods = [
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name, "namespace": namespace, "labels": {"pod": name}},
            "spec": {"containers": [{"name": "main", "ports": [{"containerPort": 80}, {"containerPort": 81}]}]},
        }
        for namespace in "xyz"
        for name in "abcdefghi"
    ]
    policy = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "some", "namespace": "x"},
        "spec": {
            "podSelector": {},
            "ingress": [{"from": [{"podSelector": {"matchLabels": {"pod": "b"}}}], "ports": [{"port": 80}]}],
        },
    }
    return [*pods, policy]


def _workload(number: int) -> Iterator[object]:
    """A Deployment of 25 pods, which another one may call on its named port, and an office on another."""
    namespace = f"team-{number % 4}"
    template = {
        "metadata": {"labels": {"app": f"app-{number}"}},
        "spec": {"containers": [{"name": "main", "ports": [{"name": "http", "containerPort": 8080 + number % 3}]}]},
    }
    yield {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": f"app-{number}", "namespace": namespace},
        "spec": {"replicas": 25, "selector": {"matchLabels": {"app": f"app-{number}"}}, "template": template},
    }
    caller = {"namespaceSelector": {}, "podSelector": {"matchLabels": {"app": f"app-{(number + 1) % 40}"}}}
    yield {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": f"app-{number}", "namespace": namespace},
        "spec": {
            "podSelector": {"matchLabels": {"app": f"app-{number}"}},
            "ingress": [
                {"from": [caller], "ports": [{"port": "http"}]},
                {"from": [{"ipBlock": {"cidr": "192.0.2.0/24"}}], "ports": [{"port": 443}]},
            ],
        },
    }
