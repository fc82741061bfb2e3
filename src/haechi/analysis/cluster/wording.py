"""Ports in words. What is written to a terminal, a table or a graph is escaped so that it cannot break its format."""

from __future__ import annotations

from collections.abc import Mapping

from haechi.model import printable
from haechi.sets import PROTOCOL_NAMES, PortSet, protocol_text

PortNames = Mapping[tuple[int, int], str]  # by protocol and number
NO_NAMES: PortNames = {}
_MOST_PARTS = 100
"""A set of ports with more parts is described by the ports that are missing, if those are fewer."""


def port_ranges(ports: PortSet) -> tuple[tuple[str, int, int], ...]:
    """Protocol, first and last port; `any` for every protocol. Port 0, which no policy can name, goes with port 1."""
    if ports == PortSet.ALL:
        return (("any", 1, 65535),)
    return tuple(
        (PROTOCOL_NAMES.get(protocol, str(protocol)), max(first, 1), max(last, 1))
        for protocol, first, last in ports.parts()
    )


def ports_text(ports: PortSet, names: PortNames = NO_NAMES) -> str:
    """`TCP 80 (http), 443; UDP 53`, `all TCP`, `everything`, or `nothing`."""
    if ports == PortSet.ALL:
        return "everything"
    parts, missing = ports.parts(), PortSet.ALL - ports
    if len(parts) > _MOST_PARTS and len(missing.parts()) < len(parts):
        return f"everything except {ports_text(missing, names)}"
    found: dict[str, list[str]] = {}
    for protocol, first, last in parts:
        word = protocol_text(protocol)
        whole = first == 0 and last == 65535
        name = names.get((protocol, first)) if first == last else None
        text = "" if whole else f"{first}" if first == last else f"{first}-{last}"
        found.setdefault(word, []).append(f"{text} ({printable(name)})" if name else text)
    words = [f"all {word}" if texts == [""] else f"{word} {', '.join(texts)}" for word, texts in found.items()]
    return "; ".join(words) or "nothing"
