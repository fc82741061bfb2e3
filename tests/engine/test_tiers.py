"""Tiers: the engine decides as the reference does, by rules and as a set, whatever the order of updates."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from haechi.engine import Engine, point, side_ports, traffic, verdict
from haechi.model import Node, TierPolicy
from haechi.model.verdict import Direction
from haechi.reference import ClusterObjects, allowed
from tests import clusters, tier_words
from tests.analysis import small
from tests.engine.test_meaning import backwards, one_by_one, twice
from tests.generator import Object as GeneratedObject
from tests.tier_cases import TIER_CASES, TierCase

Object = GeneratedObject | TierPolicy
randoms = st.randoms(use_true_random=False)


@pytest.mark.parametrize("build", [Engine.of, one_by_one, backwards, twice], ids=lambda way: way.__name__)
@pytest.mark.parametrize("case", TIER_CASES, ids=lambda case: case.name)
def test_conformance(case: TierCase, build: Callable[[list[Object]], Engine]) -> None:
    engine = build(list(case.objects))
    for text, packet, passes in case.connections():
        assert verdict(engine, packet).allowed is passes, text


def assert_agrees(engine: Engine, cluster: ClusterObjects, random: Random) -> None:
    sides = {}
    for packet in clusters.probes(cluster, random):
        right = allowed(cluster, packet)
        assert verdict(engine, packet) == right, packet
        ends = point(packet.source), point(packet.destination)
        owners = [engine.claimants(end) for end in ends]
        if max(map(len, owners)) > 1 or (owners[0] and owners[0] == owners[1]):
            continue
        for direction, mine, side in ((Direction.EGRESS, 0, right.egress), (Direction.INGRESS, 1, right.ingress)):
            own, remote = owners[mine], ends[1 - mine]
            if own and remote not in {*own[0].host_addresses, *engine.node_addresses(own[0].node)}:
                key = own[0].key, direction
                if key not in sides:
                    sides[key] = traffic(engine, engine.stages(own[0])[mine])
                assert sides[key].contains(remote, packet.protocol, packet.port) == side.allowed, packet
        for direction, mine, side in ((Direction.EGRESS, 0, right.egress), (Direction.INGRESS, 1, right.ingress)):
            subject, peer = (next(iter(owners[end]), None) for end in (mine, 1 - mine))
            ports = side_ports(engine, subject, direction, ends[1 - mine], peer)
            assert ports.contains(packet.protocol, packet.port) == side.allowed, packet


def test_every_packet_of_small_worlds_that_tiers_decide() -> None:
    """Random clusters seldom have a Pass before rules of the next tier that match; these have."""
    passed = 0
    for seed in range(80):
        random = Random(seed)
        found = [*small.objects(random), *small.tier_policies(random)]
        engine, cluster = Engine.of(found), clusters.cluster(found)
        for packet in random.sample(small.PACKETS, 150):
            right = allowed(cluster, packet)
            assert verdict(engine, packet) == right, (seed, packet)
            passed += any(side.tier_rule is not None for side in (right.egress, right.ingress))
    assert passed > 500


@given(st.lists(tier_words.objects(readable=False), max_size=20), randoms)
@settings(max_examples=400)
def test_engine_equals_reference(found: list[Object], random: Random) -> None:
    assert_agrees(Engine.of(found), clusters.cluster(found), random)


@given(st.lists(st.tuples(st.integers(0, 3).map(bool), tier_words.objects()), min_size=1, max_size=24), randoms)
def test_incremental_updates_equal_the_present_state(steps: list[tuple[bool, Object]], random: Random) -> None:
    engine = Engine()
    present: dict[tuple[type, str], Object] = {}
    for is_put, one in steps:
        if is_put:
            delta = engine.put(one)
            assert isinstance(one, Node) or not delta.nodes
            present[type(one), one.key] = one
        else:
            engine.delete(type(one), one.namespace, one.name)
            present.pop((type(one), one.key), None)
    assert_agrees(engine, clusters.cluster(list(present.values())), random)
