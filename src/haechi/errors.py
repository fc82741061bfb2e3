"""The root of the errors that Haechi raises for what it is given; programming errors are Python's own."""

from __future__ import annotations

from collections.abc import Iterable


class HaechiError(Exception):
    """Something that was asked or given cannot be used. Facts are in the fields; `str()` puts them into words."""


def suggestion(name: str, known: Iterable[str]) -> str:
    """`did you mean …?` with the closest known names, or what there is."""
    from difflib import get_close_matches

    names = sorted(set(known))
    close = get_close_matches(name, names, n=3, cutoff=0.5)
    if close:
        return f"did you mean {' or '.join(close)}?"
    if not names:
        return "there is none"
    more = f" and {len(names) - 8} more" if len(names) > 8 else ""
    return f"there is: {', '.join(names[:8])}{more}"
