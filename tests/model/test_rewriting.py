"""Texts after edits: what is read is the old value with the edits, and nothing else of the text changed."""

from __future__ import annotations

import json
from copy import deepcopy
from textwrap import dedent

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from haechi.model.edits import Edit, apply_edits
from haechi.model.problem import Path
from haechi.model.rewriting import RewriteError, rewrite
from haechi.model.yamltext import parse_yaml

POLICY = dedent("""\
    ---
    # the web
    spec:
      podSelector: {matchLabels: {app:   web}}  # all of it
      # who may come
      ingress:
        # everybody of ours
        - from:
          - podSelector: {}   # really
          ports:
          - port: 80

        # the second
        - from:
          - namespaceSelector: { }
          # never
          - ipBlock:
              cidr: 10.0.0.5/24
              except: [ 10.0.0.0/28, '10.0.0.0/29',10.0.0.32/27 ]
          # a last remark
    """)


def lines_of(text: str, *edits: Edit) -> tuple[list[str], list[str]]:
    """The lines that go and those that come."""
    old, new = text.splitlines(), rewrite(text, edits).splitlines()
    return [line for line in old if line not in new], [line for line in new if line not in old]


def test_an_item_goes_with_its_lines_and_every_comment_between_items_stays() -> None:
    gone, come = lines_of(POLICY, Edit(("spec", "ingress", 0)))
    assert gone == ["    - from:", "      - podSelector: {}   # really", "      ports:", "      - port: 80"][1:]
    assert come == []
    assert "# everybody of ours\n\n    # the second\n    - from:" in rewrite(POLICY, [Edit(("spec", "ingress", 0))])


def test_the_last_item_goes_and_the_comment_after_it_stays() -> None:
    gone, come = lines_of(POLICY, Edit(("spec", "ingress", 1, "from", 1)))
    assert [line.strip() for line in gone] == [
        "- ipBlock:",
        "cidr: 10.0.0.5/24",
        "except: [ 10.0.0.0/28, '10.0.0.0/29',10.0.0.32/27 ]",
    ]
    assert come == []


RULES = dedent("""\
    spec:
      ingress:
      # who may not
      - action: Deny  # at all
        from: [{namespaces: {}}]

      # the second
        # of two lines
      - action: Pass
      # the end
      egress: [{action: Deny},  {action: Pass}]
    """)


@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        (("ingress", 0), "  ingress:\n", "  # who may not\n"),
        (("ingress", 1), "    from: [{namespaces: {}}]\n", "\n  # the second\n    # of two lines\n"),
        (("ingress", 2), "  - action: Pass\n", "  # the end\n"),
    ],
)
def test_an_item_comes_before_another_and_the_comments_above_that(path: Path, before: str, after: str) -> None:
    new = rewrite(RULES, [Edit(("spec", *path), {"action": "Accept"}, inserted=True)])
    assert f"{before}  - action: Accept\n{after}" in new
    assert new.replace("  - action: Accept\n", "") == RULES


@pytest.mark.parametrize("place", [0, 1])
def test_an_item_comes_before_another_between_brackets(place: int) -> None:
    new = rewrite(RULES, [Edit(("spec", "egress", place), {"action": "Accept"}, inserted=True)])
    assert new.replace("{action: Accept}, ", "") == RULES
    assert yaml.safe_load(new)["spec"]["egress"][place] == {"action": "Accept"}


def test_an_item_comes_before_another_on_a_line_of_its_own() -> None:
    text = "a: [\n  {b: 1},\n  {b: 3}\n]\n"
    assert rewrite(text, [Edit(("a", 1), {"b": 2}, inserted=True)]) == "a: [\n  {b: 1},\n  {b: 2},\n  {b: 3}\n]\n"


def test_an_item_comes_before_another_in_json() -> None:
    edit = Edit(("a", 1), {"b": [1]}, inserted=True)
    assert json.loads(rewrite('{"a": [{"b": 2}, {"b": 3}]}', [edit], is_json=True))["a"][1:] == [{"b": [1]}, {"b": 3}]


@pytest.mark.parametrize(
    ("places", "left"),
    [
        ([0], "['10.0.0.0/29',10.0.0.32/27 ]"),
        ([1], "[ 10.0.0.0/28, 10.0.0.32/27 ]"),
        ([2], "[ 10.0.0.0/28, '10.0.0.0/29' ]"),
        ([1, 2], "[ 10.0.0.0/28 ]"),
        ([0, 1], "[ 10.0.0.32/27 ]"),
        ([0, 2], "['10.0.0.0/29' ]"),
        ([0, 1, 2], "[]"),
    ],
)
def test_items_between_brackets_go_one_by_one(places: list[int], left: str) -> None:
    path = ("spec", "ingress", 1, "from", 1, "ipBlock", "except")
    new = rewrite(POLICY, [Edit((*path, place)) for place in places])
    assert left.replace(" ", "") in new.replace(" ", "")
    assert new.count("\n") == POLICY.count("\n")


