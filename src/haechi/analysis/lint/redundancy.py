"""Checks of what could go without any change: items, rules and policies that others cover."""

from __future__ import annotations

from haechi.analysis.lint.check import Check

CHECKS: tuple[Check, ...] = ()
