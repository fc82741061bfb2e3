"""What a process has open."""

from __future__ import annotations

from pathlib import Path


def open_descriptors() -> list[str]:
    """The numbers of the calling process's open files, with that of the folder that is being read."""
    return sorted(entry.name for entry in Path("/proc/self/fd").iterdir())
