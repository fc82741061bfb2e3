"""Documents in a source: streams, lists, and errors that stay where they are."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from haechi.files import load
from haechi.model import Code, Manifests, Pod, Severity
from haechi.model.documents import MAX_ERRORS
from tests.model.reading import POD, POLICY, codes, names, policy, read, read_json, where


def test_a_stream_of_documents_becomes_objects() -> None:
    """YAML and JSON documents in one stream, as kubectl reads it."""
    manifests = read(
        POLICY.replace("NAME", "a") + "---\n" + json.dumps(policy("b")) + json.dumps(POD) + "\n---\n" + POLICY
    )
    assert names(manifests) == ["a", "b", "p", "NAME"]
    assert manifests.problems == ()


@pytest.mark.parametrize("indent", [None, 2])
def test_lists_hold_objects(indent: int | None) -> None:
    """`List`, typed lists whose items do not say what they are, and lists in lists."""
    inner = {"apiVersion": "v1", "kind": "PodList", "items": [{"metadata": {"name": "q"}}]}
    data = {"apiVersion": "v1", "kind": "List", "metadata": {}, "items": [policy("a"), POD, inner]}
    for manifests in (read_json(data, indent), read("# YAML now\n" + json.dumps(data, indent=indent))):
        assert names(manifests) == ["a", "p", "q"]
        assert manifests.problems == ()
        assert type(manifests.objects[2].object) is Pod


@pytest.mark.parametrize("items", [[], None])
def test_an_empty_list_is_said_to_be_empty(items: object) -> None:
    """It is no error of its own, but nothing is left to work with."""
    manifests = read_json({"apiVersion": "v1", "kind": "List", "items": items})
    assert [(p.severity, p.code) for p in manifests.problems] == [
        (Severity.WARNING, Code.EMPTY),
        (Severity.ERROR, Code.EMPTY),
    ]


def test_a_syntax_error_does_not_hide_the_other_documents() -> None:
    """And it is reported on its own line of the file."""
    manifests = read(POLICY.replace("NAME", "a") + "---\na: [\n---\n" + POLICY.replace("NAME", "b") + "---\n}\n")
    assert names(manifests) == ["a", "b"]
    assert [(p.code, p.location.line) for p in manifests.problems] == [(Code.SYNTAX, 7), (Code.SYNTAX, 13)]


@pytest.mark.parametrize("wrap", [json.dumps, lambda data: "# YAML\n" + json.dumps(data)])
def test_a_bad_item_does_not_hide_the_others(wrap: object) -> None:
    """Items that are no objects, of no kind, of a wrong kind, and with wrong fields."""
    assert callable(wrap)
    bad: list[object] = [
        5,
        {},
        {"kind": 5, "apiVersion": "v1"},
        {"apiVersion": "extensions/v1beta1", "kind": "NetworkPolicy"},
    ]
    bad += [{**POD, "metadata": {"name": "x", "labels": {"a": 1}}}]
    items = [item for index, each in enumerate(bad) for item in (each, policy(f"p{index}"))]
    manifests = read(wrap({"apiVersion": "v1", "kind": "List", "items": items}))
    assert names(manifests) == ["p0", "p1", "p2", "p3", "p4"]
    assert codes(manifests) == [Code.NOT_AN_OBJECT] * 3 + [Code.API_VERSION, Code.TYPE]


def test_a_bad_json_document_does_not_hide_the_ones_before_it() -> None:
    """What follows cannot be told apart, so the error stands for it."""
    manifests = read(json.dumps(policy("a")) + "\n{]\n")
    assert names(manifests) == ["a"]
    assert [(p.code, where(p)) for p in manifests.problems] == [(Code.SYNTAX, (2, 2))]


def test_what_is_not_ours_is_skipped_and_said() -> None:
    """With the place of the object."""
    manifests = read("apiVersion: v1\nkind: ConfigMap\n---\n" + POLICY)
    (problem,) = manifests.problems
    assert (problem.severity, problem.code, where(problem)) == (Severity.SKIPPED, Code.UNKNOWN_KIND, (1, 1))
    assert manifests.errors == ()


def test_a_byte_order_mark_is_no_text() -> None:
    """In YAML as in JSON; columns do not count it twice."""
    assert names(read(b"\xef\xbb\xbf" + POLICY.encode())) == ["NAME"]
    assert names(read(b"\xef\xbb\xbf" + json.dumps(policy("a")).encode())) == ["a"]


def test_windows_line_ends_are_fine() -> None:
    """And lines are counted once."""
    manifests = read((POLICY + "---\na: [\n").replace("\n", "\r\n"))
    assert names(manifests) == ["NAME"]
    assert manifests.problems[0].location.line in (6, 7)


def test_reading_stops_after_too_many_problems() -> None:
    """With a problem that says so; memory and output stay bounded."""
    manifests = read("---\n}\n" * 5000)
    assert len(manifests.problems) == MAX_ERRORS + 1
    assert manifests.problems[-1].code is Code.LIMIT


def test_flow_yaml_that_begins_like_json_is_read_in_a_yaml_file(tmp_path: Path) -> None:
    """Trailing commas and comments are good YAML."""
    text = '{"apiVersion": v1, "kind": Pod, "metadata": {"name": p,}} # comment\n'
    (tmp_path / "a.yaml").write_text(text)
    (tmp_path / "a.json").write_text(text)
    assert names(load([tmp_path / "a.yaml"])) == ["p"]
    assert codes(load([tmp_path / "a.json"])) == [Code.SYNTAX]


def test_deep_recursion_is_not_needed_at_the_limit() -> None:
    """A caller that is deep in the stack itself may load a document of the greatest depth."""
    text = "kind: Pod\napiVersion: v1\nmetadata: {name: x}\na: " + "[" * 120 + "]" * 120

    def deeper(levels: int) -> Manifests:
        return deeper(levels - 1) if levels else read(text)

    assert names(deeper(sys.getrecursionlimit() // 3)) == ["x"]


def test_objects_joined_without_a_separator_are_all_read_and_each_join_is_an_error() -> None:
    """A second `apiVersion` and `kind` in one document: the last object would silently replace the others."""
    head = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n"
    first, second, third = (f"{head}metadata: {{name: {name}}}\nspec: {{podSelector: {{}}}}\n" for name in "abc")
    found = read(f"# é\n{first}{second}# the third\n{third}")
    assert [one.object.name for one in found.objects] == ["a", "b", "c"]
    assert [(str(problem.location), problem.message) for problem in found.problems] == [
        ("<stdin>:6:1", "a second object begins here without a --- line before it"),
        ("<stdin>:11:1", "a second object begins here without a --- line before it"),
    ]
    assert [str(one.location("spec")) for one in found.objects] == ["<stdin>:5:1", "<stdin>:9:1", "<stdin>:14:1"]


def test_many_joined_objects_are_read_one_by_one() -> None:
    found = read("".join(f"apiVersion: v1\nkind: Namespace\nmetadata: {{name: n{number}}}\n" for number in range(900)))
    assert (len(found.objects), len(found.problems)) == (900, 899)


def test_a_key_that_is_only_repeated_is_no_second_object() -> None:
    head = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nkind: NetworkPolicy\n"
    (problem,) = read(head + "metadata: {name: a}\nspec: {podSelector: {}}\n").problems
    assert "second object" not in problem.message
