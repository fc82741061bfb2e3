"""Whole processes, as a user starts them."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
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


def helping() -> list[Figure]:
    """`haechi --help`."""
    return [Figure("haechi --help", _fastest(["--help"]), "s", 0.3)]


def _fastest(arguments: list[str]) -> float:
    """The median of some runs."""
    command = [str(Path(sys.executable).with_name("haechi")), *arguments]
    return sorted(seconds(lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL)) for _ in range(RUNS))[
        RUNS // 2
    ]


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
