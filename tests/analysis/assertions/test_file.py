"""Files of assertions: what is taken, and that every mistake is told with its place."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from haechi.analysis.assertions.file import Port, read_suites
from haechi.model.source import Source

HEAD = "apiVersion: haechi/v1alpha1\nkind: ConnectivityTest\nmetadata: {name: shop}\nspec:\n  assertions:\n"


def problems(assertion: str) -> list[str]:
    suites, found = read_suites(Source("t.yaml", (HEAD + assertion).encode()))
    assert not suites
    return [str(problem) for problem in found]


def test_ports_may_be_numbers_names_texts_and_mappings() -> None:
    text = "  - to: {pod: a/b}\n    only: []\n    ports: [5432, 53/udp, http, {port: 1, endPort: 9, protocol: SCTP}]\n"
    suites, found = read_suites(Source("t.yaml", (HEAD + text).encode()))
    assert found == ()
    (assertion,) = suites[0].assertions
    assert assertion.ports == (
        Port(port=5432),
        Port(port=53, protocol="UDP"),
        Port(port="http"),
        Port(port=1, end_port=9, protocol="SCTP"),
    )
    assert str(suites[0].locations[0]) == "t.yaml:6:5"


@pytest.mark.parametrize(
    ("assertion", "words"),
    [
        ("  - {from: {pod: a/b}, expect: allow}\n", "6:5: error: needs both from and to"),
        ("  - {from: {pod: a/b}, to: {pod: a/c}}\n", "6:5: error: expect must be allow or deny, not ''"),
        ("  - {to: {pod: a/b}, only: [], expect: deny}\n", "6:32: error: only says by itself what is expected"),
        ("  - {only: []}\n", "6:5: error: only needs exactly one of from and to"),
        ("  - {to: {pod: a/b}, only: [{anyone: {}}]}\n", "6:22: error: only anyone would exclude nobody"),
        ("  - {to: {pod: a/b/c/d}, only: []}\n", "6:11: error: 'a/b/c/d' is not NAME, NAMESPACE/NAME, KIND/NAME or"),
        ("  - {to: {pod: a/b, ip: 10.0.0.1}, only: []}\n", "6:6: error: must say exactly one of"),
        ("  - {to: {}, only: []}\n", "6:6: error: must say exactly one of"),
        ("  - {to: {ip: 10.0.0.0/33}, only: []}\n", "6:11: error: '10.0.0.0/33': the prefix length is above 32"),
        ("  - {to: {namespace: A_b}, only: []}\n", "6:11: error: 'A_b': a lowercase"),
        ("  - {to: {pod: a/b}, only: [], ports: [0]}\n", "6:40: error: ports must be from 1 to 65535"),
        ("  - {to: {pod: a/b}, only: [], ports: [80/ICMP]}\n", "6:40: error: protocol 'ICMP' is not TCP, UDP or SCTP"),
        (
            "  - {to: {pod: a/b}, only: [], ports: [yes]}\n",
            "6:40: error: spec.assertions[0].ports[0] must be a mapping",
        ),
        ("  - {to: {podSelector: {matchLabels: {a: 1}}}, only: []}\n", "must be a string, not the number 1"),
        ("  - {to: {podSelector: {matchLabel: {a: b}}}, only: []}\n", 'did you mean "matchLabels"?'),
        (
            "  - to: {podSelector: {matchExpressions: [{key: a, operator: Gt}]}}\n    only: []\n",
            "6:10: error: label selector cannot be read: key 'a', operator 'Gt'",
        ),
        ("  - {to: {pod: a/b}, to: {pod: a/b}, only: []}\n", 'key "to" already set in map'),
        ("  - [}\n", "6:6: error: while parsing a flow node, did not find expected node content"),
        ("", "error: there is no assertion"),
    ],
)
def test_a_mistake_is_told_with_its_place(assertion: str, words: str) -> None:
    assert any(words in problem for problem in problems(assertion)), problems(assertion)


def test_all_mistakes_are_told_at_once() -> None:
    assert len(problems("  - {to: {pod: a/}, only: []}\n  - {expects: deny}\n")) >= 3


def test_a_document_of_ours_that_is_none_is_an_error_and_a_foreign_one_is_skipped() -> None:
    text = b"apiVersion: haechi/v1alpha1\nkind: ConnectivityTests\n---\napiVersion: v1\nkind: Pod\n---\n- 1\n"
    suites, found = read_suites(Source("t.yaml", text))
    assert suites == ()
    assert [problem.severity for problem in found] == ["error", "skipped", "error"]


def test_the_example_of_the_documentation_is_right() -> None:
    page = (Path(__file__).parents[3] / "docs" / "assertions.md").read_text(encoding="utf-8")
    for code in re.findall(r"^```yaml\n(.*?)^```", page, re.MULTILINE | re.DOTALL):
        suites, found = read_suites(Source("t.yaml", code.encode()))
        assert (len(suites), found) == (1, ())
