"""The labels that pods or namespaces have, and which of them a selector with a typo may have meant.

Why: most selectors that select nothing are wrong by one letter. Promises that `typo` finds a label only if it is one
typing error away (a letter missing, added, replaced, two swapped, or other capitals and dashes), which is evidence of a
mistake; `nearest` guesses further and is good for hints only. Numbers are names: `app-1` is no typo of `app-2`.

Words are filed under themselves and under themselves without any one of their letters. Two words that are one typing
error apart share such a part, so a look-up compares a word with few others:

    web     web  eb  wb  we
    webs    webs ebs wbs wes web      an added letter leaves "web"
    wbe     wbe  be  we  wb           swapped letters leave "we" and "wb"
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from functools import cached_property
from itertools import islice
from typing import NamedTuple

from haechi.select import Requirement, SelectorOperator

MOST_COMPARED = 200
"""Words that a guess compares; a typo is found among any number."""
LONGEST = 320
"""Characters of the longest word that is compared: valid keys have at most 317."""
_SHORTEST, _SHORTEST_REPLACED = 4, 5  # letters of a word in which one may be missing, or replaced
_IGNORED = str.maketrans("", "", "-_./ ")


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
        if requirement.operator is SelectorOperator.EXISTS:
            key = self._keys.typo(requirement.key)
            return Label(key) if key else None
        if requirement.operator is not SelectorOperator.IN:
            return None
        words = self._values.get(requirement.key)
        for value in requirement.values:
            if words is not None and (found := words.typo(value)):
                return Label(requirement.key, found)
            for key in self._keys_of.get(value, ()):
                if is_typo(key, requirement.key):
                    return Label(key, value)
        return None

    def nearest(self, requirement: Requirement) -> Label | None:
        """The label that was most likely meant."""
        if requirement not in self._nearest:
            self._nearest[requirement] = self.typo(requirement) or next(self._guesses(requirement), None)
        return self._nearest[requirement]

    def renamed(self, requirement: Requirement) -> Label | None:
        """A required value under another key, where nothing has the required key."""
        is_in, values = requirement.operator is SelectorOperator.IN, requirement.values
        known = [value for value in values if value in self._keys_of] if is_in and requirement.key not in self else []
        if not known:
            return None
        key = min(self._keys_of[known[0]], key=lambda key: (requirement.key not in key, key))
        return Label(key, known[0])

    def _guesses(self, requirement: Requirement) -> Iterator[Label]:
        """The same value under another key, then words that look alike."""
        if renamed := self.renamed(requirement):
            yield renamed
        for value in requirement.values if requirement.operator is SelectorOperator.IN else ():
            if requirement.key in self:
                for near in self._values[requirement.key].alike(value):
                    yield Label(requirement.key, near)
        if requirement.operator is SelectorOperator.EXISTS:
            yield from map(Label, self._keys.alike(requirement.key))


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

    def typo(self, word: str) -> str:
        """The first word, in alphabetical order, of which this one is a typo; empty if there is none."""
        if len(word) > LONGEST:
            return ""
        found = {other for part in _parts(word) for other in self._filed.get(part, ()) if is_typo(word, other)}
        return min(found, default="")

    def alike(self, word: str) -> list[str]:
        """The other word that looks most like this one, if any does."""
        if len(word) > LONGEST:
            return []
        others = [other for other in islice(self._words, MOST_COMPARED) if other != word]
        longer = [other for other in others if min(len(word), len(other)) >= _SHORTEST and _begins(word, other)]
        return longer[:1] or get_close_matches(word, others, n=1)


def _begins(one: str, other: str) -> bool:
    return one.startswith(other) or other.startswith(one)


def _plain(word: str) -> str:
    return word.casefold().translate(_IGNORED)


def _parts(word: str) -> set[str]:
    plain = _plain(word)
    return {plain, *(plain[:place] + plain[place + 1 :] for place in range(len(plain)))}


def is_typo(one: str, other: str) -> bool:
    """Whether two different words are one typing error apart."""
    if one == other or max(len(one), len(other)) > LONGEST or _digits(one) != _digits(other):
        return False
    short, long = sorted((_plain(one), _plain(other)), key=len)
    if short == long:
        return True
    if len(long) - len(short) == 1:
        return len(long) >= _SHORTEST and any(long[:n] + long[n + 1 :] == short for n in range(len(long)))
    differing = [n for n, (left, right) in enumerate(zip(short, long, strict=False)) if left != right]
    if len(short) != len(long) or len(long) < _SHORTEST or len(differing) > 2:
        return False
    if len(differing) == 1:
        return len(long) >= _SHORTEST_REPLACED
    first, second = differing
    return second == first + 1 and short[first] == long[second] and short[second] == long[first]


def _digits(word: str) -> str:
    return "".join(filter(str.isdigit, word))
