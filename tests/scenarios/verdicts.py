"""Expected verdicts as a text that people write and read.

Why: what a policy must do is written down by hand from the specification, never computed by what is being tested. The
scenarios and the `verdicts.txt` of each example share this form:

    # a comment
    otherwise allowed
    denied    * -> default/db                 *
    allowed   default/front-* -> default/db   6379/TCP

`otherwise` comes first. Then, for a verdict, patterns (as in `fnmatch`, capitals count) on the client's name, on the
server's name and on `PORT/PROTOCOL`; the last line that matches decides. A pod is `namespace/name`, a host outside the
cluster `host/name`. A pod always reaches itself, whatever the lines say (specification: it cannot block itself).
Refuses, with the line's number, whatever has another form.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

_WORDS = {"allowed": True, "denied": False}


class VerdictsError(ValueError):
    """A text that is no table of verdicts.

    Attributes:
        line: its number, from 1; 0 for the text as a whole.
        fault: what is wrong with it.
    """

    def __init__(self, line: int, fault: str) -> None:
        super().__init__(line, fault)
        self.line = line
        self.fault = fault

    def __str__(self) -> str:
        return f"line {self.line}: {self.fault}"


@dataclass(frozen=True, slots=True)
class Line:
    """One line: a verdict on what its three patterns match. `number` is its place in the text, from 1."""

    number: int
    allowed: bool
    source: str
    destination: str
    port: str

    def matches(self, source: str, destination: str, port: str) -> bool:
        """Whether the line speaks of this client, this server and this `PORT/PROTOCOL`."""
        return (
            fnmatchcase(source, self.source)
            and fnmatchcase(destination, self.destination)
            and fnmatchcase(port, self.port)
        )


@dataclass(frozen=True, slots=True)
class Verdicts:
    """A verdict for every client, server, port and protocol."""

    otherwise: bool
    lines: tuple[Line, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Verdicts:
        """Read the form above.

        Raises:
            VerdictsError: a line has another form, or there is none.
        """
        found = _fields(text)
        number, first = next(found, (0, []))
        if len(first) != 2 or first[0] != "otherwise" or first[1] not in _WORDS:
            raise VerdictsError(number, "expected `otherwise allowed` or `otherwise denied`")
        return cls(_WORDS[first[1]], tuple(_line(number, fields) for number, fields in found))

    def deciding(self, source: str, destination: str, port: int, protocol: str) -> Line | None:
        """The line that decides; None where `otherwise` does, or where a pod talks to itself."""
        if source == destination:
            return None
        text = f"{port}/{protocol}"
        return next((line for line in reversed(self.lines) if line.matches(source, destination, text)), None)

    def allowed(self, source: str, destination: str, port: int, protocol: str) -> bool:
        """Whether `source` reaches `destination` on this port; `protocol` is TCP, UDP or SCTP."""
        if source == destination:
            return True
        line = self.deciding(source, destination, port, protocol)
        return self.otherwise if line is None else line.allowed


def _fields(text: str) -> Iterator[tuple[int, list[str]]]:
    for number, line in enumerate(text.splitlines(), 1):
        if fields := line.partition("#")[0].split():
            yield number, fields


def _line(number: int, fields: list[str]) -> Line:
    match fields:
        case [word, source, "->", destination, port] if word in _WORDS:
            return Line(number, _WORDS[word], source, destination, port)
        case _:
            raise VerdictsError(number, "expected `allowed|denied CLIENT -> SERVER PORT/PROTOCOL`")
