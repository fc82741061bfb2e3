"""Lists and numbers of things in words."""

from __future__ import annotations

from collections.abc import Sequence


def joined(words: Sequence[str], last: str = "and") -> str:
    """`a`, `a and b`, `a, b and c`."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"


def first_names(names: Sequence[str], most: int | None = 3) -> str:
    """`a, b and c`, or of many the first `most` and how many more: `a, b, c and 9 more`."""
    if most is None or len(names) <= most + 1:  # a name is as short as "1 more"
        return joined(names)
    return joined([*names[:most], f"{len(names) - most} more"])


def counted(number: int, noun: str, plural: str = "") -> str:
    """`1 pod`, `2 pods`."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"
