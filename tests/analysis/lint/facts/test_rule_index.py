"""Asking the rules near another one is asking all."""

from __future__ import annotations

import msgspec
from hypothesis import given

from haechi.analysis.lint.facts.rule_cover import covers
from haechi.analysis.lint.facts.rule_index import Shelf, placed
from haechi.analysis.lint.facts.selection_index import Wider
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
def test_what_is_not_near_covers_nothing(case: tuple[Written, list[Written]]) -> None:
    (one,), others = placed(read([case[0]])), list(placed(read(case[1])))
    shelf = Shelf()
    for other in others:
        shelf.add(other)
    near = {
        each.place for each in shelf.near(one.rule, Wider(s for each in others for s in each.rule.peers.selections))
    }
    direction = one.place.direction
    expected = covers(one.rule, direction, [each.rule for each in others])
    assert covers(one.rule, direction, [each.rule for each in others if each.place in near]) == expected


def test_places_are_those_of_the_policy() -> None:
    found = list(placed(Policy.read(policy("{ingress: [{}, {ports: [{port: 80}]}], egress: [{}]}"))))
    assert [str(one.place) for one in found] == ["spec.ingress[0]", "spec.ingress[1]", "spec.egress[0]"]
    assert [one.place.direction for one in found] == [Direction.INGRESS, Direction.INGRESS, Direction.EGRESS]
    assert not list(placed(Policy.read(policy("{policyTypes: [Egress], ingress: [{}]}"))))