def test_a_value_is_replaced_in_its_own_style() -> None:
    path = ("spec", "ingress", 1, "from", 1, "ipBlock")
    assert lines_of(POLICY, Edit((*path, "cidr"), "10.0.0.0/24"))[1] == ["          cidr: 10.0.0.0/24"]
    assert "'10.0.0.8/29'" in rewrite(POLICY, [Edit((*path, "except", 1), "10.0.0.8/29")])
    assert 'cidr: "80"' in rewrite(POLICY, [Edit((*path, "cidr"), "80")])


def test_a_field_is_added_after_the_others() -> None:
    gone, come = lines_of(POLICY, Edit(("spec", "policyTypes"), ["Ingress", "Egress"]))
    assert (gone, come) == ([], ["  policyTypes:", "  - Ingress", "  - Egress"])


def test_a_field_goes_with_its_lines() -> None:
    gone, _ = lines_of(POLICY, Edit(("spec", "ingress", 0, "ports")))
    assert [line.strip() for line in gone] == ["ports:", "- port: 80"]


def test_a_list_without_items_is_still_a_list() -> None:
    edits = [Edit(("spec", "ingress", 0)), Edit(("spec", "ingress", 1))]
    assert "  ingress: []\n" in rewrite(POLICY, edits)


def test_json_stays_json_and_keeps_its_form() -> None:
    text = '{\n\t"a": [1, {"b": "\\u00e9"}],\n\t"c": {}\n}'
    edits = [Edit(("a", 0)), Edit(("c", "d"), ["x"])]
    assert rewrite(text, edits, is_json=True) == ('{\n\t"a": [{"b": "\\u00e9"}],\n\t"c": {"d": ["x"]}\n}')


@pytest.mark.parametrize(
    ("text", "edit"),
    [
        ("a: &x [1, 2]\nb: *x\n", Edit(("a", 0))),
        ("a: &x [1, 2]\nb: *x\n", Edit(("b", 0))),
        ("a: &x {c: 1}\nb:\n  <<: *x\n", Edit(("a", "c"), 2)),
        ("- - 1\n  - 2\n", Edit((0, 0))),
        ("- a: 1\n  b: 2\n", Edit((0, "a"))),
        ("a: |\n  text\n", Edit(("b", "c"), 1)),
        ("a: [", Edit(("a", 0))),
        ("a: 1\na: 2\n", Edit(("a",), 3)),
    ],
)
def test_what_cannot_be_cut_is_left_as_it_is(text: str, edit: Edit) -> None:
    with pytest.raises(RewriteError):
        rewrite(text, [edit])


# -- any text ----------------------------------------------------------------------------------------------------------

scalars = (
    st.integers(-9, 99) | st.booleans() | st.sampled_from(["web", "a b", "80", "on", "it's", '"', "x: y", "- z", ""])
)
keys = st.sampled_from("abcd")
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3), max_leaves=12
)


