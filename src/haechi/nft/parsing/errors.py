"""Errors of reading nft syntax.

Text that is not valid is a `ParseError` with its position. A rule, set or chain that is valid but not supported is a
`NotUnderstoodError`, which becomes an `Unknown` within this package.
"""

from __future__ import annotations

from haechi.errors import HaechiError


class ParseError(HaechiError, ValueError):
    """Text that is not a ruleset in nft syntax, or not the requested one.

    Attributes:
        line: the line, counted from 1.
        column: the column in characters, counted from 1.
        reason: what is wrong.
    """

    def __init__(self, line: int, column: int, reason: str) -> None:
        super().__init__(line, column, reason)
        self.line = line
        self.column = column
        self.reason = reason

    def __str__(self) -> str:
        return f"line {self.line}, column {self.column}: {self.reason}"


class NotUnderstoodError(Exception):
    """A part of a ruleset that is not supported.

    Attributes:
        reason: what is not supported.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
