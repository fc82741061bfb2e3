"""The connections that two clusters allow differently: JSON, CSV, and Markdown for a comment on a change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Literal

from haechi.analysis.cluster import ports_text
from haechi.analysis.reach import ChangeKind
from haechi.report.connections import cell, escaped
from haechi.report.document import (
    API_VERSION,
    Basis,
    Document,
    JsonValue,
    NamespacedName,
    PortRange,
    document_text,
    named,
    port_ranges_json,
)

if TYPE_CHECKING:
    from haechi.analysis.reach import Difference


class PolicyChange(JsonValue, frozen=True):
    """A policy behind a change: `added`, `removed` or `changed`."""

    policy: NamespacedName
    change: str


class ConnectionChange(JsonValue, frozen=True):
    """A connection that is added, removed, or on other ports. No `policies`: only pods, labels or namespaces differ."""

    change: ChangeKind
    source: str
    destination: str
    before: list[PortRange]
    after: list[PortRange]
    policies: list[PolicyChange]


class ConnectionDiff(Document, frozen=True):
    """What the new cluster allows differently. Its head is about both clusters."""

    kind: Literal["ConnectionDiff"]
    changes: list[ConnectionChange]


def diff_json(found: Iterable[Difference], basis: Basis) -> str:
    """The differences as JSON text."""
    changes = [
        ConnectionChange(
            one.kind,
            one.source,
            one.destination,
            port_ranges_json(one.before),
            port_ranges_json(one.after),
            [PolicyChange(named(cause.policy), cause.change) for cause in one.causes],
        )
        for one in found
    ]
    return document_text(ConnectionDiff(API_VERSION, "ConnectionDiff", *basis, changes))


def diff_csv(found: Iterable[Difference]) -> Iterator[str]:
    """A row for each difference; ports in words."""
    yield "change,source,destination,before,after,policies\n"
    for one in found:
        words = (
            one.source,
            one.destination,
            ports_text(one.before),
            ports_text(one.after),
            "; ".join(map(str, one.causes)),
        )
        yield ",".join([str(one.kind), *map(cell, words)]) + "\n"


def diff_markdown(found: Iterable[Difference]) -> Iterator[str]:
    """A sentence and a table."""
    listed = list(found)
    if not listed:
        yield "No connection changes.\n"
        return
    counts = {kind: sum(one.kind is kind for one in listed) for kind in ChangeKind}
    yield f"**Connections: {', '.join(f'{count} {kind}' for kind, count in counts.items() if count)}**\n\n"
    yield "| | from | to | before | after | by |\n| --- | --- | --- | --- | --- | --- |\n"
    for one in listed:
        by = ", ".join(map(str, one.causes)) or "pods, labels or namespaces"
        words = (one.source, one.destination, ports_text(one.before), ports_text(one.after), by)
        yield f"| {one.kind} | {' | '.join(map(escaped, words))} |\n"
