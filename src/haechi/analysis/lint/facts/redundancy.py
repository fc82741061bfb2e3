"""Rules and policies that are redundant: the others allow all that they allow, in every cluster.

Why: a redundant rule restricts nothing, and deleting the rule that covers it unexpectedly changes nothing.
Judged by what selectors imply and by exact sets of addresses and ports, not by the pods that happen to exist.

    p   pods app=web   from {}                   covers the rules below, whose pods and peers are among its own
        pods app=web   from team=a               redundant rule
    q   pods app=web   from team=a               redundant policy: p isolates the same pods and allows the same
    r   pods app=web   from team=a               duplicate of q, the earlier one

A rule can only be covered by rules for all of its pods: those of policies whose podSelector its own one implies.
Policies are looked at from the last to the first, and what is found redundant covers nothing from then on: of two rules
that cover each other only the later is found. So all that is found can be deleted at once without any change, and
whatever is named as covering it stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from haechi.analysis.lint.facts.rule_cover import allows_nothing, is_covered
from haechi.analysis.lint.facts.rule_index import IndexedRule, RuleIndex, indexed_rules
from haechi.analysis.reach import SelectionIndex
from haechi.engine import PodSelection, Policy
from haechi.model import Direction, PolicyKey, RuleRef


class Redundancy:
    """What could be deleted.

    Args:
        policies: all of a cluster. Policies with defects or with a contradictory podSelector are neither redundant nor
            do they cover others.

    Attributes:
        duplicates: policies with the pods, directions and rules of an earlier one, with that one.
        policies: other policies with rules that others cover, isolation included, with those others.
        rules: rules of all other policies that others cover, with those others.
    """

    def __init__(self, policies: Iterable[Policy]) -> None:
        found = [one for one in policies if not one.defects and not one.subject.contradictory]
        self._all = sorted(found, key=lambda policy: policy.key)
        self._subjects = SelectionIndex(one.subject for one in self._all)
        rules = [each for one in self._all for each in indexed_rules(one)]
        self._selections = SelectionIndex(selection for one in rules for selection in one.rule.peers.selections)
        self._rules: dict[tuple[PodSelection, Direction], RuleIndex] = {}
        self._isolating: dict[tuple[PodSelection, Direction], list[PolicyKey]] = {}
        for policy in self._all:
            for direction in policy.directions:
                self._isolating.setdefault((policy.subject, direction), []).append(policy.key)
            for one in indexed_rules(policy):
                self._rules.setdefault((policy.subject, one.ref.direction), RuleIndex()).add(one)
        self._redundant: set[PolicyKey | RuleRef] = set()
        self.duplicates = self._find_duplicates()
        redundant_policies = self._find_policies()
        redundant_rules = self._find_rules()
        self.policies = {one.key: self._covering_policies(one) for one in redundant_policies}
        self.rules = {one.ref: self._covering_rules(one, subject) for one, subject in redundant_rules}

    # -- what is redundant -------------------------------------------------------------------------------------------

    def _find_duplicates(self) -> dict[PolicyKey, PolicyKey]:
        first: dict[object, PolicyKey] = {}
        found: dict[PolicyKey, PolicyKey] = {}
        for one in self._all:
            meaning = (one.subject, one.directions, *(frozenset(one.rules(direction)) for direction in Direction))
            earlier = first.setdefault(meaning, one.key)
            if earlier is not one.key:
                found[one.key] = earlier
                self._redundant.add(one.key)
        return found

    def _find_policies(self) -> list[Policy]:
        """Policies that others cover, of those that cover each other the later."""
        found: list[Policy] = []
        for one in reversed(self._all):
            if one.key not in self._redundant and self._is_policy_covered(one):
                self._redundant.add(one.key)
                found.append(one)
        return found[::-1]

    def _is_policy_covered(self, policy: Policy) -> bool:
        rules = list(indexed_rules(policy))
        return (
            not all(allows_nothing(one.rule, one.ref.direction) for one in rules)
            and all(any(self._isolating_policies(policy, direction)) for direction in policy.directions)
            and all(self._is_rule_covered(one, policy.subject, without_own=True) for one in rules)
        )

    def _find_rules(self) -> list[tuple[IndexedRule, PodSelection]]:
        """Rules of other policies that others cover, each with its subject; of those that cover each other the later.

        Rules that allow nothing are left out: they are not redundant because of others.
        """
        found: list[tuple[IndexedRule, PodSelection]] = []
        for policy in reversed(self._all):
            for one in [] if policy.key in self._redundant else reversed(list(indexed_rules(policy))):
                if not allows_nothing(one.rule, one.ref.direction) and self._is_rule_covered(one, policy.subject):
                    self._redundant.add(one.ref)
                    found.append((one, policy.subject))
        return found[::-1]

    def _is_rule_covered(self, one: IndexedRule, subject: PodSelection, *, without_own: bool = False) -> bool:
        """Whether others cover a rule. First without its port names, which make nearly every rule a candidate."""
        numbered = replace(one.rule, names=())
        for rule in (numbered, one.rule) if one.rule.names else (numbered,):
            others = self._others(one._replace(rule=rule), subject, without_own=without_own)
            if not is_covered(rule, one.ref.direction, [each.rule for each in others]):
                return False
        return True

    # -- what covers it ----------------------------------------------------------------------------------------------

    def _others(self, one: IndexedRule, subject: PodSelection, *, without_own: bool = False) -> list[IndexedRule]:
        """The rules that stay and may allow a part of what a rule allows; `without_own`: of other policies only."""
        found: dict[RuleRef, IndexedRule] = {}
        for implied in self._subjects.implied_by(subject):
            index = self._rules.get((implied, one.ref.direction))
            if index is not None:
                found.update((each.ref, each) for each in index.candidates(one.rule, self._selections))
        own = one.ref.policy
        return [
            each
            for ref, each in found.items()
            if ref != one.ref
            and not (without_own and ref.policy == own)
            and ref not in self._redundant
            and ref.policy not in self._redundant
        ]

    def _isolating_policies(self, policy: Policy, direction: Direction) -> Iterator[PolicyKey]:
        """The other policies that stay and isolate all pods of a policy in a direction."""
        for implied in self._subjects.implied_by(policy.subject):
            for key in self._isolating.get((implied, direction), ()):
                if key != policy.key and key not in self._redundant:
                    yield key

    def _covering_rules(self, one: IndexedRule, subject: PodSelection) -> tuple[RuleRef, ...]:
        """Rules that cover a rule: one if one is enough, of the same policy if possible."""
        own = one.ref.policy
        others = sorted(self._others(one, subject), key=lambda each: (each.ref.policy != own, each.ref))
        return tuple(each.ref for each in _fewest(one, others))

    def _covering_policies(self, policy: Policy) -> tuple[PolicyKey, ...]:
        """The policies whose rules cover those of a policy, and one that isolates where none of these does."""
        rules = [one for one in indexed_rules(policy) if not allows_nothing(one.rule, one.ref.direction)]
        found = {ref.policy: None for one in rules for ref in self._covering_rules(one, policy.subject)}
        for direction in sorted(policy.directions):
            isolating = list(self._isolating_policies(policy, direction))
            if found.keys().isdisjoint(isolating):
                found[min(isolating)] = None
        return tuple(found)


_MOST = 16
"""Rules among which the fewest are looked for."""


def _fewest(one: IndexedRule, others: Sequence[IndexedRule]) -> list[IndexedRule]:
    """Of rules that cover a rule, as few as are found by dropping them one by one."""
    direction = one.ref.direction
    for each in others:
        if is_covered(one.rule, direction, [each.rule]):
            return [each]
    found = list(others)
    for each in reversed(others if len(others) <= _MOST else ()):
        rest = [other.rule for other in found if other is not each]
        if is_covered(one.rule, direction, rest):
            found.remove(each)
    return found