def paths(value: object, above: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Of every field and item."""
    parts = enumerate(value) if isinstance(value, list) else value.items() if isinstance(value, dict) else ()
    return [path for step, part in parts for path in ((*above, step), *paths(part, (*above, step)))]


@st.composite
def texts(draw: st.DrawFn) -> tuple[str, list[Edit]]:
    """A document with comments, and edits of it that do not lie in each other."""
    data = {"spec": draw(st.dictionaries(keys, values, min_size=1, max_size=3))}
    style = draw(st.sampled_from([True, False, None]))
    text = yaml.safe_dump(data, default_flow_style=style, indent=draw(st.sampled_from([2, 4])), sort_keys=False)
    if not style:
        text = "".join(f"# {n}\n{line}\n" for n, line in enumerate(text.splitlines()))
    there = draw(st.lists(st.sampled_from(paths(data)), min_size=1, max_size=3, unique=True))
    outer = [path for path in there if not any(path != one and path[: len(one)] == one for one in there)]
    return text, [Edit(path, draw(st.none() | scalars)) for path in outer]


@given(texts())
def test_what_is_read_is_the_old_value_with_the_edits(drawn: tuple[str, list[Edit]]) -> None:
    text, edits = drawn
    expected = deepcopy(parse_yaml(text.encode(), 0, len(text.encode())).data)
    leaves = {path for path in paths(expected) if not any(other[:-1] == path for other in paths(expected))}
    apply_edits(expected, edits)
    try:
        new = rewrite(text, edits)
    except RewriteError:
        return
    assert json.dumps(parse_yaml(new.encode(), 0, len(new.encode())).data) == json.dumps(expected)
    if all(edit.value is not None and edit.path in leaves for edit in edits):
        assert new.count("#") == text.count("#")


def test_an_item_is_added_after_the_others_and_before_the_comments_that_follow() -> None:
    peer = {"ipBlock": {"cidr": "10.0.0.0/8"}}
    gone, come = lines_of(POLICY, Edit(("spec", "ingress", 1, "from", 2), peer))
    assert (gone, come) == ([], ["      - ipBlock:", "          cidr: 10.0.0.0/8"][1:])
    new = rewrite(POLICY, [Edit(("spec", "ingress", 1, "from", 2), peer)])
    assert new.endswith("      - ipBlock:\n          cidr: 10.0.0.0/8\n      # a last remark\n")


@pytest.mark.parametrize(
    ("text", "new"),
    [
        ("a: [1, 2]  # two\n", "a: [1, 2, 3]  # two\n"),
        ("a: []\n", "a: [3]\n"),
        ("a:\n- 1\n- 2", "a:\n- 1\n- 2\n- 3\n"),
        ("a:\n  -   b: 1\nc: 2\n", "a:\n  -   b: 1\n  - 3\nc: 2\n"),
    ],
)
def test_an_item_is_added_in_the_style_of_the_list(text: str, new: str) -> None:
    length = len(yaml.safe_load(text)["a"])
    assert rewrite(text, [Edit(("a", length), 3)]) == new


PORT = {"protocol": "TCP", "port": 53}
PEERS: list[dict[str, object]] = [{"from": [{"podSelector": {}}]}]


@pytest.mark.parametrize(
    ("text", "path", "value", "new"),
    [
        # between brackets: YAML beside YAML, JSON beside JSON
        ("a: [{x: 1}]\n", ("a", 1), PORT, "a: [{x: 1}, {protocol: TCP, port: 53}]\n"),
        ('a: [{"x": 1}]\n', ("a", 1), PORT, 'a: [{"x": 1}, {"protocol": "TCP", "port": 53}]\n'),
        ("a: {b: {x: y}}\n", ("a", "c"), ["1", "on", "x, y"], "a: {b: {x: y}, c: ['1', 'on', 'x, y']}\n"),
        ("a: {b: 1}\n", ("a", "b"), PEERS, "a: {b: [{from: [{podSelector: {}}]}]}\n"),
        ("{a: []}\n", ("a", 0), PORT, "{a: [{protocol: TCP, port: 53}]}\n"),
        # on lines: lines; a comment stays with the key
        ("a: []\n", ("a",), PEERS, "a:\n- from:\n  - podSelector: {}\n"),
        ("s:\n  a: []   # none\n  b: 1\n", ("s", "a"), PEERS,
         "s:\n  a:   # none\n  - from:\n    - podSelector: {}\n  b: 1\n"),
        # brackets on several lines: a comment stays on the line of its item
        ("a: [\n  {x: 1},  # one\n  {x: 2}  # two\n]\n", ("a", 2), PORT,
         "a: [\n  {x: 1},  # one\n  {x: 2},  # two\n  {protocol: TCP, port: 53}\n]\n"),
        ("a: [\n  {x: 1},  # one\n  ]  # end\n", ("a", 1), PORT,
         "a: [\n  {x: 1},  # one\n  {protocol: TCP, port: 53},\n  ]  # end\n"),
        ("s: {\n  a: 1,\n  b: {x: 1}  # one\n }\n", ("s", "c"), PORT,
         "s: {\n  a: 1,\n  b: {x: 1},  # one\n  c: {protocol: TCP, port: 53}\n }\n"),
        ('{\n "a": [\n  {\n   "x": 1\n  }\n ]\n}\n', ("a", 1), PORT,
         '{\n "a": [\n  {\n   "x": 1\n  },\n  {"protocol": "TCP", "port": 53}\n ]\n}\n'),
        # lines: a comment that belongs to an item or a field stays behind it, any other comes after what is added
        ("a:\n- x: 1\n  # one\n# next\nb: 2\n", ("a", 1), 3, "a:\n- x: 1\n  # one\n- 3\n# next\nb: 2\n"),
        ("a:\n  - x: 1  # one\n    # more\n\n    # far\n", ("a", 1), 3,
         "a:\n  - x: 1  # one\n    # more\n  - 3\n\n    # far\n"),
        ("a:\n  b: 1\n    # one\n  # last\n", ("a", "c"), 3, "a:\n  b: 1\n    # one\n  c: 3\n  # last\n"),
    ],
)  # fmt: skip
def test_what_is_added_has_the_style_around_it_and_takes_no_comment(
    text: str, path: tuple[str | int, ...], value: object, new: str
) -> None:
    assert rewrite(text, [Edit(path, value)]) == new
