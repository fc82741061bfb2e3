"""Assertions judged on connections that were tried, against the assertions read aloud."""

from __future__ import annotations

from random import Random

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from haechi.analysis.assertions import Judgement, ObservedConnection, Suite, World, judge_observed
from haechi.analysis.assertions.file import Assertion, Party, Port
from haechi.analysis.cluster import Cluster
from haechi.engine import Engine, point, verdict
from haechi.model import ExternalHost, ExternalHostSpec, Namespace, NetworkPolicy, Node, Object, ObjectMeta, Packet, Pod
from haechi.sets import text_to_point
from tests import building, clusters
from tests.analysis.asserting import HERE, HOSTS, PACKETS, Literal, assertions, groups, matching

WITH_PORTS = [packet for packet in PACKETS if packet.protocol != 1]
WEB = building.pod("x/web", "10.0.0.1")
DB = building.pod("x/db", "10.0.0.2")
TO_DB = building.policy("{ingress: [{ports: [{port: 80}]}]}")


def tried(world: World, packet: Packet, *, arrived: bool, replied: bool) -> ObservedConnection:
    source, destination = (world.names[point(address)] for address in (packet.source, packet.destination))
    return ObservedConnection(source, destination, packet, verdict(world.engine, packet), arrived, replied)


def judged(world: World, assertion: Assertion, *observed: ObservedConnection) -> Judgement:
    return judge_observed(world, [Suite("some", "", (assertion,), (HERE,))], observed)


@settings(deadline=None, max_examples=60)
@given(groups(), assertions(), st.randoms(), st.booleans())
def test_an_assertion_fails_on_exactly_the_connections_that_do_otherwise(
    objects: list[Namespace | Node | Pod | NetworkPolicy], assertion: Assertion, random: Random, arrived: bool
) -> None:
    cluster = clusters.cluster(objects)
    engine = Engine.of([*cluster.namespaces, *cluster.nodes, *cluster.pods, *cluster.policies])
    namespaces = {one.name: one.labels for one in cluster.namespaces}
    world = World(engine, namespaces, {name: (text_to_point(text),) for name, text in HOSTS.items()})
    literal, strict = Literal(cluster, assertion), msgspec.structs.replace(assertion, allow_empty=False)
    for packet in random.sample(WITH_PORTS, 40):
        expected = literal.expected(packet)
        one = ObservedConnection("a", "b", packet, verdict(engine, packet), arrived, arrived)
        found = judged(world, strict, one)
        (outcome,) = found.outcomes
        wrong = len(expected - {arrived})
        assert [(each.packet, each.allowed) for each in outcome.violations] == [(packet, arrived)] * wrong
        assert found.exercised == (set(matching(cluster, packet)) if arrived and expected else set())
        assert expected or outcome.empty


def test_an_answer_that_is_lost_satisfies_neither_assertion() -> None:
    world = World.of(Cluster.of([WEB, DB]))
    one = tried(world, building.packet("10.0.0.1", "10.0.0.2"), arrived=True, replied=False)
    for expect in ("allow", "deny"):
        (outcome,) = judged(
            world, Assertion(from_=Party(pod="x/web"), to=Party(pod="x/db"), expect=expect), one
        ).failures
        assert [str(each.source) for each in outcome.violations] == ["x/web"]


def test_an_assertion_about_no_tried_connection_fails() -> None:
    world = World.of(Cluster.of([WEB, DB, TO_DB]))
    one = tried(world, building.packet("10.0.0.1", "10.0.0.2", "80/TCP"), arrived=True, replied=True)
    on = Assertion(from_=Party(pod="x/web"), to=Party(pod="x/db"), ports=(Port(port=80),), expect="allow")
    found = judged(world, on, one)
    assert (found.failures, [rule.path for rule in found.exercised]) == ((), ["spec.ingress[0]"])
    other = msgspec.structs.replace(on, ports=(Port(port=81),))
    (outcome,) = judged(world, other, one).failures
    assert outcome.empty == ("no connection that it is about was tried",)


def test_the_first_of_many_differences_are_shown() -> None:
    world = World.of(Cluster.of([WEB, DB]))
    packets = [building.packet("10.0.0.1", "10.0.0.2", f"{port}/TCP") for port in range(1, 13)]
    observed = [tried(world, packet, arrived=False, replied=False) for packet in packets]
    assertion = Assertion(from_=Party(pod="x/web"), to=Party(pod="x/db"), expect="allow")
    (outcome,) = judged(world, assertion, *observed).outcomes
    assert ([each.packet for each in outcome.violations], outcome.has_more) == (packets[:10], True)


def test_a_world_knows_outside_hosts_and_pods_on_the_network_of_their_node() -> None:
    on_node = building.pod("x/agent", node="n", host_network=True)
    host = ExternalHost(metadata=ObjectMeta(name="dns"), spec=ExternalHostSpec(addresses=("8.8.8.8", "nonsense")))
    done = building.pod("x/done", "10.0.0.9", phase="Succeeded", host_network=True)
    objects: list[Object] = [WEB, on_node, host, done, building.node("n", "192.0.2.1")]
    world = World.of(Cluster.of(objects), {"outside/1.1.1.1": ["1.1.1.1"]})
    points = {"outside/1.1.1.1": "1.1.1.1", "x/agent": "192.0.2.1", "host/dns": "8.8.8.8"}
    assert world.named == {name: (text_to_point(text),) for name, text in points.items()}
