"""Tiers in the proof: their meaning is the reference's, right rulesets are proved, and wrong ones are not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_address
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from haechi.dataplane import NodeRuleset
from haechi.engine import Engine
from haechi.model import TierPolicy
from haechi.netlink import Nftables
from haechi.nft import ACCEPT, DROP, RETURN, Chain, Element, Map, Rule, Ruleset, Set, Verdict, VerdictKind
from haechi.testing import FakeNftables
from haechi.verify import ClusterState, Meaning, Prover, prove
from tests import clusters, tier_words
from tests.analysis import small
from tests.building import pod, tier_policy
from tests.dataplane.interpreter import Flow, Interpreter
from tests.dataplane.test_tiers import every_object
from tests.generator import Object as GeneratedObject
from tests.netlink.namespace import in_namespace
from tests.tier_cases import NODES, PORTS, TIER_CASES, V4, TierCase
from tests.verify.proved import assert_still_proved
from tests.verify.test_meaning import assert_means

Object = GeneratedObject | TierPolicy
Steps = list[tuple[bool, Object]]
randoms = st.randoms(use_true_random=False)


def steps(length: int) -> st.SearchStrategy[Steps]:
    """Objects that are put or, one time in four, deleted."""
    return st.lists(st.tuples(st.integers(0, 3).map(bool), tier_words.objects()), min_size=1, max_size=length)


@pytest.mark.parametrize("case", TIER_CASES, ids=lambda case: case.name)
def test_conformance(case: TierCase) -> None:
    cluster = clusters.cluster(case.objects)
    assert_means(Meaning(ClusterState(case.objects)), cluster, [packet for _, packet, _ in case.connections()])
    for node in ("n0", "n1"):
        proof = prove(NodeRuleset(Engine.of(case.objects), node).ruleset(), case.objects, node)
        assert proof.holds, str(proof)


@given(st.lists(tier_words.objects(readable=False), max_size=18), randoms)
@settings(max_examples=200)
def test_traffic_holds_what_the_reference_allows(found: list[Object], random: Random) -> None:
    cluster = clusters.cluster(found)
    assert_means(Meaning(ClusterState(found)), cluster, clusters.probes(cluster, random))


@given(st.lists(tier_words.objects(readable=False), min_size=4, max_size=20))
@settings(max_examples=150)
def test_random_clusters_are_proved(found: list[Object]) -> None:
    objects = every_object(clusters.cluster(found))
    proof = prove(NodeRuleset(Engine.of(objects), "n0").ruleset(), objects, "n0")
    assert proof.holds, str(proof)


def test_small_worlds_that_tiers_decide_are_proved() -> None:
    """Random clusters seldom have a Pass before rules of the next tier that match; these have."""
    for seed in range(80):
        random = Random(seed)
        found = every_object(clusters.cluster([*small.objects(random), *small.tier_policies(random)]))
        proof = prove(NodeRuleset(Engine.of(found), "n").ruleset(), found, "n")
        assert proof.holds, (seed, str(proof))


def follow(found: Steps, nftables: FakeNftables | Nftables) -> None:
    """Commit and prove after every step; at the end the proof from scratch is as big."""
    engine = Engine()
    node = NodeRuleset(engine, "n0")
    prover = Prover("n0")
    for is_put, one in found:
        if is_put:
            node.apply(engine.put(one))
            prover.put(one)
        else:
            node.apply(engine.delete(type(one), one.namespace, one.name))
            prover.delete(type(one), one.namespace, one.name)
        nftables.commit(node.transaction())
        node.committed()
        assert_still_proved(nftables, prover)


@given(steps(14))
@settings(max_examples=100)
def test_every_commit_is_proved(found: Steps) -> None:
    follow(found, FakeNftables())


@in_namespace
@given(steps(10))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_commit_to_the_kernel_is_proved(found: Steps) -> None:
    with Nftables() as nftables:
        follow(found, nftables)


def tier_chains(ruleset: Ruleset) -> list[Chain]:
    return [one for one in ruleset.chains.values() if one.name not in ("unconnected", "disputed")]


def mutants(chain: Chain) -> list[Chain]:
    """The chain with one rule gone, two neighbours swapped, or one verdict that is another."""
    found = [replace(chain, rules=chain.rules[:n] + chain.rules[n + 1 :]) for n in range(len(chain.rules))]
    for number, (one, other) in enumerate(zip(chain.rules, chain.rules[1:], strict=False)):
        found.append(replace(chain, rules=(*chain.rules[:number], other, one, *chain.rules[number + 2 :])))
    for number, rule in enumerate(chain.rules):
        verdict = rule.expressions[-1]
        if isinstance(verdict, Verdict):
            for wrong in (ACCEPT, RETURN):
                if wrong != verdict and verdict.kind is not VerdictKind.ACCEPT:
                    changed = Rule((*rule.expressions[:-1], wrong))
                    found.append(replace(chain, rules=(*chain.rules[:number], changed, *chain.rules[number + 1 :])))
    return found


def map_mutants(noun: Map, subject: bytes) -> list[Map]:
    """The map with one element gone, or with another verdict: accept for pass, deny for accept and the like."""
    found = []
    for element in noun.elements:
        others = noun.elements - {element}
        found.append(replace(noun, elements=others))
        found += [
            replace(noun, elements=others | {element._replace(verdict=wrong)})
            for wrong in (ACCEPT, RETURN, DROP)
            if wrong != element.verdict
        ]
    if len(subject) == noun.shape.width and all(element.key != subject for element in noun.elements):
        found += [replace(noun, elements=noun.elements | {Element(subject, None, wrong)}) for wrong in (ACCEPT, DROP)]
    return found


def set_mutants(noun: Set) -> list[Set]:
    """The set without one of its elements."""
    return [replace(noun, elements=noun.elements - {element}) for element in noun.elements]


def everything(case: TierCase) -> list[Flow]:
    """Every pair of pods and nodes of one family, on every port of the case's world."""
    ends = [ip_address(text) for text in (*V4.values(), *(one for pair in NODES.values() for one in pair[:1]))]
    pairs = [(one, other) for one in ends for other in ends if one != other]
    return [Flow(one, other, protocol, int(port)) for one, other in pairs for port, protocol in PORTS.items()]


