"""Running the command line in this process, as a person would type it."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from haechi.cli import main


@dataclass(frozen=True)
class Outcome:
    """What a command gave back."""

    code: int
    out: str
    err: str


Haechi = Callable[..., Outcome]


@pytest.fixture
def haechi(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Haechi:
    """Run `haechi ARGUMENTS...`; `stdin` is its standard input."""

    def run(*arguments: object, stdin: str | bytes = b"") -> Outcome:
        content = stdin.encode() if isinstance(stdin, str) else stdin
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
        code = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Outcome(code, captured.out, captured.err)

    return run
