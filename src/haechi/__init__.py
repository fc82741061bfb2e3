"""Haechi: Kubernetes NetworkPolicy, read, explained, enforced in the Linux kernel and proved on real packets.

The questions that people ask of policies are here: `Cluster.load` reads manifests, its methods answer. docs/library.md
shows each of them. Nothing is imported before it is used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from haechi._version import __version__

if TYPE_CHECKING:
    from haechi.analysis.cluster import UnknownName
    from haechi.analysis.lint import Finding, UnknownCode
    from haechi.analysis.reach import Connection, Difference
    from haechi.analysis.why import Answer, UnknownPort
    from haechi.errors import HaechiError
    from haechi.library import Cluster, UnreadableInput

_HOMES = {
    "Answer": "haechi.analysis.why",
    "Cluster": "haechi.library",
    "Connection": "haechi.analysis.reach",
    "Difference": "haechi.analysis.reach",
    "Finding": "haechi.analysis.lint",
    "HaechiError": "haechi.errors",
    "UnknownCode": "haechi.analysis.lint",
    "UnknownName": "haechi.analysis.cluster",
    "UnknownPort": "haechi.analysis.why",
    "UnreadableInput": "haechi.library",
}
__all__ = [
    "Answer",
    "Cluster",
    "Connection",
    "Difference",
    "Finding",
    "HaechiError",
    "UnknownCode",
    "UnknownName",
    "UnknownPort",
    "UnreadableInput",
    "__version__",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return __all__
