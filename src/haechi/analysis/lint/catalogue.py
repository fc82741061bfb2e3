"""All checks, and how they are run."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase

from haechi.analysis.cluster import Cluster
from haechi.analysis.lint.check import Check, Found
from haechi.analysis.lint.checks import (
    blocks,
    breadth,
    dashes,
    dns,
    invalid,
    matches,
    namespaces,
    port_names,
    ports,
    reachability,
    redundancy,
    selectors,
    structure,
)
from haechi.analysis.lint.facts import Review
from haechi.analysis.lint.finding import Finding
from haechi.errors import HaechiError
from haechi.model import Location, path_text

CATALOGUE: tuple[Check, ...] = (
    *invalid.CHECKS,
    *structure.CHECKS,
    *dashes.CHECKS,
    *selectors.CHECKS,
    *matches.CHECKS,
    *namespaces.CHECKS,
    *breadth.CHECKS,
    *ports.CHECKS,
    *port_names.CHECKS,
    *blocks.CHECKS,
    *reachability.CHECKS,
    *dns.CHECKS,
    *redundancy.CHECKS,
)
"""Every check, in the order of docs/lint.md."""
ALL = "all"
IGNORE = "haechi/lint-ignore"
"""The annotation by which an object says that codes, by comma, are not to be told of it."""
_NOWHERE = Location("")


class UnknownCode(HaechiError, LookupError):
    """A code, or a pattern with `*` and `?`, that matches no check."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)

    def __str__(self) -> str:
        return f"no check is called {self.code!r}"


def chosen(select: Iterable[str] = (), ignore: Iterable[str] = ()) -> tuple[Check, ...]:
    """The checks that some codes mean.

    Args:
        select: codes, patterns such as `named-port-*`, or `all`; without any, all but those on request.
        ignore: codes or patterns to leave out of these.

    Raises:
        UnknownCode: a code or pattern means no check.
    """
    wanted = [_meant(text) for text in select]
    kept = set().union(*wanted) if wanted else {one.code for one in CATALOGUE if not one.on_request}
    for text in ignore:
        kept -= _meant(text)
    return tuple(one for one in CATALOGUE if one.code in kept)


def _meant(text: str) -> set[str]:
    found = {one.code for one in CATALOGUE if text == ALL or fnmatchcase(one.code, text)}
    if not found:
        raise UnknownCode(text)
    return found


def lint(cluster: Cluster, select: Iterable[str] = (), ignore: Iterable[str] = ()) -> tuple[Finding, ...]:
    """What is likely not meant in the policies of a cluster, by place.

    Args:
        cluster: all that is known: checks that need pods, Services or namespaces use those that are there.
        select: codes or patterns of the checks to run, or `all`; see `chosen`.
        ignore: codes or patterns of checks not to run.

    Raises:
        UnknownCode: a code or pattern means no check.
    """
    return findings(cluster, chosen(select, ignore))


def findings(
    cluster: Cluster, checks: Iterable[Check], tell: Callable[[int, int], None] | None = None
) -> tuple[Finding, ...]:
    """What some checks find, by place; `tell` hears how many of how many are done."""
    review = Review(cluster)
    listed = list(checks)
    found: list[tuple[Check, Found]] = []
    for number, one in enumerate(listed):
        if tell is not None:
            tell(number, len(listed))
        found += [(one, each) for each in one.question(review) if not _is_ignored(one, each)]
    found.sort(key=lambda pair: pair[1].object.key)  # places are looked up document by document
    return tuple(sorted((_finding(review, one, each) for one, each in found), key=_order))


def _is_ignored(one: Check, found: Found) -> bool:
    """Whether the object itself says that it is meant so."""
    codes = found.object.metadata.annotations.get(IGNORE, "")
    return any(fnmatchcase(one.code, code.strip()) for code in codes.split(",")) if codes else False


def _finding(review: Review, one: Check, found: Found) -> Finding:
    return Finding(
        one.code,
        one.severity,
        found.message,
        found.object.display_name,
        path_text(found.path),
        review.location(found.object, found.path),
        found.hint,
        found.fix,
    )


def _order(finding: Finding) -> tuple[Location, str, str, str, str]:
    return finding.location or _NOWHERE, finding.subject, finding.path, finding.code, finding.message
