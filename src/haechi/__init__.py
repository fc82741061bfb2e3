"""Haechi: Kubernetes NetworkPolicy, read, explained, enforced in the Linux kernel and proved on real packets.

The questions that people ask of policies are here: `Cluster.load` reads manifests, its methods answer. docs/library.md
shows each of them. Nothing is imported before it is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from haechi.analysis import Answer, Cluster, Connection, Difference, UnknownName, UnknownPort
    from haechi.analysis.lint import Finding, UnknownCode

__version__ = "0.1.0"
__all__ = [
    "Answer",
    "Cluster",
    "Connection",
    "Difference",
    "Finding",
    "UnknownCode",
    "UnknownName",
    "UnknownPort",
    "__version__",
]
_OF_LINT = {"Finding", "UnknownCode"}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module("haechi.analysis.lint" if name in _OF_LINT else "haechi.analysis"), name)


def __dir__() -> list[str]:
    return __all__
