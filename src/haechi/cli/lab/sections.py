"""The results of a lab run as the sections and rows of a table: who reaches what, on which ports.

Why: a lab of 30 pods has thousands of results, and people think in groups. Promises that every result is in exactly one
row, that all results of a row have the same outcomes, and that the rows depend on the results only. Destinations are
grouped first (same policies, same outcomes for the same sources; nothing is probed from itself), then, for each group,
the sources with the same outcomes. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from haechi.lab import Port
from haechi.model import Direction, PolicyKey
from haechi.report import ProbeResult


class PortOutcome(NamedTuple):
    """Whether policies allow a connection, and whether the packets agreed."""

    allowed: bool
    as_expected: bool


PortOutcomes = tuple[tuple[int, Port, PortOutcome], ...]
"""By IP version and port; version 0 where all versions have the same outcomes."""


@dataclass(frozen=True)
class TableRow:
    """Sources with the same outcomes for the destinations of a section.

    Attributes:
        sources: in order of name.
        outcomes: of every pair.
        deniers: the directions (egress, ingress) that deny everything that is denied; none if they differ.
        is_rest: whether these are the most sources that one row of the section has.
    """

    sources: tuple[str, ...]
    outcomes: PortOutcomes
    deniers: frozenset[Direction]
    is_rest: bool = False

    @property
    def is_as_expected(self) -> bool:
        """Whether all packets matched the policies."""
        return all(outcome.as_expected for _, _, outcome in self.outcomes)


@dataclass(frozen=True)
class TableSection:
    """Destinations that are alike, with all their rows.

    Attributes:
        destinations: in order of name.
        outside: whether they are outside hosts.
        ingress: the policies that isolate each of them.
        rows: the one with the rest of the sources last.
    """

    destinations: tuple[str, ...]
    outside: bool
    ingress: tuple[PolicyKey, ...]
    rows: tuple[TableRow, ...]


_Kind = tuple[bool, tuple[PolicyKey, ...]]
"""Whether a destination is outside, and the policies that isolate it for ingress."""


@dataclass
class _SectionBuilder:
    """A section to which destinations are still being added."""

    kind: _Kind
    results: dict[str, list[ProbeResult]] = field(default_factory=dict)
    outcomes: dict[str, PortOutcomes] = field(default_factory=dict)
    destinations: list[str] = field(default_factory=list)

    def accepts(self, kind: _Kind, outcomes: Mapping[str, PortOutcomes]) -> bool:
        """Whether a destination is alike, by the sources that were probed to both."""
        return kind == self.kind and all(
            self.outcomes.get(source, outcome) == outcome for source, outcome in outcomes.items()
        )

    def add(
        self, destination: str, results: Mapping[str, list[ProbeResult]], outcomes: Mapping[str, PortOutcomes]
    ) -> None:
        """Add a destination with its results and outcomes by source."""
        self.destinations.append(destination)
        self.outcomes.update(outcomes)
        for source, some in results.items():
            self.results.setdefault(source, []).extend(some)


def table_sections(results: Iterable[ProbeResult], outside: Collection[str]) -> tuple[TableSection, ...]:
    """All results, grouped: isolated destinations first, then those with denied connections, then the rest.

    Args:
        results: of a run.
        outside: which endpoints are outside hosts; they never share a section with pods.
    """
    by_pair: dict[str, dict[str, list[ProbeResult]]] = {}
    for one in results:
        by_pair.setdefault(one.destination, {}).setdefault(one.source, []).append(one)
    builders: list[_SectionBuilder] = []
    for destination, by_source in sorted(by_pair.items()):
        outcomes = {source: _outcomes(some) for source, some in by_source.items()}
        policies = {key for some in by_source.values() for one in some for key in one.expected.ingress.policies}
        kind = (destination in outside, tuple(sorted(policies)))
        builder = next((each for each in builders if each.accepts(kind, outcomes)), None)
        if builder is None:
            builder = _SectionBuilder(kind)
            builders.append(builder)
        builder.add(destination, by_source, outcomes)
    return tuple(sorted(map(_section, builders), key=_interest))


def _outcomes(results: Iterable[ProbeResult]) -> PortOutcomes:
    by_version: dict[int, list[tuple[Port, PortOutcome]]] = {}
    for one in results:
        outcome = PortOutcome(one.expected.allowed, one.is_as_expected)
        by_version.setdefault(one.family, []).append(((one.protocol, one.port), outcome))
    versions = [tuple(sorted(set(some))) for _, some in sorted(by_version.items())]
    if all(each == versions[0] for each in versions):
        by_version = {0: list(versions[0])}
    return tuple(
        (version, port, outcome) for version, some in sorted(by_version.items()) for port, outcome in sorted(set(some))
    )


def _section(builder: _SectionBuilder) -> TableSection:
    by_outcomes: dict[PortOutcomes, list[str]] = {}
    for source, outcomes in sorted(builder.outcomes.items()):
        by_outcomes.setdefault(outcomes, []).append(source)
    rest = max(by_outcomes, key=lambda outcomes: (len(by_outcomes[outcomes]), -_allowed(outcomes)))
    rows = [
        TableRow(tuple(sources), outcomes, _deniers(builder, sources), is_rest=outcomes == rest)
        for outcomes, sources in by_outcomes.items()
    ]
    rows.sort(key=lambda row: (row.is_rest, -_allowed(row.outcomes), row.sources))
    return TableSection(tuple(builder.destinations), *builder.kind, tuple(rows))


def _allowed(outcomes: PortOutcomes) -> int:
    return sum(outcome.allowed for _, _, outcome in outcomes)


def _deniers(builder: _SectionBuilder, sources: Iterable[str]) -> frozenset[Direction]:
    denied = [one.expected for source in sources for one in builder.results[source] if not one.expected.allowed]
    directions = set()
    if denied and not any(each.egress.allowed for each in denied):
        directions.add(Direction.EGRESS)
    if denied and not any(each.ingress.allowed for each in denied):
        directions.add(Direction.INGRESS)
    return frozenset(directions)


def _interest(section: TableSection) -> tuple[bool, bool, tuple[str, ...]]:
    denied = any(not outcome.allowed for row in section.rows for _, _, outcome in row.outcomes)
    return not section.ingress, not denied, section.destinations
