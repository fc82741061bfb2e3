"""The nft tool, which judges what Haechi prints. It runs in the caller's network namespace."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]


def nft(*arguments: str, feed: str = "") -> str:
    """What ``nft`` prints. Fails the test if nft is missing or refuses."""
    done = attempt(*arguments, feed=feed)
    if done.returncode:
        pytest.fail(f"nft {' '.join(arguments)}: {done.stderr}\n{feed}")
    return done.stdout


def attempt(*arguments: str, feed: str = "") -> subprocess.CompletedProcess[str]:
    """Run ``nft``, whatever it says."""
    return subprocess.run([_find(), *arguments], input=feed, capture_output=True, text=True, check=False, timeout=60)


def _find() -> str:
    for each in (_ROOT / ".tools" / "nft", shutil.which("nft"), "/usr/sbin/nft"):
        if each is not None and Path(each).exists():
            return str(each)
    pytest.fail("the nft tool is missing: 'make test' brings it")
