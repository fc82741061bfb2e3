"""An API server for a test, and what a cluster of its own has."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from haechi.kube import Access, access_to
from tests.kube.server import ApiServer


@pytest.fixture
def server() -> Iterator[ApiServer]:
    """Listens on loopback."""
    with ApiServer.running() as found:
        yield found


@pytest.fixture
def access(server: ApiServer, tmp_path: Path) -> Access:
    """The access to it, with its authority and a token."""
    return access_to(kubeconfig=str(server.kubeconfig(tmp_path)))
