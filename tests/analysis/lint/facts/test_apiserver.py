"""Where the API server listens, as far as nodes and pods show it."""

from __future__ import annotations

from haechi.analysis.cluster.cluster import Cluster
from haechi.analysis.lint.facts.apiserver import ApiServer
from haechi.model import Object
from haechi.sets import text_to_point
from tests.analysis.lint.checks.test_exposure import CONTROL_PLANE, SERVER, WEB
from tests.building import pod


def addresses(*objects: Object) -> tuple[int, ...]:
    return ApiServer.of(Cluster.of(objects)).points


def test_its_pods_and_control_plane_nodes_have_its_addresses() -> None:
    assert addresses(WEB, CONTROL_PLANE, SERVER) == (text_to_point("192.168.1.10"),)
    assert addresses(WEB, pod("x/a", "10.0.0.9", marks="component=kube-apiserver")) == ()
    assert addresses(WEB) == ()
