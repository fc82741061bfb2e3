"""Sentences as values, put into words last.

Why: the same explanation is printed in English and Korean, as text and as JSON. Promises that a sentence has words in
every language (`haechi.analysis.explain.words`), that nothing from the input is read as a template, and that Korean
particles fit the word before them: by its last syllable or digit, or as `을(를)` where the reading is ambiguous.

    Sentence("rule.both.in", number 1, total 2)     Rule 1 of 2 allows an incoming connection if both ...
     ├─ Sentence("peers.one.in", peer ...)            from pods in namespace shop that have label app=web
     └─ Sentence("ports.one", port ...)               on TCP port 80
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from string import Formatter

from haechi.analysis.explain.words import WORDS
from haechi.model import Location


class Language(StrEnum):
    """Languages of explanations (ISO 639-1)."""

    ENGLISH = "en"
    KOREAN = "ko"


@dataclass(frozen=True, slots=True)
class Joined:
    """Values in a row; `by` is the key of the separator."""

    values: tuple[Value, ...]
    by: str = "join.comma"


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence, or a phrase inside one.

    Attributes:
        key: of its words in `WORDS`.
        values: for the fields in its words.
        location: the place in the input that it describes; None if there is none.
        below: sentences that give its details.
    """

    key: str
    values: tuple[tuple[str, Value], ...] = ()
    location: Location | None = None
    below: tuple[Sentence, ...] = ()

    @classmethod
    def of(
        cls, key: str, /, *, location: Location | None = None, below: tuple[Sentence, ...] = (), **values: Value
    ) -> Sentence:
        """A sentence with its values by name."""
        return cls(key, tuple(values.items()), location, below)


Value = str | int | Sentence | Joined


def in_words(value: Value, language: Language) -> str:
    """The text of a value; of a sentence, without the sentences below it."""
    match value:
        case Sentence():
            known = {name: in_words(each, language) for name, each in value.values}
            return _FORMATTER.vformat(_template(value.key, language), (), known)
        case Joined():
            return _template(value.by, language).join(in_words(each, language) for each in value.values)
        case _:
            return str(value)


def _template(key: str, language: Language) -> str:
    english, korean = WORDS[key]
    return english if language is Language.ENGLISH else korean


class _Formatter(Formatter):
    """`{word:을/를}` is the word with the particle that fits it."""

    def format_field(self, value: object, format_spec: str) -> str:
        """The word, with its particle if the field names one."""
        text = str(value)
        return text + particle(text, format_spec) if format_spec else text


_FORMATTER = _Formatter()

_CONSONANTS: Mapping[str, bool] = {digit: digit in "013678" for digit in "0123456789"}  # 영 일 이 삼 사 오 육 칠 팔 구
_ENDING_IN_RIEUL = "178"  # 일 칠 팔: 로, not 으로
_FIRST, _LAST, _FINALS, _RIEUL = 0xAC00, 0xD7A3, 28, 8  # Unicode 3.12, conjoining jamo behaviour


def particle(word: str, pair: str) -> str:
    """The particle after a word.

    Args:
        word: any text; closing brackets and quotes at its end are ignored.
        pair: the form after a final consonant and the one after a vowel, as `을/를`.
    """
    after_consonant, _, after_vowel = pair.partition("/")
    last = word.rstrip("\"'`)]}")[-1:]
    code = ord(last) if last else 0
    if _FIRST <= code <= _LAST:
        final = (code - _FIRST) % _FINALS
        consonant, rieul = final > 0, final == _RIEUL
    elif last in _CONSONANTS:
        consonant, rieul = _CONSONANTS[last], last in _ENDING_IN_RIEUL
    else:
        return f"(으){after_vowel}" if after_consonant == "으로" else f"{after_consonant}({after_vowel})"
    return after_vowel if not consonant or (rieul and after_consonant == "으로") else after_consonant
