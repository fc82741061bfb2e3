"""The rules of a table as conditions on packets and what follows from them.

Why: each rule is read once, its sets and maps as exact sets of places, however many packets are walked through it.
Promises that everything a rule asks is either a `Relation` or reported; reads a chain when it is first reached. What
did not change since the reading of an earlier table is taken over from that one.
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
from haechi.verify.coordinate import Coordinate, contexts_of, together
from haechi.verify.dispatch import Dispatch
from haechi.verify.finding import Place
from haechi.verify.kept import Change, Held
from haechi.verify.relation import ANYWHERE, EVERYWHERE, NOWHERE, Relation, Spans, domain, relation
from haechi.verify.space import EVERY, LOOSE, TRACKED

Branches = tuple[tuple[int, Relation], ...]
"""Disjoint contexts (bits), each with where a condition holds there; in other contexts it never does."""

_QUIET: Final = (Counter, Log, SetMark)


@dataclass(frozen=True, slots=True)
class Dispatches:
    """A verdict map, by context (bits)."""

    branches: tuple[tuple[int, Dispatch], ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One rule.

    Attributes:
        place: the rule.
        conditions: all must hold.
        action: what happens then: a verdict, what a map says, nothing (None), or `unknown` says why that is not known.
        unknown: why what happens is not known; "" if it is.
        weight: how much a visit takes (`haechi.verify.budget`).
    """

    place: Place
    conditions: tuple[Branches, ...]
    action: Verdict | Reject | Dispatches | None = None
    unknown: str = ""
    weight: int = 1


class Reading:
    """One table, read as far as it was asked for."""

    def __init__(self, held: Held) -> None:
        self.held = held
        self._steps: dict[str, tuple[Step, ...]] = {}
        self._kept: dict[str, tuple[Step | Place, ...]] = {}
        self._weights: dict[str, int] = {}
        self._relations: dict[tuple[str, tuple[Load, ...], tuple[Coordinate, ...]], Relation] = {}
        self._dispatches: dict[tuple[str, tuple[Load, ...], tuple[Coordinate, ...]], Dispatch] = {}

    def followed(self, held: Held, change: Change, users: Iterable[str]) -> Reading:
        """The reading of the table after this one.

        Args:
            held: that table.
            change: what it differs in.
            users: the chains that look up any of the sets and maps that differ.
        """
        found = Reading(held)
        found._relations = {key: each for key, each in self._relations.items() if key[0] not in change.nouns}
        found._dispatches = {key: each for key, each in self._dispatches.items() if key[0] not in change.nouns}
        affected = {*users} - change.chains
        gone = {*affected, *change.chains}
        found._steps = {name: steps for name, steps in self._steps.items() if name not in gone}
        found._kept = {name: steps for name, steps in self._kept.items() if name not in gone}
        found._weights = {name: weighed for name, weighed in self._weights.items() if name not in gone}
        for name in affected:
            steps = self._steps.get(name) or self._kept.get(name)
            if steps:
                found._kept[name] = _unaffected(held.chains[name], steps, change.nouns)
        return found

    def weight(self) -> int:
        """How much a visit to each rule takes, all together (`haechi.verify.budget`)."""
        known = self._weights
        for name, chain in self.held.chains.items():
            if name not in known:
                known[name] = sum(weight(rule, self.held) for rule in chain.rules)
        return sum(known.values())

    def steps(self, chain: str) -> tuple[Step, ...]:
        """The rules of a chain that can matter, in order."""
        found = self._steps.get(chain)
        if found is None:
            kept = self._kept.pop(chain, None)
            rules = self.held.chains[chain].rules
            known = _places(chain, rules) if kept is None else kept
            found = tuple(each if isinstance(each, Step) else self._step(each, rules[each.rule or 0]) for each in known)
            self._steps[chain] = found
        return found

    def _step(self, place: Place, rule: Rule) -> Step:
        weighed = weight(rule, self.held)
        conditions: list[Branches] = []
        for each in deciding(rule):
            match each:
                case Counter() | Log() | SetMark():
                    pass
                case Verdict() | Reject():
                    return Step(place, tuple(conditions), each, weight=weighed)
                case VerdictMap():
                    return Step(place, tuple(conditions), self._dispatch(each), weight=weighed)
                case Compare() | InRange() | HasState() | HasStatus() | Lookup() | Limit():
                    conditions.append(self._condition(each))
                case _:
                    return Step(place, tuple(conditions), None, str(each), weight=weighed)
        return Step(place, tuple(conditions), weight=weighed)

    # -- conditions --------------------------------------------------------------------------------------------------

    def _condition(self, asked: Compare | InRange | HasState | HasStatus | Lookup | Limit) -> Branches:
        match asked:
            case Limit():
                return ((EVERY, ANYWHERE),)
            case HasState():
                held = contexts_of(asked.states)
                return ((EVERY & ~held if asked.negated else held, EVERYWHERE),)
            case HasStatus():
                return ((TRACKED, ANYWHERE), (LOOSE, NOWHERE))
            case Compare() | InRange():
                return _compared(asked)
            case Lookup():
                return self._lookup(asked)

    def _lookup(self, asked: Lookup) -> Branches:
        held = self.held.sets[asked.set]
        found: list[tuple[int, Relation]] = []
        for contexts, coordinates in together(asked.loads):
            key = (asked.set, asked.loads, coordinates)
            inside = self._relations.get(key)
            if inside is None:
                inside = self._relations[key] = relation(asked.loads, coordinates, spans(held, held.elements))
            found.append((contexts, _negated(asked.loads, coordinates, inside) if asked.negated else inside))
        return tuple(found)

    def _dispatch(self, asked: VerdictMap) -> Dispatches:
        held = self.held.maps[asked.map]
        found: list[tuple[int, Dispatch]] = []
        for contexts, coordinates in together(asked.loads):
            key = (asked.map, asked.loads, coordinates)
            dispatch = self._dispatches.get(key)
            if dispatch is None:
                dispatch = self._dispatches[key] = _dispatch_of(held, asked.loads, coordinates)
            found.append((contexts, dispatch))
        return Dispatches(tuple(found))


