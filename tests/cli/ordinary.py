"""The command line as an ordinary user types it, even where the tests run as root."""

from __future__ import annotations

import ctypes
import io
import json
import os
import sys

from haechi.cli import main
from tests.cli.conftest import Outcome, check_form

NOBODY = 65534
_PR_SET_DUMPABLE = 4


def as_ordinary_user(*arguments: str, stdin: str) -> Outcome:
    """Run `haechi ARGUMENTS...` in a child process, as user 65534 if the tests run as root."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(writing, json.dumps(_run(arguments, stdin)).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with open(reading, "rb") as pipe:  # noqa: PTH123  (a descriptor)
        code, out, err = json.loads(pipe.read())
    os.waitpid(child, 0)
    check_form(arguments, out)
    return Outcome(code, out, err)


def _run(arguments: tuple[str, ...], stdin: str) -> tuple[int, str, str]:
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
        # A process that has changed its user may not write its own maps unless it is dumpable; a shell's would be.
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 1, 0, 0, 0)
    out, err = io.StringIO(), io.StringIO()
    sys.stdin = io.TextIOWrapper(io.BytesIO(stdin.encode()))
    sys.stdout, sys.stderr = out, err
    return main(list(arguments)), out.getvalue(), err.getvalue()
