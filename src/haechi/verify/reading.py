"""The rules of a table, read as conditions on packets and what follows from them.

Why: each rule is read once, with its sets and maps as exact sets of packets, however many packets are walked through
it. Everything that a rule asks becomes a `Relation` or is reported. A chain is read when packets first reach it, and
what did not change since an earlier table is taken over from its reading.

    meta l4proto tcp ct reply ip saddr @pods4 counter return

    RuleStep    conditions   protocol TCP                in every context
                             server in @pods4            with a connection; never without
                action       return                      (the counter decides nothing)
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from haechi.nft import (
    Chain,
    Compare,
    Counter,
    Element,
    Expression,
    HasState,
    HasStatus,
    InRange,
    Limit,
    Load,
    Log,
    Lookup,
    Map,
    Operator,
    Reject,
    Rule,
    Set,
    SetMark,
    Verdict,
    VerdictMap,
)
from haechi.verify.budget import weight
from haechi.verify.cached import AnyRuleset, RulesetChange
from haechi.verify.coordinate import Coordinate, contexts_of, joint_coordinates
from haechi.verify.dispatch import Dispatch
from haechi.verify.gap import RulePosition
from haechi.verify.packets import ALL_CONTEXTS, TRACKED, UNCONNECTED
from haechi.verify.relation import ANYWHERE, EVERYWHERE, NOWHERE, FieldRanges, Relation, domain, relation

RelationByContext = tuple[tuple[int, Relation], ...]
"""Disjoint contexts (bits), each with the packets for which a condition holds; in other contexts it never holds."""

_NO_EFFECT: Final = (Counter, Log, SetMark)


@dataclass(frozen=True, slots=True)
class DispatchByContext:
    """A verdict map: disjoint contexts (bits), each with the map as it is there."""

    branches: tuple[tuple[int, Dispatch], ...]


@dataclass(frozen=True, slots=True)
class RuleStep:
    """One rule.

    Attributes:
        position: the rule.
        conditions: all must hold.
        action: what happens then: a verdict, a verdict map, or nothing (None).
        unknown: why the action is not known; "" if it is.
        weight: the cost of a visit (`haechi.verify.budget`).
    """

    position: RulePosition
    conditions: tuple[RelationByContext, ...]
    action: Verdict | Reject | DispatchByContext | None = None
    unknown: str = ""
    weight: int = 1


class Reading:
    """One table, read as far as packets went."""

    def __init__(self, ruleset: AnyRuleset) -> None:
        self.ruleset = ruleset
        self._steps: dict[str, tuple[RuleStep, ...]] = {}
        self._partial: dict[str, tuple[RuleStep | RulePosition, ...]] = {}
        self._weights: dict[str, int] = {}
        self._relations: dict[tuple[str, tuple[Load, ...], tuple[Coordinate, ...]], Relation] = {}
        self._dispatches: dict[tuple[str, tuple[Load, ...], tuple[Coordinate, ...]], Dispatch] = {}

    def updated(self, ruleset: AnyRuleset, change: RulesetChange, users: Iterable[str]) -> Reading:
        """The reading of the next table: a changed rule is read again, others are taken over.

        Args:
            ruleset: the next table.
            change: what differs.
            users: the chains that look up any of the sets and maps that differ.
        """
        found = Reading(ruleset)
        found._relations = {key: each for key, each in self._relations.items() if key[0] not in change.containers}
        found._dispatches = {key: each for key, each in self._dispatches.items() if key[0] not in change.containers}
        affected = {*users} - change.chains
        stale = {*affected, *change.chains}
        found._steps = {name: steps for name, steps in self._steps.items() if name not in stale}
        found._partial = {name: steps for name, steps in self._partial.items() if name not in stale}
        found._weights = {name: weighed for name, weighed in self._weights.items() if name not in stale}
        for name in affected:
            steps = self._steps.get(name) or self._partial.get(name)
            if steps:
                found._partial[name] = _unaffected(ruleset.chains[name], steps, change.containers)
        return found

    def weight(self) -> int:
        """The cost of one visit to every rule (`haechi.verify.budget`)."""
        known = self._weights
        for name, chain in self.ruleset.chains.items():
            if name not in known:
                known[name] = sum(weight(rule, self.ruleset) for rule in chain.rules)
        return sum(known.values())

    def steps(self, chain: str) -> tuple[RuleStep, ...]:
        """The rules of a chain that can have an effect, in order."""
        found = self._steps.get(chain)
        if found is None:
            partial = self._partial.pop(chain, None)
            rules = self.ruleset.chains[chain].rules
            known = _positions(chain, rules) if partial is None else partial
            found = tuple(
                each if isinstance(each, RuleStep) else self._step(each, rules[each.rule or 0]) for each in known
            )
            self._steps[chain] = found
        return found

    def _step(self, position: RulePosition, rule: Rule) -> RuleStep:
        weighed = weight(rule, self.ruleset)
        conditions: list[RelationByContext] = []
        for each in deciding(rule):
            match each:
                case Counter() | Log() | SetMark():
                    pass
                case Verdict() | Reject():
                    return RuleStep(position, tuple(conditions), each, weight=weighed)
                case VerdictMap():
                    return RuleStep(position, tuple(conditions), self._dispatch(each), weight=weighed)
                case Compare() | InRange() | HasState() | HasStatus() | Lookup() | Limit():
                    conditions.append(self._condition(each))
                case _:
                    return RuleStep(position, tuple(conditions), None, str(each), weight=weighed)
        return RuleStep(position, tuple(conditions), weight=weighed)

    # -- conditions --------------------------------------------------------------------------------------------------

    def _condition(self, asked: Compare | InRange | HasState | HasStatus | Lookup | Limit) -> RelationByContext:
        match asked:
            case Limit():
                return ((ALL_CONTEXTS, ANYWHERE),)
            case HasState():
                contexts = contexts_of(asked.states)
                return ((ALL_CONTEXTS & ~contexts if asked.negated else contexts, EVERYWHERE),)
            case HasStatus():
                return ((TRACKED, ANYWHERE), (UNCONNECTED, NOWHERE))
            case Compare() | InRange():
                return _compared(asked)
            case Lookup():
                return self._lookup(asked)

    def _lookup(self, asked: Lookup) -> RelationByContext:
        found: list[tuple[int, Relation]] = []
        for contexts, read in joint_coordinates(asked.loads):
            key = (asked.set, asked.loads, read)
            inside = self._relations.get(key)
            if inside is None:
                container = self.ruleset.sets[asked.set]
                ranges = field_ranges(container, container.elements)
                inside = self._relations[key] = relation(asked.loads, read, ranges)
            found.append((contexts, _negated(asked.loads, read, inside) if asked.negated else inside))
        return tuple(found)

    def _dispatch(self, asked: VerdictMap) -> DispatchByContext:
        found: list[tuple[int, Dispatch]] = []
        for contexts, read in joint_coordinates(asked.loads):
            key = (asked.map, asked.loads, read)
            dispatch = self._dispatches.get(key)
            if dispatch is None:
                dispatch = self._dispatches[key] = _dispatch_of(self.ruleset.maps[asked.map], asked.loads, read)
            found.append((contexts, dispatch))
        return DispatchByContext(tuple(found))


def _dispatch_of(container: Map, loads: tuple[Load, ...], read: tuple[Coordinate, ...]) -> Dispatch:
    """A map as it is where `loads` read this. Sorted, because the order of a set's elements is not a property of it."""
    by_verdict: dict[Verdict, list[Element]] = {}
    for element in container.elements:
        if element.verdict is not None:
            by_verdict.setdefault(element.verdict, []).append(element)
    cases = [
        (verdict, relation(loads, read, field_ranges(container, by_verdict[verdict])))
        for verdict in sorted(by_verdict, key=_verdict_order)
    ]
    return Dispatch.of(cases, relation(loads, read, field_ranges(container, container.elements)))


