"""Every packet is judged by the present policy: connections that are there already, their errors, and translation."""

from __future__ import annotations

import socket
from itertools import product

import pytest

from haechi.lab.network import Network
from haechi.lab.probe import Probe, Protocol
from haechi.lab.sender import send
from haechi.netns import isolated
from tests.lab.connection import Connection
from tests.lab.enforced import CLIENT, NO_EGRESS, NOTHING, PORT, SERVERS, TO_CLIENT, Enforced, enforced
from tests.netlink.tool import nft

pytestmark = pytest.mark.kernel
MANY = bytes(range(256)) * 2000
everywhere = pytest.mark.parametrize(("server", "version"), list(product(SERVERS, (4, 6))))


@everywhere
def test_a_policy_that_begins_to_deny_stops_a_connection_in_both_directions(server: str, version: int) -> None:
    def work() -> None:
        with enforced() as lab, Connection.open(lab.network, "x/client", server, PORT, version=version) as connection:
            assert connection.carry(MANY) == MANY
            lab.put(NOTHING)
            assert connection.carry(b"to the server", quiet=0.1) == b""
            assert connection.carry(b"to the client", back=True, quiet=0.1) == b""

    isolated(work)


@everywhere
def test_an_egress_policy_stops_a_connection_too(server: str, version: int) -> None:
    def work() -> None:
        with enforced() as lab, Connection.open(lab.network, "x/client", server, PORT, version=version) as connection:
            lab.put(NO_EGRESS)
            assert connection.carry(b"to the server", quiet=0.1) == b""
            assert connection.carry(b"to the client", back=True, quiet=0.1) == b""
            lab.delete(NO_EGRESS)
            assert connection.carry(quiet=10) == b"to the server"
            assert connection.carry(back=True, quiet=10) == b"to the client"

    isolated(work)


@everywhere
def test_a_policy_that_goes_on_to_allow_loses_no_byte(server: str, version: int) -> None:
    """Policies come, change and go while bytes are under way; the connection stays allowed throughout."""

    def work() -> None:
        with enforced() as lab, Connection.open(lab.network, "x/client", server, PORT, version=version) as connection:
            for _ in range(3):
                lab.put(CLIENT)
                assert connection.carry(MANY, quiet=10) == MANY
                assert connection.carry(MANY, back=True, quiet=10) == MANY
                lab.delete(CLIENT)
                assert connection.carry(MANY, quiet=10) == MANY

    isolated(work)


@everywhere
def test_a_denied_connection_goes_on_once_it_is_allowed_again(server: str, version: int) -> None:
    def work() -> None:
        with enforced() as lab, Connection.open(lab.network, "x/client", server, PORT, version=version) as connection:
            lab.put(NOTHING)
            assert connection.carry(b"one ", quiet=0.1) == b""
            lab.put(CLIENT)
            assert connection.carry(b"two", quiet=10) == b"one two"

    isolated(work)


@pytest.mark.parametrize("version", [4, 6])
def test_icmp_errors_of_an_allowed_connection_pass(version: int) -> None:
    """The path to the server narrows: without its node's ICMP errors the client would send too much for ever."""

    def work() -> None:
        with enforced() as lab:
            lab.put(CLIENT)
            lab.put(NO_EGRESS)
            lab.delete(NO_EGRESS)
            with Connection.open(lab.network, "x/client", "x/far", PORT, version=version) as connection:
                lab.network.set_mtu("x/far", 1300)
                assert connection.carry(MANY, quiet=10) == MANY

    isolated(work)


def asked(lab: Enforced, protocol: Protocol, port: int = PORT) -> list[tuple[bool, bool]]:
    """Whether packets of the client arrive and are answered: near and far, IPv4 and IPv6."""
    addresses = {endpoint.name: endpoint.addresses for endpoint in lab.network.topology.endpoints}
    probes = [
        Probe("x/client", server, mine, theirs, protocol, port)
        for server in SERVERS
        for mine, theirs in zip(addresses["x/client"], addresses[server], strict=True)
    ]
    seen = send(lab.network, probes, {server: [(protocol, port)] for server in SERVERS})
    return [(each.arrived, each.replied) for each in seen]


