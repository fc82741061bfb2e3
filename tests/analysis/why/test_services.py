"""A Service as the destination of a question."""

from __future__ import annotations

import msgspec
import pytest

from haechi.analysis.cluster.cluster import Cluster
from haechi.analysis.why.answer import Answer, can
from haechi.analysis.why.services import UnusableService
from haechi.model import Object, ObjectMeta, Pod, PodSpec, Service, ServicePort, ServiceSpec
from haechi.model.core import PodCondition
from tests.building import pod, policy

WEB = pod("x/web", "10.0.0.1", "fd00::1", marks="app=web")
OPEN = policy("{podSelector: {matchLabels: {app: db}}, ingress: [{ports: [{port: 5432}]}]}")


def service(*ports: ServicePort, **fields: object) -> Service:
    spec = ServiceSpec(selector={"app": "db"}, ports=ports)
    return Service(metadata=ObjectMeta(namespace="x", name="db"), spec=msgspec.structs.replace(spec, **fields))


def backend(name: str, address: str, *ports: str) -> Pod:
    return pod(f"x/{name}", address, marks="app=db", ports=ports)


PG = ServicePort(name="pg", port=15432, target_port=5432)
NODE_PORT = ServicePort(port=80, target_port=5432, node_port=30080)
PODS = (backend("db-0", "10.0.0.2"), backend("db-1", "10.0.0.3"))


def asked(port: str | None, *objects: Object, source: str = "x/web", name: str = "svc/db") -> Answer:
    return can(Cluster.of([WEB, *objects]), source, name, port)


def backends(answer: Answer) -> list[str]:
    assert answer.service is not None
    return list(map(str, answer.service.backends))


@pytest.mark.parametrize("port", ["15432", "15432/TCP", "pg", None])
def test_a_port_becomes_that_of_the_pods(port: str | None) -> None:
    answer = asked(port, service(PG), *PODS, OPEN)
    assert backends(answer) == ["x/db-0 TCP 5432", "x/db-1 TCP 5432"]
    assert answer.allowed
    assert {one.packet.port for pair in answer.pairs for one in pair} == {5432}


def test_what_the_policies_deny_is_denied() -> None:
    closed = policy("{podSelector: {matchLabels: {app: db}}, ingress: [{ports: [{port: 15432}]}]}")
    assert not asked("pg", service(PG), *PODS, closed).allowed


def test_a_named_target_port_is_each_pods_own() -> None:
    named = ServicePort(port=80, target_port="sql")
    pods = (
        backend("db-0", "10.0.0.2", "sql=5432/TCP"),
        backend("db-1", "10.0.0.3", "sql=5433/TCP"),
        backend("db-2", "10.0.0.4"),
    )
    answer = asked("80", service(named), *pods, OPEN)
    assert backends(answer) == ["x/db-0 TCP 5432", "x/db-1 TCP 5433"]
    assert not answer.allowed  # db-1 is closed
    assert answer.service is not None
    assert answer.service.notes == ("not an endpoint, for want of a port named sql: x/db-2",)


def test_a_pod_of_one_class_that_receives_elsewhere_is_judged_by_itself() -> None:
    named = ServicePort(port=80, target_port="sql")
    pods = (backend("db-0", "10.0.0.2", "sql=5432/TCP"), backend("db-1", "10.0.0.3", "sql=5433/TCP"))
    assert len(asked("80", service(named), *pods).pairs) == 2


def test_a_port_of_the_same_number_and_another_protocol_is_another() -> None:
    ports = (ServicePort(port=53, protocol="UDP", target_port=5353), ServicePort(port=53, target_port=5354))
    assert backends(asked("53/UDP", service(*ports), PODS[0])) == ["x/db-0 UDP 5353"]
    assert backends(asked("53", service(*ports), PODS[0])) == ["x/db-0 TCP 5354"]
    assert backends(asked(None, service(*ports), PODS[0])) == ["x/db-0 TCP 5354", "x/db-0 UDP 5353"]


def test_without_a_port_any_port_of_the_service_counts() -> None:
    ports = (ServicePort(port=1), ServicePort(port=5432))
    assert asked(None, service(*ports), *PODS, OPEN).allowed


