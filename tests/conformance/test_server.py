"""The API server of the fixture; only `make conformance` runs these."""

from __future__ import annotations

import pytest

from tests.conformance.__main__ import compare_all
from tests.conformance.objects import KINDS, Kind
from tests.conformance.server import ApiServer


def test_the_server_is_the_version_that_haechi_is_compared_with(kubernetes: ApiServer) -> None:
    assert kubernetes.ask("GET", "/version").body["gitVersion"].startswith("v")
    assert kubernetes.ask("GET", "/api/v1/namespaces/default").status == 200


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_creates_and_updates_are_judged_as_by_the_server(kubernetes: ApiServer, kind: Kind) -> None:
    assert compare_all(kubernetes, kind, range(50)) == 0
