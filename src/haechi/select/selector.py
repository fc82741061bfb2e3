"""A label selector in canonical form.

Why: the engine evaluates each distinct selector once, not once for each of the thousand policies that contain it.
Equivalent selectors (`matchLabels` or `In` with one value, in any order, with repeated or redundant requirements) are
equal values. Operators and shapes that the API server rejects raise `InvalidSelector`; the caller decides what then
fails closed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from haechi.errors import HaechiError
from haechi.model import LabelSelector


class SelectorOperator(StrEnum):
    """Operators of `LabelSelectorRequirement` (meta/v1)."""

    IN = "In"
    NOT_IN = "NotIn"
    EXISTS = "Exists"
    DOES_NOT_EXIST = "DoesNotExist"


class InvalidSelector(HaechiError, ValueError):
    """A selector with an unknown operator, with values where none are allowed, or without values that are required."""

    def __init__(self, key: str, operator: str, values: tuple[str, ...]) -> None:
        super().__init__(key, operator, values)
        self.key = key
        self.operator = operator
        self.values = values

    def __str__(self) -> str:
        return f"label selector cannot be read: key {self.key!r}, operator {self.operator!r}, {len(self.values)} values"


class Requirement(NamedTuple):
    """One condition on one label. `values` are sorted and unique, empty for Exists and DoesNotExist."""

    key: str
    operator: SelectorOperator
    values: tuple[str, ...] = ()

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether `labels` meet this condition. NotIn and DoesNotExist accept labels without the key."""
        value = labels.get(self.key)
        match self.operator:
            case SelectorOperator.IN:
                return value is not None and value in self.values
            case SelectorOperator.NOT_IN:
                return value is None or value not in self.values
            case SelectorOperator.EXISTS:
                return value is not None
            case SelectorOperator.DOES_NOT_EXIST:
                return value is None

    def implies(self, other: Requirement) -> bool:
        """Whether all labels that meet this condition meet `other`, a condition on the same key."""
        mine, theirs = self.operator, other.operator
        if mine is SelectorOperator.IN and theirs is SelectorOperator.IN:
            return set(self.values) <= set(other.values)
        if mine is SelectorOperator.IN and theirs is SelectorOperator.NOT_IN:
            return set(self.values).isdisjoint(other.values)
        if mine is SelectorOperator.NOT_IN and theirs is SelectorOperator.NOT_IN:
            return set(self.values) >= set(other.values)
        return mine is theirs or (mine, theirs) in _IMPLIED

    def __str__(self) -> str:
        """As `kubectl` prints it."""
        match self.operator:
            case SelectorOperator.IN if len(self.values) == 1:
                return f"{self.key}={self.values[0]}"
            case SelectorOperator.IN:
                return f"{self.key} in ({','.join(self.values)})"
            case SelectorOperator.NOT_IN:
                return f"{self.key} notin ({','.join(self.values)})"
            case SelectorOperator.EXISTS:
                return self.key
            case SelectorOperator.DOES_NOT_EXIST:
                return f"!{self.key}"


_IMPLIED = (
    (SelectorOperator.IN, SelectorOperator.EXISTS),
    (SelectorOperator.DOES_NOT_EXIST, SelectorOperator.NOT_IN),
)  # whatever the values


class _Condition:
    """The conjunction of all requirements on one key, while a selector is being read."""

    __slots__ = ("absent", "allowed", "denied", "present")

    def __init__(self) -> None:
        self.present = self.absent = False
        self.allowed: frozenset[str] | None = None
        self.denied: frozenset[str] = frozenset()

    def add(self, requirement: Requirement) -> None:
        values = frozenset(requirement.values)
        match requirement.operator:
            case SelectorOperator.IN:
                self.allowed = values if self.allowed is None else self.allowed & values
            case SelectorOperator.NOT_IN:
                self.denied |= values
            case SelectorOperator.EXISTS:
                self.present = True
            case SelectorOperator.DOES_NOT_EXIST:
                self.absent = True

    def requirements(self, key: str) -> Iterator[Requirement] | None:
        """The fewest equivalent requirements; None if no labels can meet them."""
        if self.allowed is not None:
            allowed = self.allowed - self.denied
            return (
                iter((Requirement(key, SelectorOperator.IN, tuple(sorted(allowed))),))
                if allowed and not self.absent
                else None
            )
        if self.absent:
            return None if self.present else iter((Requirement(key, SelectorOperator.DOES_NOT_EXIST),))
        return self._without_allowed(key)

    def _without_allowed(self, key: str) -> Iterator[Requirement]:
        if self.present:
            yield Requirement(key, SelectorOperator.EXISTS)
        if self.denied:
            yield Requirement(key, SelectorOperator.NOT_IN, tuple(sorted(self.denied)))