def _dispatch_of(held: Map, loads: tuple[Load, ...], coordinates: tuple[Coordinate, ...]) -> Dispatch:
    by_verdict: dict[Verdict, list[Element]] = {}
    for element in held.elements:
        if element.verdict is not None:
            by_verdict.setdefault(element.verdict, []).append(element)
    cases = [(verdict, relation(loads, coordinates, spans(held, elements))) for verdict, elements in by_verdict.items()]
    return Dispatch.of(cases, relation(loads, coordinates, spans(held, held.elements)))


def _places(name: str, rules: Iterable[Rule]) -> tuple[Place, ...]:
    """The rules of a chain that can matter."""
    return tuple(
        Place(name, number, str(rule))
        for number, rule in enumerate(rules)
        if not all(isinstance(each, _QUIET) for each in deciding(rule))
    )


def _unaffected(chain: Chain, steps: Iterable[Step | Place], nouns: Container[str]) -> tuple[Step | Place, ...]:
    """The steps of a chain; of those that look up any of these sets and maps, the places alone."""
    affected = {
        number
        for number, rule in enumerate(chain.rules)
        for asked in rule.lookups()
        if (asked.set if isinstance(asked, Lookup) else asked.map) in nouns
    }
    return tuple(each.place if isinstance(each, Step) and each.place.rule in affected else each for each in steps)


def deciding(rule: Rule) -> tuple[Expression, ...]:
    """A rule's expressions; none if whatever they ask, nothing follows from it."""
    return () if all(isinstance(each, _HARMLESS) for each in rule.expressions) else rule.expressions


_HARMLESS: Final = (*_QUIET, Compare, InRange, HasState, HasStatus, Lookup, Limit)


def spans(held: Set | Map, elements: Iterable[Element]) -> Iterator[Spans]:
    """Elements as first and last value of each field."""
    shape = held.shape
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


def _span(asked: Compare) -> Spans:
    value, top = _number(asked.value), (1 << 8 * asked.load.type.width) - 1
    first, last = {
        Operator.EQ: (value, value),
        Operator.NE: (value, value),
        Operator.LT: (0, value - 1),
        Operator.LE: (0, value),
        Operator.GT: (value + 1, top),
        Operator.GE: (value, top),
    }[asked.operator]
    return ((first, last),)


@lru_cache(maxsize=1024)
def _compared(asked: Compare | InRange) -> Branches:
    """A comparison; most chains have the same ones."""
    if isinstance(asked, Compare):
        return _placed((asked.load,), [_span(asked)], asked.operator is Operator.NE)
    return _placed((asked.load,), [((_number(asked.first), _number(asked.last)),)], asked.negated)


def _placed(loads: tuple[Load, ...], elements: list[Spans], negated: bool) -> Branches:
    """A comparison of one load; a range that holds no value holds nowhere."""
    real = [each for each in elements if each[0][0] <= each[0][1]]
    found: list[tuple[int, Relation]] = []
    for contexts, coordinates in together(loads):
        inside = relation(loads, coordinates, real)
        found.append((contexts, _negated(loads, coordinates, inside) if negated else inside))
    return tuple(found)


def _negated(loads: tuple[Load, ...], coordinates: tuple[Coordinate, ...], inside: Relation) -> Relation:
    return inside.complement(domain(loads, coordinates))
