"""One line on standard error that says how far a run is; nothing where nobody looks.

It is written by the lab's own process and wiped by the caller, whatever became of that process, so it is plain text
between carriage returns: no hidden cursor, no thread, nothing that must be undone.
"""

from __future__ import annotations

import time
from types import TracebackType

from haechi.cli.terminal import Terminal

_INTERVAL = 0.05  # seconds between two pictures
WIPE = "\r\x1b[K"
"""Back to the beginning of an empty line."""


class ProgressLine:
    """`with ProgressLine(terminal) as told:` and then `told(words, done, total)` from any process."""

    def __init__(self, terminal: Terminal) -> None:
        self.terminal = terminal
        self._words = ""
        self._next = 0.0

    def __call__(self, words: str, done: int, total: int) -> None:
        """Show what is being done, how much of it is done and how much there is."""
        now = time.monotonic()
        if not self.terminal.interactive or (words == self._words and now < self._next):
            return
        self._words, self._next = words, now + _INTERVAL
        self.terminal.write(f"{WIPE}{picture(words, done, total, self.terminal.width or 80)}")
        self.terminal.stream.flush()

    def wipe(self) -> None:
        """Leave no trace of it."""
        if self.terminal.interactive:
            self.terminal.write(WIPE)
            self.terminal.stream.flush()

    def __enter__(self) -> ProgressLine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.wipe()


def picture(words: str, done: int, total: int, width: int) -> str:
    """`sending packets ━━━━━━──── 512/1188`, narrower than the window."""
    count = f"{done}/{total}" if total > 1 else ""
    room = min(40, width - len(words) - len(count) - 3)
    if room < 4 or total <= 1:
        return f"{words[: max(width - len(count) - 2, 0)]} {count}"[: width - 1]
    full = room * min(done, total) // total
    return f"{words} {'━' * full}{'─' * (room - full)} {count}"
