"""What a change of an object can affect: at least every packet about which the reference changes its mind."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haechi.model import (
    Direction,
    Namespace,
    NetworkPolicy,
    Node,
    NodeAddress,
    NodeStatus,
    ObjectMeta,
    Pod,
    PodKey,
    PolicyKey,
)
from haechi.reference import allowed
from haechi.sets import AddressSet, text_to_point
from haechi.verify import ClusterObject, ClusterState
from haechi.verify.pods import PolicedPod
from tests import building, clusters

Key = tuple[type[ClusterObject], str]


@given(
    st.lists(clusters.objects(), max_size=14),
    st.lists(st.tuples(st.integers(0, 2).map(bool), clusters.objects()), min_size=1, max_size=6),
    st.randoms(use_true_random=False),
)
def test_every_packet_whose_verdict_changes_is_from_or_to_an_affected_address(
    objects: list[ClusterObject], steps: list[tuple[bool, ClusterObject]], random: Random
) -> None:
    state = ClusterState(objects)
    present: dict[Key, ClusterObject] = {(type(one), one.key): one for one in objects}
    for is_put, one in steps:
        if not is_put and present:
            one = random.choice(list(present.values()))
        after = {key: each for key, each in present.items() if key != (type(one), one.key)}
        if is_put:
            after[type(one), one.key] = one
            affected = state.put(one)
        else:
            affected = state.delete(type(one), one.namespace, one.metadata.name)
        before_, after_ = clusters.cluster(list(present.values())), clusters.cluster(list(after.values()))
        packets = [*clusters.probes(before_, random), *clusters.probes(after_, random)]
        for packet in random.sample(packets, min(len(packets), 30)):
            ends = AddressSet.of(text_to_point(str(packet.source)), text_to_point(str(packet.destination)))
            if not ends & affected:
                assert allowed(before_, packet) == allowed(after_, packet), packet
        present = after


# -- what each kind of object affects --------------------------------------------------------------------------------

A = building.pod("x/a", "10.0.0.1", "fd00::1", marks="app=a", node="n")
B = building.pod("x/b", "10.0.0.2", marks="app=b", node="n")
ELSEWHERE = building.pod("y/c", "10.0.0.3", node="m")


def addresses(*texts: str) -> AddressSet:
    return AddressSet.of(*map(text_to_point, texts))


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (building.pod("x/a", "10.0.0.9", node="n"), addresses("10.0.0.1", "fd00::1", "10.0.0.9")),
        (building.pod("x/d", "10.0.0.2", "10.0.0.4", node="m"), addresses("10.0.0.2", "10.0.0.4")),
        (building.pod("x/b", "10.0.0.2", node="n", phase="Succeeded"), addresses("10.0.0.2")),
        (building.pod("x/e", "10.0.0.8", host_network=True), AddressSet.NONE),
        (building.policy("{podSelector: {matchLabels: {app: a}}}"), addresses("10.0.0.1", "fd00::1", "10.0.0.2")),
        (building.policy("{}", namespace="y"), addresses("10.0.0.3")),
        (building.namespace("y", "team=z"), addresses("10.0.0.3")),
        (building.namespace("empty"), AddressSet.NONE),
        (building.node("n", "172.16.0.2"), addresses("172.16.0.1", "172.16.0.2")),
    ],
    ids=lambda value: getattr(value, "key", None),
)
def test_a_put_affects_what_the_object_meant_before_and_what_it_means_now(
    change: ClusterObject, expected: AddressSet
) -> None:
    policy = building.policy("{podSelector: {matchLabels: {app: b}}}")
    state = ClusterState([A, B, ELSEWHERE, policy, building.node("n", "172.16.0.1")])
    assert state.put(change) == expected


def test_a_pod_affects_all_addresses_of_the_pods_with_which_it_disputes_one() -> None:
    rival = building.pod("y/r", "10.0.0.1", "10.0.0.7")
    state = ClusterState([A])
    assert state.put(rival) == addresses("10.0.0.1", "fd00::1", "10.0.0.7")
    assert state.delete(Pod, "y", "r") == addresses("10.0.0.1", "fd00::1", "10.0.0.7")


@pytest.mark.parametrize(("kind", "namespace"), [(Pod, "x"), (NetworkPolicy, "x"), (Namespace, ""), (Node, "")])
def test_what_does_not_exist_can_be_deleted_and_affects_nothing(kind: type[ClusterObject], namespace: str) -> None:
    assert ClusterState([A]).delete(kind, namespace, "nobody") == AddressSet.NONE


def test_deleted_objects_leave_nothing_behind() -> None:
    policy, node, namespace = building.policy("{}"), building.node("n", "172.16.0.1"), building.namespace("x", "t=1")
    state = ClusterState([A, policy, node, namespace])
    pod = PolicedPod.of(A)
    assert pod is not None
    assert state.isolating(pod.traits, Direction.INGRESS) == ((PolicyKey("x", "p"), policy),)
    for one in (policy, node, namespace):
        state.delete(type(one), one.namespace, one.metadata.name)
    assert state.isolating(pod.traits, Direction.INGRESS) == ()
    assert state.own_node(pod) == AddressSet.NONE
    assert state.labels("x") == {"kubernetes.io/metadata.name": "x"}
    state.delete(Pod, "x", "a")
    assert state.pods.get(PodKey("x", "a")) is None


def test_a_pods_own_node_is_known_by_its_status_and_by_the_node() -> None:
    pod = PolicedPod.of(building.pod("x/a", "10.0.0.1", node="n"))
    assert pod is not None
    status = NodeStatus(addresses=(NodeAddress(type="InternalIP", address="172.16.0.1"),))
    state = ClusterState([Node(metadata=ObjectMeta(name="n"), status=status)])
    assert state.own_node(pod) == addresses("172.16.0.1")
    assert state.own_node(pod._replace(host_addresses=(5,))) == addresses("172.16.0.1", "0.0.0.5")


def test_policies_isolate_in_the_order_of_their_names() -> None:
    pod = PolicedPod.of(A)
    assert pod is not None
    policies = [building.policy("{policyTypes: [Egress]}", name=name) for name in ("c", "a", "b")]
    state = ClusterState(policies)
    assert [key.name for key, _ in state.isolating(pod.traits, Direction.EGRESS)] == ["a", "b", "c"]
    assert state.isolating(pod.traits, Direction.INGRESS) == ()
