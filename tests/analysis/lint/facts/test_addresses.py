"""Who has an address in a range: asked of the few, answered as if asked of all."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from haechi.analysis.cluster.cluster import Cluster
from haechi.analysis.lint.facts.addresses import Behind, Holders, pods, ranges, services
from haechi.model import Node, Object, ObjectMeta, Service
from haechi.model.core import NodeSpec, ServiceSpec
from haechi.sets import AddressSet, text_to_point
from tests.analysis.lint.facts.test_set_cover import sets
from tests.building import labels, node, pod

ALL = AddressSet.ALL


def service(name: str, *addresses: str, marks: str = "", external: tuple[str, ...] = ()) -> Service:
    """A Service of namespace x."""
    spec = ServiceSpec(selector=labels(marks), cluster_ips=addresses, external_ips=external)
    return Service(metadata=ObjectMeta(name=name, namespace="x"), spec=spec)


@given(st.lists(st.tuples(st.integers(167772160, 167772168), st.sampled_from("abc"))), sets)
def test_within_is_asking_everybody(pairs: list[tuple[int, str]], asked: AddressSet) -> None:
    holders = Holders(pairs)
    expected = [pair for pair in pairs if pair[0] in asked]
    assert sorted(holders.within(asked)) == sorted(expected)
    assert [point for point, _ in holders.within(asked)] == sorted(point for point, _ in expected)
    assert holders.count(asked) == len(expected)


def test_only_addresses_of_the_input_count() -> None:
    cluster = Cluster.of(
        [
            pod("x/given", "10.0.0.1", "fd00::1", "nonsense"),
            pod("x/bare"),
            pod("x/host", "10.0.0.2", host_network=True),
            pod("x/ended", "10.0.0.3", phase="Failed"),
        ]
    )
    assert [(point, str(key)) for point, key in pods(cluster).within(ALL)] == [
        (text_to_point("10.0.0.1"), "x/given"),
        (text_to_point("fd00::1"), "x/given"),
    ]


def test_services_have_cluster_and_external_addresses() -> None:
    given = [service("a", "10.96.0.1", "None", external=("1.2.3.4", "x")), service("headless", "None")]
    found = services(Cluster.of(given)).within(ALL)
    assert [(point, one.name) for point, one in found] == [
        (text_to_point("1.2.3.4"), "a"),
        (text_to_point("10.96.0.1"), "a"),
    ]


def test_ranges_of_a_node() -> None:
    def node_of(spec: NodeSpec) -> list[str]:
        return list(map(str, ranges(Node(metadata=ObjectMeta(name="n"), spec=spec))))

    assert node_of(NodeSpec(pod_cidr="10.0.0.0/24")) == ["10.0.0.0/24"]
    assert node_of(NodeSpec(pod_cidr="10.0.0.0/24", pod_cidrs=("10.0.0.0/24", "fd00::/64"))) == [
        "10.0.0.0/24",
        "fd00::/64",
    ]
    assert node_of(NodeSpec()) == []
    assert node_of(NodeSpec(pod_cidrs=("", "x/8", "10.0.0.0"))) == []


def test_behind_a_service_are_its_pods() -> None:
    web, other = service("web", "10.96.0.1", marks="app=web"), service("none", "10.96.0.2", marks="app=none")
    free = service("free", "10.96.0.3")
    given: list[Object] = [
        pod("x/a", "10.0.0.1", "fd00::1", marks="app=web"),
        pod("y/b", "10.0.0.9", marks="app=web"),
        node("n", "172.16.0.1"),
    ]
    behind = Behind(Cluster.of([*given, web, other, free]))

    def meets(one: Service, block: str) -> bool:
        return behind.may_meet(one, AddressSet.from_cidr(block))

    assert meets(web, "10.0.0.0/29")
    assert meets(web, "fd00::/64")
    assert not meets(web, "10.0.0.9")
    assert not meets(web, "10.96.0.0/12")
    for unknown in (other, free):  # whoever is behind it may be anybody in the cluster's own networks
        assert meets(unknown, "10.0.0.9")
        assert meets(unknown, "172.16.0.0/12")
        assert not meets(unknown, "10.96.0.0/12")


def test_pods_without_addresses_are_unknown() -> None:
    behind = Behind(Cluster.of([pod("x/a", marks="app=web")]))
    assert not behind.may_meet(service("web", marks="app=web"), AddressSet.from_cidr("0.0.0.0/1"))
