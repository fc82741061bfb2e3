"""The labels that pods or namespaces have, and which of them a selector with a typo may have meant.

Why: most selectors that select nothing are wrong by one letter. Promises that a label is proposed only if its key, or
its value of the same key, is one or two typing errors away (a letter missing, added or replaced, two swapped; other
capitals and dashes are one). One error is evidence of a mistake; two are good for hints only. Words are compared part
by part, since what differs between `ceph-mds` and `ceph-mgr` is a whole word; numbers are names: `app-1` is no typo of
`app-2`.

Words are filed under themselves and under themselves without any one of their letters. Two words that are one typing
error apart share such a part, so a look-up compares a word with few others:

    web     web  eb  wb  we
    webs    webs ebs wbs wes web      an added letter leaves "web"
    wbe     wbe  be  we  wb           swapped letters leave "we" and "wb"
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from itertools import islice
from typing import NamedTuple

from haechi.select import Requirement, SelectorOperator

MOST_COMPARED = 200
"""Words among which one that is two errors away is looked for; one that is one error away is found among any number."""
LONGEST = 320
"""Characters of the longest word that is compared: valid keys have at most 317."""
_SHORTEST, _SHORTEST_REPLACED, _SHORTEST_OF_TWO = (
    4,
    5,
    8,
)  # letters of a part with one missing, one replaced, two errors
_SEPARATORS = re.compile(r"[-_./ ]")


class Label(NamedTuple):
    """A label, or with `value` None any label with this key."""

    key: str
    value: str | None = None

    def __str__(self) -> str:
        """`key=value`, or `key`."""
        return self.key if self.value is None else f"{self.key}={self.value}"


class Vocabulary:
    """Keys and values of labels.

    Args:
        labelled: the labels of each object; equal ones need to be given only once.
    """

    def __init__(self, labelled: Iterable[Mapping[str, str]]) -> None:
        self._values: dict[str, _Words] = {}
        self._keys = _Words()
        self._keys_of: dict[str, dict[str, None]] = {}
        self._typos: dict[Requirement, Label | None] = {}
        self._nearest: dict[Requirement, Label | None] = {}
        for key, value in dict.fromkeys(pair for labels in labelled for pair in labels.items()):
            self._keys.add(key)
            self._values.setdefault(key, _Words()).add(value)
            self._keys_of.setdefault(value, {})[key] = None

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def values(self, key: str) -> list[str]:
        """The values that a key has, sorted."""
        return sorted(self._values[key]) if key in self._values else []

    def typo(self, requirement: Requirement) -> Label | None:
        """The label that is one typing error away from what is required."""
        if requirement not in self._typos:
            self._typos[requirement] = next(self._within(1, requirement), None)
        return self._typos[requirement]

    def nearest(self, requirement: Requirement) -> Label | None:
        """The label that is one typing error away from what is required, or two."""
        if requirement not in self._nearest:
            self._nearest[requirement] = self.typo(requirement) or next(self._within(2, requirement), None)
        return self._nearest[requirement]

    def _within(self, errors: int, requirement: Requirement) -> Iterator[Label]:
        if requirement.operator is SelectorOperator.EXISTS:
            key = self._keys.near(requirement.key, errors)
            if key:
                yield Label(key)
        elif requirement.operator is SelectorOperator.IN:
            words = self._values.get(requirement.key)
            for value in requirement.values:
                if words is not None and (found := words.near(value, errors)):
                    yield Label(requirement.key, found)
                for key in self._keys_of.get(value, ()):
                    if typing_errors(key, requirement.key) in range(1, errors + 1):
                        yield Label(key, value)


class _Words:
    """Words, filed under themselves and under themselves without any one of their letters."""

    def __init__(self) -> None:
        self._words: dict[str, None] = {}

    def __iter__(self) -> Iterator[str]:
        return iter(self._words)

    def add(self, word: str) -> None:
        if len(word) <= LONGEST:
            self._words[word] = None

    @cached_property
    def _filed(self) -> Mapping[str, Mapping[str, None]]:
        filed: dict[str, dict[str, None]] = {}
        for word in self._words:
            for part in _parts(word):
                filed.setdefault(part, {})[word] = None
        return filed

    def near(self, word: str, errors: int) -> str:
        """The first word, in alphabetical order, that is at most one or two errors away; empty if there is none."""
        if len(word) > LONGEST:
            return ""
        others = {other for part in _parts(word) for other in self._filed.get(part, ())}
        if errors > 1:
            others.update(islice(self._words, MOST_COMPARED))
        return min((other for other in others if typing_errors(word, other) in range(1, errors + 1)), default="")


def _plain(word: str) -> str:
    return _SEPARATORS.sub("", word.casefold())


def _parts(word: str) -> set[str]:
    plain = _plain(word)
    return {plain, *(plain[:place] + plain[place + 1 :] for place in range(len(plain)))}


def typing_errors(one: str, other: str) -> int:
    """How many typing errors apart two words are: 0 if equal, 1, 2, or 3 for more and for what looks intended."""
    if one == other:
        return 0
    if max(len(one), len(other)) > LONGEST or _digits(one) != _digits(other):
        return 3
    left, right = (_SEPARATORS.split(word.casefold()) for word in (one, other))
    if len(left) != len(right) or "".join(left) == "".join(right):
        left, right = ["".join(left)], ["".join(right)]
    return min(3, sum(_errors(*pair) for pair in zip(left, right, strict=True)) or 1)


def _errors(one: str, other: str) -> int:
    """The same of two parts without separators, but 0 also for other capitals."""
    errors, longest = _distance(one, other), max(len(one), len(other))
    if errors == 0:
        return 0
    if errors == 1:
        is_replaced = len(one) == len(other) and sorted(one) != sorted(other)
        return 1 if longest >= (_SHORTEST_REPLACED if is_replaced else _SHORTEST) else 3
    return 2 if errors == 2 and longest >= _SHORTEST_OF_TWO and one[:1] == other[:1] else 3


def _distance(one: str, other: str) -> int:
    """The optimal string alignment distance: letters missing, added or replaced, and neighbours swapped; at most 3."""
    if abs(len(one) - len(other)) > 2:
        return 3
    before: list[int] = []
    last = list(range(len(other) + 1))
    for row, letter in enumerate(one, 1):
        line = [row]
        for column, its in enumerate(other, 1):
            cost = min(last[column] + 1, line[-1] + 1, last[column - 1] + (letter != its))
            if row > 1 and column > 1 and letter == other[column - 2] and one[row - 2] == its:
                cost = min(cost, before[column - 2] + 1)
            line.append(cost)
        if min(line) > 2:
            return 3
        before, last = last, line
    return min(3, last[-1])


def _digits(word: str) -> str:
    return "".join(filter(str.isdigit, word))
