"""The report as JSON."""

from __future__ import annotations

import json

from haechi.cli.lab_json import report_json
from tests.cli.reports import shop


def test_the_document_holds_everything_that_was_asked() -> None:
    report = shop(broken=[("TCP", 5432)])
    document = json.loads(report_json(report))
    assert list(document) == ["version", "rows", "endpoints", "nodes", "notes", "mismatches", "proofs", "seconds"]
    assert (document["version"], document["mismatches"], document["seconds"]) == (1, 2, 0.25)
    assert len(document["rows"]) == len(report.rows)
    assert document["rows"][0] == {
        "source": "host/office",
        "destination": "shop/db",
        "family": 4,
        "protocol": "TCP",
        "port": 80,
        "expected": {
            "allowed": False,
            "egress": {"isolated": False, "allowed": True, "policies": []},
            "ingress": {"isolated": True, "allowed": False, "policies": ["shop/db"]},
        },
        "arrived": False,
        "replied": False,
    }
    assert document["endpoints"]["shop/db"] == {"addresses": ["10.0.0.1", "fd00::1"], "node": "node-1", "words": None}
    assert document["endpoints"]["host/office"] == {
        "addresses": ["192.0.2.7"],
        "node": None,
        "words": "an outside host",
    }
    assert document["nodes"] == ["node-1", "node-2"]
    assert len(document["notes"]) == 1
