"""The API server as a fixture: only `make conformance` starts it."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.conformance.server import ApiServer, NotAvailable, api_server


@pytest.fixture(scope="session")
def asked_for() -> None:
    """Skips the test where `make conformance` does not run it."""
    if "HAECHI_CONFORMANCE" not in os.environ:
        pytest.skip("make conformance runs this")


@pytest.fixture(scope="session")
def kubernetes(asked_for: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    """A real API server with an empty store; the test is skipped where it cannot be built."""
    try:
        with api_server(tmp_path_factory.mktemp("apiserver")) as server:
            yield server
    except NotAvailable as problem:
        pytest.skip(str(problem))
