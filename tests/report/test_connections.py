"""Lines as text, JSON, CSV, Markdown and graphs; hostile names stay in their place."""

from __future__ import annotations

import csv
import io
import json

import pytest

from haechi.analysis.cluster.wording import ports_text
from haechi.analysis.reach.listing import Connection
from haechi.report import connections as rendering
from haechi.sets import PortSet

LINES = (
    Connection("x/web[Deployment]", "x/db[Pod]", PortSet.tcp(80) | PortSet.tcp(443) | PortSet.udp(53, 60)),
    Connection("x/web[Deployment]", "0.0.0.0-9.255.255.255", PortSet.ALL),
)
HOSTILE = (Connection('a"|<b>\n\x1b[31m`', "=cmd,x", PortSet.protocol(6)),)


def test_text_names_ports() -> None:
    names = {"x/db[Pod]": {(6, 80): "http"}}
    assert "".join(rendering.as_text(LINES, names)) == (
        "x/web[Deployment] -> x/db[Pod]: TCP 80 (http), 443; UDP 53-60\n"
        "x/web[Deployment] -> 0.0.0.0-9.255.255.255: everything\n"
    )


def test_json_is_version_one_of_the_schema() -> None:
    assert json.loads("".join(rendering.as_json(LINES))) == {
        "version": 1,
        "connections": [
            {
                "src": "x/web[Deployment]",
                "dst": "x/db[Pod]",
                "ports": [
                    {"protocol": "TCP", "first": 80, "last": 80},
                    {"protocol": "TCP", "first": 443, "last": 443},
                    {"protocol": "UDP", "first": 53, "last": 60},
                ],
            },
            {
                "src": "x/web[Deployment]",
                "dst": "0.0.0.0-9.255.255.255",
                "ports": [{"protocol": "any", "first": 1, "last": 65535}],
            },
        ],
    }


def test_no_lines_are_json_too() -> None:
    assert json.loads("".join(rendering.as_json(()))) == {"version": 1, "connections": []}


@pytest.mark.parametrize("lines", [LINES, HOSTILE])
def test_csv_reads_back(lines: tuple[Connection, ...]) -> None:
    rows = list(csv.reader(io.StringIO("".join(rendering.as_csv(lines)))))
    assert {len(row) for row in rows} == {5}
    assert not any(cell.startswith("=") for row in rows for cell in row)


def test_hostile_names_break_out_of_nothing() -> None:
    assert len("".join(rendering.as_text(HOSTILE)).splitlines()) == 1
    table = "".join(rendering.as_markdown(HOSTILE)).splitlines()
    assert [line.count("|") for line in table] == [4, 4, 4]
    graph = "".join(rendering.as_dot(HOSTILE))
    assert '"a\\"|<b>\\\\n\\\\x1b[31m`" -> "=cmd,x"' in graph
    chart = "".join(rendering.as_mermaid(HOSTILE))
    assert "<b>" not in chart
    assert "\x1b" not in chart


@pytest.mark.parametrize(
    ("ports", "text"),
    [
        (PortSet.NONE, "nothing"),
        (PortSet.ALL, "everything"),
        (PortSet.protocol(6) | PortSet.udp(53), "all TCP; UDP 53"),
        (PortSet.protocol(1), "all protocol 1"),
    ],
)
def test_ports_in_words(ports: PortSet, text: str) -> None:
    assert ports_text(ports) == text
