"""Findings in the text of manifests."""

from __future__ import annotations

from io import BytesIO

from hypothesis import settings

from haechi.analysis.cluster.cluster import Cluster
from haechi.analysis.lint import Finding, lint
from haechi.files import load

LARGE_EXAMPLES = settings(max_examples=max(1, settings().max_examples * 3 // 5))
"""For tests with a whole cluster as an example, which covers many cases at once."""


def cluster_of(text: str) -> Cluster:
    """The cluster of a YAML stream."""
    return Cluster.of(load(["-"], BytesIO(text.encode())))


def found(text: str, *select: str) -> tuple[Finding, ...]:
    """The findings of the selected checks, or of the default ones, in a YAML stream."""
    return lint(cluster_of(text), select)
