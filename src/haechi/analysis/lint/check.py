"""A check: one function over all policies of a cluster, with a stable code.

Checks are pure: they may be run alone and in any order.

    @check("dash-trap", Severity.WARNING, "...")
    def dash_trap(review: Review) -> Iterator[Diagnostic]: ...

    Review ──▶ Check.function ──▶ Diagnostic ──▶ Finding, with the code and severity of the check and the place
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from haechi.analysis.lint.facts import Review
from haechi.analysis.lint.finding import Fix
from haechi.model import Location, Path, Resource, Severity


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One result of a check, before it gets its code and its place.

    Attributes:
        object: one of `Review.objects`.
        path: the field; empty for the object as a whole.
        message: what is wrong and why, one sentence without a full stop, with the names of the objects involved.
        hint: how to resolve it; may be empty.
        fix: edits that resolve it, if they are certain.
        location: where it is, if not at the field.
    """

    object: Resource
    path: Path
    message: str
    hint: str = ""
    fix: Fix | None = None
    location: Location | None = None


CheckFunction = Callable[[Review], Iterator[Diagnostic]]


@dataclass(frozen=True, slots=True)
class Check:
    """A check.

    Attributes:
        code: its stable name, such as `dash-trap`.
        severity: of its findings.
        summary: what its findings have in common, one sentence.
        function: finds them.
        on_request: whether it runs only when it is selected, because it is opinionated or noisy.
    """

    code: str
    severity: Severity
    summary: str
    function: CheckFunction
    on_request: bool = False

    @property
    def page(self) -> str:
        """The page of docs/lint that has its section: that of its module."""
        return self.function.__module__.rpartition(".")[2]


def check(code: str, severity: Severity, summary: str, *, on_request: bool = False) -> Callable[[CheckFunction], Check]:
    """Turn a function into a check."""
    return lambda function: Check(code, severity, summary, function, on_request)
