"""Assertions about connectivity: a file of them, every packet that they mean, and whether policies agree."""

from haechi.analysis.assertions.check import AssertionCheck, checks, single_addresses
from haechi.analysis.assertions.file import Suite, read_suites
from haechi.analysis.assertions.judging import AssertionOutcome, Judgement, NamedEnd, Violation, judge
from haechi.analysis.assertions.observed import ObservedConnection, judge_observed
from haechi.analysis.assertions.world import World

__all__ = [
    "AssertionCheck", "AssertionOutcome", "Judgement", "NamedEnd", "ObservedConnection", "Suite", "Violation",
    "World", "checks", "judge", "judge_observed", "read_suites", "single_addresses",
]  # fmt: skip
