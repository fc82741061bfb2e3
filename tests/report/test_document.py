"""The head of a document: what it assumed, skipped, could not read and synthesized."""

from __future__ import annotations

from io import BytesIO

from haechi.analysis.cluster import Assumption, Cluster
from haechi.analysis.reach import ClusterComparison
from haechi.files import load
from haechi.model import (
    Code,
    Location,
    Node,
    NodeAddress,
    NodeStatus,
    ObjectMeta,
    ObjectName,
    PodKey,
    Problem,
    Severity,
)
from haechi.report import basis, diff_json, synthesized
from haechi.report.document import ObjectReference, SynthesizedJson, address_ranges
from haechi.sets import AddressSet
from tests.report.documents import checked

WORKLOADS = b"""
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec: {replicas: 2, selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web}}, spec: {}}}
---
apiVersion: v1
kind: Pod
metadata: {name: bare, namespace: shop}
---
apiVersion: v1
kind: Pod
metadata: {name: given, namespace: shop}
status: {podIPs: [{ip: 10.0.0.1}]}
"""
WRONG = Problem(
    Severity.ERROR,
    Code.TYPE,
    "no",
    Location("a.yaml", 3, 5),
    ObjectName("NetworkPolicy", "shop", "web"),
    ("spec", "x"),
    "so",
)
NOTHING = ClusterComparison((), (), ())
FOREIGN = Problem(Severity.SKIPPED, Code.UNKNOWN_KIND, "Secret of v1 is not used", Location("a.yaml", 1, 1))


def test_a_document_without_problems_is_whole() -> None:
    document = checked(diff_json(NOTHING, basis(skipped=[FOREIGN]), basis()))
    assert (document["apiVersion"], document["kind"], document["partial"]) == ("haechi/v1", "ConnectionDiff", False)
    assert [one["object"] for one in document["skipped"]] == [None]
    assert document["unreadable"] == []


def test_what_cannot_be_read_makes_it_partial_and_is_located() -> None:
    document = checked(diff_json(NOTHING, basis(), basis(unreadable=[WRONG])))
    assert document["partial"]
    assert document["unreadable"] == [
        {
            "location": {"file": "a.yaml", "line": 3, "column": 5},
            "severity": "error",
            "code": "type",
            "object": {"kind": "NetworkPolicy", "namespace": "shop", "name": "web"},
            "path": "spec.x",
            "message": "no",
            "hint": "so",
            "side": "new",
        }
    ]


def test_an_assumption_is_named_once() -> None:
    document = checked(
        diff_json(
            ClusterComparison((), (), ()),
            basis(assumptions=[Assumption.ITSELF]),
            basis(assumptions=[Assumption.OWN_NODE, Assumption.ITSELF, Assumption.OWN_NODE]),
        )
    )
    assert document["assumptions"] == [
        {"name": "own-node", "message": "a pod and the node that it runs on always reach each other"},
        {
            "name": "itself",
            "message": "NetworkPolicies always let a pod reach itself; tiers judge it only through a Service",
        },
    ]


def test_pods_of_workloads_and_addresses_that_were_chosen_are_synthesized() -> None:
    cluster = Cluster.of(load(["-"], BytesIO(WORKLOADS)))
    found = {one.object: one for one in synthesized(cluster.pods.values(), cluster.given)}
    web = ObjectReference("Deployment", "shop", "web")
    assert [(one.name, each.in_input, each.owner) for one, each in found.items()] == [
        ("bare", True, None),
        ("web-0", False, web),
        ("web-1", False, web),
    ]
    for one, each in found.items():
        assert tuple(each.addresses) == cluster.pods[PodKey(one.namespace, one.name)].addresses


def test_an_object_has_the_addresses_of_the_input_or_is_synthesized() -> None:
    given = [Node(metadata=ObjectMeta(name="a"), status=NodeStatus(addresses=(NodeAddress(address="10.0.0.9"),)))]
    found = [*given, Node(metadata=ObjectMeta(name="b"))]
    assert list(synthesized(found, given)) == [SynthesizedJson(ObjectReference("Node", "", "b"), False, None, [])]


def test_addresses_are_single_or_ranges() -> None:
    assert address_ranges(AddressSet.NONE) == []
    assert address_ranges(AddressSet.parse("10.0.0.1, 10.0.1.0/24, fd00::1, fd00::2")) == [
        "10.0.0.1",
        "10.0.1.0-10.0.1.255",
        "fd00::1-fd00::2",
    ]
