"""Tiers in a node's ruleset: packets fare as the reference says, however the ruleset came about."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from haechi.dataplane import TABLE, NodeRuleset, tierchains
from haechi.engine import Engine
from haechi.model import Pod, PodKey, TierPolicy
from haechi.netlink import Nftables
from haechi.nft import Lookup
from haechi.reference import ClusterObjects
from haechi.testing import FakeNftables
from tests import clusters, tier_words
from tests.building import pod, tier_policy
from tests.dataplane.interpreter import Flow, Interpreter
from tests.dataplane.test_meaning import differences
from tests.generator import Object as GeneratedObject
from tests.netlink.namespace import in_namespace
from tests.netlink.tool import nft
from tests.tier_cases import TIER_CASES, TierCase

Object = GeneratedObject | TierPolicy
Step = tuple[str, Object]
END = tier_policy("{ingress: [{action: Pass, from: [{namespaces: {}}]}]}", name="end")
"""An object that makes the last step."""


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


def steps(length: int) -> st.SearchStrategy[list[Step]]:
    """Objects that are put, three times in four, or deleted; after some the transaction is committed."""
    verbs = st.sampled_from(("put", "put", "put", "put, commit", "put, commit", "delete", "delete, commit"))
    return st.lists(st.tuples(verbs, tier_words.objects()), min_size=1, max_size=length)


def follow(found: Iterable[Step], nftables: FakeNftables | Nftables) -> None:
    """Do the steps, commit as they say and at the end: the table is the one that is built at once."""
    engine = Engine()
    node = NodeRuleset(engine, "n0")
    for verb, one in (*found, ("put, commit", END)):
        if verb.startswith("put"):
            node.apply(engine.put(one))
        else:
            node.apply(engine.delete(type(one), one.namespace, one.name))
        if verb.endswith("commit"):
            nftables.commit(node.transaction())
            node.committed()
            assert nftables.ruleset(TABLE.name) == node.ruleset() == NodeRuleset(engine, "n0").ruleset()
            assert len(node.transaction()) == 0


@contextmanager
def few(classes: int) -> Iterator[None]:
    """Chains that ask for fewer classes, so that small clusters need several."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tierchains, "_FEW", classes)
        patch.setattr(tierchains, "_FEW_PORTS", classes)
        yield


@pytest.mark.parametrize("classes", [1, 16])
def test_transactions_lead_to_the_ruleset_of_the_present_state(classes: int) -> None:
    @given(steps(20))
    @settings(max_examples=80)
    def check(found: list[Step]) -> None:
        with few(classes):
            follow(found, FakeNftables())

    check()


@in_namespace
@settings(max_examples=25, suppress_health_check=list(HealthCheck))
@given(found=steps(24), classes=st.sampled_from((1, 16)))
def test_the_kernel_takes_every_transaction(found: list[Step], classes: int) -> None:
    with Nftables() as nftables, few(classes):
        follow(found, nftables)


@in_namespace
@settings(max_examples=6, suppress_health_check=list(HealthCheck))
@given(found=st.lists(tier_words.objects(), min_size=8, max_size=20), classes=st.sampled_from((1, 16)))
def test_the_nft_tool_does_the_same_with_what_is_printed(found: list[Object], classes: int) -> None:
    engine = Engine()
    node = NodeRuleset(engine, "n0")
    with Nftables() as nftables, few(classes):
        for one in found:
            node.apply(engine.put(one))
            nft("-f", "-", feed=str(node.transaction()))
            node.committed()
        assert nftables.ruleset(TABLE.name) == node.ruleset()
        nft("flush ruleset")
        nft("-f", "-", feed=str(node.ruleset()))
        assert nftables.ruleset(TABLE.name) == node.ruleset()


@given(st.lists(tier_words.objects(readable=False), min_size=4, max_size=24), st.integers(0, 1 << 32))
@settings(max_examples=60)
def test_with_small_chains_packets_fare_the_same(found: list[Object], seed: int) -> None:
    cluster = clusters.cluster(found)
    packets = clusters.probes(cluster, Random(seed))
    with few(1):
        assert [*differences(cluster, Engine.of(every_object(cluster)), packets)] == []


# -- case by case ------------------------------------------------------------------------------------------------------

APPS = 40
DENY_APPS = tuple(
    tier_policy(
        f"{{ingress: [{{action: Deny, from: [{{pods: {{podSelector: {{matchLabels: {one}}}}}}}]}}]}}", name=name
    )
    for name, one in ((f"c{number}", f"{{app: a{number}}}") for number in range(APPS))
)


def app(number: int, of: int) -> Pod:
    return pod(f"x/p{number}", f"10.0.1.{number + 1}", marks=f"app=a{of}", node="m")


