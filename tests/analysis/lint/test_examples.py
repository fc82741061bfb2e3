"""The examples are meant to be clean: nothing is found in any of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from haechi import Cluster

EXAMPLES = Path(__file__).parents[3] / "examples"
FOLDERS = sorted(path.parent.relative_to(EXAMPLES).as_posix() for path in EXAMPLES.rglob("verdicts.txt"))


@pytest.mark.parametrize("folder", FOLDERS)
def test_nothing_is_found_in_an_example(folder: str) -> None:
    assert list(map(str, Cluster.load(str(EXAMPLES / folder)).lint())) == []
