"""Every kind of document has a schema, and the ones in docs are those of the program."""

from __future__ import annotations

import re
from typing import Any

import jsonschema
import msgspec
import pytest

from haechi import report
from haechi.analysis.reach import ClusterComparison
from haechi.report import DOCUMENTS, basis, schema
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


@pytest.mark.parametrize("kind", DOCUMENTS)
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


def definitions(kind: str) -> list[dict[str, Any]]:
    """The schemas of all objects in a document."""
    return [each for each in schema(kind)["$defs"].values() if each.get("type") == "object"]
