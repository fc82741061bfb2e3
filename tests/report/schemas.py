"""The schemas in docs/schemas. Renew them with `python -m tests.report.schemas`."""

from __future__ import annotations

import json
from pathlib import Path

from haechi.report import DOCUMENTS, schema

FOLDER = Path(__file__).parents[2] / "docs" / "schemas"


def schema_text(kind: str) -> str:
    """A schema as it is kept."""
    return json.dumps(schema(kind), indent=1) + "\n"


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for path in FOLDER.glob("*.json"):
        path.unlink()
    for kind in DOCUMENTS:
        (FOLDER / f"{kind}.json").write_text(schema_text(kind), encoding="utf-8")
