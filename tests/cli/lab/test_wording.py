"""The words of the table."""

from __future__ import annotations

import pytest

from haechi.cli.lab import wording
from haechi.cli.lab.sections import table_sections
from haechi.lab.ports import Port
from haechi.model.verdict import PolicyKey
from tests.cli.reports import rows

ALL: tuple[Port, ...] = (("TCP", 80), ("TCP", 443), ("UDP", 80), ("UDP", 443), ("SCTP", 80))


@pytest.mark.parametrize(
    ("some", "text"),
    [
        ((), "nothing"),
        (ALL, "everything"),
        ((("TCP", 443), ("TCP", 80)), "all TCP"),
        ((("TCP", 443), ("UDP", 80)), "TCP 443; UDP 80"),
        ((("SCTP", 80),), "SCTP 80"),
    ],
)
def test_ports_are_as_short_as_they_can_be(some: tuple[Port, ...], text: str) -> None:
    assert wording.ports(some, ALL) == text


@pytest.mark.parametrize(
    ("allowed", "texts"),
    [
        ([("TCP", 80)], ("TCP 80", "everything else")),
        ([("TCP", 80), ("UDP", 80), ("SCTP", 80)], ("everything else", "TCP 5432")),
        (None, ("everything", "nothing")),
        ((), ("nothing", "everything")),
    ],
)
def test_the_shorter_side_is_listed(allowed: list[Port] | None, texts: tuple[str, str]) -> None:
    (section,) = table_sections(rows("a/x", "a/y", allowed), ())
    assert wording.allowed_and_denied(section.rows[0].outcomes) == texts


def test_ip_versions_with_different_answers_are_named() -> None:
    (section,) = table_sections([*rows("a/x", "a/y", (), families=(4,)), *rows("a/x", "a/y", families=(6,))], ())
    assert wording.allowed_and_denied(section.rows[0].outcomes) == (
        "IPv4: nothing, IPv6: everything",
        "IPv4: everything, IPv6: nothing",
    )


def test_a_whole_namespace_is_shown_as_such() -> None:
    everyone = ["a/x", "a/y", "a/z", "b/x", "b/y"]
    assert wording.names(everyone, everyone) == "a/*, b/x, b/y"
    assert wording.names(["a/x", "a/y"], everyone) == "a/x, a/y"


def test_of_many_policies_the_first_are_named() -> None:
    keys = [PolicyKey("a", str(number)) for number in range(5)]
    assert wording.policies(keys) == "a/0, a/1, a/2 and 2 more"
    assert wording.policies(keys[:2]) == "a/0 and a/1"


NAMES = [f"a/{letter}" for letter in "stuvwx"]


def test_many_senders_are_anyone_else_and_few_are_named() -> None:
    found = [row for name in NAMES for row in rows(name, "b/z", None if name == "a/s" else ())]
    (section,) = table_sections(found, ())
    assert [wording.sources(row, section, [*NAMES, "b/z"]) for row in section.rows] == ["a/s", "anyone else"]
    (section,) = table_sections([*rows("a/s", "b/z"), *rows("a/t", "b/z", ())], ())
    assert [wording.sources(row, section, ["a/s", "a/t"]) for row in section.rows] == ["a/s", "a/t"]


def test_if_not_everyone_was_probed_the_rest_is_named() -> None:
    (section,) = table_sections([row for name in NAMES[:5] for row in rows(name, "b/z")], ())
    assert wording.sources(section.rows[0], section, NAMES) == "a/s, a/t, a/u and 2 more"
    assert wording.sources(section.rows[0], section, NAMES[:5]) == "anyone"


def test_outside_hosts_are_probed_from_pods_only() -> None:
    (section,) = table_sections([row for name in NAMES for row in rows(name, "host/h")], ["host/h"])
    assert wording.sources(section.rows[0], section, NAMES) == "any pod"
    found = [row for name in NAMES for row in rows(name, "host/h", None if name == "a/s" else ())]
    (section,) = table_sections(found, ["host/h"])
    assert [wording.sources(row, section, NAMES) for row in section.rows] == ["a/s", "any other pod"]
