"""Differences as JSON, CSV and Markdown."""

from __future__ import annotations

import csv

from haechi.analysis.reach import Cause, Difference
from haechi.model import PolicyKey
from haechi.report import basis, diff_csv, diff_json, diff_markdown
from haechi.sets import PortSet
from tests.report.documents import checked

P, Q = Cause(PolicyKey("x", "p"), "added"), Cause(PolicyKey("x", "q"), "changed")
TCP80 = PortSet.tcp(80)
SOME = (
    Difference("x/a[Pod]", "x/b[Pod]", PortSet.NONE, TCP80, (P,)),
    Difference("x/a[Pod]", "8.8.8.8-8.8.8.9", PortSet.ALL, PortSet.NONE, (P, Q)),
    Difference("x/b[Pod]", "x/a[Pod]", TCP80, TCP80 | PortSet.udp(53)),
)
HOSTILE = Difference('=HYPERLINK("x")', "a|<b>\n\x1b[31m,c", PortSet.NONE, TCP80)


def test_json_has_the_policies_behind_each_change() -> None:
    changes = checked(diff_json(SOME, basis()))["changes"]
    assert [one["change"] for one in changes] == ["added", "removed", "changed"]
    assert changes[1] == {
        "change": "removed",
        "source": "x/a[Pod]",
        "destination": "8.8.8.8-8.8.8.9",
        "before": [{"protocol": "any", "first": 1, "last": 65535}],
        "after": [],
        "policies": [
            {"policy": {"namespace": "x", "name": "p"}, "change": "added"},
            {"policy": {"namespace": "x", "name": "q"}, "change": "changed"},
        ],
    }


def test_a_program_reads_from_csv_what_was_meant() -> None:
    header, *rows = csv.reader("".join(diff_csv(SOME)).splitlines())
    assert header == ["change", "source", "destination", "before", "after", "policies"]
    assert rows == [
        ["added", "x/a[Pod]", "x/b[Pod]", "nothing", "TCP 80", "x/p (added)"],
        ["removed", "x/a[Pod]", "8.8.8.8-8.8.8.9", "everything", "nothing", "x/p (added); x/q (changed)"],
        ["changed", "x/b[Pod]", "x/a[Pod]", "TCP 80", "TCP 80; UDP 53", ""],
    ]


def test_markdown_is_a_sentence_and_a_table() -> None:
    lines = "".join(diff_markdown(SOME)).splitlines()
    assert lines[0] == "**Connections: 1 added, 1 removed, 1 changed**"
    assert lines[4] == "| added | x/a\\[Pod\\] | x/b\\[Pod\\] | nothing | TCP 80 | x/p (added) |"
    assert lines[6].endswith("| TCP 80; UDP 53 | pods, labels or namespaces |")


def test_nothing_changes() -> None:
    assert checked(diff_json((), basis()))["changes"] == []
    assert "".join(diff_csv(())) == "change,source,destination,before,after,policies\n"
    assert "".join(diff_markdown(())) == "No connection changes.\n"


def test_hostile_names_stay_in_their_places() -> None:
    """No line, cell, formula or colour of their own."""
    for lines in (diff_csv([HOSTILE]), diff_markdown([HOSTILE])):
        text = "".join(lines)
        assert "\x1b" not in text
        assert text.count("a|<b>") + text.count("a&#124;&#60;b&#62;") == 1
    _, row = csv.reader("".join(diff_csv([HOSTILE])).splitlines())
    assert row[1:3] == ['\'=HYPERLINK("x")', "a|<b>\\n\\x1b[31m,c"]
    assert len("".join(diff_markdown([HOSTILE])).splitlines()) == 5
    assert "".join(diff_markdown([HOSTILE])).splitlines()[4].count("|") == 7


def test_what_a_difference_adds_and_removes() -> None:
    assert [(one.adds, one.removes) for one in SOME] == [(True, False), (False, True), (True, False)]
