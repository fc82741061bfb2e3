"""Differences as JSON, CSV and Markdown."""

from __future__ import annotations

import csv

from haechi.analysis.reach import Cause, ClusterComparison, Difference
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
ALL, NONE = ClusterComparison(SOME, (), ()), ClusterComparison((), (), ())
HOSTILE = Difference('=HYPERLINK("x")', "a|<b>\n\x1b[31m,c", PortSet.NONE, TCP80)
BAD = ClusterComparison((HOSTILE,), (), ())


def test_json_has_the_policies_behind_each_change() -> None:
    changes = checked(diff_json(ALL, basis(), basis()))["changes"]
    assert [one["change"] for one in changes] == ["added", "removed", "changed"]
    assert changes[1] == {
        "change": "removed",
        "source": "x/a[Pod]",
        "destination": "8.8.8.8-8.8.8.9",
        "before": [{"protocol": "any", "first": 1, "last": 65535}],
        "after": [],
        "policies": [
            {"policy": {"kind": "NetworkPolicy", "namespace": "x", "name": "p"}, "change": "added"},
            {"policy": {"kind": "NetworkPolicy", "namespace": "x", "name": "q"}, "change": "changed"},
        ],
        "previously": [],
    }


def test_a_program_reads_from_csv_what_was_meant() -> None:
    header, *rows = csv.reader("".join(diff_csv(ALL)).splitlines())
    assert header == ["of", "change", "source", "destination", "before", "after", "policies"]
    assert rows == [
        ["connection", "added", "x/a[Pod]", "x/b[Pod]", "nothing", "TCP 80", "x/p (added)"],
        ["connection", "removed", "x/a[Pod]", "8.8.8.8-8.8.8.9", "everything", "nothing", "x/p (added); x/q (changed)"],
        ["connection", "changed", "x/b[Pod]", "x/a[Pod]", "TCP 80", "TCP 80; UDP 53", ""],
    ]


def test_markdown_is_a_sentence_and_a_table() -> None:
    marker, *lines = "".join(diff_markdown(ALL, basis(), basis())).splitlines()
    assert marker == "<!-- haechi diff -->"
    assert lines[0] == "**Connections: 1 added, 1 removed, 1 changed**"
    assert lines[4] == "| added | x/a\\[Pod\\] | x/b\\[Pod\\] | nothing | TCP 80 | x/p (added) |"
    assert lines[6].endswith("| TCP 80; UDP 53 | pods, labels or namespaces |")


def test_nothing_changes() -> None:
    assert checked(diff_json(NONE, basis(), basis()))["changes"] == []
    assert "".join(diff_csv(NONE)) == "of,change,source,destination,before,after,policies\n"
    assert "".join(diff_markdown(NONE, basis(), basis())) == "<!-- haechi diff -->\nNo connection changes.\n"


def test_hostile_names_stay_in_their_places() -> None:
    """No line, cell, formula or colour of their own."""
    for lines in (diff_csv(BAD), diff_markdown(BAD, basis(), basis())):
        text = "".join(lines)
        assert "\x1b" not in text
        assert text.count("a|<b>") + text.count("a&#124;&#60;b&#62;") == 1
    _, row = csv.reader("".join(diff_csv(BAD)).splitlines())
    assert row[2:4] == ['\'=HYPERLINK("x")', "a|<b>\\n\\x1b[31m,c"]
    table = "".join(diff_markdown(BAD, basis(), basis())).splitlines()
    assert len(table) == 6
    assert table[5].count("|") == 7


def test_what_a_difference_adds_and_removes() -> None:
    assert [(one.adds, one.removes) for one in SOME] == [(True, False), (False, True), (True, False)]


def test_exposures_and_policies_without_effect_stand_apart() -> None:
    exposed = Difference("any pod", "x/b[Pod]", PortSet.NONE, TCP80, (P,))
    found = ClusterComparison((), (exposed,), ((Q, "it means the same as before"),))
    document = checked(diff_json(found, basis(), basis()))
    assert (document["changes"], document["exposureChanges"][0]["source"]) == ([], "any pod")
    assert document["ineffective"] == [
        {
            "policy": {"kind": "NetworkPolicy", "namespace": "x", "name": "q"},
            "change": "changed",
            "reason": "it means the same as before",
        }
    ]
    _, *lines = "".join(diff_markdown(found, basis(), basis())).splitlines()
    assert lines[0] == "No connection changes."
    assert "**Exposure to pods that need not exist: 1 added**" in lines
    assert lines[-1] == "x/q (changed) changes nothing: it means the same as before."
    assert len("".join(diff_csv(found)).splitlines()) == 2
