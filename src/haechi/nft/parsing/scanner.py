"""Text to statements: words up to a newline, semicolon or brace, with their positions.

Each character is read a bounded number of times and there is no recursion, so that large and deeply nested input is
harmless. Comments are skipped, except those that stand for an `Unknown` in Haechi's own print. Control characters, text
that is not Unicode, strings that do not end on their line and unmatched braces are errors.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from haechi.nft.parsing.errors import ParseError

MARKER: Final = "# not understood:"
"""The beginning of the print of a `haechi.nft.Unknown`: a comment to nft, a word here."""

_WORD: Final = re.compile(
    r"""(?:[ \t\r]|\\\r?\n)*+              # a backslash continues a line
        ( "[^"\n]*+" | \#[^\n]*+ | [!<>=]= | [^ \t\r\n{};,"\#=<>!\\]++ | [{};,=<>!\n] )""",
    re.VERBOSE,
)
_BLANK: Final = re.compile(r"(?:[ \t\r\n;]++|#(?! not understood:)[^\n]*+)*+")
_BINARY: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_SKIPPED: Final = re.compile(r'(?:[^{}"#]++|"[^"\n]*+"|#[^\n]*+)*+')
_PLAIN: Final = re.compile(r'[^{}"#\\;\x80-\U0010ffff]*+')
_ENDS: Final = frozenset("{};\n")
_SHOWN: Final = 40
MOST_STATEMENTS: Final = 500_000
"""Ten times those of a large node; a text of millions of one-letter rules would take gigabytes."""
_MOST_WORDS: Final = 1_000_000
"""Of a statement, or in braces with quotes: a list of millions would take gigabytes."""
_DEEPEST: Final = 16
"""Levels of braces; nft has four."""


class Statement(NamedTuple):
    """Words that belong together.

    Attributes:
        words: strings with their quotes, comments of Haechi with their ``#``.
        end: the character that ends them: ``{``, ``}``, ``;``, a newline, or nothing at the end of the text.
        start: the beginning of the first word (the end, if there are no words).
        stop: the end of the last word.
    """

    words: list[str]
    end: str
    start: int
    stop: int


def unquoted(word: str) -> str | None:
    """A word without its quotes; None for a word that is not quoted."""
    return word[1:-1] if len(word) > 1 and word[0] == word[-1] == '"' else None


def comment_of(words: list[str]) -> str | None:
    """The text of ``comment "text"``; None for any other statement."""
    return unquoted(words[1]) if len(words) == 2 and words[0] == "comment" else None


class Scanner:
    """A text and the position up to which it has been read.

    Attributes:
        text: the whole text.
        position: of the next character.
    """

    def __init__(self, text: str | bytes) -> None:
        """A scanner at the beginning. Raises `ParseError` for what is not text."""
        self.text = text if isinstance(text, str) else _decoded(text)
        self.position = 0
        self._statements = 0
        found = _BINARY.search(self.text)
        if found is not None:
            raise self.error(f"the character {found[0]!a}: this is not text", found.start())

    def error(self, reason: str, position: int | None = None) -> ParseError:
        """An error at a position, by default the current one."""
        at = self.position if position is None else position
        line = self.text.count("\n", 0, at) + 1
        return ParseError(line, at - self.text.rfind("\n", 0, at), reason)

    def statement(self, *, rest: bool = False) -> Statement:
        """The next words; none where a brace or the end of the text follows.

        Args:
            rest: whether part of the line has been read: its end is returned even without words before it.

        Raises:
            ParseError: a string that does not end, or a character that nft allows in strings only.
        """
        text, position, match = self.text, self.position, _WORD.match
        if not rest and (blank := _BLANK.match(text, position)) is not None:
            position = blank.end()
        words: list[str] = []
        start = stop = -1
        while (found := match(text, position)) is not None:
            word = found[1]
            position = found.end()
            if word in _ENDS:
                if not words and not rest and word in ";\n":
                    continue  # after a comment
                self.position = position
                self._count()
                return Statement(words, word, start if words else position - 1, stop if words else position - 1)
            if word[0] == "#" and not word.startswith(MARKER):
                continue
            if not words:
                start = found.start(1)
            words.append(word)
            stop = position
            if len(words) > _MOST_WORDS:
                raise self.error(f"more than {_MOST_WORDS} words", start)
        self.position = len(text) - len(text[position:].lstrip(" \t\r"))
        if self.position < len(text):
            raise self.error(_trouble(text, self.position))
        return Statement(words, "", start if words else self.position, stop if words else self.position)

    def _count(self) -> None:
        self._statements += 1
        if self._statements > MOST_STATEMENTS:
            raise self.error(f"more than {MOST_STATEMENTS} statements")

    def skip_block(self) -> None:
        """Skip to the end of the block whose brace has just been read. Raises `ParseError` if there is none."""
        opened, depth = self.position - 1, 1
        while depth:
            found = _SKIPPED.match(self.text, self.position)
            self.position = found.end() if found is not None else self.position
            brace = self.text[self.position : self.position + 1]
            if not brace:
                raise self.error("this brace is not closed", opened)
            if brace == '"':
                raise self.error(_trouble(self.text, self.position))
            depth += 1 if brace == "{" else -1
            if depth > _DEEPEST:
                raise self.error(f"more than {_DEEPEST} braces inside each other")
            self.position += 1

    def elements(self) -> list[str] | list[list[str]] | None:
        """The items, separated by commas, of the block whose brace has just been read.

        Returns:
            Plain texts if nothing is quoted (so that 300,000 elements take a tenth of a second), otherwise lists of
            words; None if the block contains other blocks.
        """
        plain = _PLAIN.match(self.text, self.position)
        end = plain.end() if plain is not None else self.position
        if self.text[end : end + 1] == "}":
            inside = self.text[self.position : end]
            self.position = end + 1
            return _without_last(inside.split(","))
        return self._quoted_elements()

    def _quoted_elements(self) -> list[list[str]] | None:
        opened = self.position - 1
        words: list[str] = []
        nested = False
        while True:
            read = self.statement()
            words += read.words
            if len(words) > _MOST_WORDS:
                raise self.error(f"more than {_MOST_WORDS} words", opened)
            if read.end == "":
                raise self.error("this brace is not closed", opened)
            if read.end == "}":
                return None if nested else _by_commas(words)
            nested |= read.end in "{;"
            if read.end == "{":
                self.skip_block()


def _decoded(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line = before.count(b"\n") + 1
        column = len(before[before.rfind(b"\n") + 1 :].decode()) + 1
        raise ParseError(line, column, f"the byte {data[error.start]:#04x} is not UTF-8") from None


def _trouble(text: str, position: int) -> str:
    if text[position] == '"':
        return "this string does not end on its line"
    return f"{text[position : position + _SHOWN].splitlines()[0]!a} is not nft syntax"


def _without_last(items: list[str]) -> list[str]:
    """The items; a comma may follow the last one, and there may be none."""
    if not items[-1].strip():
        items.pop()
    return items


def _by_commas(words: list[str]) -> list[list[str]]:
    items: list[list[str]] = [[]]
    for word in words:
        if word == ",":
            items.append([])
        else:
            items[-1].append(word)
    if not items[-1]:
        items.pop()
    return items
