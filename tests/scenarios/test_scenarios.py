"""Every upstream scenario, by both readings of the specification: every pair, port, protocol and family, every step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from ipaddress import ip_address
from itertools import product
from typing import NamedTuple

import pytest

from haechi.engine import Engine, verdict
from haechi.model import Namespace, NetworkPolicy, Node, Pod
from haechi.model.verdict import Packet
from haechi.reference import ClusterObjects, allowed
from tests.scenarios import (
    PORTS,
    PROTOCOLS,
    SCENARIOS,
    Key,
    Object,
    Scenario,
    Step,
    Verdicts,
    after,
    base_cluster,
    key,
    placed,
)

NUMBERS = {"TCP": 6, "UDP": 17, "SCTP": 132}
every_scenario = pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)


class Probe(NamedTuple):
    """A question in words and as a packet."""

    source: str
    destination: str
    port: int
    protocol: str
    packet: Packet


@cache
def probes() -> tuple[Probe, ...]:
    pods = [one for one in base_cluster() if isinstance(one, Pod)]
    return tuple(
        Probe(client.key, server.key, port, protocol, Packet(ip_address(source), ip_address(target), number, port))
        for client, server in product(pods, pods)
        for source, target in zip(client.addresses, server.addresses, strict=True)
        for port, (protocol, number) in product(PORTS, NUMBERS.items())
    )


def wrong(expected: Verdicts, answer: Callable[[Packet], bool]) -> list[str]:
    """The probes that are answered otherwise than expected."""
    return [
        f"{probe.source} -> {probe.destination} {probe.port}/{probe.protocol} ({probe.packet.destination})"
        for probe in probes()
        if answer(probe.packet) != expected.allowed(probe.source, probe.destination, probe.port, probe.protocol)
    ]


def states(scenario: Scenario, nodes: int) -> Iterator[tuple[Step, dict[Key, Object]]]:
    """Each step with all objects that are there after it."""
    present = {key(one): one for one in base_cluster(nodes)}
    for step in scenario.steps:
        present = after(present, step, nodes)
        yield step, present


def cluster(present: dict[Key, Object]) -> ClusterObjects:
    found = present.values()
    return ClusterObjects(
        pods=tuple(one for one in found if isinstance(one, Pod)),
        namespaces=tuple(one for one in found if isinstance(one, Namespace)),
        nodes=tuple(one for one in found if isinstance(one, Node)),
        policies=tuple(one for one in found if isinstance(one, NetworkPolicy)),
    )


@every_scenario
def test_the_reference_says_what_is_written(scenario: Scenario) -> None:
    for step, present in states(scenario, nodes=1):
        now = cluster(present)
        assert wrong(step.verdicts, lambda packet: allowed(now, packet).allowed) == []  # noqa: B023


@pytest.mark.parametrize("nodes", [1, 2])
@every_scenario
def test_the_engine_says_what_is_written_after_each_change(scenario: Scenario, nodes: int) -> None:
    """Step by step in one engine."""
    engine = Engine.of(base_cluster(nodes))
    for step in scenario.steps:
        for one in step.put:
            engine.put(placed(one, nodes))
        for kind, namespace, name in step.delete:
            engine.delete(kind, namespace, name)
        assert wrong(step.verdicts, lambda packet: verdict(engine, packet).allowed) == []


@every_scenario
def test_the_engine_does_not_care_for_the_past(scenario: Scenario) -> None:
    """Built at once, object by object backwards, and put twice, from the objects after each step."""
    for step, present in states(scenario, nodes=2):
        backwards = Engine()
        for one in [*reversed(present.values()), *present.values()]:
            backwards.put(one)
        for engine in (Engine.of(present.values()), backwards):
            assert wrong(step.verdicts, lambda packet: verdict(engine, packet).allowed) == []  # noqa: B023


@every_scenario
def test_every_line_decides_something(scenario: Scenario) -> None:
    """A pattern with a slip of the pen would match nothing, or only what later lines decide."""
    for step in scenario.steps:
        deciding = {step.verdicts.deciding(*probe[:4]) for probe in probes()}
        assert deciding.issuperset(step.verdicts.lines)


def test_every_scenario_of_the_specification_is_there() -> None:
    numbers = [tuple(scenario.name.split("-")[:2]) for scenario in SCENARIOS]
    wanted = [("tcp", 42), ("udp", 3), ("sctp", 3)]
    assert sorted(numbers) == sorted((suite, f"{n:02}") for suite, last in wanted for n in range(1, last + 1))


def test_the_cluster_offers_every_port_by_name() -> None:
    for one in base_cluster():
        if isinstance(one, Pod):
            offered = {
                (port.name, port.container_port, port.protocol) for box in one.spec.containers for port in box.ports
            }
            assert offered == {(f"serve-{n}-{p.lower()}", n, p) for n in PORTS for p in PROTOCOLS}


def test_on_two_nodes_every_namespace_spans_both() -> None:
    places = {(one.namespace, one.spec.node_name) for one in base_cluster(2) if isinstance(one, Pod)}
    assert places == set(product("xyz", ("node-1", "node-2")))
