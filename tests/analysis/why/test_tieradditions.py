"""Exceptions in a tier: which rule, where, and in which policy."""

from __future__ import annotations

import msgspec
import pytest

from haechi.analysis.cluster.cluster import Cluster
from haechi.analysis.why.additions import proposals
from haechi.analysis.why.whatif import smallest_changes
from haechi.model import AdminNetworkPolicy, BaselineAdminNetworkPolicy, Object
from tests.analysis.why.test_tiers import DB, FROM_WEB, SSH, WEB, asked
from tests.building import policy, tier_policy


def proposed(*objects: Object, **question: str) -> list[list[str]]:
    cluster = Cluster.of([WEB, DB, *objects])
    return [list(map(str, one.additions)) for one in proposals(cluster, asked(*objects, **question))]


OWN_RULE = "create policy ClusterNetworkPolicy/allow-ingress-db"


def test_a_rule_comes_before_the_one_that_denies_or_a_policy_for_fewer_pods_before_its_policy() -> None:
    closed = "{ingress: [{action: Pass, %s, %s}, {action: Deny, %s}]}"
    before = "insert a rule before spec.ingress[1] of policy ClusterNetworkPolicy/c"
    admin = tier_policy(closed % (FROM_WEB, SSH, FROM_WEB))
    assert proposed(admin, port="80") == [[OWN_RULE], [before]]
    first = tier_policy(f"{{priority: 0, ingress: [{{action: Deny, {FROM_WEB}}}]}}")
    assert proposed(first) == [["insert a rule before spec.ingress[0] of policy ClusterNetworkPolicy/c"]]


def test_the_priority_of_a_new_policy_is_not_that_of_another_one() -> None:
    closed = tier_policy(f"{{priority: 2, ingress: [{{action: Deny, {FROM_WEB}}}]}}")
    cluster = Cluster.of([WEB, DB, closed, tier_policy("{priority: 1}", name="d")])
    (one, _) = proposals(cluster, asked(closed))
    value = one.additions[0].value
    assert isinstance(value, dict)
    assert value["spec"]["priority"] == 0


@pytest.mark.parametrize(
    ("others", "action"),
    [
        ((), "Pass"),
        ((policy("{podSelector: {}, ingress: [{}]}"),), "Pass"),
        ((policy("{podSelector: {}}"),), "Accept"),
        ((tier_policy(f"{{tier: Baseline, ingress: [{{action: Deny, {FROM_WEB}}}]}}", name="b"),), "Accept"),
    ],
)
def test_it_passes_on_if_what_comes_after_allows_and_accepts_otherwise(others: tuple[Object, ...], action: str) -> None:
    closed = tier_policy(f"{{priority: 0, ingress: [{{action: Deny, {FROM_WEB}}}]}}")
    cluster = Cluster.of([WEB, DB, closed, *others])
    (one,) = proposals(cluster, asked(closed, *others))
    value = one.additions[0].value
    assert isinstance(value, dict)
    assert value["action"] == action


def test_a_policy_of_the_pods_own_takes_it_out_of_the_baseline_tier_unless_that_closes_something() -> None:
    """From outside everything is allowed as long as no policy isolates, and no rule of a tier can say so."""
    egress = "{tier: Baseline, egress: [%s{action: Deny, to: [{networks: [0.0.0.0/0, '::/0']}]}]}"
    alone, *tiers = proposed(tier_policy(egress % ""))
    assert alone == ["create policy x/allow-egress-web"]
    assert len(tiers) == 2
    assert len(proposed(tier_policy(egress % "{action: Accept, to: [{networks: [8.8.8.8/32]}]}, "))) == 2
    assert len(proposed(tier_policy(f"{{tier: Baseline, ingress: [{{action: Deny, {FROM_WEB}}}]}}"))) == 2


def test_a_rule_that_cannot_be_read_denies_outside_addresses_which_no_rule_can_accept() -> None:
    broken = tier_policy("{ingress: [{action: Deny, from: [{}]}]}")
    assert proposed(broken, source="8.8.8.8") == []
    assert proposed(broken) == [[OWN_RULE]]
    changes = smallest_changes(Cluster.of([WEB, DB, broken]), asked(broken, source="8.8.8.8"))
    assert [str(one) for (one, *_) in changes] == [
        "delete spec.ingress[0] of policy ClusterNetworkPolicy/c",
        "delete policy ClusterNetworkPolicy/c",
    ]


def test_old_policies_get_rules_in_their_own_words() -> None:
    rule = {"action": "Deny", "from": [{"namespaces": {}}]}
    spec = {"priority": 5, "subject": {"namespaces": {}}, "ingress": [rule]}
    admin = msgspec.convert({"metadata": {"name": "a"}, "spec": spec}, AdminNetworkPolicy)
    isolated = policy("{podSelector: {}}")
    cluster = Cluster.of([WEB, DB, admin, isolated])
    own, before = proposals(cluster, asked(admin, isolated))
    assert [str(one.additions[0].policy) for one in (own, before)] == [
        "AdminNetworkPolicy/allow-ingress-db",
        "AdminNetworkPolicy/a",
    ]
    value = before.additions[0].value
    assert isinstance(value, dict)
    assert (value["action"], value["ports"]) == ("Allow", [{"portNumber": {"protocol": "TCP", "port": 22}}])
    spec = {"subject": {"namespaces": {}}, "ingress": [rule]}
    baseline = msgspec.convert({"metadata": {"name": "default"}, "spec": spec}, BaselineAdminNetworkPolicy)
    assert proposed(baseline) == [["insert a rule before spec.ingress[0] of policy BaselineAdminNetworkPolicy/default"]]


def test_a_full_list_of_rules_gets_no_more() -> None:
    rules = ", ".join([f"{{action: Deny, {FROM_WEB}}}"] * 25)
    assert proposed(tier_policy(f"{{ingress: [{rules}]}}")) == [[OWN_RULE]]
