"""Redundant rules and policies: all can be deleted at once, and those that cover them stay."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given

from haechi.analysis.lint.facts.redundancy import Redundancy
from haechi.analysis.lint.facts.rule_cover import allows_nothing, is_covered
from haechi.analysis.lint.facts.rule_index import IndexedRule, indexed_rules
from haechi.engine import Policy
from haechi.model import NetworkPolicy, RuleRef
from haechi.model.verdict import PolicyKey
from tests import clusters
from tests.analysis.lint import overlapping
from tests.analysis.lint.linting import LARGE_EXAMPLES
from tests.building import policy


def redundancy(*policies: NetworkPolicy) -> Redundancy:
    return Redundancy(map(Policy.read, policies))


def key(name: str) -> PolicyKey:
    return PolicyKey("x", name)


WEB = "{podSelector: {matchLabels: {app: web}}, ingress: [{from: [{podSelector: {}}]}]}"
ALL = "{podSelector: {}, ingress: [{from: [{podSelector: {}}]}]}"
DENY = "{podSelector: {}, policyTypes: [Ingress, Egress]}"


def test_of_equivalent_policies_the_first_stays() -> None:
    found = redundancy(policy(ALL, name="b"), policy(ALL, name="a"), policy(ALL, name="c"))
    assert found.duplicates == {key("b"): key("a"), key("c"): key("a")}
    assert not found.policies
    assert not found.rules


def test_a_covering_policy_stays() -> None:
    found = redundancy(policy(WEB, name="a"), policy(WEB, name="b"), policy(ALL, name="c"))
    assert found.duplicates == {key("b"): key("a")}
    assert found.policies == {key("a"): (key("c"),)}


def test_in_a_chain_the_last_one_covers_the_others() -> None:
    specs = ["[{from: [{podSelector: {matchLabels: {app: web}}}]}]", "[{from: [{podSelector: {}}]}]", "[{}]"]
    found = redundancy(*(policy(f"{{ingress: {spec}}}", name=name) for name, spec in zip("cba", specs, strict=True)))
    assert found.policies == {key("b"): (key("a"),), key("c"): (key("a"),)}


def test_isolation_counts() -> None:
    both = policy("{policyTypes: [Ingress, Egress], ingress: [{from: [{podSelector: {}}]}]}", name="a")
    found = redundancy(both, policy(ALL, name="b"))
    assert found.policies == {key("b"): (key("a"),)}
    found = redundancy(
        policy(ALL, name="z"), policy(WEB.replace("ingress", "policyTypes: [Ingress, Egress], ingress"), name="b")
    )
    assert not found.policies
    assert [(ref.path, *(other.path for other in others)) for ref, others in found.rules.items()] == [
        ("spec.ingress[0]", "spec.ingress[0]")
    ]
    found = redundancy(
        policy(WEB.replace("ingress", "policyTypes: [Ingress, Egress], ingress"), name="b"),
        policy(ALL, name="z"),
        policy(DENY, name="deny"),
    )
    assert found.policies == {key("b"): (key("z"), key("deny"))}


@pytest.mark.parametrize(
    "others",
    [
        [policy(ALL, name="b", namespace="y")],
        [policy(DENY, name="b")],
        [policy("{podSelector: {}, policyTypes: [Egress], ingress: [{}]}", name="b")],
        [policy("{podSelector: {matchLabels: {app: web, tier: x}}, ingress: [{}]}", name="b")],
        [policy("{podSelector: {}, ingress: [{ports: [{port: 0}]}, {}]}", name="b")],
        [
            policy(
                "{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 0.0.0.0/0}}, {ipBlock: {cidr: '::/0'}}]}]}",
                name="b",
            )
        ],
    ],
)
def test_policies_that_do_not_cover(others: list[NetworkPolicy]) -> None:
    found = redundancy(policy(WEB, name="a"), *others)
    assert not found.policies
    assert not found.rules


def test_policies_without_rules_or_with_rules_that_allow_nothing_are_never_found() -> None:
    never = "podSelector: {matchExpressions: [{key: a, operator: Exists}, {key: a, operator: DoesNotExist}]}"
    nobody, nowhere = f"[{{from: [{{{never}}}]}}]", f"{{{never}, ingress: [{{}}]}}"
    found = redundancy(
        policy("{podSelector: {}, ingress: [{}]}", name="all"),
        policy(DENY, name="deny"),
        policy("{podSelector: {matchLabels: {app: web}}}", name="deny-web"),
        policy(f"{{podSelector: {{}}, ingress: {nobody}}}", name="idle"),
        policy(nowhere, name="nowhere"),
        policy(nowhere, name="nowhere-else"),
    )
    assert not found.policies
    assert not found.rules
    assert not found.duplicates


def test_a_single_rule_that_is_enough_is_named_alone_and_the_policys_own_rules_first() -> None:
    ports = ("{port: 80}", "{port: 81}", "{port: 80, endPort: 81}")
    rules = f"[{', '.join(f'{{from: [{{podSelector: {{}}}}], ports: [{one}]}}' for one in ports)}]"
    found = redundancy(
        policy(f"{{ingress: {rules}}}", name="b"), policy("{ingress: [{ports: [{port: 80, endPort: 90}]}]}", name="a")
    )
    assert found.policies == {key("b"): (key("a"),)}
    found = redundancy(policy(f"{{ingress: {rules}}}", name="b"))
    assert {ref.path: [other.path for other in others] for ref, others in found.rules.items()} == {
        "spec.ingress[2]": ["spec.ingress[0]", "spec.ingress[1]"]
    }


def covered(one: IndexedRule, policy: Policy, others: list[Policy], without: Iterable[RuleRef] = ()) -> bool:
    """Whether a rule is covered by those of the policies that select all of its pods, comparing each of them."""
    direction = one.ref.direction
    theirs = [each for other in others if policy.subject.implies(other.subject) for each in indexed_rules(other)]
    rules = [each.rule for each in theirs if each.ref.direction is direction and each.ref not in without]
    return is_covered(one.rule, direction, rules)


@LARGE_EXAMPLES
@given(overlapping.policies())
def test_nothing_more_can_be_deleted_and_the_named_rules_are_enough(given: list[NetworkPolicy]) -> None:
    policies = [Policy.read(one) for one in clusters.cluster([*given]).policies]
    found = Redundancy(policies)
    remaining = [one for one in policies if one.key not in found.duplicates and one.key not in found.policies]
    for mine in (one for one in remaining if not one.subject.contradictory):
        rules = [one for one in indexed_rules(mine) if not allows_nothing(one.rule, one.ref.direction)]
        others = [one for one in remaining if one is not mine]
        wider = [one for one in others if mine.subject.implies(one.subject)]
        isolated = all(any(direction in one.directions for one in wider) for direction in mine.directions)
        assert not (rules and isolated and all(covered(one, mine, others) for one in rules))
        for one in rules:
            assert covered(one, mine, remaining, {*found.rules, one.ref}) == (one.ref in found.rules)
    by_place = {one.ref: one.rule for each in policies for one in indexed_rules(each)}
    for place, names in found.rules.items():
        assert found.rules.keys().isdisjoint(names)
        assert is_covered(by_place[place], place.direction, [by_place[name] for name in names])
