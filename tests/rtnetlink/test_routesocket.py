"""Requests do what they say, and a refused one is named."""

from __future__ import annotations

import ipaddress
import socket
from pathlib import Path

import pytest

from haechi import rtnetlink
from haechi.netns import NetworkNamespace, isolated
from haechi.rtnetlink import LOOPBACK, RouteSocket, RtnetlinkError, VethEnd

pytestmark = pytest.mark.kernel

NEAR = VethEnd("near", 7, bytes.fromhex("020000000001"))
FAR = VethEnd("far", 9, bytes.fromhex("020000000002"))
HOP = ipaddress.IPv4Address("169.254.1.1")
HOP6 = ipaddress.IPv6Address("fe80::1")


def test_a_veth_pair_gets_the_names_indexes_and_addresses_asked_for() -> None:
    def work() -> None:
        first, second = NetworkNamespace.create("a"), NetworkNamespace.create("b")
        with RouteSocket(first) as routes:
            routes.commit([rtnetlink.veth(NEAR, FAR, second.descriptor, 1400), rtnetlink.link_up(7)])
        for namespace, end in ((first, NEAR), (second, FAR)):
            assert (end.index, end.name) in namespace.run(socket.if_nameindex)
        with first, socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as sniffer:
            sniffer.bind(("near", 0))
            assert sniffer.getsockname()[4] == NEAR.hardware

    isolated(work)


def test_addresses_are_usable_at_once_and_no_link_local_one_appears() -> None:
    def work() -> list[str]:
        first, second = NetworkNamespace.create("a"), NetworkNamespace.create("b")
        requests = [rtnetlink.veth(NEAR, FAR, second.descriptor), rtnetlink.no_link_local(7), rtnetlink.link_up(7)]
        requests.append(rtnetlink.address(7, ipaddress.ip_address("2001:db8::1")))
        with RouteSocket(first) as routes, RouteSocket(second) as others:
            routes.commit(requests)
            others.commit([rtnetlink.no_link_local(9), rtnetlink.link_up(9)])
        with first, socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as bound:
            bound.bind(("2001:db8::1", 0))  # refused while an address is tentative
            return Path("/proc/thread-self/net/if_inet6").read_text(encoding="utf-8").splitlines()

    assert [line.split()[0] for line in isolated(work)] == ["20010db8000000000000000000000001"]


def test_routes_and_neighbours_are_there_without_asking() -> None:
    def work() -> tuple[str, str]:
        first, second = NetworkNamespace.create("a"), NetworkNamespace.create("b")
        with RouteSocket(first) as routes:
            routes.commit(
                [
                    rtnetlink.link_up(LOOPBACK),
                    rtnetlink.veth(NEAR, FAR, second.descriptor),
                    rtnetlink.link_up(7),
                    rtnetlink.neighbour(7, HOP, FAR.hardware),
                    rtnetlink.neighbour(7, HOP6, FAR.hardware),
                    rtnetlink.route(7, ipaddress.IPv4Network("10.1.0.0/16"), HOP),
                    rtnetlink.route(7, ipaddress.IPv6Network("::/0"), HOP6),
                ]
            )
        with first:
            read = [Path(f"/proc/thread-self/net/{name}").read_text(encoding="utf-8") for name in ("route", "arp")]
        return read[0], read[1]

    table, arp = isolated(work)
    assert table.splitlines()[1].split()[:4] == ["near", "0000010A", "0101FEA9", "0003"]
    assert "02:00:00:00:00:02" in arp
    assert "169.254.1.1" in arp


def test_a_refused_request_is_named_with_the_kernels_words() -> None:
    def work() -> None:
        with RouteSocket(NetworkNamespace.create("a")) as routes:
            routes.commit(
                [
                    rtnetlink.link_up(LOOPBACK),
                    rtnetlink.route(77, ipaddress.IPv4Network("10.1.0.0/16"), HOP),
                    rtnetlink.link_up(LOOPBACK),
                ]
            )

    with pytest.raises(RtnetlinkError, match=r"the route 10\.1\.0\.0/16 via 169\.254\.1\.1 on link 77") as caught:
        isolated(work)
    assert caught.value.message


def test_the_socket_goes_on_after_a_refusal() -> None:
    def work() -> None:
        with RouteSocket(NetworkNamespace.create("a")) as routes:
            for _ in range(3):
                with pytest.raises(RtnetlinkError):
                    routes.commit([rtnetlink.link_up(77)] * 200)
            routes.commit([rtnetlink.link_up(LOOPBACK)] * 1000)

    isolated(work)
