"""Checks of ipBlocks: what they hold besides what was meant."""

from __future__ import annotations

from haechi.analysis.lint.check import Check

CHECKS: tuple[Check, ...] = ()
