"""Tiers in a node's ruleset: packets fare as the reference says, however the ruleset came about."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from haechi.dataplane import NodeRuleset
from haechi.engine import Engine
from haechi.model import TierPolicy
from haechi.reference import ClusterObjects
from tests import clusters, tier_words
from tests.dataplane.test_meaning import differences
from tests.generator import Object as GeneratedObject
from tests.tier_cases import TIER_CASES, TierCase

Object = GeneratedObject | TierPolicy


def every_object(cluster: ClusterObjects) -> list[Object]:
    return [*cluster.nodes, *cluster.namespaces, *cluster.pods, *cluster.policies, *cluster.tier_policies]


@pytest.mark.parametrize("case", TIER_CASES, ids=lambda case: case.name)
def test_conformance(case: TierCase) -> None:
    packets = [packet for _, packet, _ in case.connections()]
    cluster = clusters.cluster(case.objects)
    assert [*differences(cluster, Engine.of(case.objects), packets, ("n0", "n1"))] == []


@given(st.lists(tier_words.objects(readable=False), min_size=4, max_size=24), st.integers(0, 1 << 32))
@settings(max_examples=300)
def test_packets_fare_as_the_reference_says(found: list[Object], seed: int) -> None:
    cluster = clusters.cluster(found)
    packets = clusters.probes(cluster, Random(seed))
    assert [*differences(cluster, Engine.of(every_object(cluster)), packets)] == []


@given(st.lists(st.tuples(st.integers(0, 3).map(bool), tier_words.objects()), min_size=1, max_size=20))
def test_a_ruleset_that_follows_updates_is_that_of_the_present_state(steps: list[tuple[bool, Object]]) -> None:
    engine = Engine()
    node = NodeRuleset(engine, "n0")
    for is_put, one in steps:
        delta = engine.put(one) if is_put else engine.delete(type(one), one.namespace, one.name)
        node.apply(delta)
    assert node.ruleset() == NodeRuleset(engine, "n0").ruleset()
