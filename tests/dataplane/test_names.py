"""Names are functions of the content that nft reads back; comments always fit."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haechi import engine, select, sets
from haechi.dataplane import NodeRuleset
from haechi.dataplane.names import comment, content_name
from haechi.engine import Engine
from haechi.model import PolicyKey
from haechi.nft import Chain
from haechi.nft.names import check_comment, check_name
from tests.dataplane.cases import CASES

HOSTILE = ['say "hi"', "tab\tnewline\n", "\x00\x7f", "해태", "\ud800", "a" * 300, "", "$x", "\\", "}", ";", "#"]
anything = st.text(alphabet=st.characters(exclude_categories=()), max_size=60)


@given(st.sampled_from(("eg", "in", "pods4", "named6_sctp")), anything)
def test_every_definition_has_a_name_that_nft_reads_back(kind: str, definition: str) -> None:
    check_name("set", content_name(kind, definition))


@given(anything, anything)
def test_names_are_equal_if_and_only_if_definitions_are(one: str, other: str) -> None:
    assert (content_name("eg", one) == content_name("eg", other)) is (one == other)


def test_parts_of_a_definition_do_not_run_into_each_other() -> None:
    definitions = [("a", "b"), ("ab", ""), ("a', 'b",), (("a",), "b"), ["a", "b"]]
    assert len({content_name("eg", each) for each in definitions}) == len(definitions)


def test_names_are_the_same_in_every_process() -> None:
    """No hash seed takes part, or nodes would disagree and a restart would rewrite everything."""
    code = """if True:
        from haechi.dataplane import NodeRuleset
        from haechi.engine import Engine
        from tests.dataplane.cases import CASES
        print([*NodeRuleset(Engine.of(CASES["everything"]), "n").ruleset().chains])"""
    said = {
        subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed}, check=True, capture_output=True
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(said) == 1


def test_renaming_a_class_renames_nothing_in_the_kernel() -> None:
    """Or an upgrade that only tidies the code would replace every chain and set of every node."""

    def names() -> set[str]:
        made = NodeRuleset(Engine.of(CASES["everything"]), "n").ruleset()
        return {*made.chains, *made.sets, *made.maps}

    before = names()
    public = [vars(module)[name] for module in (engine, select, sets) for name in module.__all__]
    classes = {each: each.__name__ for each in (*public, PolicyKey) if isinstance(each, type)}
    try:
        for each in classes:
            each.__name__ = each.__qualname__ = "Renamed"
        assert "Renamed" in repr(engine.ANY_POD)
        assert names() == before
    finally:
        for each, name in classes.items():
            each.__name__ = each.__qualname__ = name


@given(st.lists(st.one_of(st.sampled_from(HOSTILE), anything), max_size=60))
def test_comments_always_fit(names: list[str]) -> None:
    found = comment("pods", names)
    check_comment("set", found)
    assert found.startswith("pods")
    assert found.isascii()


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ([], "egress"),
        (["x/a"], "egress x/a"),
        (["x/a", "x/b"], "egress x/a, x/b"),
        (["a" * 130], "egress and 1 more"),
        (["a" * 60, "b" * 60, "c"], f"egress {'a' * 60} and 2 more"),
        (["a" * 121], f"egress {'a' * 121}"),
        (["a" * 122], "egress and 1 more"),
        (['"x"\n'], "egress ?x??"),
    ],
)
def test_a_comment_names_as_many_as_fit(names: list[str], words: str) -> None:
    assert comment("egress", names) == words


def test_a_comment_counts_names_that_it_never_looks_at() -> None:
    """A pod may be selected by ten thousand policies."""
    found = comment("egress", (f"x/p{number}" for number in range(10_000)))
    shown = found.count("x/p")
    assert found.endswith(f" and {10_000 - shown} more")
    assert shown > 10


def test_the_shortest_names_fill_a_comment() -> None:
    assert len(comment("in", "abcdefgh" * 100)) > 110


def test_a_comment_is_as_good_as_its_nouns_demand() -> None:
    assert Chain("c", comment=comment("x" * 500, HOSTILE)).comment