@pytest.mark.parametrize("protocol", ["TCP", "UDP", "SCTP"])
def test_replies_pass_although_the_client_is_isolated_for_ingress(protocol: Protocol) -> None:
    def work() -> None:
        with enforced() as lab:
            lab.put(NOTHING)  # a stranger's packets to servers stay out
            assert asked(lab, protocol) == [(False, False)] * 4
            lab.delete(NOTHING)
            lab.put(TO_CLIENT)
            assert asked(lab, protocol) == [(True, True)] * 4

    isolated(work)


@pytest.mark.parametrize("version", [4, 6])
def test_a_service_is_judged_by_the_pod_behind_it(version: int) -> None:
    """After DNAT on the client's node: the port is the pod's, whatever the Service's address and port were."""

    def work() -> None:
        with enforced() as lab:
            service, behind = ("10.96.0.1", "10.1.0.3") if version == 4 else ("fd96::1", "fd00:1::3")
            translate(lab.network, version, service, 80, behind, PORT)
            lab.put(CLIENT)
            assert reaches(lab.network, "x/far", version, service, 80, seconds=10)
            lab.put(NOTHING)
            assert not reaches(lab.network, "x/far", version, service, 80)

    isolated(work)


@pytest.mark.parametrize("version", [4, 6])
def test_a_pod_reaches_itself_through_a_service(version: int) -> None:
    """DNAT to the client itself, with the source translated as well, as kube-proxy does it (hairpin)."""

    def work() -> None:
        with enforced() as lab:
            service, behind = ("10.96.0.1", "10.1.0.1") if version == 4 else ("fd96::1", "fd00:1::1")
            translate(lab.network, version, service, 80, behind, PORT, hairpin=True)
            lab.put(TO_CLIENT)
            lab.put(NO_EGRESS)
            assert reaches(lab.network, "x/client", version, service, 80, seconds=10)

    isolated(work)


def translate(
    network: Network, version: int, service: str, port: int, pod: str, target: int, *, hairpin: bool = False
) -> None:
    """What kube-proxy would set up on the client's node, by the nft tool: the product never does it."""
    family, braces = ("ip", pod) if version == 4 else ("ip6", f"[{pod}]")
    masquerade = f"{family} saddr {pod} {family} daddr {pod} masquerade" if hairpin else "counter"
    text = f"""table {family} service {{
        chain there {{ type nat hook prerouting priority -100;
            {family} daddr {service} tcp dport {port} dnat to {braces}:{target}; }}
        chain back {{ type nat hook postrouting priority 100; {masquerade}; }}
    }}"""
    with network.node("n1"):
        nft("-f", "-", feed=text)


def reaches(network: Network, server: str, version: int, address: str, port: int, *, seconds: float = 0.5) -> bool:
    """Whether the client gets a connection to an address, which need not be the server's own, within `seconds`."""
    family = socket.AF_INET if version == 4 else socket.AF_INET6
    with network.namespace_of(server), socket.socket(family) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("", PORT))
        listener.listen(4)
        with network.namespace_of("x/client"):
            try:
                socket.create_connection((address, port), seconds).close()
            except TimeoutError:
                return False
    return True


def test_packets_without_a_connection_do_not_reach_an_isolated_pod() -> None:
    """A segment that belongs to no connection is invalid to conntrack; neither server nor client may get one."""

    def work() -> None:
        with enforced() as lab:
            for policy, passes in ((None, True), (CLIENT, False)):
                if policy is not None:
                    lab.put(policy)
                assert stray_segment_arrives(lab.network, "x/client", "x/near") is passes
                assert stray_segment_arrives(lab.network, "x/near", "x/client") is passes

    isolated(work)


def stray_segment_arrives(network: Network, source: str, destination: str) -> bool:
    """Send a lone TCP segment with FIN, URG and RST set, which no state of a connection allows."""
    mine, theirs = (network.endpoint(name).addresses[0] for name in (source, destination))
    segment = bytes.fromhex("2328232800000001000000015035ffff00000000")
    with network.namespace_of(destination):
        receiver = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_TCP)
    with network.namespace_of(source):
        sender = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_TCP)
    with receiver, sender:
        receiver.settimeout(0.2)
        sender.bind((mine, 0))
        sender.sendto(segment, (theirs, 0))
        try:
            return receiver.recv(100)[20:] == segment
        except TimeoutError:
            return False
