"""Mistakes that people make with NetworkPolicies: each check has a stable code and a section in docs/lint."""

from haechi.analysis.lint.catalogue import ALL, CATALOGUE, IGNORE, UnknownCode, chosen, findings, lint
from haechi.analysis.lint.check import Check
from haechi.analysis.lint.finding import Finding, Fix, Severity

__all__ = [
    "ALL",
    "CATALOGUE",
    "IGNORE",
    "Check",
    "Finding",
    "Fix",
    "Severity",
    "UnknownCode",
    "chosen",
    "findings",
    "lint",
]
