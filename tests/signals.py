"""Signals as a terminal's shell leaves them, whoever started the tests.

`nohup` starts programs with SIGHUP ignored, a script's `&` with SIGINT ignored; both hold for what they start in turn.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager

_EXEC = """\
import os, signal, sys
ignored = [int(number) for number in sys.argv[1].split()]
for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
    signal.signal(number, signal.SIG_IGN if number in ignored else signal.SIG_DFL)
os.execvp(sys.argv[2], sys.argv[2:])
"""


def with_signals(command: Iterable[str], *, ignored: Collection[signal.Signals] = ()) -> list[str]:
    """The command, started with SIGHUP, SIGINT and SIGTERM at their defaults but for those to ignore."""
    return [sys.executable, "-c", _EXEC, " ".join(str(int(number)) for number in ignored), *command]


@contextmanager
def interruptible() -> Iterator[None]:
    """SIGINT raises KeyboardInterrupt in this process, as if it had been started from a terminal."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
