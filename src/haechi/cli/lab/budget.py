"""`--budget`: how long a lab may take, and what is written about its size before it begins."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from haechi.cli.failure import CommandError
from haechi.cli.wording import counted

if TYPE_CHECKING:
    from haechi.lab import ChosenConnections

DEFAULT = "60s"
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600}
_DURATION = re.compile(r"(\d{1,9}(?:\.\d{1,3})?)([smh]?)", re.ASCII)


def parse_budget(text: str) -> float | None:
    """Seconds; None for `none` and 0, which are no limit.

    Raises:
        CommandError: it is neither `none` nor a number with or without s, m or h.
    """
    if text == "none":
        return None
    found = _DURATION.fullmatch(text)
    if not found:
        raise CommandError(f"{text!r} is not a duration such as 90s, 5m or 1h, nor none", "--budget")
    return float(found[1]) * _SECONDS[found[2]] or None


def size(chosen: ChosenConnections) -> str:
    """How large a run is and how long it takes."""
    lab = f"a lab of {counted(chosen.pods, 'pod')}"
    takes = f"about {duration(chosen.seconds)}"
    if chosen.sample is None:
        return f"{lab}, {counted(chosen.connections, 'connection')}: {takes}"
    return (
        f"{lab}: a sample of {chosen.connections} of {counted(chosen.every, 'connection')}, {takes}"
        f" (--budget none: all of them, about {duration(chosen.seconds_for_all)})"
    )


def duration(seconds: float) -> str:
    """`8 s`, `2 min 30 s`, `3 h 20 min`."""
    whole = max(1, round(seconds))
    hours, minutes = divmod(whole // 60, 60)
    parts = [(hours, "h"), (minutes, "min"), (0 if hours else whole % 60, "s")]
    return " ".join(f"{number} {unit}" for number, unit in parts if number)
