"""The JSON Schema (2020-12) of every document, generated from its struct.

A schema allows fields that it does not know, so that a field can be added without a new version.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import msgspec

from haechi.report.assertions import AssertionReport
from haechi.report.baseline import LintBaseline
from haechi.report.connections import ConnectionList
from haechi.report.diff import ConnectionDiff
from haechi.report.document import JsonValue
from haechi.report.explanation import Explanation
from haechi.report.exposure import ExposureList
from haechi.report.lab import LabReport
from haechi.report.lint import LintReport, LintRules
from haechi.report.proof import ProofReport
from haechi.report.reachability import ReachabilityAnswer
from haechi.report.ruleset import RulesetJson
from haechi.report.validation import ValidationReport

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
DOCUMENTS: Final[dict[str, type[JsonValue]]] = {
    "AssertionReport": AssertionReport,
    "ConnectionDiff": ConnectionDiff,
    "ConnectionList": ConnectionList,
    "Explanation": Explanation,
    "ExposureList": ExposureList,
    "LabReport": LabReport,
    "LintBaseline": LintBaseline,
    "LintReport": LintReport,
    "LintRules": LintRules,
    "ProofReport": ProofReport,
    "ReachabilityAnswer": ReachabilityAnswer,
    "Ruleset": RulesetJson,
    "ValidationReport": ValidationReport,
}
"""The struct of each kind."""


def schema(kind: str) -> dict[str, Any]:
    """The schema of a kind of document.

    Raises:
        KeyError: there is no such kind.
    """
    found = msgspec.json.schema(DOCUMENTS[kind])
    for each in _objects(found):
        each["required"] = list(each["properties"])  # documents leave no field out
    return {"$schema": DIALECT, "title": kind, **found}


def _objects(value: object) -> Iterator[dict[str, Any]]:
    """Every schema of an object, however deep."""
    if isinstance(value, dict):
        if value.get("type") == "object" and "properties" in value:
            yield value
        for each in value.values():
            yield from _objects(each)
