"""Opening a file that somebody named: regular files only, so that nothing can block or never end."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

MAX_BYTES = 256 * 1024 * 1024
"""How much is read of one file, and of what one tool builds."""


def open_regular(path: Path) -> BinaryIO:
    """The file, opened for reading.

    Raises:
        OSError: it cannot be opened, or is a FIFO, a device or a folder.
    """
    # Opening a FIFO would wait for a writer. What was opened is looked at, not what was there before.
    file = os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC), "rb", closefd=True)
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise OSError(errno.EINVAL, "is not a regular file")
    return file
