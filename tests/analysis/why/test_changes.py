"""A tried change is what the engine would be with it, and afterwards the engine is as before."""

from __future__ import annotations

from random import Random

import pytest

from haechi.analysis.cluster.cluster import Cluster
from haechi.analysis.why.changes import Change, LabelChange, PolicyDeletion, RuleDeletion, tried
from haechi.engine import verdict
from haechi.model import NetworkPolicy
from haechi.model.verdict import Direction, PacketVerdict, PodKey, PolicyKey, RuleRef
from haechi.reference import allowed
from tests.analysis import small
from tests.building import namespace, packet, pod, policy

WEB = pod("x/web", "10.0.0.1", marks="app=web")
DB = pod("x/db", "10.0.0.2", marks="app=db")
RULES = "{podSelector: {matchLabels: {app: db}}, ingress: [{ports: [{port: 1}]}, {from: [%s]}]}"
FROM_TEAM = policy(RULES % "{namespaceSelector: {matchLabels: {team: a}}}")
TO_DB = packet("10.0.0.1", "10.0.0.2", "80/TCP")
POLICY = PolicyKey("x", "p")


def verdicts(cluster: Cluster) -> list[PacketVerdict]:
    return [verdict(cluster.engine, one) for one in small.PACKETS]


class Stop(Exception):
    """Ends a trial early."""


@pytest.mark.parametrize(
    ("change", "words", "allows"),
    [
        (LabelChange("Namespace", PodKey("", "x"), "team", "a"), "label namespace x team=a", True),
        (LabelChange("Namespace", PodKey("", "x"), "team", None), "remove label team from namespace x", False),
        (LabelChange("Pod", PodKey("x", "db"), "app", "other"), "label pod x/db app=other", True),
        (LabelChange("Pod", PodKey("x", "db"), "app", None), "remove label app from pod x/db", True),
        (PolicyDeletion(POLICY), "delete policy x/p", True),
        (RuleDeletion(RuleRef(POLICY, Direction.INGRESS, 0)), "delete spec.ingress[0] of policy x/p", False),
    ],
)
@pytest.mark.parametrize("declared", [True, False])
def test_while_it_is_tried_and_afterwards(change: Change, words: str, allows: bool, declared: bool) -> None:
    cluster = Cluster.of([WEB, DB, FROM_TEAM, *([namespace("x")] if declared else [])])
    assert not verdict(cluster.engine, TO_DB).allowed
    before = verdicts(cluster)
    with tried(cluster, [change]):
        assert verdict(cluster.engine, TO_DB).allowed == allows
    assert verdicts(cluster) == before
    assert str(change) == words


def test_changes_of_one_object_add_up() -> None:
    one, other = (LabelChange("Pod", PodKey("x", "web"), key, "1") for key in "ab")
    both = policy(RULES % "{podSelector: {matchLabels: {a: '1', b: '1'}}}")
    cluster = Cluster.of([WEB, DB, both])
    found = []
    for changes in ([one], [other], [one, other]):
        with tried(cluster, changes):
            found.append(verdict(cluster.engine, TO_DB).allowed)
    assert found == [False, False, True]


def test_the_last_egress_rule_goes_and_the_direction_stays() -> None:
    """Without policyTypes a rule makes its direction; its deletion must not open the pod."""
    egress = policy("{podSelector: {matchLabels: {app: web}}, egress: [{to: [{podSelector: {}}]}]}")
    cluster = Cluster.of([WEB, DB, egress])
    with tried(cluster, [RuleDeletion(RuleRef(POLICY, Direction.EGRESS, 0))]):
        found = verdict(cluster.engine, TO_DB)
    assert (found.egress.isolated, found.egress.allowed) == (True, False)


def test_rules_are_deleted_by_the_numbers_that_they_were_given_with() -> None:
    three = "{podSelector: {matchLabels: {app: db}}, ingress: [{ports: [{port: 80}]}, {}, {ports: [{port: 1}]}]}"
    cluster = Cluster.of([WEB, DB, policy(three)])
    deletions = [RuleDeletion(RuleRef(POLICY, Direction.INGRESS, number)) for number in range(3)]
    found = []
    for changes in (deletions[:1], deletions[:2], deletions[1::-1], deletions[1:]):
        with tried(cluster, changes):
            found.append(verdict(cluster.engine, TO_DB).allowed)
    assert found == [True, False, False, True]


def test_the_engine_is_as_before_when_a_trial_is_broken_off() -> None:
    cluster = Cluster.of([WEB, DB, FROM_TEAM])
    before = verdicts(cluster)
    with pytest.raises(Stop), tried(cluster, [PolicyDeletion(POLICY)]):
        raise Stop
    assert verdicts(cluster) == before


def test_a_deleted_policy_is_one_that_the_reference_never_had() -> None:
    for seed in range(20):
        objects = small.objects(Random(seed))
        cluster = Cluster.of(objects)
        gone = next(one for one in objects if isinstance(one, NetworkPolicy))
        known = small.reference([one for one in objects if one is not gone])
        before = verdicts(cluster)
        with tried(cluster, [PolicyDeletion(PolicyKey(gone.namespace, gone.name))]):
            found = verdicts(cluster)
        assert found == [allowed(known, one) for one in small.PACKETS]
        assert verdicts(cluster) == before
