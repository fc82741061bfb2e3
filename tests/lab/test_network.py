"""What is built works: everybody reaches everybody, by the way that was promised."""

from __future__ import annotations

import errno
import socket
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from haechi.lab.network import build
from haechi.lab.sender import send
from haechi.lab.topology import LabEndpoint, LabNode, Topology, usable
from haechi.netns import NetnsError, isolated
from tests.lab.labs import EVERYTHING, NODES, OUTSIDE, PODS, listeners, pairs
from tests.netns.descriptors import open_descriptors
from tests.netns.ordinary import isolated_as_ordinary_user

if TYPE_CHECKING:
    from haechi.lab.probe import Observation

pytestmark = pytest.mark.kernel

# Addresses that look special and are not, to the kernel: every one must work for a pod and for an outside host.
UNUSUAL = (
    *("0.1.2.3", "0.255.255.254", "10.255.255.255", "100.64.0.1", "169.254.169.254", "172.16.0.1", "192.0.2.1"),
    *("192.168.0.0", "198.18.0.1", "203.0.113.255", "240.0.0.1", "255.255.255.254", "8.8.4.4", "1.0.0.1"),
    *("::2", "64:ff9b::1", "100::1", "2001::1", "2001:db8::1", "2002:a00:1::1", "fc00::1", "fdff::1", "fec0::1"),
    *("::10.0.0.1", "4000::1", "3fff::1"),
)


def _everything(topology: Topology) -> list[Observation]:
    probes = pairs(topology.endpoints)
    with build(topology) as network:
        return send(network, probes, listeners(probes), expected=dict.fromkeys(probes, True))


def _silent(observations: list[Observation]) -> list[Observation]:
    return [observation for observation in observations if not (observation.arrived and observation.replied)]


@pytest.mark.parametrize("nodes", [1, 2])
def test_everybody_reaches_everybody_over_both_families(nodes: int) -> None:
    node = {"n1": "n1", "n2": f"n{nodes}"}
    pods = tuple(LabEndpoint(pod.name, node[pod.node or ""], pod.addresses) for pod in PODS)
    hosts = tuple(LabEndpoint(f"h-{each.name}", each.name, each.addresses, host_network=True) for each in NODES[:nodes])
    topology = Topology(NODES[:nodes], (*pods, *OUTSIDE, *hosts))
    observations = isolated(lambda: _everything(topology))
    assert len(observations) == len(pairs(topology.endpoints)) > 0
    assert _silent(observations) == []


def test_everybody_reaches_everybody_as_an_ordinary_user() -> None:
    assert _silent(isolated_as_ordinary_user(lambda: _everything(EVERYTHING))) == []