def test_a_headless_service_translates_nothing() -> None:
    headless = service(PG, cluster_ip="None")
    assert backends(asked("15432", headless, PODS[0])) == ["x/db-0 TCP 15432"]
    assert backends(asked("pg", headless, PODS[0])) == ["x/db-0 TCP 5432"]
    answer = asked("ICMP", headless, PODS[0])
    assert backends(answer) == ["x/db-0 ICMP"]
    assert answer.service is not None
    assert answer.service.notes == ("headless: clients connect to the pods directly",)


def test_a_cluster_address_is_the_service() -> None:
    answer = asked("15432", service(PG, cluster_ip="10.96.0.7"), *PODS, OPEN, name="10.96.0.7")
    assert answer.allowed
    assert len(backends(answer)) == 2


def test_only_the_families_of_the_service_count() -> None:
    dual = pod("x/db-0", "10.0.0.2", "fd00::2", marks="app=db")
    only = service(PG, ip_families=("IPv6",))
    assert [str(one.packet.destination) for one in asked("pg", only, dual).pairs[0]] == ["fd00::2"]
    both = service(PG, cluster_ip="10.96.0.7")
    assert [str(one.packet.destination) for one in asked("pg", both, dual).pairs[0]] == ["10.0.0.2"]


def test_pods_that_are_not_ready_or_on_the_host_network_are_named() -> None:
    unready = msgspec.structs.replace(
        PODS[0],
        status=msgspec.structs.replace(PODS[0].status, conditions=(PodCondition(type="Ready", status="False"),)),
    )
    host = msgspec.structs.replace(backend("db-9", "10.0.0.9"), spec=PodSpec(host_network=True))
    some = asked("pg", service(PG), unready, PODS[1], host).service
    assert some is not None
    assert some.notes == (
        "not ready, so without traffic until they are: x/db-0",
        "behind it too, but on the host network, where policies do not apply: x/db-9",
    )
    none = asked("pg", service(PG), unready).service
    assert none is not None
    assert none.notes == ("no pod behind it is ready: until one is, nothing that is sent to it arrives",)


@pytest.mark.parametrize(
    ("port", "objects", "reason"),
    [
        ("80", (service(PG), *PODS), "has no port 80; its ports: TCP 15432 (pg)"),
        ("15432/UDP", (service(PG), *PODS), "has no port 15432/UDP; its ports: TCP 15432 (pg)"),
        ("ICMP", (service(PG), *PODS), "has no port ICMP; its ports: TCP 15432 (pg)"),
        (
            "30080",
            (service(NODE_PORT), *PODS),
            (
                "has 30080 as the node port of TCP 80: ask about port 80; what comes by a node port has the address of"
                " a node, or its own with externalTrafficPolicy Local"
            ),
        ),
        ("30080/UDP", (service(NODE_PORT), *PODS), "has no port 30080/UDP; its ports: TCP 80"),
        ("ICMP", (service(NODE_PORT), *PODS), "has no port ICMP; its ports: TCP 80"),
        ("pg", (service(PG),), "selects no pod of the input"),
        ("pg", (service(PG, selector={}),), "has no selector, so manifests do not say what is behind it"),
        (
            "pg",
            (service(PG, type="ExternalName", external_name="db.example.com"), *PODS),
            "is an ExternalName, an alias in DNS for db.example.com: ask about its addresses",
        ),
        (None, (service(), *PODS), "has no ports: ask with a PORT"),
        (
            "80",
            (service(ServicePort(port=80, target_port="sql")), *PODS),
            "has no endpoint: no pod behind it has a port named sql",
        ),
        (
            "pg",
            (service(PG), msgspec.structs.replace(PODS[0], spec=PodSpec(host_network=True))),
            "has only pods on the host network: x/db-0",
        ),
    ],
)
def test_what_cannot_be_asked_is_refused_with_the_reason(
    port: str | None, objects: tuple[Object, ...], reason: str
) -> None:
    with pytest.raises(UnusableService) as caught:
        asked(port, *objects)
    assert str(caught.value) == f"Service x/db {reason}"


def test_a_service_is_no_source() -> None:
    with pytest.raises(UnusableService, match="opens no connections: the source is a pod behind it"):
        asked("pg", service(PG), *PODS, source="svc/db")
