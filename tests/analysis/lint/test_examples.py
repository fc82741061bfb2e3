"""The examples are meant to be clean: nothing is found in any of them but that some are open, as they mean to be."""

from __future__ import annotations

from pathlib import Path

import pytest

from haechi import Cluster

EXAMPLES = Path(__file__).parents[3] / "examples"
FOLDERS = sorted(path.parent.relative_to(EXAMPLES).as_posix() for path in EXAMPLES.rglob("verdicts.txt"))

OPEN = {
    "default-allow-egress": [("open-egress", "allow-all-egress")],
    "default-allow-ingress": [("open-ingress", "allow-all-ingress")],
    "recipes/06-allow-external-traffic": [("open-ingress", "web-for-visitors")],
    "recipes/11-default-deny-and-allow": [("open-ingress", "frontend")],
    "recipes/12-named-port": [("open-ingress", "web-http")],
}


@pytest.mark.parametrize("folder", FOLDERS)
def test_nothing_is_found_in_an_example_but_what_it_is_about(folder: str) -> None:
    found = [(one.code, one.object.name) for one in Cluster.load(str(EXAMPLES / folder)).lint()]
    assert found == OPEN.get(folder, [])
