"""Write `src/haechi/model/fields.py` from the API's OpenAPI documents, those that `GET /openapi/v3` of a server lists.

    .venv/bin/python -m tests.conformance.fields FOLDER

FOLDER holds the documents as k8s.io/kubernetes keeps them, in `api/openapi-spec/v3`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

DOCUMENTS = ("api__v1", "apis__apps__v1", "apis__batch__v1", "apis__networking.k8s.io__v1")
KINDS = (
    "Namespace",
    "Node",
    "Pod",
    "Service",
    "ReplicationController",
    "Deployment",
    "ReplicaSet",
    "StatefulSet",
    "DaemonSet",
    "Job",
    "CronJob",
    "NetworkPolicy",
    "Ingress",
)
_SCALARS = {"Time", "Quantity", "IntOrString", "FieldsV1"}
_HEAD = '''"""The fields of the types of the Kubernetes 1.37 API, written by `tests/conformance/fields.py`.

One line for a type: its name, then its fields as `name:type`. `[]X` is a list of X, `{}X` a mapping of strings to X.
"""

# ruff: noqa: E501

FIELDS = """
'''


def fields_module(schemas: Mapping[str, Any]) -> str:
    """The module's text, from the `components.schemas` of the documents."""
    known: dict[str, str] = {}

    def described(schema: Any) -> str:
        found = {**schema, **(schema["allOf"][0] if "allOf" in schema else {})}
        if "$ref" in found:
            return visit(found["$ref"].rpartition("/")[2])
        if found["type"] == "array":
            return "[]" + described(found["items"])
        if "additionalProperties" in found:
            return "{}" + described(found["additionalProperties"])
        return str(found.get("format", found["type"]))

    def visit(name: str) -> str:
        short = name.rpartition(".")[2]
        if short not in known and short not in _SCALARS:
            known[short] = ""
            fields = schemas[name].get("properties", {})
            known[short] = " ".join([short, *(f"{one}:{described(schema)}" for one, schema in fields.items())])
        return short

    for name in schemas:
        if name.startswith("io.k8s.api.") and name.rpartition(".")[2] in KINDS:
            visit(name)
    return _HEAD + "\n".join(known[name] for name in sorted(known)) + '\n"""\n'


def main() -> None:
    """Write the module."""
    schemas: dict[str, Any] = {}
    for name in DOCUMENTS:
        text = (Path(sys.argv[1]) / f"{name}_openapi.json").read_text(encoding="utf-8")
        schemas |= json.loads(text)["components"]["schemas"]
    Path("src/haechi/model/fields.py").write_text(fields_module(schemas), encoding="utf-8")


if __name__ == "__main__":
    main()
