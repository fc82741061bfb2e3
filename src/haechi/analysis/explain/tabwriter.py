"""Columns as Go's text/tabwriter aligns them, with kubectl's parameters (padding 2, no minimum width, blanks).

Why: `kubectl describe` writes through it, so a tab inside an annotation moves columns too. Promises the same output for
any text: cells end at a tab or vertical tab, neighbouring lines that have a cell in a column share its width, a form
feed or a line of one cell ends all columns.
"""

from __future__ import annotations

import re

_PADDING = 2
_Line = list[str]


def aligned(text: str) -> str:
    """The text with its cells padded."""
    written: list[str] = []
    block: list[_Line] = []
    *complete, last = re.split(r"(?<=[\n\f])", text)
    for line in complete:
        cells = re.split(r"[\t\v]", line[:-1])
        block.append(cells)
        if line.endswith("\f") or len(cells) == 1:
            _format(block, written)
            block = []
    if last:
        block.append(re.split(r"[\t\v]", last))
    _format(block, written)
    joined = "\n".join(written)
    return joined if last or not complete else joined + "\n"


def _format(block: list[_Line], written: list[str]) -> None:
    """Pad every cell but the last of each line to the widest of its column block."""
    widths: list[list[int]] = [[] for _ in block]
    _measure(block, widths, 0, 0, len(block))
    for cells, row in zip(block, widths, strict=True):
        padded = [cell + " " * (width - len(cell)) for cell, width in zip(cells, row, strict=False)]
        written.append("".join([*padded, *cells[len(row) :]]))


def _measure(block: list[_Line], widths: list[list[int]], column: int, first: int, end: int) -> None:
    line = first
    while line < end:
        if column >= len(block[line]) - 1:
            line += 1
            continue
        begin = line
        while line < end and column < len(block[line]) - 1:
            line += 1
        width = max(len(block[each][column]) for each in range(begin, line)) + _PADDING
        for each in range(begin, line):
            widths[each].append(width)
        _measure(block, widths, column + 1, begin, line)
