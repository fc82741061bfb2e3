"""The progress line: what a command is busy with, shown on a terminal, and in logs now and then.

A single step of a question may take long, so a thread looks at the clock, and the line shows the latest step. Promises
that nothing is written before `DELAY`, that a wiped line stays away until the next step, and that no line is left
behind. Commands wipe it before they write anything else. It is plain text between carriage returns, so a process that
is killed leaves nothing that must be undone.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from io import StringIO
from types import TracebackType

from haechi.cli.terminal import Terminal
from haechi.model import printable

DELAY = 1.0
"""Seconds before anything is shown."""
LOG_INTERVAL = 10.0
"""Seconds between two lines in a log."""
WIPE = "\r\x1b[K"
"""Back to the beginning of an empty line."""
_INTERVAL = 0.1  # seconds between two pictures, and between two looks at the clock
_Step = tuple[str, str, int, int]  # words, detail, done, total


class ProgressLine:
    """`with ProgressLine(errors()) as progress:` and then `progress("judging assertion", 1, 20)`.

    Args:
        terminal: where the line goes; silent if it is not interactive.
        clock: seconds, from any point on.
        in_child: whether a forked process reports the steps. Then they are shown at once, without a thread, and the
            line is wiped although this process did not draw it.
        logged: whether, where there is no terminal, the latest step is written as a line of its own at most every
            `LOG_INTERVAL`, unless nothing has changed.
    """

    def __init__(
        self,
        terminal: Terminal,
        clock: Callable[[], float] = time.monotonic,
        *,
        in_child: bool = False,
        logged: bool = False,
    ) -> None:
        self._terminal = terminal
        self._clock = clock
        self._in_child = in_child
        self._logged = logged and not terminal.interactive
        self._next = clock()
        self._first = self._next + (0 if in_child else DELAY)
        self._log = self._next + LOG_INTERVAL
        self._step: _Step | None = None
        self._shown: _Step | None = None  # on the terminal, or last in the log
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    @classmethod
    def silent(cls) -> ProgressLine:
        """One that shows nothing."""
        return cls(Terminal(StringIO()))

    def __call__(self, words: str, done: int = 0, total: int = 0, detail: str = "") -> None:
        """Report a step: new words are shown at once, counts (`done` of `total`) and details now and then."""
        known = self._step is not None and self._step[0] == words
        self._step = (words, detail, done, total)
        if not known or self._clock() >= self._next:
            self.refresh()

    def refresh(self) -> None:
        """Show the latest step, if it is time for that."""
        now = self._clock()
        due = self._log if self._logged else self._first
        if now < due or not (self._logged or self._terminal.interactive):
            return
        with self._lock:
            if self._step is None or self._step == self._shown:
                return
            words, detail, done, total = self._shown = self._step
            text = printable(f"{words} {detail}".rstrip())
            if self._logged:
                self._log = now + LOG_INTERVAL
                self._write(f"{text}{_count(done, total)}\n")
            else:
                self._next = now + _INTERVAL
                self._write(WIPE + picture(text, done, total, self._terminal.width or 80))

    def wipe(self) -> None:
        """Make room for other output: nothing is shown until the next step."""
        with self._lock:
            self._step = None
            if self._terminal.interactive and (self._shown is not None or self._in_child):
                self._shown = None
                self._write(WIPE)

    def _write(self, text: str) -> None:
        self._terminal.write(text)
        self._terminal.stream.flush()

    def __enter__(self) -> ProgressLine:
        if (self._terminal.interactive or self._logged) and not self._in_child:
            self._thread = threading.Thread(target=self._watch, daemon=True)
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        if self._thread is not None:
            self._thread.join()
        self.wipe()

    def _watch(self) -> None:
        try:
            while not self._ended.wait(_INTERVAL):
                self.refresh()
        except (OSError, ValueError):
            return  # the terminal has gone away


def picture(words: str, done: int, total: int, width: int) -> str:
    """`sending packets ━━━━━━──── 512/1188`, narrower than the window."""
    count = _count(done, total).strip()
    room = min(40, width - len(words) - len(count) - 3)
    if room < 4 or total <= 1:
        return f"{words[: max(width - len(count) - 2, 0)]} {count}"[: width - 1]
    full = room * min(done, total) // total
    return f"{words} {'━' * full}{'─' * (room - full)} {count}"


def _count(done: int, total: int) -> str:
    return f" {done}/{total}" if total > 1 else ""
