"""What people call the ends of a connection."""

from __future__ import annotations

import pytest

from haechi.analysis.cluster.cluster import Cluster
from haechi.analysis.reach.listing import Listing
from haechi.analysis.reach.services import Backing, backings, port_names
from haechi.model import ObjectMeta, Service, ServicePort
from haechi.model.core import ServiceSpec
from tests.building import pod

WEB = pod("x/web", "10.0.0.1", marks="app=web,tier=front", ports=("http=80/TCP dns=53/UDP", "metrics=80/TCP =9/TCP"))
OTHER = pod("y/web", "10.0.0.2", marks="app=web")


def service(name: str, selector: dict[str, str], *ports: ServicePort) -> Service:
    return Service(metadata=ObjectMeta(name=name, namespace="x"), spec=ServiceSpec(selector=selector, ports=ports))


def found(*services: Service) -> tuple[Backing, ...]:
    cluster = Cluster.of([WEB, OTHER, *services])
    return backings(cluster, Listing.of(cluster, "pod").groups)


@pytest.mark.parametrize(
    ("port", "words", "target"),
    [
        (ServicePort(port=80), "TCP 80", "80"),
        (ServicePort(port=80, name="web", target_port=8080), "TCP 80 (web)", "8080"),
        (ServicePort(port=53, protocol="UDP", target_port="dns"), "UDP 53", "dns"),
        (ServicePort(port=7, protocol="SCTP", target_port=0), "SCTP 7", "7"),
        (ServicePort(port=7, target_port=""), "TCP 7", "7"),
        (ServicePort(port=7, protocol="XYZ"), "XYZ 7", "7"),
    ],
)
def test_a_port_and_where_it_leads(port: ServicePort, words: str, target: str) -> None:
    assert found(service("s", {"app": "web"}, port)) == (Backing("x/s", words, target, ("x/web[Pod]",)),)


def test_services_come_by_name_and_only_with_pods_of_their_namespace() -> None:
    port = ServicePort(port=80)
    some = [service("b", {"app": "web"}, port), service("a", {"tier": "front"}, port)]
    nobody = [
        service("none", {}, port),
        service("lost", {"app": "db"}, port),
        service("both", {"app": "web", "tier": "x"}, port),
    ]
    assert [(one.service, one.groups) for one in found(*some, *nobody)] == [
        ("x/a", ("x/web[Pod]",)),
        ("x/b", ("x/web[Pod]",)),
    ]


def test_names_of_ports_are_those_of_the_containers_the_first_by_name() -> None:
    cluster = Cluster.of([WEB, OTHER])
    assert port_names(cluster, Listing.of(cluster, "pod").groups) == {
        "x/web[Pod]": {(6, 80): "http", (17, 53): "dns"},
        "y/web[Pod]": {},
    }
