"""`import haechi`: the door of the library."""

from __future__ import annotations

import subprocess
import sys

import pytest

import haechi


@pytest.mark.parametrize("name", haechi.__all__)
def test_every_name_is_there(name: str) -> None:
    assert getattr(haechi, name) is not None


def test_no_other_name_is() -> None:
    assert dir(haechi) == haechi.__all__
    with pytest.raises(AttributeError, match="module 'haechi' has no attribute 'Klaster'"):
        haechi.Klaster  # noqa: B018


def test_nothing_is_imported_before_it_is_used() -> None:
    program = "import sys, haechi; print(*(name for name in sys.modules if name.startswith('haechi.')))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
