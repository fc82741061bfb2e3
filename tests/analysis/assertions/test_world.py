"""What passes at one address, against the reference packet by packet."""

from __future__ import annotations

from random import Random

from haechi.analysis.assertions.world import World
from haechi.engine import Engine, point
from haechi.model.verdict import Direction
from haechi.reference import allowed
from haechi.reference.reference import owners
from haechi.sets import AddressSet, PortSet, Traffic, text_to_point
from tests.analysis import small
from tests.building import node, pod, policy


def test_what_passes_is_what_the_reference_allows() -> None:
    """By server for all clients, and by client for all servers that are no pods."""
    seen = {True: 0, False: 0}
    for seed in range(30):
        objects = small.objects(Random(seed))
        known, world = small.reference(objects), World(Engine.of(objects))
        for address in (address for endpoint in world.pods for address in endpoint.addresses):
            own = AddressSet.of(address)
            into = world.passing(address, Direction.INGRESS, Traffic.of(AddressSet.V4 - own, PortSet.ALL))
            out = world.passing(address, Direction.EGRESS, Traffic.of(AddressSet.V4 - world.claimed, PortSet.ALL))
            for packet in small.PACKETS:
                source, destination = point(packet.source), point(packet.destination)
                if source == destination:
                    continue
                right = allowed(known, packet).allowed
                if destination == address:
                    assert into.contains(source, packet.protocol, packet.port) == right
                    seen[right] += 1
                elif source == address and not owners(known, packet.destination):
                    assert out.contains(destination, packet.protocol, packet.port) == right
                    seen[right] += 1
    assert min(seen.values()) > 500


def test_no_more_than_what_is_asked_passes() -> None:
    world = World(Engine.of([pod("x/a", "10.0.0.1")]))
    asked = Traffic.of(AddressSet.parse("8.8.8.8"), PortSet.tcp(80))
    for direction in Direction:
        assert world.passing(text_to_point("10.0.0.1"), direction, asked) == asked


def test_addresses_have_the_names_of_those_who_have_them() -> None:
    hosts = {"host/dns": (text_to_point("8.8.8.8"),), "x/onhost": (text_to_point("192.0.2.1"),)}
    pods = [pod("x/b", "10.0.0.1"), pod("x/a", "10.0.0.2"), pod("y/c", "10.0.0.3"), pod("y/d", "10.0.0.3")]
    world = World(Engine.of(pods), named=hosts)
    assert {
        address: world.names[text_to_point(address)] for address in ("8.8.8.8", "192.0.2.1", "10.0.0.2", "10.0.0.3")
    } == {
        "8.8.8.8": "host/dns",
        "192.0.2.1": "x/onhost",
        "10.0.0.2": "x/a",
        "10.0.0.3": "10.0.0.3 of several pods",
    }
    assert str(world.claimed) == "10.0.0.1-10.0.0.3"
    assert str(world.disputed) == "10.0.0.3"
    assert [world.names[address] for address in sorted(world.order, key=world.order.__getitem__)] == [
        "10.0.0.3 of several pods",
        "x/a",
        "x/b",
    ]


def test_a_node_is_near_by_its_object_and_by_its_pods_status() -> None:
    world = World(Engine.of([pod("x/a", "10.0.0.1", node="n"), pod("x/b", "10.0.0.2"), node("n", "192.0.2.1")]))
    assert [str(world.near(endpoint)) for endpoint in world.pods] == ["192.0.2.1", "none"]
    assert str(world.nodes) == "192.0.2.1"


def test_a_rule_alone_and_its_path() -> None:
    rules = "{ingress: [{ports: [{port: 0}]}, {ports: [{port: web}], from: [{podSelector: {}}]}, {}]}"
    server = pod("x/a", "10.0.0.1", ports=("web=80/TCP",))
    world = World(Engine.of([server, pod("x/b", "10.0.0.2"), policy(rules)]))
    assert [key.path for key in world.rules] == ["spec.ingress[1]", "spec.ingress[2]"]  # the first cannot be read
    named, _ = world.rules
    assert str(world.allowed_by(named, world.pods[0])) == "10.0.0.1-10.0.0.2: TCP 80"
    assert not world.allowed_by(named, world.pods[1])  # it has no port of that name
    assert list(world.rules_of(world.pods[0], Direction.INGRESS)) == list(world.rules)
    assert list(world.rules_of(world.pods[0], Direction.EGRESS)) == []
