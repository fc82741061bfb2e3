"""Opening files so that nothing can block or never end: regular ones, and pipes that a person named."""

from __future__ import annotations

import errno
import os
import select
import stat
from pathlib import Path
from typing import BinaryIO

SUFFIXES = (".yaml", ".yml", ".json")
"""Of the files that a folder stands for."""
MAX_BYTES = 256 * 1024 * 1024
"""How much is read of one file, and of what one tool builds."""
WRITER_TIMEOUT = 5.0
"""Seconds that a named pipe may be without any writer."""


def open_regular(path: Path, *, or_pipe: bool = False) -> BinaryIO:
    """The file, opened for reading; with `or_pipe` also a pipe, which does not block then: see `read_pipe`.

    Raises:
        OSError: it cannot be opened, or is a FIFO, a device or a folder.
    """
    # Opening a FIFO would wait for a writer. What was opened is looked at, not what was there before.
    file = os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC), "rb", closefd=True)
    mode = os.fstat(file.fileno()).st_mode
    if not (stat.S_ISREG(mode) or (or_pipe and stat.S_ISFIFO(mode))):
        file.close()
        raise OSError(errno.EINVAL, "is not a regular file")
    return file


def read_pipe(pipe: int, most: int) -> bytes:
    """What is written to a pipe that does not block, until its writers have closed it or `most` bytes are exceeded.

    Raises:
        OSError: nobody opens it for writing within `WRITER_TIMEOUT`.
    """
    ready = select.poll()
    ready.register(pipe, select.POLLIN)
    data = bytearray()
    while len(data) <= most:
        try:
            chunk = os.read(pipe, 1 << 16)
        except BlockingIOError:
            ready.poll()  # its writer is at work
            continue
        if not chunk and (data or any(event & select.POLLHUP for _, event in ready.poll(0))):
            break
        if not chunk and not ready.poll(WRITER_TIMEOUT * 1000):
            raise OSError(errno.ETIMEDOUT, "nothing writes to this pipe")
        data += chunk
    return bytes(data)
