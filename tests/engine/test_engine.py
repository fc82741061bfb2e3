"""The engine means what the reference means, whatever the order in which a cluster came about."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from haechi.engine import Endpoint, Engine, PodState, point, traffic, verdict
from haechi.model import Namespace, NetworkPolicy, Node, Pod
from haechi.model.verdict import Direction, PodKey
from haechi.reference import ClusterObjects, allowed
from tests import clusters

Object = Namespace | Node | Pod | NetworkPolicy


def every_object(cluster: ClusterObjects) -> list[Object]:
    return [*cluster.pods, *cluster.namespaces, *cluster.nodes, *cluster.policies]


def assert_agrees(engine: Engine, cluster: ClusterObjects, random: Random) -> None:
    for packet in clusters.probes(cluster, random):
        assert verdict(engine, packet) == allowed(cluster, packet), packet


some_objects = st.lists(clusters.objects(), max_size=18)
any_objects = st.lists(clusters.objects(readable=False), max_size=18)
randoms = st.randoms(use_true_random=False)


@given(any_objects, randoms)
@settings(max_examples=150)
def test_engine_equals_reference(found: list[Object], random: Random) -> None:
    assert_agrees(Engine.of(found), clusters.cluster(found), random)


@st.composite
def updates(draw: st.DrawFn) -> list[tuple[bool, Object]]:
    """Objects that are put or, one time in four, deleted by key."""
    return draw(st.lists(st.tuples(st.integers(0, 3).map(bool), clusters.objects()), min_size=1, max_size=24))


@given(updates(), randoms)
def test_incremental_updates_equal_the_present_state(steps: list[tuple[bool, Object]], random: Random) -> None:
    engine = Engine()
    present: dict[tuple[type, str], Object] = {}
    for is_put, one in steps:
        if is_put:
            engine.put(one)
            present[type(one), one.key] = one
        else:
            engine.delete(type(one), one.namespace, one.name)
            present.pop((type(one), one.key), None)
    assert_agrees(engine, clusters.cluster(list(present.values())), random)


@given(updates())
def test_deltas_tell_the_whole_difference(steps: list[tuple[bool, Object]]) -> None:
    """Whoever only listens to deltas knows every pod's addresses and every policy set."""
    engine = Engine()
    states: dict[PodKey, PodState] = {}
    sets: dict[PodKey, object] = {}
    for is_put, one in steps:
        delta = engine.put(one) if is_put else engine.delete(type(one), one.namespace, one.name)
        touched = {change.key for change in delta.pods} | {engine.numbered(number).key for number in delta.subjects}
        for change in delta.pods:
            known = states.get(change.key)
            assert (known is None) == (change.before is None)
            if known is not None and change.before is not None:  # selections come into and go out of use meanwhile
                assert change.before == replace(known, selections=change.before.selections)
            if change.after is None:
                states.pop(change.key, None)
                sets.pop(change.key, None)
            else:
                states[change.key] = change.after
        for endpoint in engine.endpoints:
            if endpoint.key in touched:
                sets[endpoint.key] = engine.policy_sets(endpoint)
            assert sets.get(endpoint.key, (None, None)) == engine.policy_sets(endpoint), endpoint
        assert set(states) == {endpoint.key for endpoint in engine.endpoints}


@given(any_objects, randoms)
def test_traffic_holds_exactly_what_the_verdict_allows(found: list[Object], random: Random) -> None:
    engine = Engine.of(found)
    for packet in clusters.probes(clusters.cluster(found), random):
        source, destination = point(packet.source), point(packet.destination)
        answer = verdict(engine, packet)
        for direction, side, near, far in (
            (Direction.EGRESS, answer.egress, source, destination),
            (Direction.INGRESS, answer.ingress, destination, source),
        ):
            pod = engine.owner(near)
            disputed = len(engine.claimants(far)) > 1
            if pod is None or pod is engine.owner(far) or disputed or far in own_node(engine, pod):
                continue
            whole = traffic(engine, engine.stages(pod)[0 if direction is Direction.EGRESS else 1])
            assert whole.contains(far, packet.protocol, packet.port) == side.allowed, packet


def own_node(engine: Engine, pod: Endpoint) -> tuple[int, ...]:
    return pod.host_addresses + engine.node_addresses(pod.node)


@given(some_objects, randoms)
def test_order_does_not_matter(found: list[Object], random: Random) -> None:
    """The same objects in another order, built at once or one by one, give the same policy sets and traffic."""
    present = every_object(clusters.cluster(found))
    whole = Engine.of(present)
    shuffled = list(present)
    random.shuffle(shuffled)
    one_by_one = Engine()
    for one in shuffled:
        one_by_one.put(one)
    for endpoint in whole.endpoints:
        same = one_by_one.endpoint(endpoint.key)
        assert same == endpoint
        assert whole.policy_sets(endpoint) == one_by_one.policy_sets(endpoint)
        for stages, others in zip(whole.stages(endpoint), one_by_one.stages(endpoint), strict=True):
            assert traffic(whole, stages) == traffic(one_by_one, others)
