"""A flood sends what it says, and what it measures is the path."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import pytest

from benchmarks.flood import FIRST_PORT, LAST_PORT, Flood, in_turns
from haechi.lab.network import build
from haechi.netns import isolated
from tests.lab.connection import Connection
from tests.lab.labs import EVERYTHING
from tests.netlink.tool import nft

if TYPE_CHECKING:
    from haechi.netns import NetworkNamespace


def _counted(node: NetworkNamespace, *, prepare: bool = False) -> str:
    rules = "table inet t { chain f { type filter hook forward priority 0; ct state new counter; counter\n}\n}\n"
    return node.run(lambda: nft("-f", "-", feed=rules) if prepare else nft("list", "chain", "inet", "t", "f"))


@pytest.mark.kernel
@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("protocol", ["TCP", "UDP"])
def test_every_packet_is_forwarded_once_and_is_valid(protocol: Literal["TCP", "UDP"], version: int) -> None:
    """conntrack checks checksums, so a packet that it calls new was a correct one."""

    def work() -> str:
        with build(EVERYTHING) as network:
            _counted(network.node("n1"), prepare=True)
            with Flood(network, "a", "b", protocol, 80, version=version) as flood:
                assert flood.send(700) > 0
            return _counted(network.node("n1"))

    assert isolated(work).count("counter packets 700 ") == 2


@pytest.mark.kernel
def test_the_destination_hears_again_afterwards_and_ports_run_out() -> None:
    def work() -> None:
        with build(EVERYTHING) as network:
            with Flood(network, "a", "b", "UDP", 80) as flood:
                flood.send(10, new=False)
                with pytest.raises(ValueError, match="64512 source ports are left, 64513 are needed"):
                    flood.send(LAST_PORT - FIRST_PORT + 2)
            with Connection.open(network, "a", "b", 80) as connection:
                assert connection.carry(b"x") == b"x"

    isolated(work)


def test_measures_are_taken_in_turns_and_their_medians_returned() -> None:
    order: list[str] = []
    values = {"a": iter([1.0, 9.0, 2.0]), "b": iter([5.0, 4.0, 6.0])}

    def take(name: str) -> float:
        order.append(name)
        return next(values[name])

    assert in_turns({"a": lambda: take("a"), "b": lambda: take("b")}, 3) == {"a": 2.0, "b": 5.0}
    assert "".join(order) == "abbaab"
