"""Which rules are exercised, against a naive count over every packet there is in a small world.

Assertions are made from the rules' own peers and ports, so that they do exercise rules.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from random import Random

import msgspec
import pytest

from haechi.analysis.assertions.check import AddressQuestion, checks
from haechi.analysis.assertions.file import Anyone, Assertion, Party, Port, Suite
from haechi.analysis.assertions.judging import Judgement, judge
from haechi.analysis.assertions.world import World
from haechi.engine import Engine
from haechi.model import (
    Namespace,
    NetworkPolicy,
    NetworkPolicyEgressRule,
    NetworkPolicyIngressRule,
    NetworkPolicyPeer,
    RuleRef,
)
from haechi.model.verdict import Direction, PolicyKey
from haechi.reference import allowed
from haechi.reference.parts import addresses
from haechi.sets import Traffic
from tests.analysis import small
from tests.analysis.asserting import HERE, Literal, judged, matching
from tests.analysis.small import Objects
from tests.building import node, pod, policy


def a_world(random: Random) -> tuple[Objects, list[Assertion]]:
    """A few pods and policies, and assertions about most of the rules."""
    objects = small.objects(random)
    found: list[Assertion] = []
    for one in (one for one in objects if isinstance(one, NetworkPolicy)):
        rules: list[NetworkPolicyIngressRule | NetworkPolicyEgressRule] = [*one.spec.ingress, *one.spec.egress]
        found += [about(one, rule, random.choice(("allow", "deny"))) for rule in rules if random.random() < 0.7]
    return objects, found


def about(policy: NetworkPolicy, rule: NetworkPolicyIngressRule | NetworkPolicyEgressRule, expect: str) -> Assertion:
    """An assertion about the first peer and port of a rule."""
    here = Party(namespace=policy.namespace, pod_selector=policy.spec.pod_selector)
    there = party(policy.namespace, rule.peers[0]) if rule.peers else Party(anyone=Anyone())
    ports = tuple(Port(port=each.port, protocol=each.protocol or "TCP") for each in rule.ports[:1])
    if isinstance(rule, NetworkPolicyIngressRule):
        return Assertion(from_=there, to=here, ports=ports, expect=expect)
    return Assertion(from_=here, to=there, ports=ports, expect=expect)


def party(namespace: str, peer: NetworkPolicyPeer) -> Party:
    if peer.ip_block is not None:
        return Party(ip=peer.ip_block.cidr)
    if peer.namespace_selector is None:
        return Party(namespace=namespace, pod_selector=peer.pod_selector)
    return Party(namespace_selector=peer.namespace_selector, pod_selector=peer.pod_selector)


def exercised(objects: Objects, some: list[Assertion]) -> set[RuleRef]:
    """The rules that some asserted and passing packet matches, packet by packet."""
    cluster = small.reference(objects)
    literal = [Literal(cluster, assertion) for assertion in some]
    owned = {address for one in cluster.pods for address in addresses(one)}
    return {
        key
        for packet in small.PACKETS
        if packet.source in owned or packet.destination in owned
        if any(each.expected(packet) for each in literal) and allowed(cluster, packet).allowed
        for key in matching(cluster, packet)
    }


def world_of(objects: Objects) -> World:
    return World(Engine.of(objects), {one.name: one.labels for one in objects if isinstance(one, Namespace)})


def run(objects: Objects, some: list[Assertion]) -> Judgement:
    return judge(world_of(objects), [Suite("t", "", tuple(some), (HERE,) * len(some))])


def without(one: NetworkPolicy, rules: set[tuple[Direction, int]]) -> NetworkPolicy:
    """The policy without some rules, isolating as before."""
    spec = one.spec
    types = spec.policy_types or (("Ingress", "Egress") if spec.egress else ("Ingress",))
    ingress = [rule for place, rule in enumerate(spec.ingress) if (Direction.INGRESS, place) not in rules]
    egress = [rule for place, rule in enumerate(spec.egress) if (Direction.EGRESS, place) not in rules]
    spec = msgspec.structs.replace(spec, policy_types=types, ingress=tuple(ingress), egress=tuple(egress))
    return msgspec.structs.replace(one, spec=spec)


def test_exercised_are_the_rules_that_an_asserted_and_passing_packet_matches() -> None:
    """On worlds that are the same every time; half of their rules are exercised, and both sorts are there."""
    seen: Counter[tuple[Direction, bool]] = Counter()
    for seed in range(50):
        objects, asked = a_world(Random(seed))
        found = run(objects, asked)
        assert found.exercised == exercised(objects, asked), seed
        seen.update((key.direction, key in found.exercised) for key in found.rules)
    assert min(seen[direction, is_exercised] for direction in Direction for is_exercised in (True, False)) > 20
    assert 2 * (seen[Direction.INGRESS, True] + seen[Direction.EGRESS, True]) >= seen.total()


def test_without_the_unexercised_rules_together_no_packet_fares_otherwise() -> None:
    for seed in range(100, 150):
        objects, asked = a_world(Random(seed))
        before = run(objects, asked)
        gone: dict[PolicyKey, set[tuple[Direction, int]]] = {}
        for key in before.unexercised:
            gone.setdefault(key.policy, set()).add((key.direction, key.index))
        left: Objects = [
            without(one, gone.get(PolicyKey(one.namespace, one.name), set())) if isinstance(one, NetworkPolicy) else one
            for one in objects
        ]
        assert [each.holds for each in run(left, asked).outcomes] == [each.holds for each in before.outcomes], seed
        assert list(passing(left, asked)) == list(passing(objects, asked)), seed


def passing(objects: Objects, some: list[Assertion]) -> Iterator[tuple[AddressQuestion, Traffic]]:
    """What is asked, and what passes of it."""
    world = world_of(objects)
    for check in (check for assertion in some for check in checks(world, assertion, "")[0]):
        for question in check.questions(world):
            yield question, world.passing(question.address, question.direction, question.asked)


WEB = pod("x/web", "10.0.0.1", marks="app=web")
DB = pod("x/db", "10.0.0.2", marks="app=db")
BY_WEB = "{podSelector: {matchLabels: {app: db}}, ingress: [{from: [{podSelector: {matchLabels: {app: web}}}]}, {}]}"


def test_every_rule_that_allows_a_packet_is_exercised_not_only_the_first() -> None:
    asked = Assertion(from_=Party(pod="x/web"), to=Party(pod="x/db"), expect="allow")
    _, found = judged([WEB, DB, policy(BY_WEB)], asked)
    assert [key.path for key in sorted(found.exercised)] == ["spec.ingress[0]", "spec.ingress[1]"]


def test_a_packet_that_an_assertion_wants_denied_exercises_the_rule_that_lets_it_pass() -> None:
    asked = Assertion(from_=Party(ip="8.8.8.8"), to=Party(pod="x/db"), expect="deny")
    _, found = judged([WEB, DB, policy(BY_WEB)], asked)
    assert [key.path for key in found.exercised] == ["spec.ingress[1]"]
    assert len(found.failures) == 1


def test_a_packet_that_the_other_end_denies_exercises_nothing() -> None:
    closed = policy("{podSelector: {matchLabels: {app: web}}, policyTypes: [Egress]}", name="closed")
    asked = Assertion(from_=Party(pod="x/web"), to=Party(pod="x/db"), expect="deny")
    _, found = judged([WEB, DB, policy(BY_WEB), closed], asked)
    assert (found.failures, found.exercised) == ((), frozenset())


@pytest.mark.parametrize("direction", list(Direction))
def test_a_rule_on_other_ports_is_not_exercised(direction: Direction) -> None:
    word = direction.lower()
    rules = policy(f"{{policyTypes: [{direction}], {word}: [{{ports: [{{port: 80}}]}}, {{ports: [{{port: 81}}]}}]}}")
    asked = Assertion(from_=Party(pod="x/web"), to=Party(pod="x/db"), ports=(Port(port=81),), expect="allow")
    _, found = judged([WEB, DB, rules], asked)
    assert [key.path for key in found.exercised] == [f"spec.{word}[1]"]


def test_a_rule_that_means_a_pods_own_node_is_exercised_by_the_nodes_address() -> None:
    """Though everything from there passes anyway; a range that holds the address does not mean it."""
    block = policy("{ingress: [{from: [{ipBlock: {cidr: 192.0.2.1/32}}]}]}")
    objects: Objects = [pod("x/a", "10.0.0.1", node="n"), node("n", "192.0.2.1"), block]
    for ip, paths in (("192.0.2.1", ["spec.ingress[0]"]), ("192.0.2.0/30", [])):
        _, found = judged(objects, Assertion(from_=Party(ip=ip), to=Party(pod="x/a"), expect="allow"))
        assert [key.path for key in found.exercised] == paths


def test_a_rule_that_says_nothing_new_tells_pods_apart() -> None:
    """`app=db` is within the empty selector, so verdicts do not depend on it, but which rules are exercised does."""
    egress = "{policyTypes: [Egress], egress: [{}, {to: [{podSelector: {matchLabels: {app: db}}}]}]}"
    objects: Objects = [WEB, DB, pod("x/other", "10.0.0.3", marks="app=other"), policy(egress)]
    for target, paths in (("x/other", ["spec.egress[0]"]), ("x/db", ["spec.egress[0]", "spec.egress[1]"])):
        _, found = judged(objects, Assertion(from_=Party(pod="x/web"), to=Party(pod=target), expect="allow"))
        assert [key.path for key in sorted(found.exercised)] == paths
