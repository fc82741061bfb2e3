"""Text to statements: words up to a newline, semicolon or brace, with their places.

It promises to look at each character a bounded number of times and never to recurse, so that neither size nor nesting
hurts, and that nothing is passed over silently: comments are left out, except those in which Haechi's own print says
that it did not understand something. It refuses control characters, text that is not Unicode, strings that do not end
in their line, and braces that do not match.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from haechi.nft.parsing.errors import ParseError

MARKER: Final = "# not understood:"
"""How `haechi.nft.Unknown` prints: a comment to nft, a word here."""

_WORD: Final = re.compile(
    r"""(?:[ \t\r]|\\\r?\n)*+              # nft continues a line after a backslash
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
"""Ten times a large node's; a text of millions of one-letter rules would take gigabytes."""
_MOST_WORDS: Final = 1_000_000
"""Of a statement, or between braces where something is quoted: a list of millions would take gigabytes."""
_DEEPEST: Final = 16
"""Braces inside braces; nft itself knows four."""


class Statement(NamedTuple):
    """Words that belong together.

    Attributes:
        words: strings with their quotes, comments of Haechi's with their ``#``.
        end: what they end with: ``{``, ``}``, ``;``, a newline, or nothing at the end of the text.
        start: where the first word begins (where there is none, the end).
        stop: where the last word ends.
    """

    words: list[str]
    end: str
    start: int
    stop: int


def unquoted(word: str) -> str | None:
    """What is between quotes; None for a word that is not quoted."""
    return word[1:-1] if len(word) > 1 and word[0] == word[-1] == '"' else None


def comment_of(words: list[str]) -> str | None:
    """The text of ``comment "text"``; None for any other statement."""
    return unquoted(words[1]) if len(words) == 2 and words[0] == "comment" else None


class Scanner:
    """A text and how much of it has been read.

    Attributes:
        text: all of it.
        position: of the next character.
    """

    def __init__(self, text: str | bytes) -> None:
        """Begin at the beginning. Raises `ParseError` for what is not text."""
        self.text = text if isinstance(text, str) else _decoded(text)
        self.position = 0
        self._statements = 0
        found = _BINARY.search(self.text)
        if found is not None:
            raise self.error(f"the character {found[0]!a}: this is not text", found.start())

    def error(self, reason: str, position: int | None = None) -> ParseError:
        """The error at a position, or at the present one."""
        at = self.position if position is None else position
        line = self.text.count("\n", 0, at) + 1
        return ParseError(line, at - self.text.rfind("\n", 0, at), reason)

    def statement(self, *, rest: bool = False) -> Statement:
        """The next words; none where a brace or the end of the text follows.

        Args:
            rest: of a line of which some has been read: its end counts even without words before it.

        Raises:
            ParseError: a string that does not end, or a character that nft knows in strings only.
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
        """Read up to the brace that matches one that has just been read. Raises `ParseError` if there is none."""
        opened, depth = self.position - 1, 1
        while depth:
            found = _SKIPPED.match(self.text, self.position)
            self.position = found.end() if found is not None else self.position
            brace = self.text[self.position : self.position + 1]
            if not brace:
                raise self.error("this brace is never closed", opened)
            if brace == '"':
                raise self.error(_trouble(self.text, self.position))
            depth += 1 if brace == "{" else -1
            if depth > _DEEPEST:
                raise self.error(f"more than {_DEEPEST} braces inside each other")
            self.position += 1

    def elements(self) -> list[str] | list[list[str]] | None:
        """What is between a brace that has just been read and its match, by commas.

        Returns:
            Plain texts where there is nothing quoted (so that 300,000 elements take a tenth of a second), else lists
            of words; None where there are braces inside.
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
                raise self.error("this brace is never closed", opened)
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
        return "this string does not end in its line"
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
