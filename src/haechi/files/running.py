"""Running a tool on an untrusted folder: its output and its time are bounded, and none of its processes is left."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from haechi.files.opening import MAX_BYTES

TIMEOUT = 120.0
"""Seconds that a tool may take; a kustomization may fetch what it refers to."""
_CHUNK = 64 * 1024


def run(
    command: list[str], folder: Path, given: bytes = b"", *, env: Mapping[str, str] | None = None
) -> tuple[int | None, bytes, bytes]:
    """Exit code, output and the end of standard error of a command in a folder; `given` is its standard input.

    The exit code is None if the command did not end within `TIMEOUT`. Output beyond `MAX_BYTES` ends it.
    """
    out, err, deadline = bytearray(), b"", time.monotonic() + TIMEOUT
    with tempfile.TemporaryFile() as stdin:
        stdin.write(given)
        stdin.seek(0)
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=env,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    code = None
    with process, selectors.DefaultSelector() as ready:
        try:
            for pipe in (process.stdout, process.stderr):
                ready.register(pipe, selectors.EVENT_READ)  # type: ignore[arg-type]
            while ready.get_map() and len(out) <= MAX_BYTES and (left := deadline - time.monotonic()) > 0:
                for key, _ in ready.select(left):
                    if not (chunk := os.read(key.fd, _CHUNK)):
                        ready.unregister(key.fileobj)
                    elif key.fileobj is process.stdout:
                        out += chunk
                    else:
                        err = (err + chunk)[-_CHUNK:]
            if not ready.get_map():
                with suppress(subprocess.TimeoutExpired):
                    code = process.wait(max(deadline - time.monotonic(), 0))
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
    return code, bytes(out), err
