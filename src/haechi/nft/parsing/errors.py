"""What can go wrong when nft syntax is read.

Two things, kept apart: text that cannot be followed (`ParseError`, with its place), and a rule, set or chain that can
be followed and is not understood (`NotUnderstoodError`, which never leaves this package: it becomes an `Unknown`).
"""

from __future__ import annotations


class ParseError(ValueError):
    """Text that is not a ruleset in nft syntax, or not the one that was asked for.

    Attributes:
        line: where, counted from 1.
        column: where in the line, in characters counted from 1.
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
    """A part of a ruleset that no noun expresses.

    Attributes:
        reason: what it is about it.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
