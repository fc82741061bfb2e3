"""Places of fields through all ways of loading."""

from __future__ import annotations

import json

import pytest

from haechi.model import NetworkPolicy, Source, read_manifests
from tests.model.reading import POD, policy, read

SPEC = {"podSelector": {}, "ingress": [{"from": [{"podSelector": {}}, {"ipBlock": {"cidr": "10.0.0.0/8"}}]}]}
LIST = {"apiVersion": "v1", "kind": "List", "items": [POD, {**policy("é☃"), "spec": SPEC}]}


def line_of(text: str, what: str) -> int:
    return text[: text.index(what)].count("\n") + 1


@pytest.mark.parametrize("comment", ["", "# YAML\n"])
@pytest.mark.parametrize("before", ["", "---\nkind: Pod\napiVersion: v1\nmetadata: {name: ü}\n---\n"])
def test_a_field_is_found_in_every_kind_of_document(comment: str, before: str) -> None:
    """JSON and YAML, in a list, after another document; lines are those of the file."""
    text = before + comment + json.dumps(LIST, indent=1, ensure_ascii=False)
    (loaded,) = read(text).loaded(NetworkPolicy)
    for path, what in [
        ("spec.ingress[0].from[1].ipBlock.cidr", '"cidr"'),
        ("spec.ingress[0].from[1].ipBlock.nothing", '"ipBlock"'),
        ("metadata.name", '"name": "é'),
        ("spec.policyTypes", '"spec"'),
    ]:
        location = loaded.location(path)
        assert location.line == line_of(text, what)
        assert text.split("\n")[location.line - 1][location.column - 1 :].startswith(what[:5])
    assert loaded.location() == loaded.location("nothing")


def test_a_place_can_be_asked_for_again_and_in_any_order() -> None:
    """The parsed text is kept for the object that was asked about last."""
    manifests = read("\n---\n".join(json.dumps(policy(f"p{i}"), indent=1) for i in range(3)))
    first = [loaded.location("spec") for loaded in manifests.objects]
    again = [loaded.location("spec") for loaded in reversed(manifests.objects)]
    assert first == again[::-1]
    assert len(set(first)) == 3


def test_of_all_parsed_texts_only_the_last_one_stays() -> None:
    """So the places in a large policy at the end of the input need no second parse, and memory does not add up."""
    sources = [Source(name, f"{json.dumps(POD)}\n---\nkind: {name}\n".encode()) for name in "ab"]
    read_manifests(sources)
    assert [source.parsed and source.parsed[0] for source in sources] == [
        None,
        (len(json.dumps(POD)) + 1, len(sources[1].data)),
    ]
