"""Checks of what policies do together: connections that cannot come about, workloads that stand open."""

from __future__ import annotations

from haechi.analysis.lint.check import Check

CHECKS: tuple[Check, ...] = ()
