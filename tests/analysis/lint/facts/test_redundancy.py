"""What could go of many policies: what is told can go at once, and what is said to cover it stays."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given

from haechi.analysis.lint.facts.redundancy import Coverage
from haechi.analysis.lint.facts.rule_cover import covers, is_idle
from haechi.analysis.lint.facts.rule_index import PlacedRule, RulePlace, placed
from haechi.engine import Policy
from haechi.model import NetworkPolicy
from haechi.model.verdict import PolicyKey
from tests import clusters
from tests.analysis.lint import overlapping
from tests.analysis.lint.linting import LARGE_EXAMPLES
from tests.building import policy


def coverage(*policies: NetworkPolicy) -> Coverage:
    return Coverage(map(Policy.read, policies))


def key(name: str) -> PolicyKey:
    return PolicyKey("x", name)


WEB = "{podSelector: {matchLabels: {app: web}}, ingress: [{from: [{podSelector: {}}]}]}"
ALL = "{podSelector: {}, ingress: [{from: [{podSelector: {}}]}]}"
DENY = "{podSelector: {}, policyTypes: [Ingress, Egress]}"


def test_of_two_that_say_the_same_the_later_goes() -> None:
    found = coverage(policy(ALL, name="b"), policy(ALL, name="a"), policy(ALL, name="c"))
    assert found.duplicates == {key("b"): key("a"), key("c"): key("a")}
    assert not found.policies
    assert not found.rules


def test_what_covers_stays() -> None:
    found = coverage(policy(WEB, name="a"), policy(WEB, name="b"), policy(ALL, name="c"))
    assert found.duplicates == {key("b"): key("a")}
    assert found.policies == {key("a"): (key("c"),)}


def test_a_chain_is_told_with_who_stays() -> None:
    specs = ["[{from: [{podSelector: {matchLabels: {app: web}}}]}]", "[{from: [{podSelector: {}}]}]", "[{}]"]
    found = coverage(*(policy(f"{{ingress: {spec}}}", name=name) for name, spec in zip("cba", specs, strict=True)))
    assert found.policies == {key("b"): (key("a"),), key("c"): (key("a"),)}


def test_isolation_counts() -> None:
    both = policy("{policyTypes: [Ingress, Egress], ingress: [{from: [{podSelector: {}}]}]}", name="a")
    found = coverage(both, policy(ALL, name="b"))
    assert found.policies == {key("b"): (key("a"),)}
    found = coverage(
        policy(ALL, name="z"), policy(WEB.replace("ingress", "policyTypes: [Ingress, Egress], ingress"), name="b")
    )
    assert not found.policies
    assert [(str(place), *map(str, others)) for place, others in found.rules.items()] == [
        ("spec.ingress[0]", "spec.ingress[0]")
    ]
    found = coverage(
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
def test_what_covers_nothing(others: list[NetworkPolicy]) -> None:
    found = coverage(policy(WEB, name="a"), *others)
    assert not found.policies
    assert not found.rules


def test_policies_without_rules_and_with_idle_ones_are_never_told() -> None:
    never = "podSelector: {matchExpressions: [{key: a, operator: Exists}, {key: a, operator: DoesNotExist}]}"
    nobody, nowhere = f"[{{from: [{{{never}}}]}}]", f"{{{never}, ingress: [{{}}]}}"
    found = coverage(
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


def test_one_rule_that_is_enough_is_named_alone_and_the_policys_own_first() -> None:
    ports = ("{port: 80}", "{port: 81}", "{port: 80, endPort: 81}")
    rules = f"[{', '.join(f'{{from: [{{podSelector: {{}}}}], ports: [{one}]}}' for one in ports)}]"
    found = coverage(
        policy(f"{{ingress: {rules}}}", name="b"), policy("{ingress: [{ports: [{port: 80, endPort: 90}]}]}", name="a")
    )
    assert found.policies == {key("b"): (key("a"),)}
    found = coverage(policy(f"{{ingress: {rules}}}", name="b"))
    assert {str(place): [*map(str, others)] for place, others in found.rules.items()} == {
        "spec.ingress[2]": ["spec.ingress[0]", "spec.ingress[1]"]
    }


def covered(one: PlacedRule, policy: Policy, others: list[Policy], gone: Iterable[RulePlace] = ()) -> bool:
    """Whether a rule is covered by those of some policies that are for all of its pods, each of which is asked."""
    direction = one.place.direction
    there = [each for other in others if policy.subject.implies(other.subject) for each in placed(other)]
    rules = [each.rule for each in there if each.place.direction is direction and each.place not in gone]
    return covers(one.rule, direction, rules)


@LARGE_EXAMPLES
@given(overlapping.policies())
def test_nothing_more_can_go_and_what_is_named_is_enough(given: list[NetworkPolicy]) -> None:
    policies = [Policy.read(one) for one in clusters.cluster([*given]).policies]
    found = Coverage(policies)
    kept = [one for one in policies if one.key not in found.duplicates and one.key not in found.policies]
    for mine in (one for one in kept if not one.subject.contradictory):
        rules = [one for one in placed(mine) if not is_idle(one.rule, one.place.direction)]
        others = [one for one in kept if one is not mine]
        wider = [one for one in others if mine.subject.implies(one.subject)]
        isolated = all(any(direction in one.directions for one in wider) for direction in mine.directions)
        assert not (rules and isolated and all(covered(one, mine, others) for one in rules))
        for one in rules:
            assert covered(one, mine, kept, {*found.rules, one.place}) == (one.place in found.rules)
    by_place = {one.place: one.rule for each in policies for one in placed(each)}
    for place, names in found.rules.items():
        assert found.rules.keys().isdisjoint(names)
        assert covers(by_place[place], place.direction, [by_place[name] for name in names])
