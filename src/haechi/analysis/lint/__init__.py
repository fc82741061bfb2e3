"""Likely mistakes in NetworkPolicies and tiers: each check has a stable code and a section in docs/lint."""

from haechi.analysis.lint.catalogue import (
    CATALOGUE,
    UnknownCode,
    lint,
    run_checks,
    select_checks,
)
from haechi.analysis.lint.check import Check
from haechi.analysis.lint.finding import Finding, Fix
from haechi.analysis.lint.ignores import ALL, IGNORE_ANNOTATION

__all__ = [
    "ALL", "CATALOGUE", "IGNORE_ANNOTATION", "Check", "Finding", "Fix", "UnknownCode", "lint", "run_checks",
    "select_checks",
]  # fmt: skip
