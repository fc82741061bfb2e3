"""The items of a large YAML list are parsed one by one, and are what they are in the list as a whole."""

from __future__ import annotations

import textwrap
from unittest.mock import patch

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from haechi.model import Code, Manifests, Source, read_manifests, yamltext

POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: %s, namespace: shop}\n"
TEXTS = st.one_of(
    st.text(alphabet="ab -#:\n'\"|>[]{}*&!%\t", max_size=12),
    st.sampled_from(["- a\n- b\n", "items:\n", "a: |\n  b", "#"]),
)
LABELS = st.dictionaries(
    st.sampled_from(["app", "tier", "a/b"]), st.sampled_from(["web", "no space", "", "1"]), max_size=2
)
ITEMS = st.fixed_dictionaries(
    {
        "apiVersion": st.sampled_from(["v1", "v2", "networking.k8s.io/v1"]),
        "kind": st.sampled_from(["Pod", "NetworkPolicy", "Secret", "List"]),
        "metadata": st.fixed_dictionaries(
            {
                "name": st.sampled_from(["a", "b", "Bad_"]),
                "labels": LABELS,
                "annotations": st.dictionaries(TEXTS, TEXTS, max_size=2),
            }
        ),
    },
    optional={"spec": st.just({"podSelector": {}}), "unknown": TEXTS, "items": st.just([{"kind": "Pod"}])},
)


def read(text: str, *, large: int = 0) -> Manifests:
    with patch.object(yamltext, "LARGE_LIST", large):
        return read_manifests([Source("list.yaml", text.encode())])


def one_by_one(text: str) -> bool:
    with patch.object(yamltext, "LARGE_LIST", 0):
        return yamltext.split_list(text.encode(), 0, len(text.encode())) is not None


def facts(found: Manifests) -> object:
    fields = ("", "metadata.name", "metadata.labels.app", "spec.podSelector", "metadata.annotations")
    objects = [(one.object, [one.location(field) for field in fields]) for one in found.objects]
    return objects, [str(problem) for problem in found.problems]


@given(
    st.lists(st.one_of(ITEMS, ITEMS, st.just("text"), st.just(None)), max_size=4),
    st.sampled_from(["List", "PodList", "Pod", None]),
    st.sampled_from([0, 2, 3]),
    st.booleans(),
    st.sampled_from([None, '"', "'", "|"]),
    st.sampled_from(["", "# - a comment\n", "\n", "  # one\n\n"]),
)
@example([{"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "a"}}], "List", 0, True, None, "")
def test_a_list_is_read_as_the_sum_of_its_items(
    items: list[object], kind: str | None, indent: int, kind_last: bool, style: str | None, between: str
) -> None:
    """At the same places, with the same problems, whatever the style of the text."""
    lines = []
    for item in items:
        text = yaml.safe_dump([item], default_style=style, allow_unicode=True, width=20)
        lines.append(textwrap.indent(text, " " * indent) + between)
    head = "apiVersion: v1\n"
    name = f"kind: {kind}\nmetadata: {{}}\n" if kind else ""
    parts = [head, "items:\n", between, *lines, name] if kind_last else [head, name, "items:\n", *lines]
    text = "".join(parts)
    found, whole = read(text), read(text, large=len(text) + 1)
    if any(problem.code is Code.SYNTAX for problem in whole.problems):  # only the item is lost, not the list
        assert any(problem.code is Code.SYNTAX for problem in found.problems)
    else:
        assert facts(found) == facts(whole)


def test_a_broken_item_hides_no_other() -> None:
    items = "".join(textwrap.indent(f"- {textwrap.indent(POD % name, '  ')[2:]}", "") for name in ("a", "{", "c"))
    found = read(f"apiVersion: v1\nitems:\n{items}kind: List\n")
    assert [one.object.name for one in found.objects] == ["a", "c"]
    (problem,) = found.problems
    assert problem.location.line in (7, 8)


@pytest.mark.parametrize(
    "text",
    [
        "items:\n- &a {kind: Pod}\n- *a\nkind: List\n",
        "items: [{kind: Pod}]\nkind: List\n",
        "items: null\nkind: List\n",
        "items:\n- a\nitems:\n- b\nkind: List\n",
        "%YAML 1.1\n---\nitems:\n- a\n",
        "kind: List\n",
    ],
)
def test_what_cannot_be_cut_is_read_as_a_whole(text: str) -> None:
    assert not one_by_one(text)
    assert facts(read(text)) == facts(read(text, large=1000))


def test_only_large_lists_are_cut() -> None:
    text = "kind: List\nitems:\n- a\n"
    assert one_by_one(text)
    assert yamltext.split_list(text.encode(), 0, len(text)) is None


def test_a_document_of_too_many_nodes_is_refused_with_its_place() -> None:
    with patch.object(yamltext, "MAX_NODES", 100):
        (problem,) = read("kind: Pod\nitems:\n" + "- a\n" * 200, large=10_000).problems
    assert (problem.location.line, problem.message) == (100, "more than 100 nodes in one document")
