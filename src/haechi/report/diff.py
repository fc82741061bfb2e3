"""Differences as text, JSON (version 1 of the schema in docs/cli.md), CSV and Markdown for a comment on a change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from haechi.analysis.cluster import port_ranges, ports_text
from haechi.analysis.reach import ChangeKind, Difference
from haechi.model import printable
from haechi.report.connections import cell, escaped
from haechi.sets import PortSet

VERSION = 1
_MARKS = {ChangeKind.ADDED: "+", ChangeKind.REMOVED: "-", ChangeKind.CHANGED: "~"}


def as_text(found: Iterable[Difference]) -> Iterator[str]:
    """`+ src -> dst: ports`, `-` for what is gone, `~` for other ports, each with its policies."""
    for one in found:
        yield printable(f"{_MARKS[one.kind]} {one.source} -> {one.destination}: {_ports(one)}{_causes(one)}") + "\n"


def _ports(one: Difference) -> str:
    if one.kind is ChangeKind.CHANGED:
        return f"{ports_text(one.before)}, now {ports_text(one.after)}"
    return ports_text(one.after or one.before)


def _causes(one: Difference) -> str:
    return f" by {', '.join(map(str, one.causes))}" if one.causes else " by pods, labels or namespaces"


def as_json(found: Iterable[Difference]) -> Iterator[str]:
    """One document."""
    changes = [
        {
            "change": str(one.kind),
            "src": one.source,
            "dst": one.destination,
            "before": _ranges(one.before),
            "after": _ranges(one.after),
            "policies": [{"policy": str(cause.policy), "change": cause.change} for cause in one.causes],
        }
        for one in found
    ]
    document = msgspec.json.encode({"version": VERSION, "changes": changes})
    yield msgspec.json.format(document, indent=1).decode() + "\n"


def _ranges(ports: PortSet) -> list[dict[str, str | int]]:
    return [{"protocol": protocol, "first": first, "last": last} for protocol, first, last in port_ranges(ports)]


def as_csv(found: Iterable[Difference]) -> Iterator[str]:
    """A row for each difference; ports in words."""
    yield "change,src,dst,before,after,policies\n"
    for one in found:
        words = (
            one.source,
            one.destination,
            ports_text(one.before),
            ports_text(one.after),
            "; ".join(map(str, one.causes)),
        )
        yield ",".join([str(one.kind), *map(cell, words)]) + "\n"


def as_markdown(found: Iterable[Difference]) -> Iterator[str]:
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
