"""Pods of workloads: as many as are asked for, each once."""

from __future__ import annotations

from itertools import islice

import pytest

from haechi.analysis.cluster.workloads import pods_of_workloads
from haechi.model import (
    CronJob,
    DaemonSet,
    Deployment,
    Job,
    Object,
    ObjectMeta,
    Pod,
    ReplicaSet,
    ReplicationController,
    StatefulSet,
)
from haechi.model.base import OwnerReference
from haechi.model.core import PodSpec
from haechi.model.workloads import (
    CronJobSpec,
    JobSpec,
    JobTemplateSpec,
    PodTemplateSpec,
    ReplicationControllerSpec,
    Workload,
    WorkloadSpec,
)
from tests.building import container, pod

TEMPLATE = PodTemplateSpec(
    metadata=ObjectMeta(labels={"app": "web"}, annotations={"note": "x"}),
    spec=PodSpec(containers=(container("web=80/TCP"),)),
)


def meta(name: str = "web", *owners: tuple[str, str]) -> ObjectMeta:
    references = tuple(OwnerReference(kind=kind, name=owner, controller=True) for kind, owner in owners)
    return ObjectMeta(name=name, namespace="x", owner_references=references)


def spec(replicas: int | None = None) -> WorkloadSpec:
    return WorkloadSpec(replicas=replicas, template=TEMPLATE)


def job(parallelism: int | None = None) -> JobSpec:
    return JobSpec(parallelism=parallelism, template=TEMPLATE)


def names(*objects: Object) -> list[str]:
    return [each.name for each in pods_of_workloads(objects, ("m", "n"))]


@pytest.mark.parametrize(
    "one",
    [
        Deployment(metadata=meta(), spec=spec(2)),
        ReplicaSet(metadata=meta(), spec=spec(2)),
        StatefulSet(metadata=meta(), spec=spec(2)),
        ReplicationController(metadata=meta(), spec=ReplicationControllerSpec(replicas=2, template=TEMPLATE)),
        Job(metadata=meta(), spec=job(2)),
        CronJob(metadata=meta(), spec=CronJobSpec(job_template=JobTemplateSpec(spec=job(2)))),
        DaemonSet(metadata=meta(), spec=spec()),
    ],
    ids=lambda one: one.kind,
)
def test_every_kind_makes_its_pods_from_its_template(one: Workload) -> None:
    made = list(pods_of_workloads([one], ("m", "n")))
    assert [each.key for each in made] == ["x/web-0", "x/web-1"]
    assert all(each.labels == {"app": "web"} and each.spec.containers == TEMPLATE.spec.containers for each in made)
    assert all(each.metadata.annotations == {"note": "x"} and not each.addresses for each in made)
    assert [each.spec.node_name for each in made] == (["m", "n"] if isinstance(one, DaemonSet) else ["", ""])


@pytest.mark.parametrize(("replicas", "count"), [(None, 1), (0, 0), (1, 1), (3, 3), (-1, 0)])
def test_there_are_as_many_pods_as_replicas(replicas: int | None, count: int) -> None:
    assert len(names(Deployment(metadata=meta(), spec=spec(replicas)))) == count


def test_two_thousand_million_replicas_cost_nothing_until_somebody_asks() -> None:
    made = pods_of_workloads([Deployment(metadata=meta(), spec=spec(2_000_000_000))], ("n",))
    assert [each.name for each in islice(made, 2)] == ["web-0", "web-1"]


def test_a_dump_holds_every_pod_once() -> None:
    """Deployment, its ReplicaSet, and the ReplicaSet's pods."""
    deployment = Deployment(metadata=meta(), spec=spec(3))
    replica_set = ReplicaSet(metadata=meta("web-abc", ("Deployment", "web")), spec=spec(3))
    own = Pod(metadata=meta("web-abc-1", ("ReplicaSet", "web-abc")))
    assert names(deployment, replica_set, own) == []
    assert names(deployment, own) == ["web-0", "web-1", "web-2"]  # nothing says that the pod is the Deployment's
    assert names(deployment, replica_set) == ["web-0", "web-1", "web-2"]
    assert names(replica_set, own) == []


def test_an_old_replica_set_without_pods_makes_none_for_its_deployment() -> None:
    deployment = Deployment(metadata=meta(), spec=spec(3))
    sets = [
        ReplicaSet(metadata=meta(name, ("Deployment", "web")), spec=spec(n)) for name, n in (("old", 0), ("new", 3))
    ]
    own = Pod(metadata=meta("new-1", ("ReplicaSet", "new")))
    assert names(deployment, *sets, own) == []


def test_a_cron_job_and_its_job_are_one() -> None:
    cron = CronJob(metadata=meta(), spec=CronJobSpec(job_template=JobTemplateSpec(spec=job())))
    run = Job(metadata=meta("web-1", ("CronJob", "web")), spec=job())
    assert names(cron, run) == ["web-0"]
    assert names(cron, run, Pod(metadata=meta("web-1-x", ("Job", "web-1")))) == []


def test_a_workload_whose_owner_is_not_there_makes_its_own_pods() -> None:
    assert names(ReplicaSet(metadata=meta("web-abc", ("Deployment", "web")), spec=spec())) == ["web-abc-0"]


def test_owners_of_other_namespaces_and_kinds_do_not_count() -> None:
    elsewhere = Pod(
        metadata=ObjectMeta(name="p", namespace="y", owner_references=meta("", ("Job", "web")).owner_references)
    )
    assert names(Job(metadata=meta(), spec=job()), elsewhere) == ["web-0"]
    assert names(Deployment(metadata=meta(), spec=spec()), Pod(metadata=meta("p", ("Job", "web")))) == ["web-0"]


def test_owners_in_a_circle_end() -> None:
    one, other = (
        ReplicaSet(metadata=meta(name, ("ReplicaSet", owner)), spec=spec()) for name, owner in (("a", "b"), ("b", "a"))
    )
    assert names(one, other) == []


def test_workloads_of_one_name_make_pods_of_different_names() -> None:
    both: list[Object] = [Deployment(metadata=meta(), spec=spec(2)), StatefulSet(metadata=meta(), spec=spec(2))]
    assert names(*both) == ["web-0", "web-1", "web-2", "web-3"]
    assert names(pod("x/web-0"), *both) == ["web-1", "web-2", "web-3", "web-4"]


def test_every_node_gets_one_pod_of_each_daemon_set() -> None:
    both: list[Object] = [Deployment(metadata=meta(), spec=spec(1)), DaemonSet(metadata=meta(), spec=spec())]
    made = list(pods_of_workloads(both, ("m", "n")))
    assert [(each.name, each.spec.node_name) for each in made] == [("web-0", ""), ("web-1", "m"), ("web-2", "n")]