@pytest.mark.parametrize("version", [4, 6])
def test_a_lab_may_have_one_family_only(version: int) -> None:
    def only(addresses: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(address for address in addresses if (":" in address) == (version == 6))

    pods = tuple(LabEndpoint(pod.name, pod.node, only(pod.addresses)) for pod in PODS)
    topology = Topology(tuple(LabNode(node.name, only(node.addresses)) for node in NODES), pods)
    assert topology.families == (version,)
    assert _silent(isolated(lambda: _everything(topology))) == []


def test_a_pod_may_have_one_family_only_among_others_with_both() -> None:
    pods = (*PODS, LabEndpoint("four", "n1", ("10.9.0.1",)), LabEndpoint("six", "n2", ("fd09::1",)))
    observations = isolated(lambda: _everything(Topology(NODES, pods)))
    assert _silent(observations) == []
    assert {"four", "six"} <= {observation.probe.source for observation in observations}


@pytest.mark.parametrize("place", ["pod", "outside"])
def test_every_unusual_address_that_is_called_usable_works(place: str) -> None:
    assert [address for address in UNUSUAL if not usable(address)] == []
    node = "n2" if place == "pod" else None
    holders = tuple(LabEndpoint(address, node, (address,)) for address in UNUSUAL)
    topology = Topology(NODES, (PODS[0], *holders))
    probes = [probe for probe in pairs(topology.endpoints) if "a" in (probe.source, probe.destination)]

    def work() -> list[Observation]:
        with build(topology) as network:
            return send(network, probes, listeners(probes), expected=dict.fromkeys(probes, True))

    assert _silent(isolated(work)) == []


def test_two_pods_of_one_node_meet_in_its_forwarding() -> None:
    def forwarded() -> int:
        lines = Path("/proc/thread-self/net/snmp").read_text(encoding="utf-8").splitlines()
        names, values = (line.split() for line in lines if line.startswith("Ip:"))
        return int(values[names.index("ForwDatagrams")])

    def work() -> tuple[int, int]:
        probes = [probe for probe in pairs(PODS[:2], ["UDP"]) if "." in probe.source_address and probe.source == "a"]
        with build(EVERYTHING) as network:
            send(network, probes, listeners(probes), expected=dict.fromkeys(probes, True))
            return network.node("n1").run(forwarded), network.node("n2").run(forwarded)

    assert isolated(work) == (2, 0)


def test_a_narrow_link_makes_the_node_tell_the_path_mtu() -> None:
    def work() -> tuple[int, int]:
        with build(EVERYTHING) as network:
            network.set_mtu("c", 1300)
            with network.namespace_of("a"), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
                sender.setsockopt(socket.IPPROTO_IP, 10, 2)  # IP_MTU_DISCOVER: IP_PMTUDISC_DO
                sender.setsockopt(socket.IPPROTO_IP, 11, 1)  # IP_RECVERR
                sender.connect(("192.168.2.3", 9))
                sender.send(b"x" * 1400)
                with pytest.raises(OSError) as caught:
                    sender.recv(1)
                return caught.value.errno or 0, sender.getsockopt(socket.IPPROTO_IP, 14)  # IP_MTU

    assert isolated(work) == (errno.EMSGSIZE, 1300)


def test_nothing_of_the_machine_can_be_reached() -> None:
    """A listener on every address of the machine, and a lab that knocks at the machine's main ones."""
    with socket.create_server(("0.0.0.0", 0)) as listener, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        listener.setblocking(False)
        port = listener.getsockname()[1]
        try:
            asking.connect(("192.0.2.1", 9))  # sends nothing; names the address of the way out
            machine = asking.getsockname()[0]
        except OSError:
            machine = "192.0.2.1"

        def knock(address: str) -> int:
            with socket.socket() as knocking:
                knocking.settimeout(1)
                return knocking.connect_ex((address, port))

        def work() -> list[int]:
            with build(EVERYTHING) as network:
                homes = [network.namespace_of(name) for name in ("a", "o1", "h1")]
                return [home.run(partial(knock, address)) for home in homes for address in (machine, "127.0.0.1")]

        assert 0 not in isolated(work)
        with pytest.raises(BlockingIOError):
            listener.accept()


def test_no_device_of_the_lab_leads_out_of_it() -> None:
    def work() -> set[str]:
        with build(EVERYTHING) as network:
            homes = [network.node(node.name) for node in NODES] + [network.namespace_of(each.name) for each in PODS]
            return {name for home in homes for _, name in home.run(socket.if_nameindex)}

    devices = isolated(work)
    before = isolated(
        lambda: {name for _, name in socket.if_nameindex()}
    )  # some kernels put tunnels into each namespace
    assert {name for name in devices - before if not name.startswith("down")} == {"eth0"}


def test_a_lab_leaves_no_descriptor_open() -> None:
    def work() -> tuple[list[str], list[str]]:
        before = open_descriptors()
        with build(EVERYTHING):
            assert len(open_descriptors()) > len(before)
        return before, open_descriptors()

    before, after = isolated(work)
    assert before == after


def test_a_lab_that_fails_half_way_leaves_no_descriptor_open(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object) -> object:
        raise NetnsError

    def work() -> tuple[list[str], list[str]]:
        before = open_descriptors()
        monkeypatch.setattr("haechi.rtnetlink.address", refuse)
        with pytest.raises(NetnsError):
            build(EVERYTHING)
        return before, open_descriptors()

    before, after = isolated(work)
    assert before == after
