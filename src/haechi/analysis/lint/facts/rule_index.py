"""Rules, indexed by their peers, so that those which overlap a given one are found without asking each of them.

Why: of thousands of rules hardly any two have peers and ports in common.

    rule: from app=web, 10.0.0.0/8 on ports 80-90      candidates, if their ports overlap 80-90:
                                                         rules for everyone
                                                         rules with a selection that app=web implies
                                                         rules with blocks that overlap 10.0.0.0/8

Promises that every rule that allows a part of what the given one allows is a candidate; bounds stand for sets of ports
and blocks, so a candidate may turn out to have nothing in common with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from haechi.analysis.lint.facts.rule_cover import named_range
from haechi.analysis.reach import SelectionIndex
from haechi.engine import ANY_POD, PodSelection, Policy, PolicyRule
from haechi.model import Direction, RuleRef
from haechi.sets import AddressSet, PortSet


class IndexedRule(NamedTuple):
    """A rule, with the bounds of its ports and of its blocks."""

    ref: RuleRef
    rule: PolicyRule
    ports: tuple[int, int]
    blocks: tuple[int, int]


def indexed_rules(policy: Policy) -> Iterator[IndexedRule]:
    """The rules of a policy that are in force."""
    for direction in Direction:
        for ref, rule in policy.referenced(direction):
            yield IndexedRule(ref, rule, _bounds(rule.ports), _bounds(rule.peers.blocks))


class RuleIndex:
    """Rules for the same pods in the same direction."""

    def __init__(self) -> None:
        self._for_everyone: list[IndexedRule] = []
        self._with_blocks: list[IndexedRule] = []
        self._by_selection: dict[PodSelection, list[IndexedRule]] = {}

    def add(self, one: IndexedRule) -> None:
        """Add a rule."""
        peers = one.rule.peers
        if peers.anywhere:
            self._for_everyone.append(one)
        if peers.blocks:
            self._with_blocks.append(one)
        for selection in peers.selections:
            self._by_selection.setdefault(selection, []).append(one)

    def candidates(self, rule: PolicyRule, selections: SelectionIndex) -> Iterator[IndexedRule]:
        """The rules that may allow a part of what a rule allows, some of them more than once.

        Args:
            rule: for the same pods and direction.
            selections: of all rules in the index.
        """
        low, high = _window(rule)
        names = frozenset(rule.names)
        for rules in self._by_peers(rule, selections):
            for one in rules:
                if (one.ports[0] < high and low < one.ports[1]) or (names and not names.isdisjoint(one.rule.names)):
                    yield one

    def _by_peers(self, rule: PolicyRule, selections: SelectionIndex) -> Iterator[list[IndexedRule]]:
        yield self._for_everyone
        own = set(rule.peers.selections)
        if rule.names and (rule.peers.anywhere or rule.peers.blocks):
            own.add(ANY_POD)
        for selection in own:
            for implied in selections.implied_by(selection):
                yield self._by_selection.get(implied, [])
        if rule.peers.blocks:
            low, high = _bounds(rule.peers.blocks)
            yield [one for one in self._with_blocks if one.blocks[0] < high and low < one.blocks[1]]


def _window(rule: PolicyRule) -> tuple[int, int]:
    """The bounds of a rule's ports, including those that its port names can stand for."""
    return _bounds(PortSet.union_all([rule.ports, *(named_range(protocol) for protocol, _ in rule.names)]))


def _bounds(points: AddressSet | PortSet) -> tuple[int, int]:
    """The first point and the one after the last; (0, 0) for an empty set."""
    edges = points.edges
    return (edges[0], edges[-1]) if edges else (0, 0)
