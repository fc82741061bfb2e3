"""A connection carries bytes, stops when the network does, and loses none."""

from __future__ import annotations

import pytest

from haechi.lab.network import build
from haechi.netns import isolated
from tests.lab.connection import Connection
from tests.lab.labs import EVERYTHING

pytestmark = pytest.mark.kernel
MANY = bytes(range(256)) * 2000


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("server", ["b", "c", "o1", "h1"])
def test_bytes_go_both_ways(server: str, version: int) -> None:
    def work() -> None:
        with build(EVERYTHING) as network, Connection.open(network, "a", server, 9000, version=version) as connection:
            assert connection.carry(MANY) == MANY
            assert connection.carry(MANY, back=True) == MANY

    isolated(work)


def test_a_stopped_connection_goes_on_later_and_loses_no_byte() -> None:
    def work() -> None:
        with build(EVERYTHING) as network, Connection.open(network, "a", "c", 9000) as connection:
            assert connection.carry(b"before") == b"before"
            network.blackhole("c")
            assert connection.carry(b"during", quiet=0.1) == b""
            network.blackhole("c", False)
            assert connection.carry(b"after", quiet=10) == b"duringafter"

    isolated(work)


@pytest.mark.parametrize("version", [4, 6])
def test_a_path_that_narrows_loses_no_byte(version: int) -> None:
    def work() -> None:
        with build(EVERYTHING) as network, Connection.open(network, "a", "c", 9000, version=version) as connection:
            assert connection.carry(MANY) == MANY
            network.set_mtu("c", 1300)
            assert connection.carry(MANY, quiet=5) == MANY

    isolated(work)


def test_what_cannot_be_connected_is_an_error() -> None:
    def work() -> None:
        with build(EVERYTHING) as network:
            network.blackhole("b")
            with pytest.raises(TimeoutError):
                Connection.open(network, "a", "b", 9000, seconds=0.1)
            with pytest.raises(ValueError, match="o2 has no IPv6 address"):
                Connection.open(network, "a", "o2", 9000, version=6)

    isolated(work)
