"""YAML documents: splitting, anchors and merges as kubectl has them, places, limits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haechi.model import yamltext
from haechi.model.problem import Path, path_steps
from haechi.model.source import Source
from haechi.model.tree import LimitProblem, ParsedDocument, RepeatedKeys, SyntaxProblem


def parse(text: str) -> ParsedDocument:
    data = text.encode()
    return yamltext.parse_yaml(data, 0, len(data))


def documents(text: str) -> list[str]:
    data = text.encode()
    return [data[begin:end].decode() for begin, end in yamltext.split_yaml(data)]


def place(text: str, path: str | Path) -> tuple[int, int]:
    location = Source("f", text.encode()).at(parse(text).offset(path_steps(path) if isinstance(path, str) else path))
    return location.line, location.column


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("\n# only a comment\n---\n---\n", []),
        ("a: 1\n---\nb: 2\n", ["a: 1\n", "---\nb: 2\n"]),
        ("a: 1\r\n---\r\nb: 2\r\n", ["a: 1\r\n", "---\r\nb: 2\r\n"]),
        ("---\na: 1\n...\n---\nb: 2\n...\n", ["---\na: 1\n...\n", "---\nb: 2\n...\n"]),
        ("--- # comment\na: 1\n--- \nb: 2", ["--- # comment\na: 1\n", "--- \nb: 2"]),
        ("---a: 1\nb: |\n  ---\n  x\n", ["---a: 1\nb: |\n  ---\n  x\n"]),
        ("%YAML 1.1\n---\na: 1\n---\nb: 2\n", ["%YAML 1.1\n---\na: 1\n", "---\nb: 2\n"]),
    ],
)
def test_a_stream_is_split_at_its_separators(text: str, expected: list[str]) -> None:
    """Comments alone are no document; indented dashes are text."""
    assert documents(text) == expected


@given(st.lists(st.sampled_from(["---\n", "...\n", "a: 1\n", "%YAML 1.1\n", "# c\n", "\n", "---", "- x\n", "--- x\n"])))
def test_splitting_loses_no_content(lines: list[str]) -> None:
    """Documents are in order, do not overlap, and hold every line with content."""
    text = "".join(lines)
    found = documents(text)
    assert "".join(found).count("a: 1") == text.count("a: 1")
    assert "".join(found).count("- x") == text.count("- x")


def test_merges_override_what_stands_before_them() -> None:
    """As go-yaml v2 does (YAML says otherwise); the first of a list of mappings wins."""
    assert parse("x: &a {p: 1, q: 2}\nz: {q: 3, <<: *a, p: 4}\n").data == {"x": {"p": 1, "q": 2}, "z": {"q": 2, "p": 4}}
    merged = parse("- &a {p: 1}\n- &b {p: 2, q: 2}\n- <<: [*a, *b]\n").data
    assert isinstance(merged, list)
    assert merged[2] == {"p": 1, "q": 2}
    assert parse('{"<<": 1}').data == {"<<": 1}


def test_an_overridden_merge_is_no_repeated_key() -> None:
    """Only keys that are written twice count, once each."""
    data = parse("x: &a {p: 1}\nw: {<<: *a, p: 2}\nz: {p: 1, p: 2, p: 3, q: 4}\n").data
    assert isinstance(data, dict)
    assert not isinstance(data["w"], RepeatedKeys)
    assert isinstance(data["z"], RepeatedKeys)
    assert data["z"].repeated == ("p",)
    assert data["z"]["p"] == 3


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("", (2, 1)),
        ("spec", (3, 1)),
        ("spec.ingress", (4, 3)),
        ("spec.ingress[0]", (5, 5)),
        ("spec.ingress[0].from[1].podSelector", (7, 7)),
        ("spec.ingress[0].ports[0].port", (8, 25)),
        ("spec.ingress[0].ports[9].port", (8, 5)),
        ("spec.nothing.here", (3, 1)),
        ("é", (9, 1)),
        ("spec.ingress[0].from[0].x", (6, 15)),
    ],
)
def test_every_field_has_its_place(path: str, expected: tuple[int, int]) -> None:
    """Keys, list items, and the nearest ancestor of what is absent; columns count characters."""
    text = (
        "# é\napiVersion: v1\nspec:\n  ingress:\n  - from:\n    - {é: ☃☃, x: y}\n    - podSelector: {}\n"
        '    ports: [{name: "☃", port: 1}]\né: 1\n'
    )
    assert place(text, path) == expected


def test_a_field_behind_an_alias_is_where_its_anchor_is() -> None:
    """The text exists once."""
    assert place("a: &x\n  b: 1\nc: *x\n", "c.b") == (2, 3)
    assert place("a: &x\n  b: 1\nc:\n  <<: *x\n", "c.b") == (2, 3)


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        ("a: 1\nb: [\n", "expected", 3),
        ("a: 1\n\tb: 2\n", "tab character", 2),
        ("a: b: c\n", "mapping values are not allowed", 1),
        ("a: *x\n", "unknown anchor 'x'", 1),
        ("a: &x\n  b: *x\n", "contains itself", 2),
        ("a: 1\nb: \x00\n", "U+0000 is not allowed", 2),
        ("a: 1\n[a]: 1\n", "mapping key must be a string", 2),
        ("a: &x 5\nb: {<<: *x}\n", "map merge requires", 2),
        ("a: .nan\n", "unsupported value", 1),
        ("a: 1\n--- b\n", "second document", 2),
        ("%FOO\na: 1\n", "directive", 1),
    ],
)
def test_syntax_errors_say_what_and_where(text: str, message: str, line: int) -> None:
    """One error each, on its line."""
    with pytest.raises(SyntaxProblem) as caught:
        parse(text)
    assert message in caught.value.message
    assert Source("f", text.encode()).at(caught.value.offset).line == line


def test_invalid_utf8_is_found_at_its_byte() -> None:
    """Not at the beginning of the document."""
    with pytest.raises(SyntaxProblem) as caught:
        yamltext.parse_yaml(b"a: 1\nb: \xff\n", 0, 10)
    assert (caught.value.message, caught.value.offset) == ("invalid UTF-8", 8)


def test_an_alias_bomb_is_refused() -> None:
    """Nine levels of nine would be four hundred million nodes."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 10)]
    with pytest.raises(LimitProblem, match="aliases add more than"):
        parse("\n".join(lines))