@dataclass(frozen=True, slots=True)
class Selector:
    """A conjunction of requirements, sorted by key; hashable, and equal to every equivalent selector.

    `Selector()` matches everything (as `{}` does); `NOTHING` is the one value for every contradiction.
    """

    requirements: tuple[Requirement, ...] = ()
    contradictory: bool = False
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_hash", hash((self.requirements, self.contradictory)))

    def __hash__(self) -> int:
        return self._hash

    @classmethod
    def all_of(cls, requirements: Iterable[Requirement]) -> Selector:
        """The canonical conjunction of `requirements`."""
        conditions: dict[str, _Condition] = {}
        for requirement in requirements:
            conditions.setdefault(requirement.key, _Condition()).add(requirement)
        canonical: list[Requirement] = []
        for key in sorted(conditions):
            found = conditions[key].requirements(key)
            if found is None:
                return NOTHING
            canonical.extend(found)
        return cls(tuple(canonical))

    @classmethod
    def parse(cls, selector: LabelSelector) -> Selector:
        """The canonical form of a LabelSelector (meta/v1); `matchLabels` and `matchExpressions` are a conjunction.

        Raises:
            InvalidSelector: the API server would reject an expression.
        """
        labels = selector.match_labels
        if not selector.match_expressions:
            return _of_labels(tuple(labels.items()))
        requirements = [Requirement(key, SelectorOperator.IN, (value,)) for key, value in labels.items()]
        for expression in selector.match_expressions:
            requirements.append(_requirement(expression.key, expression.operator, expression.values))
        return cls.all_of(requirements)

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether an object with these labels is selected."""
        return not self.contradictory and all(requirement.matches(labels) for requirement in self.requirements)

    def implies(self, other: Selector) -> bool:
        """Whether every object that this one selects is selected by `other`, whatever its labels are.

        Exact, because keys are independent of each other and a key can have more values than any selector names.
        """
        if self.contradictory or self == other:
            return True
        return not other.contradictory and all(
            any(mine.key == one.key and mine.implies(one) for mine in self.requirements) for one in other.requirements
        )

    def anchor(self) -> Requirement | None:
        """A requirement that only objects with a certain label meet: the In with the fewest values, else an Exists."""
        candidates = [r for r in self.requirements if r.operator is SelectorOperator.IN]
        if candidates:
            return min(candidates, key=lambda requirement: len(requirement.values))
        return next((r for r in self.requirements if r.operator is SelectorOperator.EXISTS), None)

    def __str__(self) -> str:
        """Requirements joined by commas; `<none>` for everything, as kubectl prints it."""
        if self.contradictory:
            return "<nothing>"
        return ",".join(map(str, self.requirements)) or "<none>"


EVERYTHING = Selector()
NOTHING = Selector(contradictory=True)


@lru_cache(maxsize=262_144)
def _of_labels(labels: tuple[tuple[str, str], ...]) -> Selector:
    """The selector of `matchLabels` alone, in which no key occurs twice. Thousands of policies share a few of them."""
    return Selector(tuple([Requirement(key, SelectorOperator.IN, (value,)) for key, value in sorted(labels)]))


_WITH_VALUES = (SelectorOperator.IN, SelectorOperator.NOT_IN)


def _requirement(key: str, operator: str, values: tuple[str, ...]) -> Requirement:
    try:
        known = SelectorOperator(operator)
    except ValueError:
        raise InvalidSelector(key, operator, values) from None
    if (known in _WITH_VALUES) != bool(values):
        raise InvalidSelector(key, operator, values)
    return Requirement(key, known, tuple(sorted(set(values))))
