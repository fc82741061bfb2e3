"""Pods that share their equal parts."""

from __future__ import annotations

from haechi.model import (
    Pod,
)
from tests.model.reading import POD, read_json


def test_pods_share_what_is_equal_and_drop_annotations() -> None:
    """A dump of many pods stays small."""
    items = [
        {
            **POD,
            "metadata": {"name": f"p{i}", "labels": {"app": "x"}, "annotations": {"a": "b"}},
            "spec": {"nodeName": "n", "containers": [{"ports": [{"containerPort": 80}]}]},
        }
        for i in range(3)
    ]
    pods = read_json({"apiVersion": "v1", "kind": "PodList", "items": items}).all(Pod)
    assert len({id(pod.labels) for pod in pods}) == len({id(pod.spec.containers) for pod in pods}) == 1
    assert pods[0].metadata.annotations == {}
    assert [pod.name for pod in pods] == ["p0", "p1", "p2"]
