"""How a command ends: its exit code, and the error that every command may raise."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from enum import IntEnum

from haechi.errors import HaechiError, suggestion


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


@contextmanager
def named_by(arguments: Mapping[str, str]) -> Iterator[None]:
    """Turn the errors of a name, port or Service into those of the command line.

    Args:
        arguments: what the parameters of the question are called there.
    """
    from haechi.analysis.cluster import AmbiguousName, UnknownName
    from haechi.analysis.why import UnknownPort, UnusableService

    try:
        yield
    except UnknownName as error:
        hints = (error.hint,) if error.hint else ()
        raise CommandError(error.reason, arguments.get(error.argument, error.argument), hints) from error
    except AmbiguousName as error:
        raise CommandError(error.reason, arguments.get(error.argument, error.argument)) from error
    except UnknownPort as error:
        raise CommandError(str(error), "PORT") from error
    except UnusableService as error:
        raise CommandError(str(error)) from error


def unknown_name(argument: str, name: str, known: Iterable[str], what: str) -> CommandError:
    """The error for an unknown name, with the closest known ones.

    Args:
        argument: where it was given.
        name: the name.
        known: all known names.
        what: the kind of thing that it should name, such as `a node`.
    """
    return CommandError(f"{name!r} is not {what}", argument, (suggestion(name, known),))
