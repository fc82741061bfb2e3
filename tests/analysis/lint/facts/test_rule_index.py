"""Comparing a rule with its candidates is comparing it with all rules."""

from __future__ import annotations

import msgspec
from hypothesis import given

from haechi.analysis.lint.facts.rule_cover import is_covered
from haechi.analysis.lint.facts.rule_index import RuleIndex, indexed_rules
from haechi.analysis.reach import SelectionIndex
from haechi.engine import Policy
from haechi.model.verdict import Direction
from tests.analysis.lint.facts.test_rule_cover import Written, cases
from tests.building import policy


def read(rules: list[Written]) -> Policy:
    """A policy with these rules."""
    plain = policy("{policyTypes: [Ingress, Egress]}")
    ingress = tuple(one for one in rules if hasattr(one, "from_"))
    spec = msgspec.structs.replace(
        plain.spec, ingress=ingress, egress=tuple(one for one in rules if one not in ingress)
    )
    return Policy.read(msgspec.structs.replace(plain, spec=spec))


@given(cases)
def test_rules_that_are_no_candidates_cover_nothing(case: tuple[Written, list[Written]]) -> None:
    (one,), others = indexed_rules(read([case[0]])), list(indexed_rules(read(case[1])))
    index = RuleIndex()
    for other in others:
        index.add(other)
    selections = SelectionIndex(selection for each in others for selection in each.rule.peers.selections)
    candidates = {each.ref for each in index.candidates(one.rule, selections)}
    direction = one.ref.direction
    expected = is_covered(one.rule, direction, [each.rule for each in others])
    assert is_covered(one.rule, direction, [each.rule for each in others if each.ref in candidates]) == expected


def test_rules_have_their_place_in_the_policy() -> None:
    found = list(indexed_rules(Policy.read(policy("{ingress: [{}, {ports: [{port: 80}]}], egress: [{}]}"))))
    assert [one.ref.path for one in found] == ["spec.ingress[0]", "spec.ingress[1]", "spec.egress[0]"]
    assert [one.ref.direction for one in found] == [Direction.INGRESS, Direction.INGRESS, Direction.EGRESS]
    assert not list(indexed_rules(Policy.read(policy("{policyTypes: [Egress], ingress: [{}]}"))))
