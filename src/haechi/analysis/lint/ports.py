"""Checks of ports: numbers, names and Services."""

from __future__ import annotations

from haechi.analysis.lint.check import Check

CHECKS: tuple[Check, ...] = ()
