"""Running the command line in this process, as a person would type it."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import pytest

from haechi.cli import main
from haechi.files import opening
from tests.report.documents import checked, checked_junit, checked_sarif


@dataclass(frozen=True)
class Outcome:
    """What a command gave back."""

    code: int
    out: str
    err: str


Haechi = Callable[..., Outcome]


@pytest.fixture(autouse=True)
def no_writer_comes_late(monkeypatch: pytest.MonkeyPatch) -> None:
    """A named pipe without a writer is given up at once."""
    monkeypatch.setattr(opening, "WRITER_TIMEOUT", 0.01)


@pytest.fixture
def haechi(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Haechi:
    """Run `haechi ARGUMENTS...`; `stdin` is its standard input."""

    def run(*arguments: object, stdin: str | bytes = b"") -> Outcome:
        content = stdin.encode() if isinstance(stdin, str) else stdin
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
        code = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        check_form([str(argument) for argument in arguments], captured.out)
        return Outcome(code, captured.out, captured.err)

    return run


def check_form(arguments: Sequence[str], out: str) -> None:
    """Fail unless a document on standard output has the form of its kind."""
    forms = {"json": checked, "sarif": checked_sarif, "junit": checked_junit}
    for option, form in pairwise(arguments):
        if out and option in ("-o", "--output") and form in forms:
            forms[form](out)
