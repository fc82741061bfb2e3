"""The resolvers of a cluster, and their ports."""

from __future__ import annotations

from textwrap import dedent

import pytest

from haechi.analysis.cluster.cluster import Cluster
from haechi.analysis.lint.facts.resolvers import Resolvers
from haechi.analysis.lint.facts.servers import Servers
from haechi.model import Object
from haechi.model.verdict import PodKey
from haechi.sets import AddressSet
from tests.analysis.lint.linting import cluster_of
from tests.building import pod

BOTH = {(17, 53), (6, 53)}


def resolvers(*objects: Object) -> Resolvers:
    cluster = Cluster.of(objects)
    return Resolvers.of(cluster, Servers(cluster))


def of(text: str) -> Resolvers:
    cluster = cluster_of(dedent(text))
    return Resolvers.of(cluster, Servers(cluster))


@pytest.mark.parametrize("value", ["kube-dns", "coredns", "node-local-dns"])
def test_pods_are_recognized_by_their_label(value: str) -> None:
    found = resolvers(pod("kube-system/a", marks=f"k8s-app={value}"), pod("kube-system/b", marks="k8s-app=dashboard"))
    assert found.ports == {PodKey("kube-system", "a"): BOTH}
    assert found.label == f"k8s-app={value}"


def test_pods_are_recognized_by_their_service_and_listen_on_its_target_port() -> None:
    found = of("""
        {apiVersion: v1, kind: Pod, metadata: {name: dns, namespace: openshift-dns, labels: {dns: a, x: b}}, spec: {
          containers: [{ports: [
            {name: dns, containerPort: 5353, protocol: UDP}, {name: dns-tcp, containerPort: 5353}]}]}}
        ---
        {apiVersion: v1, kind: Service, metadata: {name: dns-default, namespace: openshift-dns}, spec: {
          selector: {dns: a}, clusterIP: 172.30.0.10,
          ports: [{port: 53, targetPort: dns, protocol: UDP}, {port: 53, targetPort: dns-tcp}, {port: 9154}]}}
    """)
    assert found.ports == {PodKey("openshift-dns", "dns"): {(17, 5353), (6, 5353)}}
    assert found.services == AddressSet.parse("172.30.0.10")
    assert found.label == "dns=a"


@pytest.mark.parametrize(
    ("name", "namespace", "port"),
    [("external-dns", "kube-system", 7979), ("metrics", "kube-system", 53), ("dns", "default", 53)],
)
def test_other_services_have_no_resolvers(name: str, namespace: str, port: int) -> None:
    found = of(f"""
        {{apiVersion: v1, kind: Pod, metadata: {{name: a, namespace: {namespace}, labels: {{a: b}}}}, spec: {{}}}}
        ---
        {{apiVersion: v1, kind: Service, metadata: {{name: {name}, namespace: {namespace}}},
          spec: {{selector: {{a: b}}, ports: [{{port: {port}}}]}}}}
    """)
    assert found.ports == {}
    assert found.label == ""


def test_host_network_pods_are_no_resolvers_but_may_be_node_local_dns() -> None:
    local = pod("kube-system/local", "10.0.0.9", marks="k8s-app=node-local-dns", host_network=True)
    assert resolvers(local).ports == {}
    assert resolvers(local).local == AddressSet.parse("169.254.20.10")
    assert resolvers(pod("kube-system/a", marks="k8s-app=kube-dns", phase="Failed")).ports == {}
    assert resolvers().local == AddressSet.NONE
    daemons = """
        {apiVersion: apps/v1, kind: DaemonSet, metadata: {name: local, namespace: kube-system}, spec: {template: {
          metadata: {labels: {k8s-app: node-local-dns}}, spec: {hostNetwork: true}}}}
    """
    assert of(daemons).local == AddressSet.parse("169.254.20.10")


def test_a_label_that_not_all_have_is_not_their_label() -> None:
    pods = [pod("kube-system/a", marks="k8s-app=kube-dns"), pod("kube-system/b", marks="k8s-app=coredns")]
    assert resolvers(*pods).label == ""
