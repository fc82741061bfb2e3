"""Every kind of document has a schema, and the ones in docs are those of the program."""

from __future__ import annotations

import re
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import jsonschema
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from haechi import report
from haechi.analysis.reach import ClusterComparison
from haechi.report import DOCUMENTS, Document, LintBaseline, basis, schema
from tests.report.documents import checked
from tests.report.schemas import FOLDER, schema_text


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_the_schema_in_docs_is_that_of_the_program(kind: str) -> None:
    text = (FOLDER / f"{kind}.json").read_text(encoding="utf-8")
    assert text == schema_text(kind), "renew with: python -m tests.report.schemas"


def test_docs_have_a_schema_for_every_kind_and_no_other() -> None:
    assert {path.stem for path in FOLDER.iterdir()} == set(DOCUMENTS)


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_keys_are_written_as_in_kubernetes(kind: str) -> None:
    for each in definitions(kind):
        for key in each["properties"]:
            assert re.fullmatch(r"[a-z]+([A-Z][a-z]+)*", key)


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_every_object_is_described_and_every_field_required(kind: str) -> None:
    for each in definitions(kind):
        assert each["description"]
        assert each["required"] == list(each["properties"])


@pytest.mark.parametrize("kind", [kind for kind, form in DOCUMENTS.items() if issubclass(form, Document)])
def test_every_document_begins_with_what_it_is_and_rests_on(kind: str) -> None:
    assert list(schema(kind)["$defs"][DOCUMENTS[kind].__name__]["properties"])[:8] == [
        "apiVersion",
        "kind",
        "partial",
        "assumptions",
        "skipped",
        "unreadable",
        "synthesized",
        "notes",
    ]


def test_a_field_that_is_missing_unknown_or_of_another_type_is_found() -> None:
    document = msgspec.json.decode(report.diff_json(ClusterComparison((), (), ()), basis(), basis()))
    for wrong in ({**document, "more": 1}, {**document, "changes": None}, {**document, "apiVersion": "haechi/v2"}):
        with pytest.raises(jsonschema.ValidationError):
            checked(msgspec.json.encode(wrong).decode())
    del document["notes"]
    with pytest.raises(jsonschema.ValidationError):
        checked(msgspec.json.encode(document).decode())


def test_all_kinds_but_what_is_read_again_rest_on_something() -> None:
    assert [kind for kind, form in DOCUMENTS.items() if not issubclass(form, Document)] == ["LintBaseline"]


KNOWN = {"fingerprint": "0" * 32, "code": "dash-trap", "object": {"kind": "K", "namespace": "", "name": "n"}}
BASELINE = {"apiVersion": "haechi/v1", "kind": "LintBaseline", "findings": [{**KNOWN, "message": "m"}]}
VALUES: st.SearchStrategy[object] = st.sampled_from(
    [None, 1, "", "x", [], {}, [KNOWN], "haechi/v1", "LintBaseline", "0" * 32, "0" * 33, "G" * 32]
)


@given(st.lists(st.tuples(st.integers(0, 20), st.one_of(st.just("delete"), VALUES)), max_size=2))
def test_a_baseline_is_read_exactly_if_it_is_one_by_its_schema(edits: list[tuple[int, object]]) -> None:
    document = msgspec.json.decode(msgspec.json.encode(BASELINE))
    for number, value in edits:
        places = list(fields_of(document))
        if places:
            parent, key = places[number % len(places)]
            if value == "delete":
                del parent[key]
            else:
                parent[key] = deepcopy(value)
    try:
        jsonschema.validate(document, schema("LintBaseline"))
        right = True
    except jsonschema.ValidationError:
        right = False
    try:
        LintBaseline.parse(msgspec.json.encode(document))
        read = True
    except msgspec.DecodeError:
        read = False
    assert read == right


def fields_of(value: Any) -> Iterator[tuple[dict[str, Any], str]]:
    """Every field of a document, as its object and key."""
    if isinstance(value, dict):
        yield from ((value, key) for key in value)
        value = list(value.values())
    for each in value if isinstance(value, list) else ():
        yield from fields_of(each)


def definitions(kind: str) -> list[dict[str, Any]]:
    """The schemas of all objects in a document."""
    return [each for each in schema(kind)["$defs"].values() if each.get("type") == "object"]
