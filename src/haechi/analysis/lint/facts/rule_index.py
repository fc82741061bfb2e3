"""Rules by whom they allow, so that those near another rule are found without asking all.

Why: of thousands of rules hardly any two have peers and ports in common. Promises that none is left out that could
allow a part of what a rule allows; some that are not near may be among them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from haechi.analysis.lint.facts.rule_cover import all_of
from haechi.analysis.lint.facts.selection_index import Wider
from haechi.engine import ANY_POD, PodSelection, Policy, PolicyRule
from haechi.model import Direction, PolicyKey
from haechi.sets import AddressSet, PortSet


class RulePlace(NamedTuple):
    """Which rule: of a policy, a direction, and the number in its list."""

    policy: PolicyKey
    direction: Direction
    number: int

    def __str__(self) -> str:
        return f"spec.{self.direction.lower()}[{self.number}]"


class PlacedRule(NamedTuple):
    """A rule and where it stands, with the bounds of its ports and of its blocks."""

    place: RulePlace
    rule: PolicyRule
    ports: tuple[int, int]
    blocks: tuple[int, int]


def placed(policy: Policy) -> Iterator[PlacedRule]:
    """The rules of a policy that count."""
    for direction in Direction:
        for number, rule in enumerate(policy.rules(direction)):
            place = RulePlace(policy.key, direction, number)
            yield PlacedRule(place, rule, _bounds(rule.ports), _bounds(rule.peers.blocks))


class Shelf:
    """The rules for the pods of one subject in one direction, by whom they allow."""

    def __init__(self) -> None:
        self.anywhere: list[PlacedRule] = []
        self.blocks: list[PlacedRule] = []
        self.selecting: dict[PodSelection, list[PlacedRule]] = {}

    def add(self, one: PlacedRule) -> None:
        """Put a rule there."""
        peers = one.rule.peers
        if peers.anywhere:
            self.anywhere.append(one)
        if peers.blocks:
            self.blocks.append(one)
        for selection in peers.selections:
            self.selecting.setdefault(selection, []).append(one)

    def near(self, rule: PolicyRule, selections: Wider) -> Iterator[PlacedRule]:
        """The rules that could allow a part of what a rule allows; some more than once.

        `selections` are those of all shelves.
        """
        low, high = _window(rule)
        names = frozenset(rule.names)
        for row in self._rows(rule, selections):
            for one in row:
                if (one.ports[0] < high and low < one.ports[1]) or (names and not names.isdisjoint(one.rule.names)):
                    yield one

    def _rows(self, rule: PolicyRule, selections: Wider) -> Iterator[list[PlacedRule]]:
        yield self.anywhere
        asked = (ANY_POD,) if rule.peers.anywhere and rule.names else rule.peers.selections
        for selection in asked:
            for wider in selections.than(selection):
                yield self.selecting.get(wider, [])
        if rule.peers.blocks:
            low, high = _bounds(rule.peers.blocks)
            yield [one for one in self.blocks if one.blocks[0] < high and low < one.blocks[1]]


def _window(rule: PolicyRule) -> tuple[int, int]:
    """The bounds of a rule's ports and of all for which its names can stand."""
    return _bounds(PortSet.union_all([rule.ports, *(all_of(protocol) for protocol, _ in rule.names)]))


def _bounds(points: AddressSet | PortSet) -> tuple[int, int]:
    """The first point and the one after the last; twice the same without any."""
    edges = points.edges
    return (edges[0], edges[-1]) if edges else (0, 0)
