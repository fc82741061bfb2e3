"""Differences as text, JSON, CSV and Markdown."""

from __future__ import annotations

import csv
import json

from haechi.analysis.reach.difference import Cause, Difference
from haechi.model.verdict import PolicyKey
from haechi.report.diff import as_csv, as_json, as_markdown, as_text
from haechi.sets import PortSet

P, Q = Cause(PolicyKey("x", "p"), "added"), Cause(PolicyKey("x", "q"), "changed")
TCP80 = PortSet.tcp(80)
SOME = (
    Difference("x/a[Pod]", "x/b[Pod]", PortSet.NONE, TCP80, (P,)),
    Difference("x/a[Pod]", "8.8.8.8-8.8.8.9", PortSet.ALL, PortSet.NONE, (P, Q)),
    Difference("x/b[Pod]", "x/a[Pod]", TCP80, TCP80 | PortSet.udp(53)),
)
HOSTILE = Difference('=HYPERLINK("x")', "a|<b>\n\x1b[31m,c", PortSet.NONE, TCP80)


def test_as_text() -> None:
    assert "".join(as_text(SOME)) == (
        "+ x/a[Pod] -> x/b[Pod]: TCP 80 by x/p (added)\n"
        "- x/a[Pod] -> 8.8.8.8-8.8.8.9: everything by x/p (added), x/q (changed)\n"
        "~ x/b[Pod] -> x/a[Pod]: TCP 80, now TCP 80; UDP 53 by pods, labels or namespaces\n"
    )


def test_as_json() -> None:
    document = json.loads("".join(as_json(SOME)))
    assert (document["version"], [one["change"] for one in document["changes"]]) == (1, ["added", "removed", "changed"])
    assert document["changes"][1] == {
        "change": "removed",
        "src": "x/a[Pod]",
        "dst": "8.8.8.8-8.8.8.9",
        "before": [{"protocol": "any", "first": 1, "last": 65535}],
        "after": [],
        "policies": [{"policy": "x/p", "change": "added"}, {"policy": "x/q", "change": "changed"}],
    }


def test_as_csv_a_program_reads_what_was_meant() -> None:
    header, *rows = csv.reader("".join(as_csv(SOME)).splitlines())
    assert header == ["change", "src", "dst", "before", "after", "policies"]
    assert rows == [
        ["added", "x/a[Pod]", "x/b[Pod]", "nothing", "TCP 80", "x/p (added)"],
        ["removed", "x/a[Pod]", "8.8.8.8-8.8.8.9", "everything", "nothing", "x/p (added); x/q (changed)"],
        ["changed", "x/b[Pod]", "x/a[Pod]", "TCP 80", "TCP 80; UDP 53", ""],
    ]


def test_as_markdown() -> None:
    lines = "".join(as_markdown(SOME)).splitlines()
    assert lines[0] == "**Connections: 1 added, 1 removed, 1 changed**"
    assert lines[4] == "| added | x/a\\[Pod\\] | x/b\\[Pod\\] | nothing | TCP 80 | x/p (added) |"
    assert lines[6].endswith("| TCP 80; UDP 53 | pods, labels or namespaces |")


def test_nothing_changes() -> None:
    assert "".join(as_text(())) == ""
    assert json.loads("".join(as_json(()))) == {"version": 1, "changes": []}
    assert "".join(as_csv(())) == "change,src,dst,before,after,policies\n"
    assert "".join(as_markdown(())) == "No connection changes.\n"


def test_hostile_names_stay_in_their_places() -> None:
    """No line, cell, formula or colour of their own."""
    for lines in (as_text([HOSTILE]), as_csv([HOSTILE]), as_markdown([HOSTILE])):
        text = "".join(lines)
        assert "\x1b" not in text
        assert text.count("a|<b>") + text.count("a&#124;&#60;b&#62;") == 1
    assert len("".join(as_text([HOSTILE])).splitlines()) == 1
    _, row = csv.reader("".join(as_csv([HOSTILE])).splitlines())
    assert row[1:3] == ['\'=HYPERLINK("x")', "a|<b>\\n\\x1b[31m,c"]
    assert len("".join(as_markdown([HOSTILE])).splitlines()) == 5
    assert "".join(as_markdown([HOSTILE])).splitlines()[4].count("|") == 7


def test_what_a_difference_adds_and_removes() -> None:
    assert [(one.adds, one.removes) for one in SOME] == [(True, False), (False, True), (True, False)]