@pytest.mark.parametrize("case", [case for case in TIER_CASES if case.blocked][::9], ids=lambda case: case.name)
def test_a_mutant_that_judges_a_packet_otherwise_is_not_proved(case: TierCase) -> None:
    ruleset = NodeRuleset(Engine.of(case.objects), "n0").ruleset()
    flows = everything(case)
    right = [Interpreter(ruleset).passes(flow) for flow in flows]
    caught = 0
    for wrong in [*wrong_rulesets(ruleset)][len(case.name) % 4 :: 4]:
        if [Interpreter(wrong).passes(flow) for flow in flows] != right:
            assert not prove(wrong, case.objects, "n0").holds, wrong
            caught += 1
    assert caught


def wrong_rulesets(ruleset: Ruleset) -> Iterator[Ruleset]:
    chains, maps, sets = ruleset.chains, ruleset.maps, ruleset.sets
    for chain in tier_chains(ruleset):
        for mutant in mutants(chain):
            yield replace(ruleset, chains={**chains, chain.name: mutant})
    subject = ip_address(V4["G0"]).packed
    for noun in maps.values():
        for wrong in map_mutants(noun, subject):
            yield replace(ruleset, maps={**maps, noun.name: wrong})
    for each in sets.values():
        for other in set_mutants(each):
            yield replace(ruleset, sets={**sets, each.name: other})


def test_policies_in_another_order_are_not_proved() -> None:
    """Swapped priorities, swapped rules and another tier, where they mean something else."""
    accept, deny = (f"{{action: {action}, from: [{{namespaces: {{}}}}]}}" for action in ("Accept", "Deny"))
    world = (pod("x/a", "10.0.0.1", node="n0"), pod("x/b", "10.0.0.2", node="n0"))

    def two(first: str, second: str, tier: str = "Admin") -> list[Object]:
        return [
            *world,
            tier_policy(f"{{priority: 1, tier: {tier}, ingress: [{first}]}}", name="a"),
            tier_policy(f"{{priority: 2, ingress: [{second}]}}", name="b"),
        ]

    one: list[Object] = [*world, tier_policy(f"{{ingress: [{deny}, {accept}]}}")]
    other: list[Object] = [*world, tier_policy(f"{{ingress: [{accept}, {deny}]}}")]
    for right, wrong in (
        (two(accept, deny), two(deny, accept)),
        (two(accept, deny), two(accept, deny, "Baseline")),
        (one, other),
    ):
        ruleset = NodeRuleset(Engine.of(right), "n0").ruleset()
        assert prove(ruleset, right, "n0").holds
        assert not prove(ruleset, wrong, "n0").holds
