"""Assertions about connectivity: a file of them, every packet that they mean, and whether policies agree."""

from haechi.analysis.assertions.check import Check, checks, single_addresses
from haechi.analysis.assertions.file import Suite, read_suites
from haechi.analysis.assertions.judging import MOST_DIFFERENCES, Difference, End, Judgement, Outcome, allowing, judge
from haechi.analysis.assertions.world import World

__all__ = [
    "MOST_DIFFERENCES",
    "Check",
    "Difference",
    "End",
    "Judgement",
    "Outcome",
    "Suite",
    "World",
    "allowing",
    "checks",
    "judge",
    "read_suites",
    "single_addresses",
]
