"""Connections as text, JSON, CSV, Markdown, and graphs for Graphviz and Mermaid.

Each function takes lines in order and gives pieces of text, so that hundreds of thousands of lines need no second copy.
The JSON is version 1 of the schema in docs/cli.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from haechi.analysis.cluster import NO_NAMES, PortNames, port_ranges, ports_text
from haechi.analysis.reach import Connection, Exposure
from haechi.model import Direction, printable
from haechi.sets import PortSet

VERSION = 1


def as_json(lines: Iterable[Connection], classes: Mapping[str, tuple[str, ...]] | None = None) -> Iterator[str]:
    """One connection on a line; `classes`, if given, are the names behind each name."""
    texts: dict[str, str] = {}
    ports: dict[PortSet, str] = {}

    def text(name: str) -> str:
        found = texts.get(name)
        if found is None:
            found = texts[name] = msgspec.json.encode(name).decode()
        return found

    yield f'{{"version":{VERSION},"connections":['
    mark = "\n"
    for src, dst, allowed in lines:
        on = ports.get(allowed)
        if on is None:
            on = ports[allowed] = _ports_json(allowed)
        yield f'{mark}{{"src":{text(src)},"dst":{text(dst)},"ports":{on}}}'
        mark = ",\n"
    yield "\n]"
    if classes is not None:
        yield f',"classes":{msgspec.json.encode(classes, order="sorted").decode()}'
    yield "}\n"


def _ports_json(ports: PortSet) -> str:
    ranges = [{"protocol": protocol, "first": first, "last": last} for protocol, first, last in port_ranges(ports)]
    return msgspec.json.encode(ranges).decode()


def as_csv(lines: Iterable[Connection]) -> Iterator[str]:
    """A row for each range of ports (RFC 4180, with line feeds)."""
    yield "src,dst,protocol,first,last\n"
    for src, dst, ports in lines:
        for protocol, first, last in port_ranges(ports):
            yield f"{cell(src)},{cell(dst)},{protocol},{first},{last}\n"


def cell(text: str) -> str:
    """A cell; quoted where it must be, and never a formula for a spreadsheet."""
    safe = printable(text)
    if safe.startswith(("=", "+", "-", "@")):
        safe = "'" + safe
    quoted = safe.replace('"', '""')
    return f'"{quoted}"' if any(mark in safe for mark in ',"\n') else safe


def as_text(lines: Iterable[Connection], names: Mapping[str, PortNames] | None = None) -> Iterator[str]:
    """`src -> dst: ports`, with the names that the receiver's containers give to ports."""
    known = names or {}
    for src, dst, ports in lines:
        yield printable(f"{src} -> {dst}: {ports_text(ports, known.get(dst, NO_NAMES))}") + "\n"


def as_markdown(lines: Iterable[Connection], names: Mapping[str, PortNames] | None = None) -> Iterator[str]:
    """A table."""
    known = names or {}
    yield "| from | to | ports |\n| --- | --- | --- |\n"
    for src, dst, ports in lines:
        yield f"| {escaped(src)} | {escaped(dst)} | {escaped(ports_text(ports, known.get(dst, NO_NAMES)))} |\n"


def escaped(text: str) -> str:
    """Text for a cell of a Markdown table."""
    safe = printable(text)
    for mark in "\\`*_|<>[]":
        safe = safe.replace(mark, f"&#{ord(mark)};" if mark in "|<>" else f"\\{mark}")
    return safe


def as_dot(lines: Iterable[Connection]) -> Iterator[str]:
    """A directed graph in Graphviz' language."""
    yield "digraph connections {\n  rankdir=LR;\n  node [shape=box];\n"
    for src, dst, ports in lines:
        yield f"  {_dot(src)} -> {_dot(dst)} [label={_dot(ports_text(ports))}];\n"
    yield "}\n"


def _dot(text: str) -> str:
    plain = printable(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{plain}"'


def as_mermaid(lines: Iterable[Connection]) -> Iterator[str]:
    """A flowchart in Mermaid's language."""
    yield "flowchart LR\n"
    known: dict[str, str] = {}
    for src, dst, ports in lines:
        for name in (src, dst):
            if name not in known:
                known[name] = f"n{len(known)}"
                yield f'  {known[name]}["{_entities(name)}"]\n'
        yield f'  {known[src]} -->|"{_entities(ports_text(ports))}"| {known[dst]}\n'


def _entities(text: str) -> str:
    """Everything that Mermaid could read as its own, as an entity."""
    return "".join(c if c.isalnum() or c in " ./-:,;=()" else f"#{ord(c)};" for c in printable(text))


def exposures_text(found: Iterable[Exposure]) -> Iterator[str]:
    """A line for each direction of each group, and one for each kind of pods that it is open to."""
    for one in found:
        way = "to" if one.direction is Direction.EGRESS else "from"
        if not one.protected:
            yield printable(f"{one.group} {one.direction}: no policy protects it") + "\n"
            continue
        words = "isolated, open to pods such as" if one.terms else "isolated from every pod"
        yield printable(f"{one.group} {one.direction}: {words}") + "\n"
        for term in one.terms:
            yield printable(f"  {way} {term.peers}: {term.name or ports_text(term.ports)}") + "\n"


def exposures_json(found: Iterable[Exposure]) -> Iterator[str]:
    """The same for programs; `portName` is empty where ports are numbers."""
    document = [
        {
            "name": one.group,
            "direction": str(one.direction),
            "protected": one.protected,
            "peers": [
                {
                    "pods": term.peers,
                    "portName": term.name,
                    "ports": [
                        {"protocol": protocol, "first": first, "last": last}
                        for protocol, first, last in port_ranges(term.ports)
                    ],
                }
                for term in one.terms
            ],
        }
        for one in found
    ]
    yield msgspec.json.encode({"version": VERSION, "exposure": document}).decode() + "\n"
