"""Manifests become a cluster, and everything that was added or left out is told."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from haechi import Cluster
from haechi.analysis.cluster.assumptions import Assumption
from haechi.analysis.cluster.workloads import MOST_REPLICAS
from haechi.analysis.reach.listing import connections
from haechi.files import load
from haechi.model import Code, Deployment, Location, ObjectMeta
from haechi.model.verdict import PolicyKey
from haechi.model.workloads import PodTemplateSpec, WorkloadSpec
from tests.building import pod, policy


def deployment(replicas: int) -> Deployment:
    template = PodTemplateSpec(metadata=ObjectMeta(labels={"app": "web"}))
    meta = ObjectMeta(name="web", namespace="x")
    return Deployment(metadata=meta, spec=WorkloadSpec(replicas=replicas, template=template))


def test_pods_of_workloads_are_owned_and_addressed() -> None:
    cluster = Cluster.of([deployment(2)])
    assert {str(key): str(owner) for key, owner in cluster.owners.items()} == {
        "x/web-0": "x/web[Deployment]",
        "x/web-1": "x/web[Deployment]",
    }
    assert all(len(one.addresses) == 2 for one in cluster.pods.values())
    assert cluster.synthesized == cluster.pods.keys()
    assert cluster.assumptions == (Assumption.SYNTHETIC,)
    assert cluster.notes == ("2 pods without an address: given one outside every ipBlock narrower than /0",)


def test_a_huge_workload_is_looked_at_in_part_and_that_is_told() -> None:
    cluster = Cluster.of([deployment(2_000_000_000), pod("y/other", "10.0.0.1")])
    assert len(cluster.pods) == MOST_REPLICAS + 1
    assert cluster.notes[0] == "Deployment/x/web asks for 2000000000 pods: the first 1000 stand for all"


def test_what_policies_do_not_see_is_left_out_and_told() -> None:
    found = [pod("x/a", "10.0.0.1", host_network=True), pod("x/b", "10.0.0.2", phase="Succeeded")]
    cluster = Cluster.of(found)
    assert not cluster.pods
    assert cluster.notes == (
        "1 pod with hostNetwork left out: policies do not apply to them as pods",
        "1 pod completed: left out",
    )
    assert cluster.assumptions == (Assumption.HOST_NETWORK, Assumption.COMPLETED)


def test_assumptions_name_disputed_addresses_and_unreadable_rules() -> None:
    broken = policy("{podSelector: {}, ingress: [{ports: [{port: 0}]}]}")
    cluster = Cluster.of([pod("x/a", "10.0.0.1"), pod("x/b", "10.0.0.1"), broken])
    assert cluster.assumptions == (Assumption.DISPUTED, Assumption.UNREADABLE)


def test_loaded_policies_keep_their_places(tmp_path: Path) -> None:
    text = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p}\nspec:\n  podSelector: {}\n"
    (tmp_path / "p.yaml").write_text(text)
    cluster = Cluster.load(str(tmp_path / "p.yaml"))
    place = cluster.location(PolicyKey("default", "p"), "spec.podSelector")
    assert place == Location(str(tmp_path / "p.yaml"), 5, 3)


def test_policies_made_in_python_have_no_place() -> None:
    assert Cluster.of([policy()]).location(PolicyKey("x", "p")) is None


def test_every_assumption_has_words() -> None:
    assert all(str(one) == f"{one.value}: {one.words}" for one in Assumption)


def test_a_cluster_answers_by_itself() -> None:
    cluster = Cluster.of([pod("x/a", "10.0.0.1"), pod("x/b", "10.0.0.2")])
    assert cluster.can("x/a", "x/b", "80").allowed
    assert cluster.connections(external=False) == connections(cluster, external=False)
    assert cluster.diff(cluster) == ()


def test_of_several_objects_with_one_key_only_the_last_is_there() -> None:
    host = pod("x/web", "10.0.0.1", host_network=True)
    last = pod("x/web", "10.0.0.2")
    assert Cluster.of([host, last]) == Cluster.of([last])
    assert Cluster.of([host, last]).notes == ()


def test_objects_whose_names_the_server_would_make_do_not_stand_for_one_another() -> None:
    text = "apiVersion: v1\nkind: Pod\nmetadata: {generateName: a-}\n"
    manifests = load(["-"], BytesIO("---\n".join([text] * 2).encode()))
    cluster = Cluster.of(manifests)
    assert list(map(str, cluster.pods)) == ["default/a-#1", "default/a-#2"]
    assert manifests.distinct().distinct() == manifests.distinct()
    assert cluster.problems == ()


def test_problems_are_those_of_reading_and_of_validation_by_place() -> None:
    text = "apiVersion: v1\nkind: Secret\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: A_B}\n---\na: [\n"
    cluster = Cluster.of(load(["-"], BytesIO(text.encode())))
    assert [problem.code for problem in cluster.problems] == [Code.UNKNOWN_KIND, Code.INVALID, Code.SYNTAX]
    assert Cluster.of([pod("x/a")]).problems == ()
