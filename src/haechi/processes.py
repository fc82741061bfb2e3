"""Running programs of others: their output and their time are bounded, and none of their processes is left."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import time
from contextlib import suppress

_CHUNK = 64 * 1024


def finish(process: subprocess.Popen[bytes], most: int, seconds: float | None) -> tuple[int | None, bytes, bytes]:
    """Exit code, output and the end of standard error of a process, as far as they are pipes.

    The code is None if the process was killed: it did not end within `seconds`, or printed more than `most` bytes; the
    output is longer than that then. Afterwards nothing is left of its session, if it has its own.
    """
    out, err, deadline = bytearray(), b"", time.monotonic() + (seconds or 0)
    code = None
    with process, selectors.DefaultSelector() as ready:
        try:
            for pipe in (process.stdout, process.stderr):
                if pipe is not None:
                    ready.register(pipe, selectors.EVENT_READ)
            while ready.get_map() and len(out) <= most:
                left = None if seconds is None else deadline - time.monotonic()
                if left is not None and left <= 0:
                    break
                for key, _ in ready.select(left):
                    if not (chunk := os.read(key.fd, _CHUNK)):
                        ready.unregister(key.fileobj)
                    elif key.fileobj is process.stdout:
                        out += chunk
                    else:
                        err = (err + chunk)[-_CHUNK:]
            if not ready.get_map():
                with suppress(subprocess.TimeoutExpired):
                    code = process.wait(None if seconds is None else max(deadline - time.monotonic(), 0))
        finally:
            kill(process)
    return code, bytes(out), err


def kill(process: subprocess.Popen[bytes]) -> None:
    """Kill all processes of its session, or the process alone if it has none of its own."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        process.kill()
