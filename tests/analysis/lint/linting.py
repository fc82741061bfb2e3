"""Findings of a text of manifests, as tests want them."""

from __future__ import annotations

from io import BytesIO

from hypothesis import settings

from haechi.analysis.cluster.cluster import Cluster
from haechi.analysis.lint import Finding, lint
from haechi.files import load

LARGE_EXAMPLES = settings(max_examples=max(1, settings().max_examples * 3 // 5))
"""For tests of which each example is a whole cluster, so that many things happen in one."""


def clustered(text: str) -> Cluster:
    """The cluster of a YAML stream."""
    return Cluster.of(load(["-"], BytesIO(text.encode())))


def found(text: str, *select: str) -> tuple[Finding, ...]:
    """What the selected checks (the usual ones if none is) find in a YAML stream."""
    return lint(clustered(text), select)
