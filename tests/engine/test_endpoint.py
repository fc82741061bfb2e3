"""A pod is kept as far as policies can tell it from another."""

from __future__ import annotations

from msgspec.structs import replace

from haechi.engine.endpoint import Endpoint, NamedPort, points
from haechi.model import Container, ContainerPort, HostIP, ObjectMeta, Pod, PodIP, PodSpec, PodStatus
from haechi.model.verdict import PodKey
from haechi.sets import text_to_point
from tests.building import container, pod


def test_what_verdicts_depend_on() -> None:
    status = PodStatus(
        pod_ips=(PodIP(ip="10.0.0.1"), PodIP(ip="fd00::1")), host_ips=(HostIP(ip="172.16.0.1"), HostIP(ip="fd01::1"))
    )
    spec = PodSpec(node_name="n1", containers=(container("web=80/TCP dns=53/UDP"),))
    given = Pod(metadata=ObjectMeta(name="a", namespace="x", labels={"app": "web"}), spec=spec, status=status)
    assert Endpoint.of(given) == Endpoint(
        key=PodKey("x", "a"),
        labels={"app": "web"},
        node="n1",
        addresses=(text_to_point("10.0.0.1"), text_to_point("fd00::1")),
        host_addresses=(text_to_point("172.16.0.1"), text_to_point("fd01::1")),
        ports=(NamedPort(6, "web", 80), NamedPort(17, "dns", 53)),
    )


def test_single_addresses_of_old_objects() -> None:
    given = Pod(metadata=ObjectMeta(name="a"), status=PodStatus(pod_ip="10.0.0.1", host_ip="172.16.0.1"))
    endpoint = Endpoint.of(given)
    assert endpoint is not None
    assert endpoint.key == PodKey("default", "a")
    assert endpoint.addresses == points(("10.0.0.1",))
    assert endpoint.host_addresses == points(("172.16.0.1",))


def test_pods_that_policies_do_not_see() -> None:
    assert Endpoint.of(pod("x/a", "10.0.0.1", host_network=True)) is None
    assert Endpoint.of(pod("x/a", "10.0.0.1", phase="Succeeded")) is None
    assert Endpoint.of(pod("x/a", "10.0.0.1", phase="Failed")) is None


def test_pods_that_policies_see() -> None:
    for phase in ("Pending", "Running", "Unknown", ""):
        assert Endpoint.of(pod("x/a", phase=phase)) == Endpoint(PodKey("x", "a"), {})


def test_ports_are_sorted_unique_and_named() -> None:
    endpoint = Endpoint.of(pod("x/a", ports=("web=81/TCP =7/TCP web=80/TCP", "web=80/TCP web=80/UDP sig=9/SCTP")))
    assert endpoint is not None
    assert endpoint.ports == (
        NamedPort(6, "web", 80),
        NamedPort(6, "web", 81),
        NamedPort(17, "web", 80),
        NamedPort(132, "sig", 9),
    )


def test_ports_that_mean_nothing_are_left_out() -> None:
    odd = Container(
        ports=(
            ContainerPort(name="web", container_port=0),
            ContainerPort(name="web", container_port=65536),
            ContainerPort(name="web", container_port=-1),
            ContainerPort(name="web", container_port=80, protocol="ICMP"),
            ContainerPort(name="web", container_port=65535),
        )
    )
    endpoint = Endpoint.of(replace(pod("x/a"), spec=PodSpec(containers=(odd,))))
    assert endpoint is not None
    assert endpoint.ports == (NamedPort(6, "web", 65535),)


def test_ports_of_init_containers_do_not_count() -> None:
    sidecar = Container(ports=(ContainerPort(name="web", container_port=80),), restart_policy="Always")
    endpoint = Endpoint.of(replace(pod("x/a"), spec=PodSpec(init_containers=(sidecar,))))
    assert endpoint is not None
    assert endpoint.ports == ()


def test_points_are_each_once_and_of_addresses_only() -> None:
    assert points(("10.0.0.1", "x", "", "10.0.0.1", "010.0.0.1", "::ffff:10.0.0.1", "10.0.0.0/8", "fd00::1%e")) == (
        text_to_point("10.0.0.1"),
    )


def test_annotations_and_the_like_make_no_difference() -> None:
    given = pod("x/a", "10.0.0.1", marks="a=1")
    noted = replace(given, metadata=replace(given.metadata, annotations={"x": "y"}, resource_version="7"))
    assert Endpoint.of(given) == Endpoint.of(noted)
