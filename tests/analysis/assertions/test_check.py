"""What an assertion asks."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from haechi.analysis.assertions.check import AssertionCheck, CheckedEnd, Ports, checks, resolve, single_addresses
from haechi.analysis.assertions.file import Anyone, Assertion, Party, Port
from haechi.analysis.assertions.world import World
from haechi.analysis.cluster import Cluster
from haechi.engine import Engine, point
from haechi.model import Deployment, LabelSelector, ObjectMeta, PodTemplateSpec, Service, ServiceSpec, WorkloadSpec
from haechi.model.verdict import Direction
from haechi.sets import AddressSet, PortSet, text_to_point
from tests.analysis import small
from tests.analysis.asserting import assertions
from tests.building import pod

WEB = pod("x/web", "10.0.0.1", marks="app=web", ports=("http=80/TCP",))
DB = pod("x/db", "10.0.0.2", marks="app=db", ports=("http=8080/TCP sql=5432/TCP",))
HOSTS = {"host/dns": (text_to_point("8.8.8.8"),), "host/bare": ()}
WORLD = World(Engine.of([WEB, DB, pod("y/bare")]), named=HOSTS)
EVERYONE = Party(anyone=Anyone())


@settings(max_examples=30)
@given(st.lists(assertions(), min_size=1, max_size=4), st.integers(0, 40))
def test_pivots_ask_of_each_pair_what_the_check_does_and_only_once(some: list[Assertion], seed: int) -> None:
    world = World(Engine.of(small.objects(Random(seed))))
    for check in (check for assertion in some for check in checks(world, assertion, "")[0]):
        questions = list(check.questions(world))
        assert check.asks(world) == bool(questions)
        for packet in small.PACKETS[::6]:
            source, destination = point(packet.source), point(packet.destination)
            asked = [
                question.asked.at(far)
                for question in questions
                for near, far in [
                    (destination, source) if question.direction is Direction.INGRESS else (source, destination)
                ]
                if question.address == near and question.asked.at(far)
            ]
            assert asked == [ports for ports in [check.between(world, source, destination)] if ports]


@pytest.mark.parametrize(
    ("port", "on_web", "on_db", "outside"),
    [
        (Port(port=80), PortSet.tcp(80), PortSet.tcp(80), PortSet.tcp(80)),
        (Port(port=80, end_port=90, protocol="UDP"), PortSet.udp(80, 90), PortSet.udp(80, 90), PortSet.udp(80, 90)),
        (Port(protocol="SCTP"), PortSet.protocol(132), PortSet.protocol(132), PortSet.protocol(132)),
        (Port(port="http"), PortSet.tcp(80), PortSet.tcp(8080), PortSet.NONE),
        (Port(port="sql"), PortSet.NONE, PortSet.tcp(5432), PortSet.NONE),
        (Port(port="http", protocol="UDP"), PortSet.NONE, PortSet.NONE, PortSet.NONE),
    ],
)
def test_ports_on_each_server(port: Port, on_web: PortSet, on_db: PortSet, outside: PortSet) -> None:
    ports = Ports.of([port])
    db, web, _ = WORLD.pods
    assert (ports.on(web), ports.on(db), ports.on(None)) == (on_web, on_db, outside)


def test_no_ports_are_all() -> None:
    assert Ports.of([]) == Ports(PortSet.ALL)


@pytest.mark.parametrize(
    ("assertion", "words"),
    [
        (Assertion(from_=EVERYONE, to=Party(pod="x/none"), expect="deny"), "to: 'x/none' does not match any pod"),
        (
            Assertion(from_=Party(host="lost"), to=Party(pod="x/db"), expect="deny"),
            "from: there is no ExternalHost lost; there is: bare, dns",
        ),
        (Assertion(from_=Party(namespace="z"), to=Party(pod="x/db"), expect="deny"), "from: selects no pod"),
        (
            Assertion(from_=Party(namespace="y"), to=Party(pod="x/db"), expect="deny"),
            "from: the pods that it selects have no known address",
        ),
        (
            Assertion(to=Party(pod="x/db"), only=(Party(pod="x/web"), Party(pod="x/none"))),
            "only[1]: 'x/none' does not match any pod",
        ),
        (
            Assertion(from_=EVERYONE, to=Party(namespace="x"), ports=(Port(port="sql"),), expect="deny"),
            "x/web has no port named sql",
        ),
        (
            Assertion(from_=Party(pod="x/db"), to=Party(pod="x/db"), expect="deny"),
            "there is no packet that a policy could judge between these two",
        ),
        (
            Assertion(from_=Party(host="dns"), to=Party(ip="8.8.4.4"), expect="deny"),
            "there is no packet that a policy could judge between these two",
        ),
    ],
)
def test_what_means_nobody_is_told(assertion: Assertion, words: str) -> None:
    (found,) = checks(WORLD, assertion, "")[1]
    assert found.startswith(words)


@pytest.mark.parametrize(
    ("name", "namespace", "pods"),
    [
        ("x/web", "", ["x/web"]),
        ("pod/web", "", ["x/web"]),
        ("web", "", ["x/web"]),
        ("web", "x", ["x/web"]),
        ("web", "y", []),
        ("deploy/db", "", ["x/db-0", "x/db-1"]),
        ("x/svc/front", "", ["x/web"]),
    ],
)
def test_a_pod_a_workload_and_a_service_are_named_as_everywhere(name: str, namespace: str, pods: list[str]) -> None:
    db = Deployment(
        metadata=ObjectMeta(name="db", namespace="x"),
        spec=WorkloadSpec(replicas=2, template=PodTemplateSpec(metadata=ObjectMeta(labels={"app": "db"}))),
    )
    front = Service(metadata=ObjectMeta(name="front", namespace="x"), spec=ServiceSpec(selector={"app": "web"}))
    world = World.of(Cluster.of([pod("x/web", "10.0.0.1", marks="app=web"), db, front]))
    assert [str(one.key) for one in resolve(world, Party(pod=name), namespace).pods] == pods


def test_only_is_these_and_nobody_else() -> None:
    web = Party(pod="x/web")
    for assertion, inward in (
        (Assertion(to=Party(pod="x/db"), only=(web,)), True),
        (Assertion(from_=Party(pod="x/db"), only=(web,)), False),
    ):
        (these, others), _ = checks(WORLD, assertion, "")
        assert (these.allowed, others.allowed) == (True, False)
        ends = [check.sources if inward else check.destinations for check in (these, others)]
        assert ends[0].addresses | ends[1].addresses == AddressSet.ALL
        assert ends[0].addresses.isdisjoint(ends[1].addresses)


def test_a_lone_pod_selector_looks_in_the_namespace_of_its_test() -> None:
    party = Party(pod_selector=LabelSelector(match_labels={"app": "web"}))
    for namespace, found in (("x", 1), ("", 1), ("y", 0)):
        (check,), _ = checks(WORLD, Assertion(from_=party, to=Party(pod="x/db"), expect="allow"), namespace)
        assert len(check.sources.pods) == found


def test_a_cidr_of_one_address_is_meant_by_itself_and_a_longer_one_is_a_range() -> None:
    def group(ip: str) -> CheckedEnd:
        (check,), _ = checks(WORLD, Assertion(from_=Party(ip=ip), to=Party(pod="x/db"), expect="allow"), "")
        assert isinstance(check, AssertionCheck)
        return check.sources

    assert [bool(group(ip).broad) for ip in ("8.8.8.8", "8.8.8.8/32", "8.8.8.8/31", "::/0")] == [
        False,
        False,
        True,
        True,
    ]


def test_addresses_that_are_named() -> None:
    asked = Assertion(to=Party(ip="10.0.0.1"), only=(Party(pod="x/web"), Party(ip="8.8.8.0/24")))
    assert [str(one) for one in single_addresses(asked)] == ["10.0.0.1", "8.8.8.0/24"]