def test_a_merge_bomb_is_refused() -> None:
    """Merges copy entries, which counts as well."""
    wide = ", ".join(f"k{i}: 1" for i in range(1000))
    with pytest.raises(LimitProblem, match="aliases add more than"):
        parse(f"a: &a {{{wide}}}\nb:\n" + "- {<<: *a}\n" * 200)


def test_anchors_in_normal_use_are_fine() -> None:
    """Some hundreds of aliases of a label map."""
    data = parse("a: &a {app: x}\nb:\n" + "- *a\n" * 500).data
    assert isinstance(data, dict)
    assert data["b"] == [{"app": "x"}] * 500


@pytest.mark.parametrize("unit", ["[", "{a: ", "- ", "? "])
def test_deep_nesting_is_refused(unit: str) -> None:
    """However deep: neither Python's stack nor C's is used up."""
    with pytest.raises(SyntaxProblem):
        parse(unit * 50_000)


def test_nesting_is_allowed_up_to_the_limit() -> None:
    """The limit itself is in."""
    parse("[" * yamltext.MAX_DEPTH + "]" * yamltext.MAX_DEPTH)
    with pytest.raises(LimitProblem):
        parse("[" * (yamltext.MAX_DEPTH + 2) + "]" * (yamltext.MAX_DEPTH + 2))


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    """No other exception, whatever it is."""
    data = text.encode("utf-8", "surrogatepass")
    for begin, end in yamltext.split_yaml(data):
        assert begin <= read_or_refuse(data, begin, end) <= end


def read_or_refuse(data: bytes, begin: int, end: int) -> int:
    try:
        return yamltext.parse_yaml(data, begin, end).offset(("a", 0))
    except SyntaxProblem as problem:
        return problem.offset
