"""What a cluster would have after `kubectl apply`."""

from __future__ import annotations

import pytest

from haechi.analysis.cluster import Cluster, applied
from haechi.model import Manifests, Namespace, NetworkPolicy, Source, read_manifests

LIVE = """\
{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {team: a, tier: live}}}
---
{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: shop}, spec: {replicas: 1, template: {metadata: {labels: {app: old}}}}}
---
apiVersion: apps/v1
kind: ReplicaSet
metadata: {name: web-7f, namespace: shop, ownerReferences: [{apiVersion: apps/v1, kind: Deployment, name: web, uid: u, controller: true}]}
spec: {replicas: 1, template: {metadata: {labels: {app: old}}}}
---
apiVersion: v1
kind: Pod
metadata: {name: web-7f-a, namespace: shop, labels: {app: old}, ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: web-7f, uid: u, controller: true}]}
status: {podIP: 10.0.0.1}
---
{apiVersion: v1, kind: Pod, metadata: {name: db, namespace: shop, labels: {app: db}}, status: {podIP: 10.0.0.2}}
---
{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: db, namespace: shop}, spec: {podSelector: {}}}
---
{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: other, namespace: shop}, spec: {podSelector: {}}}
"""  # noqa: E501


def read(text: str) -> Manifests:
    found = read_manifests([Source("x.yaml", text.encode())])
    assert not found.errors
    return found


def after(text: str, *, keep_pods: bool = False) -> Manifests:
    return applied(read(text), read(LIVE), keep_pods=keep_pods)


def names(found: Manifests) -> set[str]:
    return {one.object.display_name for one in found.objects}


NEW_DB = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db, namespace: shop}
spec: {podSelector: {matchLabels: {app: db}}}
---
{apiVersion: v1, kind: Pod, metadata: {name: new, namespace: shop}}
"""
NEW_WEB = """\
{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: shop}, spec: {replicas: 2, template: {metadata: {labels: {app: new}}}}}
"""  # noqa: E501


def test_an_object_of_one_name_is_replaced_others_are_added_and_none_is_deleted() -> None:
    found = after(NEW_DB)
    assert names(found) == names(read(LIVE)) | {"Pod/shop/new"}
    policies = {one.object.name: one for one in found.loaded(NetworkPolicy)}
    assert policies["db"].object.spec.pod_selector.match_labels == {"app": "db"}
    assert policies["db"].place.source.name == "x.yaml"
    assert found.notes == ("files applied over the cluster: objects replaced: 1, added: 1",)


def test_pods_of_a_workload_of_the_files_are_made_anew() -> None:
    found = after(NEW_WEB)
    assert names(found) == names(read(LIVE)) - {"ReplicaSet/shop/web-7f", "Pod/shop/web-7f-a"}
    pods = {str(key): dict(pod.labels) for key, pod in Cluster.of(found).pods.items()}
    assert pods == {"shop/db": {"app": "db"}, "shop/web-0": {"app": "new"}, "shop/web-1": {"app": "new"}}


SAME_WEB = NEW_WEB.replace("app: new", "app: old")


def test_pods_of_a_workload_with_an_equal_template_stay_with_their_addresses() -> None:
    assert names(after(SAME_WEB)) == names(read(LIVE))
    pods = Cluster.of(after(SAME_WEB)).pods
    assert {str(key): pod.addresses for key, pod in pods.items()} == {
        "shop/db": ("10.0.0.2",), "shop/web-7f-a": ("10.0.0.1",)
    }  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [
        ("replicas: 2", "replicas: 0"),
        ("{app: old}", "{app: old, more: x}"),
        ("}}}}}", "}}, spec: {hostNetwork: true}}}}"),
        ("}}}}}", "}}, spec: {containers: [{name: c, ports: [{name: http, containerPort: 80}]}]}}}}"),
    ],
)
def test_what_policies_see_of_a_workload_makes_its_pods_anew(change: tuple[str, str]) -> None:
    text = SAME_WEB.replace(*change)
    assert text != SAME_WEB
    assert names(after(text)) == names(read(LIVE)) - {"ReplicaSet/shop/web-7f", "Pod/shop/web-7f-a"}


def test_pods_of_a_job_stay_since_its_template_cannot_change() -> None:
    job = "apiVersion: batch/v1\nkind: Job\nmetadata: {name: once, namespace: shop}\n"
    template = "spec: {template: {metadata: {labels: {app: once%s}}}}\n"
    pod = (
        "apiVersion: v1\nkind: Pod\nmetadata: {name: once-x, namespace: shop, ownerReferences: "
        "[{apiVersion: batch/v1, kind: Job, name: once, uid: u, controller: true}]}\n"
    )
    live = read(f"{job}{template % ', job-name: once'}---\n{pod}")
    assert "Pod/shop/once-x" in names(applied(read(job + template % ""), live))


def test_pods_of_a_deployment_whose_replica_set_is_unknown_are_made_anew() -> None:
    live = read(LIVE.replace("kind: ReplicaSet\n", "kind: StatefulSet\n").replace(
        "labels: {app: old}, owner", "labels: {app: old, pod-template-hash: 7f}, owner"))  # fmt: skip
    assert "Pod/shop/web-7f-a" not in names(applied(read(NEW_WEB), live))


def test_for_a_node_pods_stay_as_they_are() -> None:
    assert names(after(NEW_WEB, keep_pods=True)) == names(read(LIVE))


def test_labels_of_a_namespace_that_the_files_do_not_set_stay() -> None:
    found = after("{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {tier: new}}}")
    (namespace,) = found.loaded(Namespace)
    assert {**namespace.object.labels, "team": "a", "tier": "new"} == namespace.object.labels


def test_problems_and_notes_of_both_count() -> None:
    files = read_manifests([Source("x.yaml", NEW_DB.encode() + b"---\n- a\n")])
    cluster = Manifests((), read_manifests([Source("y.yaml", b"- b")]).problems, ("only one namespace",))
    found = applied(files, cluster)
    assert {problem.location.file for problem in found.problems} == {"x.yaml", "y.yaml"}
    assert found.notes[0] == "only one namespace"
