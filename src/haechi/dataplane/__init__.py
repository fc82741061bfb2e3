"""Policies as kernel rules. Pure: `haechi.netlink` sends what this package computes."""

from haechi.dataplane.judge import TABLE
from haechi.dataplane.node import NodeRuleset

__all__ = [
    "TABLE",
    "NodeRuleset",
]