SERVER = pod("x/server", "10.0.0.1", node="n0")


def many_classes() -> tuple[Engine, NodeRuleset, FakeNftables]:
    engine = Engine.of([SERVER, *DENY_APPS, *(app(number, number) for number in range(APPS))])
    node, kernel = NodeRuleset(engine, "n0"), FakeNftables()
    kernel.commit(node.transaction())
    node.committed()
    return engine, node, kernel


def test_the_class_of_a_peer_is_found_digit_by_digit() -> None:
    _, node, _ = many_classes()
    ruleset = node.ruleset()
    first = [rule for rule in ruleset.chains["tiers_in4"].rules if isinstance(rule.expressions[0], Lookup)]
    assert len(first) <= 16 < APPS
    kernel = Interpreter(ruleset)
    for number in range(APPS):
        assert not kernel.passes(Flow(ip_address(f"10.0.1.{number + 1}"), ip_address("10.0.0.1"), 6, 80))
    assert kernel.passes(Flow(ip_address("10.0.1.200"), ip_address("10.0.0.1"), 6, 80))


def test_a_peer_that_changes_moves_between_sets_and_nothing_else_happens() -> None:
    _, node, _ = many_classes()
    engine = node.engine
    node.apply(engine.put(app(APPS, 0)))
    assert str(node.transaction()).count("\n") <= 2
    node.committed()
    node.apply(engine.put(app(APPS, 1)))
    verbs = [line.split(" inet haechi ")[0] for line in str(node.transaction()).splitlines()]
    assert set(verbs) == {"add element", "delete element"}
    assert len(verbs) <= 4


def test_classes_that_come_and_go_split_and_join_chains() -> None:
    engine, node, kernel = many_classes()
    for number in [*range(APPS), *range(APPS)]:
        gone = engine.endpoint(PodKey("x", f"p{number}")) is not None
        node.apply(engine.delete(Pod, "x", f"p{number}") if gone else engine.put(app(number, number)))
        kernel.commit(node.transaction())
        node.committed()
        assert kernel.ruleset(TABLE.name) == NodeRuleset(engine, "n0").ruleset()


def test_rules_that_are_about_no_local_pod_leave_no_trace() -> None:
    engine, node, kernel = many_classes()
    node.apply(engine.delete(Pod, "x", "server"))
    kernel.commit(node.transaction())
    node.committed()
    assert kernel.ruleset(TABLE.name) == NodeRuleset(Engine(), "n0").ruleset()


def test_the_ruleset_is_as_long_for_a_thousand_rules_as_for_one() -> None:
    """The rules that a packet may meet depend on the classes of peers, not on the number of policies."""

    def rules(policies: int) -> int:
        peers = "{namespaces: {}}"
        spec = (
            f"ingress: [{{action: Pass, from: [{peers}], protocols: [{{tcp: {{destinationPort: {{number: 80}}}}}}]}}]"
        )
        found = [tier_policy(f"{{priority: {number}, {spec}}}", name=f"c{number}") for number in range(policies)]
        return sum(
            len(chain.rules) for chain in NodeRuleset(Engine.of([SERVER, *found]), "n0").ruleset().chains.values()
        )

    assert rules(1) == rules(1000)


@given(st.sets(st.text("0123456789abcdef", min_size=6, max_size=6), max_size=60))
def test_a_layout_leads_to_every_digest_by_its_own_digits(digests: set[str]) -> None:
    found = tierchains.layout(digests)
    reached: list[str] = []
    for digits, tests in found.items():
        assert len(tests) <= 16
        assert all(test.startswith(digits) for test in tests)
        assert all(not a.startswith(b) for a in tests for b in tests if a != b)
        reached += [test for test in tests if len(test) == 6]
        assert all(test in found for test in tests if len(test) < 6)
    assert sorted(reached) == sorted(digests)


def test_a_pod_that_loses_one_family_leaves_no_chain_of_that_family() -> None:
    """The peer has an address of that family only, so nobody else needs what is decided about it."""
    deny = tier_policy(
        "{ingress: [{action: Deny, from: [{pods: {podSelector: {matchLabels: {app: b}}}}],"
        " protocols: [{tcp: {destinationPort: {number: 80}}}]}]}"
    )
    engine = Engine.of([pod("x/a", "10.0.0.1", "fd00::1", node="n0"), pod("x/b", "10.0.0.2", marks="app=b"), deny])
    node = NodeRuleset(engine, "n0")
    assert "10.0.0.1" in str(node.ruleset())
    node.apply(engine.put(pod("x/a", "fd00::1", node="n0")))
    assert node.ruleset() == NodeRuleset(engine, "n0").ruleset()
