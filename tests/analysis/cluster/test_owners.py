"""Whose pod it is."""

from __future__ import annotations

import msgspec

from haechi.analysis.cluster.owners import Owners
from haechi.model import ObjectMeta, Pod, ReplicaSet
from haechi.model.base import OwnerReference
from tests.building import pod


def owned(by: tuple[tuple[str, str, bool], ...], marks: str = "", name: str = "x/web-7f-a") -> Pod:
    made = pod(name, marks=marks)
    references = tuple(OwnerReference(kind=kind, name=owner, controller=controls) for kind, owner, controls in by)
    return msgspec.structs.replace(made, metadata=msgspec.structs.replace(made.metadata, owner_references=references))


def replica_set(name: str, *owner: tuple[str, str]) -> ReplicaSet:
    references = tuple(OwnerReference(kind=kind, name=each, controller=True) for kind, each in owner)
    return ReplicaSet(metadata=ObjectMeta(name=name, namespace="x", owner_references=references))


def test_a_pod_without_an_owner_is_its_own() -> None:
    assert str(Owners([]).of(pod("x/web"))) == "x/web[Pod]"


def test_the_owner_of_the_owner_counts() -> None:
    known = [replica_set("web-7f", ("Deployment", "web"))]
    assert str(Owners(known).of(owned((("ReplicaSet", "web-7f", True),)))) == "x/web[Deployment]"


def test_a_replica_set_that_nobody_owns_is_the_owner() -> None:
    found = Owners([replica_set("web-7f")]).of(owned((("ReplicaSet", "web-7f", True),), "pod-template-hash=7f"))
    assert str(found) == "x/web-7f[ReplicaSet]"


def test_the_deployment_of_an_absent_replica_set_is_known_by_the_hash() -> None:
    found = Owners([]).of(owned((("ReplicaSet", "web-7f", True),), "pod-template-hash=7f"))
    assert str(found) == "x/web[Deployment]"


def test_without_the_hash_the_replica_set_is_the_owner() -> None:
    assert str(Owners([]).of(owned((("ReplicaSet", "web-7f", True),)))) == "x/web-7f[ReplicaSet]"


def test_the_controller_counts_not_the_first() -> None:
    found = Owners([]).of(owned((("Node", "n", False), ("DaemonSet", "log", True))))
    assert str(found) == "x/log[DaemonSet]"


def test_owners_in_a_circle_end() -> None:
    known = [replica_set("a", ("ReplicaSet", "b")), replica_set("b", ("ReplicaSet", "a"))]
    assert Owners(known).of(owned((("ReplicaSet", "a", True),))).kind == "ReplicaSet"


def test_a_static_pod_belongs_to_no_workload_although_its_owner_is_its_node() -> None:
    """All static pods of a node under one name would be nonsense: etcd is no replica of kube-proxy."""
    assert str(Owners([]).of(owned((("Node", "node1", True),), name="x/etcd-node1"))) == "x/etcd-node1[Pod]"
