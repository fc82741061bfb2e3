"""How many pods a workload wants, and what they look like."""

from __future__ import annotations

import msgspec
import pytest

from haechi.model import CronJob, DaemonSet, Deployment, Job, ReplicaSet, ReplicationController, StatefulSet, Workload

TEMPLATE = {
    "metadata": {"labels": {"a": "b"}},
    "spec": {"containers": [{"ports": [{"containerPort": 80, "name": "web"}]}]},
}


@pytest.mark.parametrize("kind", [Deployment, ReplicaSet, StatefulSet, ReplicationController])
@pytest.mark.parametrize(("replicas", "count"), [({}, 1), ({"replicas": 0}, 0), ({"replicas": 3}, 3)])
def test_replicas_are_one_where_nothing_is_said(kind: type[Workload], replicas: dict[str, int], count: int) -> None:
    """Zero is said."""
    workload = msgspec.convert({"spec": {**replicas, "template": TEMPLATE}}, kind)
    assert workload.pod_count == count
    assert workload.pod_template.metadata.labels == {"a": "b"}


@pytest.mark.parametrize(("parallelism", "count"), [({}, 1), ({"parallelism": 2}, 2)])
def test_a_job_has_its_parallelism(parallelism: dict[str, int], count: int) -> None:
    """Also within a CronJob, two templates deep."""
    spec = {**parallelism, "template": TEMPLATE}
    job = msgspec.convert({"spec": spec}, Job)
    cron = msgspec.convert({"spec": {"jobTemplate": {"spec": spec}}}, CronJob)
    assert job.pod_count == cron.pod_count == count
    assert job.pod_template == cron.pod_template
    assert cron.pod_template.spec.containers[0].ports[0].name == "web"


def test_a_daemon_set_has_one_pod_on_each_node() -> None:
    """So it has no number of its own."""
    daemons = msgspec.convert({"spec": {"template": TEMPLATE}}, DaemonSet)
    assert daemons.pod_count is None
    assert daemons.pod_template.metadata.labels == {"a": "b"}
