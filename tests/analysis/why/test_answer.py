"""`can` against the reference, and its reasons."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haechi.analysis.cluster.assumptions import Assumption
from haechi.analysis.cluster.cluster import Cluster
from haechi.analysis.cluster.names import UnknownName
from haechi.analysis.why.answer import can, judged
from haechi.analysis.why.ports import UnknownPort
from haechi.analysis.why.whatif import smallest_changes
from haechi.engine import verdict
from haechi.model import Object
from haechi.reference import ClusterObjects, allowed
from haechi.sets import text_to_point
from tests.building import namespace, node, packet, pod, policy
from tests.clusters import objects, probes


def reference(cluster: Cluster) -> ClusterObjects:
    return ClusterObjects(
        tuple(cluster.pods.values()), cluster.namespaces, cluster.nodes, tuple(cluster.policies.values())
    )


@given(st.lists(objects(readable=False), max_size=14), st.randoms(use_true_random=False))
def test_both_sides_and_their_reasons_agree_with_the_reference(found: list[Object], random: Random) -> None:
    """The verdict is the reference's, and a side that rules decide allows exactly if some rule of its policies does."""
    cluster = Cluster.of(found)
    known = reference(cluster)
    packets = probes(known, random)
    for one in random.sample(packets, min(len(packets), 40)):
        ends = [cluster.engine.owner(text_to_point(str(address))) for address in (one.source, one.destination)]
        way = judged(cluster, one, *ends)
        right = allowed(known, one)
        for side, other in ((way.egress, right.egress), (way.ingress, right.ingress)):
            assert side.allowed == other.allowed
            assert tuple(key for key, _ in side.isolating) == other.policies
            if other.isolated:
                assert bool(side.allowing) == side.allowed
                assert (side.nearest is None) or not side.allowed


@given(st.lists(objects(), max_size=12), st.randoms(use_true_random=False))
def test_every_proposed_change_turns_the_reference_round(found: list[Object], random: Random) -> None:
    """And afterwards the engine is as it was."""
    from haechi.analysis.why.changes import tried

    cluster = Cluster.of(found)
    packets = probes(reference(cluster), random)
    for one in random.sample(packets, min(len(packets), 3)):
        ends = [cluster.engine.owner(text_to_point(str(address))) for address in (one.source, one.destination)]
        way = judged(cluster, one, *ends)
        for changes in smallest_changes(cluster, way):
            with tried(cluster, changes):
                assert verdict(cluster.engine, one).allowed != way.allowed
        assert verdict(cluster.engine, one) == verdict(Cluster.of(found).engine, one)


WEB = pod("x/web", "10.0.0.1", marks="app=web")
DB = pod("x/db", "10.0.0.2", marks="app=db", ports=("sql=5432/TCP",))
RULES = """
podSelector: {matchLabels: {app: db}}
ingress:
- {from: [{podSelector: {matchLabels: {app: admin}}}]}
- {from: [{podSelector: {matchLabels: {app: web}}}], ports: [{port: 80}]}
"""


def test_the_nearest_rule_lacks_the_port() -> None:
    way = can(Cluster.of([WEB, DB, policy(RULES)]), "x/web", "x/db", "5432").pairs[0][0]
    assert not way.allowed
    assert way.ingress.nearest is not None
    assert way.ingress.nearest.rule.path in ("spec.ingress[0]", "spec.ingress[1]")
    both = {mismatch.words for mismatch in way.ingress.nearest.mismatches}
    assert both in ({"port 5432/TCP is not among its ports"}, {"pod x/web: label app is web, not admin"})


def test_the_nearest_rule_lacks_a_namespace_label() -> None:
    rule = "{podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {team: a}}}]}]}"
    cluster = Cluster.of([pod("y/web", "10.0.0.1"), DB, namespace("y"), policy(rule)])
    (way,) = can(cluster, "y/web", "x/db", "5432").pairs[0]
    assert way.ingress.nearest is not None
    assert [mismatch.words for mismatch in way.ingress.nearest.mismatches] == ["namespace y: label team=a is missing"]
    assert [str(change) for (change, *_) in smallest_changes(cluster, way)] == [
        "label namespace y team=a",
        "delete policy x/p",
    ]


def test_an_allowing_rule_is_named_and_its_deletion_denies() -> None:
    cluster = Cluster.of([WEB, DB, policy(RULES)])
    (way,) = can(cluster, "x/web", "x/db", "80").pairs[0]
    assert way.allowed
    assert [rule.rule.path for rule in way.ingress.allowing] == ["spec.ingress[1]"]
    assert "delete spec.ingress[1] of policy x/p" in [str(change) for (change, *_) in smallest_changes(cluster, way)]


def test_the_name_of_a_port_is_the_receivers() -> None:
    cluster = Cluster.of([WEB, DB])
    assert can(cluster, "x/web", "x/db", "sql").pairs[0][0].packet == packet("10.0.0.1", "10.0.0.2", "5432/TCP")


@pytest.mark.parametrize("port", ["http", "0", "65536", "80/ICMP", "/TCP"])
def test_a_port_that_means_nothing_is_refused(port: str) -> None:
    with pytest.raises(UnknownPort):
        can(Cluster.of([WEB, DB]), "x/web", "x/db", port)


@pytest.mark.parametrize("name", ["x/nobody", "wbe", "x/deployment/web", "", "10.0.0.0/8"])
def test_a_name_that_means_nobody_is_refused(name: str) -> None:
    with pytest.raises(UnknownName):
        can(Cluster.of([WEB, DB]), name, "x/db")


def test_without_a_port_any_port_will_do() -> None:
    answer = can(Cluster.of([WEB, DB, policy(RULES)]), "x/web", "x/db")
    assert answer.allowed
    assert answer.pairs[0][0].packet.port == 80


def test_a_pod_and_its_own_node_are_assumed_to_reach_each_other() -> None:
    closed = policy("{podSelector: {}}")
    cluster = Cluster.of([pod("x/web", "10.0.0.1", node="n"), node("n", "192.0.2.1"), closed])
    answer = can(cluster, "192.0.2.1", "x/web", "80")
    assert answer.allowed
    assert Assumption.OWN_NODE in answer.assumptions


def test_ends_without_a_common_family_are_denied() -> None:
    answer = can(Cluster.of([WEB, pod("x/six", "fd00::1")]), "x/web", "x/six", "80")
    assert (answer.allowed, answer.pairs) == (False, ((),))
