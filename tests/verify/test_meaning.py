"""The meaning in sets is the reference's, packet by packet."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from haechi.model import Namespace, NetworkPolicy, Node, Pod
from haechi.model.verdict import OPEN, Direction, Packet, PodKey
from haechi.reference import ClusterObjects
from haechi.reference.reference import is_policed, owners, side
from haechi.sets import V6_START, AddressSet, text_to_point
from haechi.verify import ClusterState, Meaning
from tests import clusters
from tests.sentences import CASES, Case

Object = Namespace | Node | Pod | NetworkPolicy
randoms = st.randoms(use_true_random=False)


def assert_means(meaning: Meaning, cluster: ClusterObjects, packets: Iterable[Packet]) -> None:
    for packet in packets:
        for near, far, direction in (
            (packet.source, packet.destination, Direction.EGRESS),
            (packet.destination, packet.source, Direction.INGRESS),
        ):
            subjects, peers = owners(cluster, near), owners(cluster, far)
            if len(subjects) != 1 or subjects == peers:
                continue
            peer = peers[0] if len(peers) == 1 else None
            expected = side(cluster, subjects[0], peer, direction, far, packet)
            key = PodKey(subjects[0].namespace, subjects[0].metadata.name)
            remote = int(far) + (V6_START if far.version == 6 else 0)
            resident = meaning.pods.get(key)
            assert resident is not None
            if remote in meaning.state.own_node(resident):
                assert expected.allowed
                continue
            for within in (AddressSet.ALL, AddressSet.of(remote)):
                found = meaning.traffic(key, direction, within)
                if cluster.tier_policies:
                    assert found is not None or expected == OPEN
                else:
                    assert (found is not None) == expected.isolated
                if found is not None:
                    assert found.contains(remote, packet.protocol, packet.port) == expected.allowed, packet


@given(st.lists(clusters.objects(readable=False), max_size=18), randoms)
@settings(max_examples=150)
def test_traffic_holds_what_the_reference_allows(found: list[Object], random: Random) -> None:
    cluster = clusters.cluster(found)
    assert_means(Meaning(ClusterState(found)), cluster, clusters.probes(cluster, random))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.sentence)
def test_sentence(case: Case) -> None:
    cluster = clusters.cluster(case.objects())
    assert_means(
        Meaning(ClusterState(case.objects())),
        cluster,
        [one for _, one, _ in case.connections() if one.source.version == one.destination.version],
    )


@given(st.lists(st.tuples(st.integers(0, 3).map(bool), clusters.objects()), min_size=1, max_size=24), randoms)
def test_updates_lead_to_the_meaning_of_the_present_state(steps: list[tuple[bool, Object]], random: Random) -> None:
    state = ClusterState()
    present: dict[tuple[type, str], Object] = {}
    for is_put, one in steps:
        if is_put:
            state.put(one)
            present[type(one), one.key] = one
        else:
            state.delete(type(one), one.namespace, one.name)
            present.pop((type(one), one.key), None)
    cluster = clusters.cluster(list(present.values()))
    assert_means(Meaning(state), cluster, clusters.probes(cluster, random))
    assert len(state.pods) == sum(isinstance(one, Pod) and is_policed(one) for one in present.values())


@given(st.lists(clusters.objects(), max_size=18), randoms)
def test_rules_are_named_that_allow_a_packet(found: list[Object], random: Random) -> None:
    cluster = clusters.cluster(found)
    meaning = Meaning(ClusterState(found))
    for packet in clusters.probes(cluster, random)[:20]:
        key = meaning.pods.owner(text_to_point(str(packet.destination)))
        remote = text_to_point(str(packet.source))
        if key is None or remote in meaning.pods.own(key):
            continue
        traffic = meaning.traffic(key, Direction.INGRESS)
        policies, rules = meaning.rules_for(key, Direction.INGRESS, remote, packet.protocol, packet.port)
        assert bool(policies) == (traffic is not None)
        if traffic is not None:
            assert bool(rules) == traffic.contains(remote, packet.protocol, packet.port)
