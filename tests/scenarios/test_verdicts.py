"""A table of verdicts says what a person reads in it."""

from __future__ import annotations

import pytest

from tests.scenarios.verdicts import Verdicts, VerdictsError

TABLE = """
# what the table shows
otherwise allowed

denied    * -> default/db             *          # nobody reaches the database
allowed   default/front-* -> default/db   6379/TCP
"""


@pytest.mark.parametrize(
    ("source", "destination", "port", "protocol", "expected"),
    [
        ("default/front-0", "default/db", 6379, "TCP", True),
        ("default/front-0", "default/db", 6379, "UDP", False),
        ("default/front-0", "default/db", 6380, "TCP", False),
        ("default/Front-0", "default/db", 6379, "TCP", False),
        ("host/outside", "default/db", 6379, "TCP", False),
        ("default/db", "default/front-0", 80, "TCP", True),
        ("default/db", "default/db", 80, "TCP", True),
    ],
)
def test_the_last_line_that_matches_decides(
    source: str, destination: str, port: int, protocol: str, expected: bool
) -> None:
    assert Verdicts.parse(TABLE).allowed(source, destination, port, protocol) is expected


def test_without_lines_otherwise_decides() -> None:
    assert not Verdicts.parse("otherwise denied").allowed("a/b", "a/c", 80, "TCP")


def test_a_pod_always_reaches_itself() -> None:
    assert Verdicts.parse("otherwise denied\ndenied * -> * *").allowed("a/b", "a/b", 80, "TCP")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", 0),
        ("# only a comment\n", 0),
        ("\ndenied * -> * *", 2),
        ("otherwise perhaps", 1),
        ("otherwise allowed\n\ndenied * -> *", 3),
        ("otherwise allowed\ndenied * to * *", 2),
        ("otherwise allowed\nrefused * -> * *", 2),
        ("otherwise allowed\notherwise denied", 2),
    ],
)
def test_another_form_is_refused_with_its_line(text: str, line: int) -> None:
    with pytest.raises(VerdictsError, match=f"^line {line}: expected") as caught:
        Verdicts.parse(text)
    assert caught.value.line == line
