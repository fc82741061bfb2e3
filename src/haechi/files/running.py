"""Running a tool on an untrusted folder: its output and its time are bounded, and none of its processes is left."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from haechi import processes
from haechi.files.opening import MAX_BYTES

TIMEOUT = 120.0
"""Seconds that a tool may take; a kustomization may fetch what it refers to."""


def run(
    command: list[str], folder: Path, given: bytes = b"", *, env: Mapping[str, str] | None = None
) -> tuple[int | None, bytes, bytes]:
    """Exit code, output and the end of standard error of a command in a folder; `given` is its standard input.

    The exit code is None if the command did not end within `TIMEOUT`. Output beyond `MAX_BYTES` ends it.
    """
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
    return processes.finish(process, MAX_BYTES, TIMEOUT)
