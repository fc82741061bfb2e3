"""A check: a question to a whole cluster's policies, with a stable code.

Each check is one function from a `Review` to what it found; `check` gives it its code. Promises that a code has one
check, and that checks are pure: they may be run alone, and in any order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from haechi.analysis.lint.facts import Review
from haechi.analysis.lint.finding import Fix, Severity
from haechi.model import Path, Resource


@dataclass(frozen=True, slots=True)
class Found:
    """What a check found, before it gets its code and its place.

    Attributes:
        object: what it is about, one of `Review.objects`.
        path: the field; empty for the object as a whole.
        message: what is wrong and why, one sentence without a full stop, that names what it talks about.
        hint: what to do about it; may be empty.
        fix: the change that is certain, if one is.
    """

    object: Resource
    path: Path
    message: str
    hint: str = ""
    fix: Fix | None = None


Question = Callable[[Review], Iterator[Found]]


@dataclass(frozen=True, slots=True)
class Check:
    """A check.

    Attributes:
        code: its name, stable, in the form of `dash-trap`.
        severity: of its findings.
        words: what its findings have in common, one sentence.
        question: finds them.
        on_request: whether it runs only when it is selected: it tells opinions, or much.
    """

    code: str
    severity: Severity
    words: str
    question: Question
    on_request: bool = False


def check(code: str, severity: Severity, words: str, *, on_request: bool = False) -> Callable[[Question], Check]:
    """Make a check of a function: `@check("dash-trap", Severity.WARNING, "...")`."""
    return lambda question: Check(code, severity, words, question, on_request)
