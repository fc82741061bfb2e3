"""Assertions against the reference evaluator, packet by packet."""

from __future__ import annotations

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from haechi.analysis.assertions.check import checks
from haechi.analysis.assertions.file import Anyone, Assertion, Party
from haechi.analysis.assertions.judging import AssertionOutcome
from haechi.analysis.assertions.world import World
from haechi.engine import point
from haechi.model import (
    HostIP,
    Namespace,
    NetworkPolicy,
    NetworkPolicyEgressRule,
    NetworkPolicyIngressRule,
    NetworkPolicySpec,
    Node,
    ObjectMeta,
    Pod,
    PodIP,
    PodStatus,
)
from haechi.model.verdict import Direction, Packet
from haechi.reference import ClusterObjects, allowed
from haechi.reference.reference import owners
from tests import clusters
from tests.analysis.asserting import PACKETS, Literal, assertions, groups, judged, matching


@settings(deadline=None, max_examples=60)
@given(groups(), assertions(), st.randoms())
def test_an_assertion_holds_if_and_only_if_the_reference_agrees(
    objects: list[Namespace | Node | Pod | NetworkPolicy], assertion: Assertion, random: Random
) -> None:
    cluster = clusters.cluster(objects)
    world, found = judged([*cluster.namespaces, *cluster.nodes, *cluster.pods, *cluster.policies], assertion)
    (outcome,) = found.outcomes
    literal = Literal(cluster, assertion)
    confirm_violations(cluster, literal, outcome)
    answers = Answers(world, assertion)
    near = [packet for packet in PACKETS if owners(cluster, packet.source) or owners(cluster, packet.destination)]
    for packet in random.sample(near, min(len(near), 300)):
        expected = literal.expected(packet)
        assert answers.meant(packet) == expected, packet
        if expected:
            passes = allowed(cluster, packet).allowed
            assert answers.of(packet) == {passes}, packet
            assert outcome.violations or {passes} == expected, packet
            if passes:
                assert found.exercised.issuperset(matching(cluster, packet)), packet


class Answers:
    """What the checks of an assertion ask, and what passes of that."""

    def __init__(self, world: World, assertion: Assertion) -> None:
        self.world = world
        self.checks, _ = checks(world, assertion, "")
        self.questions = [
            (question, world.passing(question.address, question.direction, question.asked))
            for check in self.checks
            for question in check.questions(world)
        ]

    def meant(self, packet: Packet) -> set[bool]:
        ends = (point(packet.source), point(packet.destination))
        return {
            check.allowed
            for check in self.checks
            if check.between(self.world, *ends).contains(packet.protocol, packet.port)
        }

    def of(self, packet: Packet) -> set[bool]:
        found = set()
        for question, passing in self.questions:
            ingress = question.direction is Direction.INGRESS
            near, far = (packet.destination, packet.source) if ingress else (packet.source, packet.destination)
            asked = (point(far), packet.protocol, packet.port)
            if question.address == point(near) and question.asked.contains(*asked):
                found.add(passing.contains(*asked))
        return found


def confirm_violations(cluster: ClusterObjects, literal: Literal, outcome: AssertionOutcome) -> None:
    for violation in outcome.violations:
        assert violation.allowed not in literal.expected(violation.packet) != set()
        verdict = allowed(cluster, violation.packet)
        assert (verdict.allowed, verdict) == (violation.allowed, violation.verdict)
        if violation.allowed:
            assert set(violation.rules) == set(matching(cluster, violation.packet))


def pod(name: str, *addresses: str, node: str = "") -> Pod:
    status = PodStatus(pod_ips=tuple(PodIP(ip=text) for text in addresses), host_ips=(HostIP(ip=node),) if node else ())
    return Pod(metadata=ObjectMeta(name=name, namespace="a"), status=status)


DENY = NetworkPolicy(
    metadata=ObjectMeta(name="deny", namespace="a"), spec=NetworkPolicySpec(policy_types=("Ingress", "Egress"))
)
OPEN = NetworkPolicy(
    metadata=ObjectMeta(name="open", namespace="a"),
    spec=NetworkPolicySpec(ingress=(NetworkPolicyIngressRule(),), egress=(NetworkPolicyEgressRule(),)),
)
ALL = Party(namespace="a")


def test_both_sides_rules_are_exercised_by_a_connection_between_pods() -> None:
    _, found = judged([pod("x", "10.0.0.1"), pod("y", "10.0.0.2"), OPEN], Assertion(from_=ALL, to=ALL, expect="allow"))
    assert (found.failures, found.unexercised) == ((), ())


def test_nothing_passes_at_an_address_that_several_pods_claim() -> None:
    pods = [pod("x", "10.0.0.1"), pod("y", "10.0.0.1"), pod("z", "10.0.0.2")]
    assertion = Assertion(from_=Party(pod="a/x"), to=Party(pod="a/z"), expect="deny")
    assert judged([*pods], assertion)[1].failures == ()


def test_a_node_reaches_its_own_pod_and_anyone_does_not_mean_it() -> None:
    objects: list[Namespace | Node | Pod | NetworkPolicy] = [pod("x", "10.0.0.1", node="172.16.0.1"), DENY]
    to = Party(pod="a/x")
    assert not judged(objects, Assertion(from_=Party(anyone=Anyone()), to=to, expect="deny"))[1].failures
    assert not judged(objects, Assertion(from_=Party(ip="172.16.0.1"), to=to, expect="allow"))[1].failures
