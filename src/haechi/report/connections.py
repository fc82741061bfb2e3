"""The connections that policies allow: JSON, CSV, Markdown, and graphs for Graphviz and Mermaid.

Each function takes lines in order and gives pieces of text, so that hundreds of thousands of lines need no second copy.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Literal

import msgspec

from haechi.analysis.cluster import NO_NAMES, PortNames, port_ranges, ports_text
from haechi.model import printable
from haechi.report.document import API_VERSION, Basis, Document, JsonValue, PortRange, port_ranges_json

if TYPE_CHECKING:
    from haechi.analysis.reach import Connection
    from haechi.sets import PortSet


class NamedGroup(JsonValue, frozen=True):
    """Workloads that policies treat alike, under one name."""

    name: str
    members: list[str]


class ConnectionJson(JsonValue, frozen=True):
    """`source` may reach `destination` on `ports`. Each is `namespace/name[Kind]` or a range of outside addresses."""

    source: str
    destination: str
    ports: list[PortRange]


class ConnectionList(Document, frozen=True):
    """All connections that policies allow. `groups`: with `--by class`, the members behind each name."""

    kind: Literal["ConnectionList"]
    groups: list[NamedGroup]
    connections: list[ConnectionJson]


def connections_json(
    lines: Iterable[Connection], basis: Basis, groups: Mapping[str, tuple[str, ...]] | None = None
) -> Iterator[str]:
    """One connection on a line; `groups`, if given, are the members behind each name."""
    members = [NamedGroup(name, list(parts)) for name, parts in (groups or {}).items()]
    encoder = msgspec.json.Encoder()
    empty = encoder.encode(ConnectionList(API_VERSION, "ConnectionList", *basis, members, []))
    yield empty.removesuffix(b"]}").decode()  # the list is the last field, and its items follow one by one
    # A `ConnectionJson` each, written at half the cost: names and ports come again and again
    names: dict[str, str] = {}
    ports: dict[PortSet, str] = {}
    mark = "\n"
    for source, destination, allowed in lines:
        for name in (source, destination):
            if name not in names:
                names[name] = encoder.encode(name).decode()
        on = ports.get(allowed)
        if on is None:
            on = ports[allowed] = encoder.encode(port_ranges_json(allowed)).decode()
        yield f'{mark}{{"source":{names[source]},"destination":{names[destination]},"ports":{on}}}'
        mark = ",\n"
    yield "\n]}\n"


def connections_csv(lines: Iterable[Connection]) -> Iterator[str]:
    """A row for each range of ports (RFC 4180, with line feeds)."""
    yield "source,destination,protocol,first,last\n"
    for source, destination, ports in lines:
        for protocol, first, last in port_ranges(ports):
            yield f"{cell(source)},{cell(destination)},{protocol},{first},{last}\n"


def cell(text: str) -> str:
    """A cell of CSV; quoted where it must be, and never a formula for a spreadsheet."""
    safe = printable(text)
    if safe.startswith(("=", "+", "-", "@")):
        safe = "'" + safe
    quoted = safe.replace('"', '""')
    return f'"{quoted}"' if any(mark in safe for mark in ',"\n') else safe


def connections_markdown(
    lines: Iterable[Connection], basis: Basis, names: Mapping[str, PortNames] | None = None
) -> Iterator[str]:
    """A table, with the names that the receiver's containers give to ports; caveats first."""
    yield from markdown_caveats(basis.caveat_lines)
    known = names or {}
    yield "| from | to | ports |\n| --- | --- | --- |\n"
    for source, destination, ports in lines:
        text = ports_text(ports, known.get(destination, NO_NAMES))
        yield f"| {escaped(source)} | {escaped(destination)} | {escaped(text)} |\n"


def markdown_caveats(lines: Sequence[str]) -> Iterator[str]:
    """What the answer lacks, as a list."""
    yield from (f"- {escaped(line)}\n" for line in lines)
    if lines:
        yield "\n"


def escaped(text: str) -> str:
    """Text for a cell of a Markdown table: no markup, mention, link or formula of its own."""
    safe = printable(text)
    for mark in "\\`*_~$[]":
        safe = safe.replace(mark, f"\\{mark}")
    for active in ("|", "<", ">", "@", "://", "www."):
        safe = safe.replace(active, f"&#{ord(active[0])};{active[1:]}")
    return safe


def connections_dot(lines: Iterable[Connection], basis: Basis) -> Iterator[str]:
    """A directed graph in Graphviz' language, labelled with caveats."""
    yield "digraph connections {\n  rankdir=LR;\n  node [shape=box];\n"
    if caveats := basis.caveat_lines:
        yield f"  label={_dot(*caveats)};\n"
    for source, destination, ports in lines:
        yield f"  {_dot(source)} -> {_dot(destination)} [label={_dot(ports_text(ports))}];\n"
    yield "}\n"


def _dot(*lines: str) -> str:
    plain = (printable(line).replace("\\", "\\\\").replace('"', '\\"') for line in lines)
    return '"{}"'.format("\\l".join(plain))


def connections_mermaid(lines: Iterable[Connection], basis: Basis) -> Iterator[str]:
    """A flowchart in Mermaid's language, with caveats as nodes of their own."""
    yield "flowchart LR\n"
    for number, caveat in enumerate(basis.caveat_lines):
        yield f'  caveat{number}["{_entities(caveat)}"]\n'
    known: dict[str, str] = {}
    for source, destination, ports in lines:
        for name in (source, destination):
            if name not in known:
                known[name] = f"n{len(known)}"
                yield f'  {known[name]}["{_entities(name)}"]\n'
        yield f'  {known[source]} -->|"{_entities(ports_text(ports))}"| {known[destination]}\n'


def _entities(text: str) -> str:
    """Everything that Mermaid could read as its own, as an entity."""
    return "".join(c if c.isalnum() or c in " ./-:,;=()" else f"#{ord(c)};" for c in printable(text))
