"""How long a lab may take, in and out."""

from __future__ import annotations

import pytest

from haechi.cli.failure import CommandError
from haechi.cli.lab.budget import duration, parse_budget, size
from haechi.lab import ChosenConnections
from haechi.report import LabSample


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90), ("90s", 90), ("1.5m", 90), ("2h", 7200), ("0", None), ("0s", None), ("none", None)],
)
def test_a_duration_has_a_unit_or_is_in_seconds(text: str, seconds: float | None) -> None:
    assert parse_budget(text) == seconds


@pytest.mark.parametrize("text", ["", "-1", "1d", "s", "1e3", "nan", "inf", "1 s", "None", "٣", "9" * 10])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(CommandError, match="is not a duration such as 90s, 5m or 1h, nor none"):
        parse_budget(text)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "1 s"), (59.4, "59 s"), (59.6, "1 min"), (150, "2 min 30 s"), (3600, "1 h"), (12_030, "3 h 20 min")],
)
def test_durations_in_words(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_the_size_of_a_run_of_everything_and_of_a_sample() -> None:
    whole = ChosenConnections((), (), 0, 100_000, 100_000)
    assert size(whole) == "a lab of 0 pods, 100000 connections: about 30 s"
    sample = ChosenConnections((), (), 0, 100_000, 1_000_000, LabSample(1_000_000, 0, ()))
    assert size(sample) == (
        "a lab of 0 pods: a sample of 100000 of 1000000 connections, about 30 s"
        " (--budget none: all of them, about 5 min)"
    )
