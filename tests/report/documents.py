"""Judges of what leaves the program: JSON Schema for documents and SARIF, the rules of JUnit XML that CI relies on."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from jsonschema import Draft7Validator, Draft202012Validator

from haechi.report import schema

_SARIF = Path(__file__).parent / "sarif" / "sarif-schema-2.1.0.json"


def checked(text: str) -> Any:
    """A JSON document that has its schema's form, and no field that the schema does not know."""
    document = json.loads(text)
    _strict(document["kind"]).validate(document)
    return document


@cache
def _strict(kind: str) -> Draft202012Validator:
    found = schema(kind)
    Draft202012Validator.check_schema(found)
    for each in found["$defs"].values():
        if each.get("type") == "object":
            assert set(each["required"]) == set(each["properties"])
            each["additionalProperties"] = False
    return Draft202012Validator(found)


def checked_sarif(text: str) -> Any:
    """A SARIF log that has the form of the OASIS schema."""
    log = json.loads(text)
    _sarif().validate(log)
    return log


@cache
def _sarif() -> Draft7Validator:
    found = json.loads(_SARIF.read_text(encoding="utf-8"))
    return Draft7Validator(found, format_checker=Draft7Validator.FORMAT_CHECKER)


def checked_junit(text: str) -> ET.Element:
    """JUnit XML whose counts are right and whose elements are those that every CI knows."""
    root = ET.fromstring(text.encode())
    assert (root.tag, {child.tag for child in root} - {"testsuite"}) == ("testsuites", set())
    for suite in root:
        cases = suite.findall("testcase")
        assert {child.tag for child in suite} <= {"testcase", "system-out"}
        assert suite.get("name")
        failures, errors = (len(suite.findall(f"testcase/{name}")) for name in ("failure", "error"))
        assert _counts(suite) == (len(cases), failures, errors)
        for case in cases:
            assert case.get("name")
            assert case.get("classname")
            assert [child.tag for child in case] in ([], ["failure"], ["error"])
            for failure in case:
                assert failure.get("type")
                assert failure.get("message")
                assert failure.text
    assert _counts(root) == tuple(sum(_counts(suite)[place] for suite in root) for place in range(3))
    return root


def _counts(element: ET.Element) -> tuple[int, ...]:
    return tuple(int(element.get(name, "-1")) for name in ("tests", "failures", "errors"))
