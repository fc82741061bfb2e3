"""A topology that could not be built cannot be made."""

from __future__ import annotations

import pytest

from haechi.lab.topology import LabEndpoint, LabNode, Topology, TopologyError, usable

NODE = LabNode("n", ("172.18.0.2",))


@pytest.mark.parametrize(
    ("endpoints", "words"),
    [
        (
            (LabEndpoint("a", "n", ("10.0.0.1",)), LabEndpoint("a", None, ("10.0.0.2",))),
            "a: is the name of two endpoints",
        ),
        (
            (LabEndpoint("a", "n", ("10.0.0.1",)), LabEndpoint("b", None, ("10.0.0.1",))),
            "10.0.0.1: is the address of two",
        ),
        (
            (LabEndpoint("a", "n", ("fd00::1",)), LabEndpoint("b", None, ("fd00:0::1",))),
            "fd00::1: is the address of two",
        ),
        ((LabEndpoint("a", "n", ("172.18.0.2",)),), "172.18.0.2: is the address of two"),
        ((LabEndpoint("a", "m", ("10.0.0.1",)),), "a: is on the node m, which does not exist"),
        ((LabEndpoint("a", "n", ()),), "a: has no address"),
        ((LabEndpoint("a", "n", ("10.0.0.300",)),), "10.0.0.300: is not an IP address"),
        ((LabEndpoint("a", "n", ("224.0.0.1",)),), "a: cannot have the address 224.0.0.1: it is not a unicast address"),
        (
            (LabEndpoint("a", "n", ("10.0.0.1",), host_network=True),),
            "a: is on the host network, but not all of its addresses are those of n",
        ),
        ((LabEndpoint("a", None, ("172.18.0.2",), host_network=True),), "a: is on the host network of no node"),
    ],
)
def test_what_cannot_be_built_is_refused_in_words(endpoints: tuple[LabEndpoint, ...], words: str) -> None:
    with pytest.raises(TopologyError) as caught:
        Topology((NODE,), endpoints)
    assert str(caught.value).startswith(words)


def test_two_nodes_cannot_share_a_name() -> None:
    with pytest.raises(TopologyError, match="n: is the name of two nodes"):
        Topology((NODE, LabNode("n", ("172.18.0.3",))), ())


def test_host_network_endpoints_share_their_nodes_address() -> None:
    pods = tuple(LabEndpoint(name, "n", ("172.18.0.2",), host_network=True) for name in "ab")
    assert Topology((NODE,), pods).endpoints == pods


@pytest.mark.parametrize(
    ("addresses", "families"), [(("10.0.0.1",), (4,)), (("fd00::1",), (4, 6)), (("10.0.0.1", "fd00::1"), (4, 6))]
)
def test_the_families_in_use_are_known(addresses: tuple[str, ...], families: tuple[int, ...]) -> None:
    assert Topology((NODE,), (LabEndpoint("a", "n", addresses),)).families == families


@pytest.mark.parametrize(
    "address",
    [
        *(
            "224.0.0.1",
            "239.1.2.3",
            "255.255.255.255",
            "127.0.0.1",
            "127.5.5.5",
            "0.0.0.0",
            "169.254.1.1",
            "169.254.1.2",
        ),
        *("ff02::1", "::", "::1", "fe80::1", "fe80::1234", "::ffff:10.0.0.1", "fe80::9%eth0", "text", "", "10.0.0.0/8"),
    ],
)
def test_an_address_that_cannot_be_used_is_known_beforehand(address: str) -> None:
    assert not usable(address)
