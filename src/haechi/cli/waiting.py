"""What a question is busy with, for a person who has been waiting for a second; nothing where nobody looks.

A question is one process in which a single step may take long, so a thread looks at the clock, and the line shows what
was told last. Promises that nothing is written before `DELAY`, that a wiped line stays away until something new is
told, and that no line is left behind. Commands wipe it before they write anything else.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from io import StringIO
from types import TracebackType

from haechi.cli.progress import WIPE, picture
from haechi.cli.terminal import Terminal
from haechi.model import printable

DELAY = 1.0
"""Seconds before anything is shown."""
_INTERVAL = 0.1  # seconds between two pictures, and between two looks at the clock
_Told = tuple[str, int, int]


class Waiting:
    """`with Waiting(errors()) as told:` and then `told("judging assertion", 1, 20)`.

    Args:
        terminal: where the line goes.
        clock: seconds, from any point on.
    """

    def __init__(self, terminal: Terminal, clock: Callable[[], float] = time.monotonic) -> None:
        self._terminal = terminal
        self._clock = clock
        self._begun = self._next = clock()
        self._now: _Told | None = None
        self._shown: _Told | None = None
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    @classmethod
    def unseen(cls) -> Waiting:
        """One that shows nothing to anybody."""
        return cls(Terminal(StringIO()))

    def __call__(self, words: str, done: int = 0, total: int = 0) -> None:
        """Say what is being done: new words are shown at once, counts (`done` of `total`) now and then."""
        known = self._now is not None and self._now[0] == words
        self._now = (words, done, total)
        if not known or self._clock() >= self._next:
            self.look()

    def look(self) -> None:
        """Show what is being done, if it is time for that."""
        now = self._clock()
        if not self._terminal.interactive or now - self._begun < DELAY:
            return
        with self._lock:
            if self._now is not None and self._now != self._shown:
                words, done, total = self._shown = self._now
                self._next = now + _INTERVAL
                self._write(WIPE + picture(printable(words), done, total, self._terminal.width or 80))

    def wipe(self) -> None:
        """Make room for other output: nothing is shown until something new is told."""
        with self._lock:
            self._now = None
            if self._shown is not None:
                self._shown = None
                self._write(WIPE)

    def _write(self, text: str) -> None:
        self._terminal.write(text)
        self._terminal.stream.flush()

    def __enter__(self) -> Waiting:
        if self._terminal.interactive:
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
                self.look()
        except (OSError, ValueError):
            return  # the terminal has gone away
