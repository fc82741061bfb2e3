"""The connections that two clusters allow differently: JSON, CSV, and Markdown for a comment on a change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Literal, TypeVar

import msgspec

from haechi.analysis.cluster import Assumption, ports_text
from haechi.analysis.reach import ChangeKind
from haechi.report.connections import cell, escaped, markdown_caveats
from haechi.report.document import (
    API_VERSION,
    Basis,
    Document,
    JsonValue,
    ObjectReference,
    PortRange,
    ProblemJson,
    SynthesizedJson,
    document_text,
    policy_reference,
    port_ranges_json,
)

if TYPE_CHECKING:
    from haechi.analysis.reach import ClusterComparison, Difference


T = TypeVar("T")
S = TypeVar("S", bound=JsonValue)


class PolicyChange(JsonValue, frozen=True):
    """A policy behind a change: `added`, `removed` or `changed`."""

    policy: ObjectReference
    change: str


class ConnectionChange(JsonValue, frozen=True):
    """A connection that is added, removed, or on other ports. No `policies`: only pods, labels or namespaces differ.

    `previously`: where an end is a selection of pods, the narrower ones that were allowed some of the new ports.
    """

    change: ChangeKind
    source: str
    destination: str
    before: list[PortRange]
    after: list[PortRange]
    policies: list[PolicyChange]
    previously: list[str]


class IneffectivePolicy(JsonValue, frozen=True):
    """A policy that was added, removed or changed without any change of connections or exposures, and why."""

    policy: ObjectReference
    change: str
    reason: str


Side = Literal["old", "new", "both"]


class SideProblem(ProblemJson, frozen=True):
    """A problem of the input of a side, or of both."""

    side: Side


class SideSynthesized(SynthesizedJson, frozen=True):
    """A synthesized object of a side, or of both."""

    side: Side


class ConnectionDiff(Document, frozen=True):
    """What the new cluster allows differently. Its head is about both clusters, `partial` if either is.

    `exposureChanges` are changes with pods that need not exist: one end is a selection of pods in words. A note begins
    with its side.
    """

    kind: Literal["ConnectionDiff"]
    skipped: Sequence[SideProblem]
    unreadable: Sequence[SideProblem]
    synthesized: Sequence[SideSynthesized]
    changes: list[ConnectionChange]
    exposure_changes: list[ConnectionChange]
    ineffective: list[IneffectivePolicy]


def diff_json(found: ClusterComparison, old: Basis, new: Basis) -> str:
    """The differences as JSON text, with what each side rests on."""
    ineffective = [
        IneffectivePolicy(policy_reference(cause.policy), cause.change, reason) for cause, reason in found.ineffective
    ]
    changes, exposures = connection_changes(found.connections), connection_changes(found.exposures)
    order = [one.value for one in Assumption]
    document = ConnectionDiff(
        API_VERSION,
        "ConnectionDiff",
        old.partial or new.partial,
        sorted((one for one, _ in _sided(old.assumptions, new.assumptions)), key=lambda one: order.index(one.name)),
        [_with_side(SideProblem, *one) for one in _sided(old.skipped, new.skipped)],
        [_with_side(SideProblem, *one) for one in _sided(old.unreadable, new.unreadable)],
        [_with_side(SideSynthesized, *one) for one in _sided(old.synthesized, new.synthesized)],
        [f"{side}: {note}" for note, side in _sided(old.notes, new.notes)],
        changes,
        exposures,
        ineffective,
    )
    return document_text(document)


def _sided(old: Iterable[T], new: Iterable[T]) -> Iterator[tuple[T, Side]]:
    """The items of both sides, each with its side; an item that both have, once."""
    before = {msgspec.json.encode(one): one for one in old}
    after = {msgspec.json.encode(one): one for one in new}
    for text, one in before.items():
        yield one, "both" if text in after else "old"
    yield from ((one, "new") for text, one in after.items() if text not in before)


def _with_side(kind: type[S], one: JsonValue, side: Side) -> S:
    return kind(**msgspec.structs.asdict(one), side=side)


def connection_changes(found: Iterable[Difference]) -> list[ConnectionChange]:
    """Differences as JSON values."""
    return [
        ConnectionChange(
            one.kind,
            one.source,
            one.destination,
            port_ranges_json(one.before),
            port_ranges_json(one.after),
            [PolicyChange(policy_reference(cause.policy), cause.change) for cause in one.causes],
            list(one.previously),
        )
        for one in found
    ]


def diff_csv(found: ClusterComparison) -> Iterator[str]:
    """A row for each difference, of a `connection` or an `exposure`; ports in words."""
    yield "of,change,source,destination,before,after,policies\n"
    for of, differences in (("connection", found.connections), ("exposure", found.exposures)):
        for one in differences:
            causes = "; ".join(map(str, one.causes))
            words = (one.source, one.destination, ports_text(one.before), ports_text(one.after), causes)
            yield ",".join([of, str(one.kind), *map(cell, words)]) + "\n"


def diff_markdown(found: ClusterComparison, old: Basis, new: Basis, *, remarks: Iterable[str] = ()) -> Iterator[str]:
    """A sentence and a table for connections and for exposures, and the policies without effect.

    First come `remarks` and what the answer lacks.
    """
    yield "<!-- haechi diff -->\n"  # invisible: a program finds the comment that it made before
    yield from markdown_caveats(
        [*remarks, *(f"{side}: {line}" for line, side in _sided(old.caveat_lines, new.caveat_lines))]
    )
    yield from _markdown("Connections", found.connections)
    if not found.connections:
        yield "No connection changes.\n"
    if found.exposures:
        yield "\n"
        yield from _markdown("Exposure to pods that need not exist", found.exposures)
    for cause, reason in found.ineffective:
        yield f"\n{escaped(str(cause))} changes nothing: {reason}.\n"


def _markdown(title: str, listed: tuple[Difference, ...]) -> Iterator[str]:
    if not listed:
        return
    counts = {kind: sum(one.kind is kind for one in listed) for kind in ChangeKind}
    yield f"**{title}: {', '.join(f'{count} {kind}' for kind, count in counts.items() if count)}**\n\n"
    yield "| | from | to | before | after | by |\n| --- | --- | --- | --- | --- | --- |\n"
    for one in listed:
        by = ", ".join(map(str, one.causes)) or "pods, labels or namespaces"
        words = (one.source, one.destination, ports_text(one.before), ports_text(one.after), by)
        yield f"| {one.kind} | {' | '.join(map(escaped, words))} |\n"
