"""Assertions about connectivity: a file of them, every packet that they mean, and whether policies agree."""

from haechi.analysis.assertions.check import Check, checks, single_addresses
from haechi.analysis.assertions.file import Suite, read_suites
from haechi.analysis.assertions.judging import Difference, End, Judgement, Outcome, judge
from haechi.analysis.assertions.observed import ObservedConnection, judge_observed
from haechi.analysis.assertions.world import World

__all__ = [
    "Check",
    "Difference",
    "End",
    "Judgement",
    "ObservedConnection",
    "Outcome",
    "Suite",
    "World",
    "checks",
    "judge",
    "judge_observed",
    "read_suites",
    "single_addresses",
]
