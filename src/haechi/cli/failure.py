"""How a command ends: its exit code, and the error that every command may raise."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum

from haechi.errors import HaechiError


class ExitCode(IntEnum):
    """The exit code of the process."""

    GOOD = 0
    FOUND = 1
    """A finding or a mismatch."""
    UNUSABLE = 2
    """Input or arguments that cannot be used, or missing privileges or kernel features."""
    INTERRUPTED = 130
    """128 + SIGINT, as in shells."""
    NOBODY_READS = 141
    """128 + SIGPIPE, as in shells."""


class CommandError(HaechiError):
    """A command that cannot do its work.

    Attributes:
        message: what is wrong, one sentence; empty if it has been reported already.
        argument: the argument at fault, such as `--port`, or empty.
        hints: what to do about it, one line each.
    """

    def __init__(self, message: str, argument: str = "", hints: Iterable[str] = ()) -> None:
        self.message = message
        self.argument = argument
        self.hints = tuple(hints)
        super().__init__(message, argument, self.hints)

    def __str__(self) -> str:
        where = f"{self.argument}: " if self.argument else ""
        return "\n".join([where + self.message, *(f"  {hint}" for hint in self.hints)])


def unknown_name(argument: str, name: str, known: Iterable[str], what: str) -> CommandError:
    """The error for an unknown name, with the closest known ones.

    Args:
        argument: where it was given.
        name: the name.
        known: all known names.
        what: the kind of thing that it should name, such as `a node`.
    """
    from difflib import get_close_matches

    names = sorted(set(known))
    close = get_close_matches(name, names, n=3, cutoff=0.5)
    if close:
        hint = f"did you mean {' or '.join(close)}?"
    elif names:
        more = f" and {len(names) - 8} more" if len(names) > 8 else ""
        hint = f"there is: {', '.join(names[:8])}{more}"
    else:
        hint = "there is none"
    return CommandError(f"{name!r} is not {what}", argument, (hint,))