def _verdict_order(verdict: Verdict) -> tuple[int, str]:
    return verdict.kind, verdict.chain


def _positions(name: str, rules: Iterable[Rule]) -> tuple[RulePosition, ...]:
    """The rules of a chain that can have an effect."""
    return tuple(
        RulePosition(name, number, _text(rule))
        for number, rule in enumerate(rules)
        if not all(isinstance(each, _NO_EFFECT) for each in deciding(rule))
    )


def _text(rule: Rule) -> str:
    """The rule as `nft --stateless` prints it: counts differ from dump to dump and decide nothing."""
    words = " ".join("counter" if isinstance(each, Counter) else str(each) for each in rule.expressions)
    return f'{words} comment "{rule.comment}"' if rule.comment else words


def _unaffected(
    chain: Chain, steps: Iterable[RuleStep | RulePosition], containers: Container[str]
) -> tuple[RuleStep | RulePosition, ...]:
    """The steps of a chain; the position alone for a rule that looks up any of these sets and maps."""
    affected = {
        number
        for number, rule in enumerate(chain.rules)
        for asked in rule.lookups()
        if (asked.set if isinstance(asked, Lookup) else asked.map) in containers
    }
    return tuple(
        each.position if isinstance(each, RuleStep) and each.position.rule in affected else each for each in steps
    )


