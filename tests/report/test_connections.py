"""Connections as JSON, CSV, Markdown and graphs; hostile names stay in their place."""

from __future__ import annotations

import csv
import io

import msgspec
import pytest

from haechi.analysis.cluster import ports_text
from haechi.analysis.reach import Connection
from haechi.report import (
    basis,
    connections_csv,
    connections_dot,
    connections_json,
    connections_markdown,
    connections_mermaid,
)
from haechi.report.connections import ConnectionList
from haechi.sets import PortSet
from tests.report.documents import checked

LINES = (
    Connection("x/web[Deployment]", "x/db[Pod]", PortSet.tcp(80) | PortSet.tcp(443) | PortSet.udp(53, 60)),
    Connection("x/web[Deployment]", "0.0.0.0-9.255.255.255", PortSet.ALL),
)
HOSTILE = (Connection('a"|<b>\n\x1b[31m`', "=cmd,x", PortSet.protocol(6)),)


def test_json_has_source_destination_and_ranges_of_ports() -> None:
    assert checked("".join(connections_json(LINES, basis())))["connections"] == [
        {
            "source": "x/web[Deployment]",
            "destination": "x/db[Pod]",
            "ports": [
                {"protocol": "TCP", "first": 80, "last": 80},
                {"protocol": "TCP", "first": 443, "last": 443},
                {"protocol": "UDP", "first": 53, "last": 60},
            ],
        },
        {
            "source": "x/web[Deployment]",
            "destination": "0.0.0.0-9.255.255.255",
            "ports": [{"protocol": "any", "first": 1, "last": 65535}],
        },
    ]


@pytest.mark.parametrize("lines", [LINES, HOSTILE, ()])
def test_a_list_that_is_written_piece_by_piece_is_the_document(lines: tuple[Connection, ...]) -> None:
    groups = {"x/web[Deployment]+1": ("x/api[Pod]", "x/web[Deployment]")}
    text = "".join(connections_json(iter(lines), basis(notes=["1 pod completed ]}"]), groups))
    document = msgspec.json.decode(text, type=ConnectionList)
    assert msgspec.json.format(text, indent=0) == msgspec.json.format(msgspec.json.encode(document), indent=0).decode()
    assert [(one.source, one.destination) for one in document.connections] == [line[:2] for line in lines]
    assert [(one.name, tuple(one.members)) for one in document.groups] == list(groups.items())
    assert len(text.splitlines()) == len(lines) + 2


@pytest.mark.parametrize("lines", [LINES, HOSTILE])
def test_csv_reads_back(lines: tuple[Connection, ...]) -> None:
    header, *rows = csv.reader(io.StringIO("".join(connections_csv(lines))))
    assert header == ["source", "destination", "protocol", "first", "last"]
    assert {len(row) for row in rows} == {5}
    assert not any(cell.startswith("=") for row in rows for cell in row)


def test_hostile_names_break_out_of_nothing() -> None:
    table = "".join(connections_markdown(HOSTILE, basis())).splitlines()
    assert [line.count("|") for line in table] == [4, 4, 4]
    graph = "".join(connections_dot(HOSTILE, basis()))
    assert '"a\\"|<b>\\\\n\\\\x1b[31m`" -> "=cmd,x"' in graph
    chart = "".join(connections_mermaid(HOSTILE, basis()))
    assert "<b>" not in chart
    assert "\x1b" not in chart


def test_markdown_has_no_mention_link_or_formula_of_a_name() -> None:
    (line,) = list(
        connections_markdown([Connection("@octocat ~~x~~ $y$", "https://a.b www.c.d", PortSet.tcp(80))], basis())
    )[1:]
    assert line == ("| &#64;octocat \\~\\~x\\~\\~ \\$y\\$ | https&#58;//a.b &#119;ww.c.d | TCP 80 |\n")


@pytest.mark.parametrize(
    ("ports", "text"),
    [
        (PortSet.NONE, "nothing"),
        (PortSet.ALL, "everything"),
        (PortSet.protocol(6) | PortSet.udp(53), "all TCP; UDP 53"),
        (PortSet.protocol(1), "all ICMP"),
    ],
)
def test_ports_in_words(ports: PortSet, text: str) -> None:
    assert ports_text(ports) == text
