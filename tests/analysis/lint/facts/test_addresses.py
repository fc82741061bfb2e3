"""Addresses in a range: found by bisection, as if every one were compared."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from haechi.analysis.cluster.cluster import Cluster
from haechi.analysis.lint.facts.addresses import AddressOwners, Backends, pod_addresses, pod_ranges, service_addresses
from haechi.model import Node, Object, ObjectMeta, Service
from haechi.model.core import NodeSpec, ServiceSpec
from haechi.sets import AddressSet, text_to_point
from tests.analysis.lint.facts.test_set_cover import sets
from tests.building import labels, node, pod

ALL = AddressSet.ALL


def service(name: str, *addresses: str, marks: str = "", external: tuple[str, ...] = ()) -> Service:
    """A Service in namespace x."""
    spec = ServiceSpec(selector=labels(marks), cluster_ips=addresses, external_ips=external)
    return Service(metadata=ObjectMeta(name=name, namespace="x"), spec=spec)


@given(st.lists(st.tuples(st.integers(167772160, 167772168), st.sampled_from("abc"))), sets)
def test_within_is_comparing_every_address(pairs: list[tuple[int, str]], asked: AddressSet) -> None:
    index = AddressOwners(pairs)
    expected = [pair for pair in pairs if pair[0] in asked]
    assert sorted(index.within(asked)) == sorted(expected)
    assert [point for point, _ in index.within(asked)] == sorted(point for point, _ in expected)
    assert index.count(asked) == len(expected)


def test_only_addresses_of_the_input_are_found() -> None:
    cluster = Cluster.of(
        [
            pod("x/given", "10.0.0.1", "fd00::1", "nonsense"),
            pod("x/bare"),
            pod("x/host", "10.0.0.2", host_network=True),
            pod("x/ended", "10.0.0.3", phase="Failed"),
        ]
    )
    assert [(point, str(key)) for point, key in pod_addresses(cluster).within(ALL)] == [
        (text_to_point("10.0.0.1"), "x/given"),
        (text_to_point("fd00::1"), "x/given"),
    ]


def test_services_have_cluster_and_external_addresses() -> None:
    given = [service("a", "10.96.0.1", "None", external=("1.2.3.4", "x")), service("headless", "None")]
    found = service_addresses(Cluster.of(given)).within(ALL)
    assert [(point, one.name) for point, one in found] == [
        (text_to_point("1.2.3.4"), "a"),
        (text_to_point("10.96.0.1"), "a"),
    ]


def test_ranges_of_a_node() -> None:
    def node_of(spec: NodeSpec) -> list[str]:
        return list(map(str, pod_ranges(Node(metadata=ObjectMeta(name="n"), spec=spec))))

    assert node_of(NodeSpec(pod_cidr="10.0.0.0/24")) == ["10.0.0.0/24"]
    assert node_of(NodeSpec(pod_cidr="10.0.0.0/24", pod_cidrs=("10.0.0.0/24", "fd00::/64"))) == [
        "10.0.0.0/24",
        "fd00::/64",
    ]
    assert node_of(NodeSpec()) == []
    assert node_of(NodeSpec(pod_cidrs=("", "x/8", "10.0.0.0"))) == []


def test_backends_are_the_pods_of_a_service() -> None:
    web, other = service("web", "10.96.0.1", marks="app=web"), service("none", "10.96.0.2", marks="app=none")
    free = service("free", "10.96.0.3")
    given: list[Object] = [
        pod("x/a", "10.0.0.1", "fd00::1", marks="app=web"),
        pod("y/b", "10.0.0.9", marks="app=web"),
        node("n", "172.16.0.1"),
    ]
    backends = Backends(Cluster.of([*given, web, other, free]))

    def may_be_in(one: Service, block: str) -> bool:
        return backends.may_be_in(one, AddressSet.from_cidr(block))

    assert may_be_in(web, "10.0.0.0/29")
    assert may_be_in(web, "fd00::/64")
    assert not may_be_in(web, "10.0.0.9")
    assert not may_be_in(web, "10.96.0.0/12")
    for unknown in (other, free):  # unknown backends may be any pod or node
        assert may_be_in(unknown, "10.0.0.9")
        assert may_be_in(unknown, "172.16.0.0/12")
        assert not may_be_in(unknown, "10.96.0.0/12")


def test_pods_without_addresses_are_unknown() -> None:
    backends = Backends(Cluster.of([pod("x/a", marks="app=web")]))
    assert not backends.may_be_in(service("web", marks="app=web"), AddressSet.from_cidr("0.0.0.0/1"))
