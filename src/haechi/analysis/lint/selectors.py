"""Checks of selectors: pods and namespaces that are meant, and that are not."""

from __future__ import annotations

from haechi.analysis.lint.check import Check

CHECKS: tuple[Check, ...] = ()
