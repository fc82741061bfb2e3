"""Comments: exactly the text whose content does not matter to a YAML parser."""

from __future__ import annotations

import re
from textwrap import dedent

import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

from haechi.model import Comment, yaml_comments

PIECES = [
    "a: 1 # ?", "# ?", "  # ?", "b: |", "c: >- # ?", "  text # ?", "  # ?", "d: 'x # ?'", 'e: "x', '  # ?"', "f: x#?",
    "- 1 # ?", "- # ?", "  - [1, # ?", "    2] # ?", "g: {x: 1, # ?", "  y: '# ?'} # ?", "h: &a # ?", "i: !!str # ?",
    "j: plain", "  more # ?", "k: |2 # ?", "", "  ", "---", "--- # ?", "\"# ?\": 1", "m: 웹 # ?", "...", "? # ?",
]  # fmt: skip


def comments(text: str) -> list[Comment]:
    data = text.encode()
    return list(yaml_comments(data, 0, len(data)))


def values(text: str) -> list[object] | None:
    """What a parser makes of it, repeated keys included."""
    try:
        return [(type(event), getattr(event, "value", "")) for event in yaml.parse(text, Loader=yaml.SafeLoader)]
    except yaml.YAMLError:
        return None


@given(st.lists(st.sampled_from(PIECES), max_size=8), st.sampled_from(["\n", "\r\n"]))
def test_what_a_comment_says_makes_no_difference_and_all_else_does(lines: list[str], end: str) -> None:
    text = end.join(lines) + end
    before = values(text)
    assume(before is not None)
    expected = set()
    for index in (match.end() - 1 for match in re.finditer(r"# \?", text)):
        if values(f"{text[:index]}!{text[index + 1 :]}") == before:
            expected.add(len(text[:index].encode()))
    found = {comment.offset + comment.text.index("?") for comment in comments(text) if "?" in comment.text}
    assert found == expected


def test_a_comment_has_its_place_and_knows_what_is_beside_it() -> None:
    text = dedent("""\
        # 웹
        --- # head
        a: 1  # beside
          # alone
        b: |  # indicator
          # text
        # last
        """)
    found = comments(text)
    assert [(one.text, one.alone, one.on_top) for one in found] == [
        ("# 웹", True, True),
        ("# head", False, True),
        ("# beside", False, False),
        ("# alone", True, False),
        ("# indicator", False, False),
        ("# last", True, False),
    ]
    data = text.encode()
    assert [data[one.offset :].decode().startswith(one.text) for one in found] == [True] * 6


def test_only_the_part_that_was_asked_for_is_looked_at() -> None:
    data = b"a: 1 # one\n---\nb: 2 # two\n"
    begin = data.index(b"---")
    assert [(one.text, one.offset) for one in yaml_comments(data, begin, len(data))] == [
        ("# two", data.index(b"# two"))
    ]


def test_comments_before_what_is_no_yaml_are_found() -> None:
    assert [one.text for one in comments("a: 1 # one\nb: 'open # no\n")] == ["# one"]
    assert comments("\x00") == []
