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

from haechi.lab.ports import Port
from haechi.lab.report import Row
from haechi.model.verdict import PolicyKey


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
        egress: the policies that isolate some of the sources, as far as there are any.
        is_rest: whether these are all the sources that no other line of the group has, and the most.
    """

    sources: tuple[str, ...]
    answers: Answers
    egress: tuple[PolicyKey, ...]
    is_rest: bool = False


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


@dataclass
class _Building:
    """A group to which destinations are still being added."""

    kind: tuple[bool, tuple[PolicyKey, ...]]
    answers: dict[str, Answers]
    destinations: list[str] = field(default_factory=list)

    def takes(self, kind: tuple[bool, tuple[PolicyKey, ...]], answers: Mapping[str, Answers]) -> bool:
        """Whether a destination is alike: sources that only one of the two was asked by do not count."""
        return kind == self.kind and all(
            self.answers.get(source, answer) == answer for source, answer in answers.items()
        )


def groups(rows: Iterable[Row], outside: Collection[str]) -> tuple[Group, ...]:
    """All rows, grouped: isolated destinations first, then those that somebody does not reach, then the rest.

    Args:
        rows: of a report.
        outside: which endpoints are outside hosts; they never share a group with pods.
    """
    pairs: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        pairs.setdefault((row.destination, row.source), []).append(row)
    asked: dict[str, dict[str, Answers]] = {}
    ingress: dict[str, set[PolicyKey]] = {}
    egress: dict[str, set[PolicyKey]] = {}
    for (destination, source), some in sorted(pairs.items()):
        asked.setdefault(destination, {})[source] = _answers(some)
        ingress.setdefault(destination, set()).update(*(row.expected.ingress.policies for row in some))
        egress.setdefault(source, set()).update(*(row.expected.egress.policies for row in some))
    building: list[_Building] = []
    for destination, answers in asked.items():
        kind = (destination in outside, tuple(sorted(ingress[destination])))
        found = next((each for each in building if each.takes(kind, answers)), None)
        if found is None:
            found = _Building(kind, {})
            building.append(found)
        found.answers.update(answers)
        found.destinations.append(destination)
    return tuple(sorted((_group(each, egress) for each in building), key=_interest))


def _answers(rows: Iterable[Row]) -> Answers:
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


def _group(building: _Building, egress: Mapping[str, set[PolicyKey]]) -> Group:
    by_answers: dict[Answers, list[str]] = {}
    for source, answers in sorted(building.answers.items()):
        by_answers.setdefault(answers, []).append(source)
    most = max(by_answers.values(), key=len)
    lines = [
        Line(
            tuple(sources),
            answers,
            tuple(sorted(set[PolicyKey]().union(*(egress[source] for source in sources)))),
            is_rest=sources is most,
        )
        for answers, sources in by_answers.items()
    ]
    lines.sort(key=lambda line: (line.is_rest, line.sources))
    return Group(tuple(sorted(building.destinations)), *building.kind, tuple(lines))


def _interest(group: Group) -> tuple[bool, bool, tuple[str, ...]]:
    denied = any(not answer.allowed for line in group.lines for _, _, answer in line.answers)
    return not group.ingress, not denied, group.destinations
