"""Labels to bitmaps.

`Selector` is a label selector in canonical form: two selectors that differ only in order, repetition or redundancy are
equal and hash alike. `LabelIndex` is an inverted index that turns a selector into the bitmap of the objects it matches.
"""

from haechi.select.index import LabelIndex
from haechi.select.selector import EVERYTHING, NOTHING, InvalidSelector, Requirement, Selector, SelectorOperator

__all__ = [
    "EVERYTHING", "NOTHING", "InvalidSelector", "LabelIndex", "Requirement", "Selector", "SelectorOperator",
]  # fmt: skip
