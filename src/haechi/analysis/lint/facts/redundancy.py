"""What rules and policies say that others say too, in every cluster.

Why: a rule whose every connection another rule allows protects nobody, and who deletes the other one is surprised.
Judged by what selectors imply and by exact sets of addresses and ports, not by the pods that happen to be there.
Promises that all that is told can go at once without any change, and that what is said to cover it stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from haechi.analysis.lint.facts.rule_cover import covers, is_idle
from haechi.analysis.lint.facts.rule_index import PlacedRule, RulePlace, Shelf, placed
from haechi.analysis.lint.facts.selection_index import Wider
from haechi.engine import PodSelection, Policy
from haechi.model import Direction, PolicyKey


class Coverage:
    """What could go.

    Args:
        policies: all of a cluster. Those with defects and those whose selector contradicts itself say nothing here.

    Attributes:
        duplicates: policies that say what an earlier one says, with that one.
        policies: other policies with rules that others cover, isolation included, with those others.
        rules: rules of all other policies that others cover, with those others.
    """

    def __init__(self, policies: Iterable[Policy]) -> None:
        found = [one for one in policies if not one.defects and not one.subject.contradictory]
        self._all = sorted(found, key=lambda policy: policy.key)
        self._subjects = Wider(one.subject for one in self._all)
        rules = [each for one in self._all for each in placed(one)]
        self._selections = Wider(selection for one in rules for selection in one.rule.peers.selections)
        self._shelves: dict[tuple[PodSelection, Direction], Shelf] = {}
        self._isolating: dict[tuple[PodSelection, Direction], list[PolicyKey]] = {}
        for policy in self._all:
            for direction in policy.directions:
                self._isolating.setdefault((policy.subject, direction), []).append(policy.key)
            for one in placed(policy):
                key = policy.subject, one.place.direction
                self._shelves.setdefault(key, Shelf()).add(one)
        self._gone: set[PolicyKey | RulePlace] = set()
        self.duplicates = self._find_duplicates()
        policies = self._find_policies()
        places = self._find_rules()
        self.policies = {one.key: self._covering(one) for one in policies}
        self.rules = {one.place: self._holding(one, subject) for one, subject in places}

    # -- what can go -------------------------------------------------------------------------------------------------

    def _find_duplicates(self) -> dict[PolicyKey, PolicyKey]:
        first: dict[object, PolicyKey] = {}
        found: dict[PolicyKey, PolicyKey] = {}
        for one in self._all:
            meaning = (one.subject, one.directions, *(frozenset(one.rules(direction)) for direction in Direction))
            earlier = first.setdefault(meaning, one.key)
            if earlier is not one.key:
                found[one.key] = earlier
                self._gone.add(one.key)
        return found

    def _find_policies(self) -> list[Policy]:
        """Policies that can go; of those that cover each other the later."""
        found: list[Policy] = []
        for one in reversed(self._all):
            if one.key not in self._gone and self._is_covered(one):
                self._gone.add(one.key)
                found.append(one)
        return found[::-1]

    def _is_covered(self, policy: Policy) -> bool:
        rules = list(placed(policy))
        return (
            not all(is_idle(rule, place.direction) for place, rule, *_ in rules)
            and all(any(self._isolators(policy, direction)) for direction in policy.directions)
            and all(self._is_needless(one, policy.subject, whole=True) for one in rules)
        )

    def _find_rules(self) -> list[tuple[PlacedRule, PodSelection]]:
        """Rules of other policies that can go, each with its subject; of those that cover each other the later."""
        found: list[tuple[PlacedRule, PodSelection]] = []
        for policy in reversed(self._all):
            for one in [] if policy.key in self._gone else reversed(list(placed(policy))):
                if not is_idle(one.rule, one.place.direction) and self._is_needless(one, policy.subject):
                    self._gone.add(one.place)
                    found.append((one, policy.subject))
        return found[::-1]

    def _is_needless(self, one: PlacedRule, subject: PodSelection, *, whole: bool = False) -> bool:
        """Whether others cover a rule; its names are looked at last, since hardly any port is far from them."""
        plain = replace(one.rule, names=())
        for rule in (plain, one.rule) if one.rule.names else (plain,):
            others = [each.rule for each in self._others(one._replace(rule=rule), subject, whole=whole)]
            if not covers(rule, one.place.direction, others):
                return False
        return True

    # -- what stays --------------------------------------------------------------------------------------------------

    def _others(self, one: PlacedRule, subject: PodSelection, *, whole: bool = False) -> list[PlacedRule]:
        """The rules that stay and could allow a part of what a rule allows; `whole`: none of its own policy."""
        found: dict[RulePlace, PlacedRule] = {}
        for wider in self._subjects.than(subject):
            shelf = self._shelves.get((wider, one.place.direction))
            if shelf is not None:
                found.update((each.place, each) for each in shelf.near(one.rule, self._selections))
        own = one.place.policy
        return [
            each
            for place, each in found.items()
            if place != one.place
            and not (whole and place.policy == own)
            and place not in self._gone
            and place.policy not in self._gone
        ]

    def _isolators(self, policy: Policy, direction: Direction) -> Iterator[PolicyKey]:
        """The other policies that stay and isolate all of its pods in a direction."""
        for wider in self._subjects.than(policy.subject):
            for key in self._isolating.get((wider, direction), ()):
                if key != policy.key and key not in self._gone:
                    yield key

    def _holding(self, one: PlacedRule, subject: PodSelection) -> tuple[RulePlace, ...]:
        """The rules that allow what a rule allows: one if one is enough, of the same policy if it can be."""
        own = one.place.policy
        others = sorted(self._others(one, subject), key=lambda each: (each.place.policy != own, each.place))
        return tuple(each.place for each in _fewest(one, others))

    def _covering(self, policy: Policy) -> tuple[PolicyKey, ...]:
        """The policies that hold the rules of a policy, and those that isolate where these do not."""
        rules = [one for one in placed(policy) if not is_idle(one.rule, one.place.direction)]
        held = [self._holding(one, policy.subject) for one in rules]
        found = {place.policy: None for places in held for place in places}
        for direction in sorted(policy.directions):
            isolating = list(self._isolators(policy, direction))
            if found.keys().isdisjoint(isolating):
                found[min(isolating)] = None
        return tuple(found)


_MOST = 16
"""Rules among which the fewest are looked for."""


def _fewest(one: PlacedRule, others: Sequence[PlacedRule]) -> list[PlacedRule]:
    direction = one.place.direction
    for each in others:
        if covers(one.rule, direction, [each.rule]):
            return [each]
    found = list(others)
    for each in reversed(others if len(others) <= _MOST else ()):
        rest = [other.rule for other in found if other is not each]
        if covers(one.rule, direction, rest):
            found.remove(each)
    return found
