"""Tiers in the proof: their meaning is the reference's, right rulesets are proved, and wrong ones are not."""

from __future__ import annotations

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
from haechi.nft import ACCEPT, RETURN, Chain, Rule, Ruleset, Verdict, VerdictKind
from haechi.testing import FakeNftables
from haechi.verify import ClusterState, Meaning, Prover, prove
from tests import clusters, tier_words
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
    return [one for one in ruleset.chains.values() if one.name.startswith(("admin_", "baseline_", "side_", "admitted"))]


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


def everything(case: TierCase) -> list[Flow]:
    """Every pair of pods and nodes of one family, on every port of the case's world."""
    ends = [ip_address(text) for text in (*V4.values(), *(one for pair in NODES.values() for one in pair[:1]))]
    pairs = [(one, other) for one in ends for other in ends if one != other]
    return [Flow(one, other, protocol, int(port)) for one, other in pairs for port, protocol in PORTS.items()]


@pytest.mark.parametrize("case", [case for case in TIER_CASES if case.blocked][::8], ids=lambda case: case.name)
def test_a_mutant_that_judges_a_packet_otherwise_is_not_proved(case: TierCase) -> None:
    ruleset = NodeRuleset(Engine.of(case.objects), "n0").ruleset()
    flows = everything(case)
    right = [Interpreter(ruleset).passes(flow) for flow in flows]
    caught = 0
    for chain in tier_chains(ruleset):
        for mutant in mutants(chain):
            wrong = replace(ruleset, chains={**ruleset.chains, chain.name: mutant})
            if [Interpreter(wrong).passes(flow) for flow in flows] != right:
                assert not prove(wrong, case.objects, "n0").holds, f"{mutant} instead of {chain}"
                caught += 1
    assert caught
