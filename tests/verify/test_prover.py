"""Random clusters and sequences of updates, proved after every commit."""

from __future__ import annotations

from collections.abc import Generator
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from haechi.dataplane import NodeRuleset
from haechi.engine import Engine
from haechi.model import Namespace, NetworkPolicy, Node, Pod
from haechi.netlink import Nftables
from haechi.testing import FakeNftables
from haechi.verify import Proof, Prover, prove
from tests import building, clusters
from tests.netlink.namespace import in_namespace
from tests.verify import small
from tests.verify.proved import assert_still_proved

Object = Namespace | Node | Pod | NetworkPolicy
CLUSTERS = 200


Steps = list[tuple[bool, Object]]


def steps(length: int) -> st.SearchStrategy[Steps]:
    """Objects that are put or, one time in four, deleted."""
    return st.lists(st.tuples(st.integers(0, 3).map(bool), clusters.objects()), min_size=1, max_size=length)


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


@pytest.mark.parametrize("part", range(4))
def test_random_clusters_are_proved(part: int) -> None:
    for seed in range(part, CLUSTERS, 4):
        found = small.objects(Random(f"cluster {seed}"), tiers=seed % 16 // 4)
        proof = prove(NodeRuleset(Engine.of(found), small.NODE).ruleset(), found, small.NODE)
        assert proof.holds, f"seed {seed}\n{proof}"


@in_namespace
@settings(max_examples=15, suppress_health_check=list(HealthCheck))
@given(found=steps(20))
def test_every_commit_to_the_kernel_is_proved(found: Steps) -> None:
    with Nftables() as nftables:
        follow(found, nftables)


@given(
    st.lists(clusters.objects(), max_size=14),
    st.lists(clusters.objects(), max_size=14),
    st.lists(clusters.objects(), max_size=3),
)
def test_what_is_not_enforced_is_reported_by_a_proof_that_goes_on_as_by_one_from_the_beginning(
    one: list[Object], more: list[Object], unseen: list[Object]
) -> None:
    """The kernel misses the last updates, or has updates that the prover misses."""
    prover = Prover("n0", one)
    first = prover.prove(NodeRuleset(Engine.of(one), "n0").ruleset())
    assert first.holds, first
    for each in more:
        prover.put(each)
    state = [*one, *more]
    for enforced in ([*state, *unseen], one):
        ruleset = NodeRuleset(Engine.of(enforced), "n0").ruleset()
        whole = prove(ruleset, state, "n0")
        again = prover.prove(ruleset)
        assert (again.counterexamples, again.gaps) == (whole.counterexamples, whole.gaps)


def test_a_policy_costs_the_pods_of_the_node_that_it_selects() -> None:
    pods = [building.pod(f"x/p{n}", f"10.0.0.{n}", marks=f"n={n}", node="n0" if n < 9 else "n1") for n in range(1, 20)]
    found: list[Object] = [*pods, building.policy("{podSelector: {}, ingress: [{from: [{podSelector: {}}]}]}")]
    engine, prover = Engine.of(found), Prover("n0", found)
    node = NodeRuleset(engine, "n0")
    compared: list[int] = []
    for one in (None, *(building.policy(f"{{podSelector: {{matchLabels: {{n: '{n}'}}}}}}", name="q") for n in (12, 3))):
        if one is not None:
            node.apply(engine.put(one))
            prover.put(one)
        proof = prover.prove(node.ruleset())
        assert proof.holds, proof
        compared.append(proof.comparisons)
    whole, elsewhere, here = compared
    assert 0 == elsewhere < here < whole / 4


def test_a_proof_does_not_outlive_a_change_meanwhile() -> None:
    found = small.objects(Random(3))
    prover = Prover(small.NODE, found)
    proving = prover.steps(NodeRuleset(Engine.of(found), small.NODE).ruleset())
    next(proving)
    next(proving)
    prover.put(small.policy(Random(4), 99))
    assert _rest(proving) is None
    assert prover.proof is None


@pytest.mark.parametrize("taken", range(1, 12))
def test_a_proof_ends_when_a_pod_of_the_node_goes_between_two_of_its_steps(taken: int) -> None:
    pods = [building.pod(f"x/p{n}", f"10.0.0.{n}", node="n0") for n in range(1, 4)]
    found: list[Object] = [*pods, building.policy("{podSelector: {}}")]
    prover = Prover("n0", found)
    ruleset = NodeRuleset(Engine.of(found), "n0").ruleset()
    proving = prover.steps(ruleset)
    for _ in range(taken):
        next(proving, None)
    prover.delete(Pod, "x", "p3")
    assert _rest(proving) is None
    assert prover.prove(ruleset) == prove(ruleset, found[:2] + found[3:], "n0")


def test_an_abandoned_proof_proves_nothing() -> None:
    found = small.objects(Random(3), tidy=True)
    good = NodeRuleset(Engine.of(found), small.NODE).ruleset()
    prover = Prover(small.NODE, found)
    assert prover.prove(good) == prove(good, found, small.NODE)
    proving = prover.steps(None)
    next(proving)
    proving.close()
    bad = prover.prove(None)
    assert not bad.holds


def test_without_a_table_an_isolated_pod_is_open() -> None:
    found = small.objects(Random(3), tidy=True)
    proof = prove(None, found, small.NODE)
    assert not proof.holds
    assert proof.counterexamples[0].accepted


def _rest(proving: Generator[None, None, Proof | None]) -> Proof | None:
    """Take the steps that are left."""
    while True:
        try:
            next(proving)
        except StopIteration as end:
            found: Proof | None = end.value
            return found
