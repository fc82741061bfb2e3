"""Policies of tiers as they are written: in order, with the rules that can be read."""

from __future__ import annotations

from haechi.analysis.cluster.cluster import Cluster
from haechi.analysis.lint.facts.tiers import written_tier_policies
from tests.building import tier_policy

PEERS = "{namespaces: {}}, {pods: {podSelector: {matchLabels: {app: web}}}}"


def test_policies_are_in_order_and_rules_that_cannot_be_read_are_left_out() -> None:
    rules = f"[{{action: Log, from: [{PEERS}]}}, {{action: Deny, from: [{PEERS}]}}]"
    head = "priority: %d, subject: {namespaces: {}}"
    last = tier_policy(f"{{tier: Baseline, {head % 1}, ingress: {rules}}}", name="a")
    first = tier_policy(f"{{tier: Admin, {head % 2}, egress: {rules.replace('from', 'to')}}}", name="b")
    unreadable = tier_policy(f"{{tier: Admin, priority: 3, subject: {{}}, ingress: {rules}}}", name="c")
    found = [*written_tier_policies(Cluster.of([last, unreadable, first]))]
    assert [one.policy.key.name for one in found] == ["b", "c", "a"]
    assert [[rule.path for rule in one.rules] for one in found] == [
        [("spec", "egress", 1)],
        [],
        [("spec", "ingress", 1)],
    ]


def test_an_item_is_a_part_of_its_rule() -> None:
    one = tier_policy(
        f"{{tier: Admin, priority: 1, subject: {{namespaces: {{}}}}, egress: [{{action: Deny, to: [{PEERS}]}}]}}"
    )
    ((rule,),) = [each.rules for each in written_tier_policies(Cluster.of([one]))]
    items = [*rule.items()]
    assert [path for path, _, _ in items] == [("spec", "egress", 0, "to", 0), ("spec", "egress", 0, "to", 1)]
    assert frozenset().union(*[part.peers.selections for _, _, part in items]) == rule.rule.peers.selections
