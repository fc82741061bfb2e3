"""The labels that some pods or namespaces carry, and which of them somebody may have meant.

Why: most selectors that miss do so by one letter. Promises that `slip` finds a label only if it is one slip of the
keyboard away (a letter too many, too few, wrong, two swapped, or other capitals and dashes), which is evidence of a
mistake; `nearest` guesses further and is good for hints only. Numbers tell things apart: `app-1` is no slip of `app-2`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from functools import cached_property
from itertools import islice

from haechi.select import Requirement, SelectorOperator

MOST_GUESSED = 200
"""Words that a guess looks at; a slip is found among any number."""
LONGEST = 320
"""Characters of the longest word that is looked at: valid keys have at most 317."""
_SHORTEST, _SHORTEST_REPLACED = 4, 5  # letters of a word in which one may be missing, or wrong
_IGNORED = str.maketrans("", "", "-_./ ")


class Vocabulary:
    """Keys and values of labels.

    Args:
        many: the labels of each thing; equal ones need to be given only once.
    """

    def __init__(self, many: Iterable[Mapping[str, str]]) -> None:
        self._values: dict[str, _Words] = {}
        self._keys = _Words()
        self._keys_of: dict[str, dict[str, None]] = {}
        self._nearest: dict[Requirement, str] = {}
        for pair in dict.fromkeys(pair for labels in many for pair in labels.items()):
            self._keys.add(pair[0])
            self._values.setdefault(pair[0], _Words()).add(pair[1])
            self._keys_of.setdefault(pair[1], {})[pair[0]] = None

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def values(self, key: str) -> list[str]:
        """The values that a key has, sorted."""
        return sorted(self._values[key]) if key in self._values else []

    def slip(self, requirement: Requirement) -> str:
        """The label, as `key=value` or `key`, one slip away from what is required; empty if there is none."""
        if requirement.operator is SelectorOperator.EXISTS:
            return self._keys.slip(requirement.key)
        if requirement.operator is not SelectorOperator.IN:
            return ""
        words = self._values.get(requirement.key)
        for value in requirement.values:
            if words is not None and (found := words.slip(value)):
                return f"{requirement.key}={found}"
            for key in self._keys_of.get(value, ()):
                if is_slip(key, requirement.key):
                    return f"{key}={value}"
        return ""

    def nearest(self, requirement: Requirement) -> str:
        """The label that was most likely meant; empty if none is near."""
        found = self._nearest.get(requirement)
        if found is None:
            found = self._nearest[requirement] = self.slip(requirement) or next(self._guesses(requirement), "")
        return found

    def renamed(self, requirement: Requirement) -> str:
        """A wanted value under another key, where nothing has the wanted key; empty if there is none."""
        is_in, values = requirement.operator is SelectorOperator.IN, requirement.values
        known = [value for value in values if value in self._keys_of] if is_in and requirement.key not in self else []
        if not known:
            return ""
        key = min(self._keys_of[known[0]], key=lambda key: (requirement.key not in key, key))
        return f"{key}={known[0]}"

    def _guesses(self, requirement: Requirement) -> Iterator[str]:
        """The same value under another key, then words that look alike."""
        if renamed := self.renamed(requirement):
            yield renamed
        for value in requirement.values if requirement.operator is SelectorOperator.IN else ():
            if requirement.key in self:
                for near in self._values[requirement.key].alike(value):
                    yield f"{requirement.key}={near}"
        if requirement.operator is SelectorOperator.EXISTS:
            yield from self._keys.alike(requirement.key)


class _Words:
    """Words, filed under what they become without any one of their letters."""

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

    def slip(self, word: str) -> str:
        """The first word, in alphabetical order, that is a slip of this one."""
        if len(word) > LONGEST:
            return ""
        found = {other for part in _parts(word) for other in self._filed.get(part, ()) if is_slip(word, other)}
        return min(found, default="")

    def alike(self, word: str) -> list[str]:
        """The other word that looks most like this one, if any does."""
        if len(word) > LONGEST:
            return []
        others = [other for other in islice(self._words, MOST_GUESSED) if other != word]
        longer = [other for other in others if min(len(word), len(other)) >= _SHORTEST and _begins(word, other)]
        return longer[:1] or get_close_matches(word, others, n=1)


def _begins(one: str, other: str) -> bool:
    return one.startswith(other) or other.startswith(one)


def _plain(word: str) -> str:
    return word.casefold().translate(_IGNORED)


def _parts(word: str) -> set[str]:
    plain = _plain(word)
    return {plain, *(plain[:place] + plain[place + 1 :] for place in range(len(plain)))}


def is_slip(one: str, other: str) -> bool:
    """Whether two different words are one slip of the keyboard apart."""
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
