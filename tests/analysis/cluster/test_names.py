"""What a person calls a pod."""

from __future__ import annotations

import pytest

from haechi.analysis.cluster.cluster import Cluster
from haechi.analysis.cluster.names import UnknownName, address_named, pods_named
from haechi.sets import text_to_point
from tests.analysis.cluster.test_owners import owned
from tests.building import pod

CLUSTER = Cluster.of(
    [
        pod("x/web", "10.0.0.1", "fd00::1"),
        pod("y/web", "10.0.0.2"),
        owned((("ReplicaSet", "api", True),), name="x/api-2"),
        owned((("ReplicaSet", "api", True),), name="x/api-1"),
        owned((("Job", "api", True),), name="x/api-3"),
        owned((("Job", "web", True),), name="x/batch"),
        pod("z/one", "10.0.0.9"),
        pod("z/two", "10.0.0.9"),
    ]
)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("x/web", ["x/web"]),  # the pod, not the Job of that name
        ("x/web[Pod]", ["x/web"]),
        ("x/web[Job]", ["x/batch"]),
        ("x/job/web", ["x/batch"]),
        ("x/Pod/web", ["x/web"]),
        ("x/api", ["x/api-1", "x/api-2", "x/api-3"]),
        ("x/replicaset/api", ["x/api-1", "x/api-2"]),
        ("x/api[ReplicaSet]", ["x/api-1", "x/api-2"]),
        ("10.0.0.1", ["x/web"]),
        ("fd00:0::1", ["x/web"]),
        ("10.0.0.9", []),  # two pods claim it, so it is nobody's
        ("10.0.0.77", []),
        ("web", []),
        ("x", []),
        ("", []),
        ("y/job/web", []),
        ("x/a/b/c", []),
        ("10.0.0.0/8", []),
    ],
)
def test_whom_a_text_means(text: str, names: list[str]) -> None:
    assert [str(key) for key in pods_named(CLUSTER, text)] == names


@pytest.mark.parametrize("text", ["10.0.0.1", "fd00::1", "::ffff:10.0.0.1"])
def test_an_address_is_a_point(text: str) -> None:
    assert address_named(text) == text_to_point(text)


@pytest.mark.parametrize("text", ["x/web", "10.0.0.0/8", "10.0.0", "fe80::1%eth0", ""])
def test_other_texts_are_no_address(text: str) -> None:
    assert address_named(text) is None


def test_an_unknown_name_is_told_with_its_argument() -> None:
    assert str(UnknownName("SRC", "x/nobody")) == "SRC: 'x/nobody' does not match any pod, workload or address"
