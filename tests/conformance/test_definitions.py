"""The schemas that Haechi validates by are the published ones; skipped where Go cannot fetch these."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from haechi.model.definitions import definition
from tests.conformance.definitions import published
from tests.conformance.objects import CUSTOM, FURTHER, Kind
from tests.conformance.server import NotAvailable

pytestmark = pytest.mark.usefixtures("asked_for")


def essential(schema: Any) -> Any:
    """The schema without words, without what changes no validation, and with its fields in one order."""
    if isinstance(schema, list):
        return [essential(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    atomic = {"x-kubernetes-list-type": "atomic", "x-kubernetes-map-type": "atomic"}
    return {
        name: sorted(value) if name == "required" else essential(value)
        for name, value in schema.items()
        if not (name == "description" and isinstance(value, str)) and atomic.get(name) != value
    }


def without_status(schema: Any) -> Any:
    return {**schema, "properties": {**schema["properties"], "status": None}}


@pytest.mark.parametrize("kind", [*CUSTOM, *FURTHER], ids=str)
def test_a_schema_is_the_published_one(kind: Kind) -> None:
    try:
        versions = published(kind)["spec"]["versions"]
    except NotAvailable as problem:
        pytest.skip(str(problem))
    (theirs,) = (one for one in versions if one["name"] == kind.api_version.rpartition("/")[2])
    ours = msgspec.json.decode(msgspec.json.encode(definition(kind.name, kind.channel, kind.api_version)))
    assert essential(without_status(ours)) == essential(without_status(theirs["schema"]["openAPIV3Schema"]))
