"""Sentences as values, put into words last.

Why: the same explanation is told in English and Korean, in lines and in JSON. Promises that a sentence has words in
every language (`haechi.analysis.explain.words`), that nothing from the input is read as a template, and that Korean
particles fit the word before them: by its last syllable or digit, or neutrally (`을(를)`) where the reading is open.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from string import Formatter

from haechi.analysis.explain.words import WORDS
from haechi.model import Location


class Language(StrEnum):
    """Languages that explanations are told in (ISO 639-1)."""

    ENGLISH = "en"
    KOREAN = "ko"


@dataclass(frozen=True, slots=True)
class Joined:
    """Several values in a row; `by` is the key of what stands between them."""

    values: tuple[Value, ...]
    by: str = "join.comma"


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence, or a phrase inside one.

    Attributes:
        key: which words.
        values: what they are about.
        location: where in the input it stands; None for what stands nowhere.
        below: sentences that belong under it.
    """

    key: str
    values: tuple[tuple[str, Value], ...] = ()
    location: Location | None = None
    below: tuple[Sentence, ...] = ()


Value = str | int | Sentence | Joined


def say(
    key: str, /, *, location: Location | None = None, below: tuple[Sentence, ...] = (), **values: Value
) -> Sentence:
    """A sentence with its values by name."""
    return Sentence(key, tuple(values.items()), location, below)


def in_words(value: Value, language: Language) -> str:
    """The text of a value; of a sentence without those below it."""
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
        """The word, and its particle if one is asked for."""
        text = str(value)
        return text + particle(text, format_spec) if format_spec else text


_FORMATTER = _Formatter()

_CONSONANTS: Mapping[str, bool] = {digit: digit in "013678" for digit in "0123456789"}  # 영 일 이 삼 사 오 육 칠 팔 구
_CLOSED_BY_RIEUL = "178"  # 일 칠 팔: 로, not 으로
_FIRST, _LAST, _FINALS, _RIEUL = 0xAC00, 0xD7A3, 28, 8  # Unicode 3.12, conjoining jamo behaviour


def particle(word: str, pair: str) -> str:
    """The particle after a word.

    Args:
        word: any text; closing brackets and quotes at its end are not read.
        pair: the form after a final consonant and the one after a vowel, as `을/를`.
    """
    closed, _, opened = pair.partition("/")
    last = word.rstrip("\"'`)]}")[-1:]
    code = ord(last) if last else 0
    if _FIRST <= code <= _LAST:
        final = (code - _FIRST) % _FINALS
        consonant, rieul = final > 0, final == _RIEUL
    elif last in _CONSONANTS:
        consonant, rieul = _CONSONANTS[last], last in _CLOSED_BY_RIEUL
    else:
        return f"(으){opened}" if closed == "으로" else f"{closed}({opened})"
    return opened if not consonant or (rieul and closed == "으로") else closed
