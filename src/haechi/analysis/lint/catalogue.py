"""All checks: selecting and running them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from haechi.analysis.cluster import Cluster
from haechi.analysis.lint.check import Check, Diagnostic
from haechi.analysis.lint.checks import (
    blocks,
    breadth,
    dashes,
    dns,
    entrances,
    exposure,
    invalid,
    matches,
    namespaces,
    port_names,
    ports,
    reachability,
    redundancy,
    selectors,
    structure,
    tier_rules,
    tiers,
)
from haechi.analysis.lint.facts import Review
from haechi.analysis.lint.finding import Finding
from haechi.analysis.lint.fingerprint import Fingerprints
from haechi.analysis.lint.ignores import Ignores, matches_code, unused_ignore
from haechi.errors import HaechiError
from haechi.model import Location, path_text

_CHECKS: tuple[Check, ...] = (
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
    *exposure.CHECKS,
    *entrances.CHECKS,
    *dns.CHECKS,
    *redundancy.CHECKS,
    *tiers.CHECKS,
    *tier_rules.CHECKS,
)
CATALOGUE = (*_CHECKS, unused_ignore(_CHECKS))
"""Every check, in the order of docs/lint.md."""
_NOWHERE = Location("")
_Located = tuple[Check, Diagnostic, Location | None]


class UnknownCode(HaechiError, LookupError):
    """A code, or a pattern with `*` and `?`, that matches no check."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)

    def __str__(self) -> str:
        return f"no check matches {self.code!r}"


def select_checks(select: Iterable[str] = (), ignore: Iterable[str] = ()) -> tuple[Check, ...]:
    """The checks with some codes.

    Args:
        select: codes, patterns such as `named-port-*`, or `all`; without any, all checks but those on request.
        ignore: codes or patterns to leave out of these.

    Raises:
        UnknownCode: a code or pattern matches no check.
    """
    wanted = [_matching(text) for text in select]
    selected = set().union(*wanted) if wanted else {one.code for one in CATALOGUE if not one.on_request}
    for text in ignore:
        selected -= _matching(text)
    return tuple(one for one in CATALOGUE if one.code in selected)


def _matching(text: str) -> set[str]:
    found = {one.code for one in CATALOGUE if matches_code(one.code, text)}
    if not found:
        raise UnknownCode(text)
    return found


def lint(cluster: Cluster, select: Iterable[str] = (), ignore: Iterable[str] = ()) -> tuple[Finding, ...]:
    """Likely mistakes in the policies of a cluster, sorted by place.

    Args:
        cluster: checks that need pods, Services or namespaces use those that it has.
        select: codes or patterns of the checks to run, or `all`; see `select_checks`.
        ignore: codes or patterns of checks not to run.

    Raises:
        UnknownCode: a code or pattern matches no check.
    """
    return run_checks(cluster, select_checks(select, ignore))


def run_checks(
    cluster: Cluster, checks: Iterable[Check], progress: Callable[[int, int], None] | None = None
) -> tuple[Finding, ...]:
    """The findings of some checks, sorted by place; `progress` is called with how many of how many are done."""
    review = Review(cluster)
    ignores = Ignores(review)
    listed = list(checks)
    found: list[tuple[Check, Diagnostic]] = []
    for number, one in enumerate(listed):
        if progress is not None:
            progress(number, len(listed))
        found += [(one, each) for each in one.function(review) if not any(ignores.suppressing(one.code, each))]
    found.sort(key=lambda pair: pair[1].object.key)  # places are looked up document by document
    fingerprints = Fingerprints()
    located = [(one, each, each.location or review.location(each.object, each.path)) for one, each in found]
    return tuple(_finding(*each, fingerprints) for each in sorted(located, key=_order))


def _order(located: _Located) -> tuple[Location, str, str, str, str]:
    one, found, location = located
    return location or _NOWHERE, found.object.display_name, path_text(found.path), one.code, found.message


def _finding(one: Check, found: Diagnostic, location: Location | None, fingerprints: Fingerprints) -> Finding:
    return Finding(
        one.code,
        one.severity,
        found.message,
        found.object.object_name,
        path_text(found.path),
        location,
        found.hint,
        found.fix if location is None or location.line else None,  # an object of a live cluster has no text
        fingerprints.of(one.code, found.object, found.path),
    )
