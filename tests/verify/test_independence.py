"""The proof shares with what it judges exactly what docs/proof.md names, and so does the reference."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.test_imports import ROOT, imported, sources

MODULES = sources(ROOT)
PAGE = Path(__file__).parents[2] / "docs/proof.md"


def packages(*roots: str) -> set[str]:
    """The packages that these packages import, directly or by way of others, themselves included."""
    reached: set[str] = set()
    waiting = [name for name in MODULES for root in roots if name == root or name.startswith(f"{root}.")]
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += [each for each in imported(MODULES[name], MODULES) if each in MODULES]
    return {name.split(".")[1] for name in reached if "." in name}


def named(sentence: str) -> set[str]:
    """The packages that a sentence of the page names; `...` in it stands for them."""
    text = " ".join(PAGE.read_text(encoding="utf-8").split())
    before, after = map(re.escape, sentence.split("..."))
    (found,) = re.findall(f"{before}(.*?){after}", text)
    return set(re.findall(r"`(?:haechi\.)?(\w+)`", found))


@pytest.mark.parametrize(
    ("side", "sentence"),
    [("verify", "The two sides share ... and nothing else"), ("reference", "The reference shares only ... with them")],
)
def test_what_a_side_shares_with_engine_and_compiler_is_what_the_page_names(side: str, sentence: str) -> None:
    shared = packages(f"haechi.{side}") & packages("haechi.engine", "haechi.dataplane")
    assert shared - {"errors"} == named(sentence)
    assert shared


def test_the_graph_of_imports_is_seen() -> None:
    assert {"verify", "reference", "model", "sets", "nft"} <= packages("haechi.verify")
    assert {"dataplane", "engine", "select", "model", "sets", "nft"} <= packages("haechi.dataplane")
    assert "select" not in packages("haechi.verify")
