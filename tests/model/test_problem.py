"""Paths as text and back, and problems as one safe line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haechi.model import (
    Code,
    Location,
    ObjectName,
    Path,
    Problem,
    Severity,
    path_steps,
    path_text,
    printable,
    shortened,
)

NAMES = st.text(alphabet="abcXYZ09_-", min_size=1)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ((), ""),
        (("spec",), "spec"),
        (("spec", "ingress", 0, "from", 12), "spec.ingress[0].from[12]"),
        (("items", 3, "spec", "podSelector"), "items[3].spec.podSelector"),
    ],
)
def test_a_path_is_written_as_the_server_writes_it(path: Path, text: str) -> None:
    """Dots before names, brackets around indexes."""
    assert path_text(path) == text
    assert path_steps(text) == path


@given(st.lists(NAMES | st.integers(0, 99)).map(lambda steps: ("spec", *steps)))
def test_paths_survive_a_round_trip(path: Path) -> None:
    """Names without dots need no brackets."""
    assert path_steps(path_text(path)) == path


def test_a_key_with_dots_goes_in_brackets() -> None:
    """As the label keys of a domain."""
    assert path_steps("metadata.labels[example.com/a]") == ("metadata", "labels", "example.com/a")


def test_a_problem_is_one_line_that_says_all() -> None:
    """Place, severity, subject, message, hint."""
    problem = Problem(
        Severity.ERROR,
        Code.TYPE,
        "must be so",
        Location("a.yaml", 3, 5),
        ObjectName("Pod", "x", "y"),
        ("spec",),
        "try this",
    )
    assert str(problem) == "a.yaml:3:5: error: Pod/x/y: must be so (try this)"
    assert str(Problem(Severity.WARNING, Code.EMPTY, "empty", Location("a.yaml"))) == "a.yaml: warning: empty"


@given(st.text())
def test_nothing_that_a_terminal_could_misread_is_printed(text: str) -> None:
    """Controls, separators and surrogates are escaped; what is printable stays as it is."""
    assert printable(text).isprintable()
    assert printable(printable(text)) == printable(text)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("x" * 200, "x" * 200),
        ("x" * 201, "x" * 200 + "…"),
        ('"' + "a b " * 100 + '"', '"' + ("a b " * 100)[:200] + '…"'),
        (r'"' + r"\"" * 300 + r'"', '"' + (r"\"" * 300)[:200] + '…"'),
        ("spec." + "y" * 10_000_000, "spec." + "y" * 195 + "…"),
    ],
)
def test_a_value_in_a_message_is_cut(value: str, shown: str) -> None:
    assert shortened(f"Invalid value: {value}") == f"Invalid value: {shown}"
    assert shortened(f"{value}: must be short")[:200] == shown[:200]


@given(st.text(alphabet='a "\\', max_size=30), st.integers(1, 2000))
def test_no_message_has_a_longer_word_nor_takes_long(text: str, times: int) -> None:
    shown = shortened(text * times)
    assert all(len(word) <= 201 for word in shown.split())
    assert shown == text * times if len(text * times) <= 200 else len(shown) <= 10_001
