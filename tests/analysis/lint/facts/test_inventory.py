"""Namespaces and labels of the input, against looking at every object."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from pyroaring import BitMap

from haechi.analysis.cluster.cluster import Cluster
from haechi.analysis.lint.facts.inventory import Inventory
from haechi.engine import PodSelection
from haechi.model import LabelSelector, Namespace, NetworkPolicy, Node, Object, Pod
from haechi.reference import parts, reference
from haechi.select import EVERYTHING, Selector
from tests import clusters
from tests.analysis.lint.checks.test_matches import workload
from tests.analysis.lint.linting import LARGE_EXAMPLES
from tests.building import namespace, pod, selector

Some = Namespace | Node | Pod | NetworkPolicy


def inventory(*objects: Object) -> Inventory:
    return Inventory(Cluster.of(objects))


def test_any_object_in_a_namespace_makes_it_known() -> None:
    found = inventory(
        namespace("a", "team=ops"), pod("b/p", "10.0.0.1"), pod("c/p", host_network=True), workload("d/w", "app=w")
    )
    assert list(found.namespace_labels) == ["a", "b", "c", "d"]
    assert found.namespace_labels["a"] == {"team": "ops", "kubernetes.io/metadata.name": "a"}
    assert found.declared == {"a"}
    assert found.namespaces("c") == ("c",)
    assert found.namespaces("e") == ()
    assert found.namespaces(EVERYTHING) == ("a", "b", "c", "d")


def test_a_complete_cluster_declares_all_its_namespaces() -> None:
    own = namespace("kube-system")
    assert inventory(own, namespace("a"), pod("a/p", "10.0.0.1")).is_complete
    assert not inventory(own, pod("a/p", "10.0.0.1")).is_complete
    assert not inventory(namespace("a"), pod("a/p", "10.0.0.1")).is_complete


@LARGE_EXAMPLES
@given(st.lists(clusters.objects(), max_size=10), clusters.namespace_selectors())
def test_namespaces_are_those_that_the_selector_selects(objects: list[Some], scope: LabelSelector) -> None:
    cluster = clusters.cluster([*objects])
    names = {one.name for one in cluster.namespaces} | {one.namespace for one in cluster.pods}
    expected = []
    for name in sorted(names):
        inhabitant = pod(f"{name}/p")
        if parts.selects(scope, parts.namespace_labels(cluster, inhabitant)):
            expected.append(name)
    found = inventory(*cluster.pods, *cluster.namespaces)
    assert found.namespaces(Selector.parse(scope)) == tuple(expected)


@LARGE_EXAMPLES
@given(st.lists(clusters.pods(), max_size=10))
def test_pods_and_their_namespaces(pods: list[Pod]) -> None:
    cluster = clusters.cluster([*pods])
    seen = {one.namespace for one in cluster.pods if reference.is_policed(one)}
    found = inventory(*cluster.pods)
    assert found.namespaces_of(found.pods_in(EVERYTHING)) == tuple(sorted(seen))
    assert all(bool(found.pods_in(name)) == (name in seen) for name in clusters.NAMESPACES)


def test_pods_that_policies_ignore_still_have_labels() -> None:
    found = inventory(
        pod("a/agent", "10.0.0.1", marks="app=x", host_network=True),
        pod("a/done", "10.0.0.2", marks="app=x", phase="Failed"),
        pod("a/seen", "10.0.0.3", marks="app=x"),
        pod("b/agent", "10.0.0.4", marks="app=x", host_network=True),
        workload("a/idle", "app=x"),
        workload("a/hosts", "app=x", host_network=True),
    )
    x = Selector.parse(selector("{matchLabels: {app: x}}"))
    assert found.host_network.selected(("a",), x) == ("a/agent[Pod]", "a/hosts[Deployment]")
    assert found.host_network.selected(("a", "b"), x) == ("a/agent[Pod]", "a/hosts[Deployment]", "b/agent[Pod]")
    assert found.expected.selected(("a",), x) == ("a/done", "a/hosts", "a/idle")
    assert found.expected.selected(("c",), x) == ()


def test_workloads_of_pods_have_all_their_pods() -> None:
    found = inventory(workload("a/w", "app=w", 3), pod("a/p", "10.0.0.1"))
    numbers = found.pods_in("a")
    assert [(str(owner), len(pods)) for owner, pods in found.workloads_of(numbers)] == [
        ("a/p[Pod]", 1),
        ("a/w[Deployment]", 3),
    ]
    (one,) = found.workloads_of(BitMap([max(numbers)]))
    assert (str(one[0]), len(one[1])) == ("a/w[Deployment]", 3)


def test_a_namespace_may_have_other_pods_than_the_policys_own() -> None:
    found = inventory(pod("a/p", "10.0.0.1", marks="app=web"), pod("b/p", "10.0.0.2", marks="app=db"))
    web = Selector.parse(selector("{matchLabels: {app: web}}"))
    assert not found.has_other_pods(PodSelection("a", web))
    assert found.has_other_pods(PodSelection("b", web))
    assert found.has_other_pods(PodSelection("a", EVERYTHING))


def test_the_labels_in_use() -> None:
    found = inventory(pod("a/p", "10.0.0.1", marks="app=web"), pod("b/p", "10.0.0.2", marks="app=db"))
    assert found.vocabulary("a").values("app") == ["web"]
    assert found.vocabulary(EVERYTHING).values("app") == ["db", "web"]
