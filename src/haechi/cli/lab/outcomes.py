"""The rows of a lab report as few lines: who reaches whom, on what.

Why: a lab of 30 pods has thousands of rows, and people think in groups. Promises that every row is in exactly one
line, that all rows of a line have the same answers, and that the lines depend on the rows only. Destinations are
grouped first (same policies, same answers to the same sources; nobody is asked about itself), then, for each group, the
sources with the same answers. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from haechi.lab import Port
from haechi.model import Direction, PolicyKey
from haechi.report import ProbeResult


class Answer(NamedTuple):
    """What became of one question: what policies say, and whether the packets agree."""

    allowed: bool
    as_expected: bool


Answers = tuple[tuple[int, Port, Answer], ...]
"""By IP version and port; version 0 where all versions have the same answers."""


@dataclass(frozen=True)
class Line:
    """Sources with the same answers from the destinations of a group.

    Attributes:
        sources: in order of name.
        answers: of every pair.
        deniers: the sides (egress, ingress) that deny everything that is denied; none if it is sometimes one, sometimes
            the other.
        is_rest: whether these are the most sources that one line of the group has.
    """

    sources: tuple[str, ...]
    answers: Answers
    deniers: frozenset[Direction]
    is_rest: bool = False

    @property
    def is_as_expected(self) -> bool:
        """Whether all packets went as the policies say."""
        return all(answer.as_expected for _, _, answer in self.answers)


@dataclass(frozen=True)
class Group:
    """Destinations that are alike, with all their lines.

    Attributes:
        destinations: in order of name.
        outside: whether they are outside hosts.
        ingress: the policies that isolate each of them.
        lines: the one with the rest of the sources last.
    """

    destinations: tuple[str, ...]
    outside: bool
    ingress: tuple[PolicyKey, ...]
    lines: tuple[Line, ...]


_Kind = tuple[bool, tuple[PolicyKey, ...]]
"""Whether a destination is outside, and the policies that isolate it for ingress."""


@dataclass
class _Builder:
    """A group to which destinations are still being added."""

    kind: _Kind
    rows: dict[str, list[ProbeResult]] = field(default_factory=dict)
    answers: dict[str, Answers] = field(default_factory=dict)
    destinations: list[str] = field(default_factory=list)

    def takes(self, kind: _Kind, answers: Mapping[str, Answers]) -> bool:
        """Whether a destination is alike: sources that only one of the two was asked by do not count."""
        return kind == self.kind and all(
            self.answers.get(source, answer) == answer for source, answer in answers.items()
        )

    def add(self, destination: str, rows: Mapping[str, list[ProbeResult]], answers: Mapping[str, Answers]) -> None:
        """Take a destination with its rows and answers by source."""
        self.destinations.append(destination)
        self.answers.update(answers)
        for source, some in rows.items():
            self.rows.setdefault(source, []).extend(some)


def groups(rows: Iterable[ProbeResult], outside: Collection[str]) -> tuple[Group, ...]:
    """All rows, grouped: isolated destinations first, then those that somebody does not reach, then the rest.

    Args:
        rows: of a report.
        outside: which endpoints are outside hosts; they never share a group with pods.
    """
    asked: dict[str, dict[str, list[ProbeResult]]] = {}
    for row in rows:
        asked.setdefault(row.destination, {}).setdefault(row.source, []).append(row)
    building: list[_Builder] = []
    for destination, by_source in sorted(asked.items()):
        answers = {source: _answers(some) for source, some in by_source.items()}
        policies = {key for some in by_source.values() for row in some for key in row.expected.ingress.policies}
        kind = (destination in outside, tuple(sorted(policies)))
        found = next((each for each in building if each.takes(kind, answers)), None)
        if found is None:
            found = _Builder(kind)
            building.append(found)
        found.add(destination, by_source, answers)
    return tuple(sorted(map(_group, building), key=_interest))


def _answers(rows: Iterable[ProbeResult]) -> Answers:
    by_version: dict[int, list[tuple[Port, Answer]]] = {}
    for row in rows:
        answer = Answer(row.expected.allowed, row.is_as_expected)
        by_version.setdefault(row.family, []).append(((row.protocol, row.port), answer))
    versions = [tuple(sorted(set(some))) for _, some in sorted(by_version.items())]
    if all(each == versions[0] for each in versions):
        by_version = {0: list(versions[0])}
    return tuple(
        (version, port, answer) for version, some in sorted(by_version.items()) for port, answer in sorted(set(some))
    )


def _group(building: _Builder) -> Group:
    by_answers: dict[Answers, list[str]] = {}
    for source, answers in sorted(building.answers.items()):
        by_answers.setdefault(answers, []).append(source)
    rest = max(by_answers, key=lambda answers: (len(by_answers[answers]), -_allowed(answers)))
    lines = [
        Line(tuple(some), answers, _deniers(building, some), is_rest=answers == rest)
        for answers, some in by_answers.items()
    ]
    lines.sort(key=lambda line: (line.is_rest, -_allowed(line.answers), line.sources))
    return Group(tuple(building.destinations), *building.kind, tuple(lines))


def _allowed(answers: Answers) -> int:
    return sum(answer.allowed for _, _, answer in answers)


def _deniers(building: _Builder, sources: Iterable[str]) -> frozenset[Direction]:
    denied = [row.expected for source in sources for row in building.rows[source] if not row.expected.allowed]
    sides = set()
    if denied and not any(each.egress.allowed for each in denied):
        sides.add(Direction.EGRESS)
    if denied and not any(each.ingress.allowed for each in denied):
        sides.add(Direction.INGRESS)
    return frozenset(sides)


def _interest(group: Group) -> tuple[bool, bool, tuple[str, ...]]:
    denied = any(not answer.allowed for line in group.lines for _, _, answer in line.answers)
    return not group.ingress, not denied, group.destinations