def deciding(rule: Rule) -> tuple[Expression, ...]:
    """The expressions of a rule; none if nothing follows from them, whatever they match."""
    return () if all(isinstance(each, _HARMLESS) for each in rule.expressions) else rule.expressions


_HARMLESS: Final = (*_NO_EFFECT, Compare, InRange, HasState, HasStatus, Lookup, Limit)


def field_ranges(container: Set | Map, elements: Iterable[Element]) -> Iterator[FieldRanges]:
    """Elements as the first and last value of each field."""
    shape = container.shape
    if not shape.concatenated:
        for key, last, _ in elements:
            first = int.from_bytes(key, "big")
            yield ((first, first if last is None else int.from_bytes(last, "big")),)
        return
    for key, last, _ in elements:
        ends = shape.fields(key if last is None else last)
        yield tuple((_number(one), _number(end)) for (_, one), (_, end) in zip(shape.fields(key), ends, strict=True))


def _number(value: bytes) -> int:
    return int.from_bytes(value, "big")


def _range(asked: Compare) -> FieldRanges:
    """The values between which a comparison holds, or does not hold (`!=`)."""
    value, top = _number(asked.value), (1 << 8 * asked.load.type.width) - 1
    return (
        {
            Operator.EQ: (value, value),
            Operator.NE: (value, value),
            Operator.LT: (0, value - 1),
            Operator.LE: (0, value),
            Operator.GT: (value + 1, top),
            Operator.GE: (value, top),
        }[asked.operator],
    )


@lru_cache(maxsize=1024)
def _compared(asked: Compare | InRange) -> RelationByContext:
    """A comparison; cached because most chains have the same ones."""
    if isinstance(asked, Compare):
        return _relations((asked.load,), _range(asked), negated=asked.operator is Operator.NE)
    return _relations((asked.load,), ((_number(asked.first), _number(asked.last)),), negated=asked.negated)


def _relations(loads: tuple[Load, ...], ranges: FieldRanges, *, negated: bool) -> RelationByContext:
    """A comparison of one load; a range that holds no value never matches."""
    elements = [ranges] if ranges[0][0] <= ranges[0][1] else []
    found: list[tuple[int, Relation]] = []
    for contexts, read in joint_coordinates(loads):
        inside = relation(loads, read, elements)
        found.append((contexts, _negated(loads, read, inside) if negated else inside))
    return tuple(found)


def _negated(loads: tuple[Load, ...], read: tuple[Coordinate, ...], inside: Relation) -> Relation:
    return inside.complement(domain(loads, read))
