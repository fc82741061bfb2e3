"""Workloads are cut where their pods do not behave alike, and classes join those that do."""

from __future__ import annotations

from haechi.analysis.cluster.cluster import Cluster
from haechi.analysis.reach.exposure import exposures
from haechi.analysis.reach.listing import Listing
from haechi.analysis.reach.services import backings
from haechi.model import Deployment, ObjectMeta, Pod, Service, ServicePort
from haechi.model.core import ServiceSpec
from tests.analysis.cluster.test_owners import owned
from tests.building import pod, policy

RULE = "{podSelector: {matchLabels: {app: db}}, ingress: [{from: [{podSelector: {matchLabels: {v: '1'}}}]}]}"


def split() -> Cluster:
    pods = [owned((("Job", "work", True),), f"v={number}", f"x/work-{number}") for number in (1, 2)]
    return Cluster.of([*pods, pod("x/db", "10.0.0.9", marks="app=db"), policy(RULE)])


def names(cluster: Cluster, by: str) -> list[str]:
    return [group.name for group in Listing.of(cluster, by).groups]


def test_labels_tell_the_parts_of_a_workload_apart() -> None:
    assert names(split(), "workload") == ["x/db[Pod]", "x/work[Job]{v=1}", "x/work[Job]{v=2}"]


def test_pods_that_differ_in_their_addresses_only_are_numbered() -> None:
    pods: list[Pod | Deployment] = [
        Pod(metadata=one.metadata, status=pod("x/any", f"10.0.0.{number}").status)
        for number, one in enumerate(owned((("Job", "w", True),), name=f"x/w-{n}") for n in range(2))
    ]
    block = policy("{podSelector: {matchLabels: {app: db}}, ingress: [{from: [{ipBlock: {cidr: 10.0.0.1/32}}]}]}")
    cluster = Cluster.of([*pods, pod("x/db", "10.0.0.9", marks="app=db"), block])
    assert names(cluster, "workload") == ["x/db[Pod]", "x/w[Job]{part 1}", "x/w[Job]{part 2}"]


def test_a_class_has_the_name_of_its_first_and_how_many_more() -> None:
    cluster = Cluster.of([pod("x/a", "10.0.0.1"), pod("y/b", "10.0.0.2"), pod("z/c", "10.0.0.3")])
    listing = Listing.of(cluster, "class")
    assert [(group.name, group.parts) for group in listing.groups] == [
        ("x/a[Pod]+2", ("x/a[Pod]", "y/b[Pod]", "z/c[Pod]"))
    ]
    assert [(line.source, line.destination) for line in listing.connections(external=False)] == [
        ("x/a[Pod]+2", "x/a[Pod]+2")
    ]


def test_exposure_tells_what_no_policy_protects_and_who_may_come() -> None:
    listing = Listing.of(split(), "workload")
    found = {(one.group, one.direction.value): one for one in exposures(split(), listing.groups, listing.reach.classes)}
    assert not found["x/work[Job]{v=1}", "Ingress"].isolated
    assert [str(entry.peer) for entry in found["x/db[Pod]", "Ingress"].entries] == ["pods v=1 in namespace x"]


def test_a_service_leads_to_its_pods() -> None:
    cluster = split()
    spec = ServiceSpec(selector={"app": "db"}, ports=(ServicePort(name="sql", port=80, target_port="db"),))
    service = Service(metadata=ObjectMeta(name="db", namespace="x"), spec=spec)
    cluster = Cluster.of([*cluster.pods.values(), service])
    (found,) = backings(cluster, Listing.of(cluster, "pod").groups)
    assert (found.service, found.port, found.target, found.groups) == ("x/db", "TCP 80 (sql)", "db", ("x/db[Pod]",))
