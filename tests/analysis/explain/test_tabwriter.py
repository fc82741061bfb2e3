"""Columns are those of Go's text/tabwriter (tests/analysis/test_describe.py compares them with kubectl's)."""

from __future__ import annotations

import pytest

from haechi.analysis.explain.tabwriter import aligned


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("a", "a"),
        ("a\tb\n", "a  b\n"),
        ("a\tb\nlong\tc\n", "a     b\nlong  c\n"),
        ("a\tb\nalone\nlong\tc\n", "a  b\nalone\nlong  c\n"),
        ("a\tb\tc\nd\te\nf\tlong\tg", "a  b  c\nd  e\nf  long  g"),
        ("가\tb\nlong\tc\n", "가     b\nlong  c\n"),
        ("a\vb\n", "a  b\n"),
        ("a\tb\flong\tc\n", "a  b\nlong  c\n"),
        ("\tb\n", "  b\n"),
        ("\n\n", "\n\n"),
    ],
)
def test_cells_of_neighbouring_lines_are_aligned(text: str, expected: str) -> None:
    assert aligned(text) == expected
