"""Requests to the kernel's routing socket: veth pairs, links, addresses, routes and neighbours (rtnetlink(7)).

Each function returns one `RouteRequest`: bytes, and the words for an error. Nothing is sent here. The caller chooses
interface indexes, so nothing has to be read back.
"""

from __future__ import annotations

import ipaddress
import socket
import struct
from dataclasses import dataclass

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

LOOPBACK = 1  # the index of `lo` in every namespace

# linux/rtnetlink.h, linux/if_link.h, linux/if_addr.h, linux/neighbour.h
_NEWLINK, _NEWADDR, _NEWROUTE, _NEWNEIGH = 16, 20, 24, 28
_CREATE, _EXCLUSIVE, _REPLACE = 0x400, 0x200, 0x100
_IFF_UP = 1
_IFLA_ADDRESS, _IFLA_IFNAME, _IFLA_MTU, _IFLA_LINKINFO, _IFLA_AF_SPEC, _IFLA_NET_NS_FD = 1, 3, 4, 18, 26, 28
_INFO_KIND, _INFO_DATA, _VETH_INFO_PEER = 1, 2, 1
_INET6_ADDR_GEN_MODE, _GEN_MODE_NONE = 8, 1
_IFA_ADDRESS, _IFA_LOCAL, _IFA_F_NODAD = 1, 2, 0x02
_RTA_DST, _RTA_OIF, _RTA_GATEWAY = 1, 4, 5
_TABLE_MAIN, _PROTOCOL_STATIC, _SCOPE_UNIVERSE, _UNICAST, _ONLINK = 254, 4, 0, 1, 4
_NDA_DST, _NDA_LLADDR, _PERMANENT = 1, 2, 0x80


@dataclass(frozen=True, slots=True)
class RouteRequest:
    """One change, ready for the kernel.

    Attributes:
        kind: the message type (RTM_…).
        flags: beyond NLM_F_REQUEST and NLM_F_ACK.
        body: everything after the netlink header.
        words: what it requests, for error messages.
        driver: the kernel module that it needs, or empty where every kernel has what it needs.
    """

    kind: int
    flags: int
    body: bytes
    words: str
    driver: str = ""


@dataclass(frozen=True, slots=True)
class VethEnd:
    """One end of a veth pair: its name, its interface index and its hardware address (6 bytes)."""

    name: str
    index: int
    hardware: bytes


def veth(near: VethEnd, far: VethEnd, far_namespace: int, mtu: int = 1500) -> RouteRequest:
    """Create a veth pair, one end here and the other in the namespace of the descriptor `far_namespace`."""
    peer = _link(far, mtu) + _attribute(_IFLA_NET_NS_FD, struct.pack("=I", far_namespace))
    data = _attribute(_INFO_DATA, _attribute(_VETH_INFO_PEER, peer))
    info = _attribute(_IFLA_LINKINFO, _attribute(_INFO_KIND, b"veth") + data)
    words = f"the veth pair {near.name} – {far.name}"
    return RouteRequest(_NEWLINK, _CREATE | _EXCLUSIVE, _link(near, mtu) + info, words, driver="veth")


def link_up(index: int) -> RouteRequest:
    """Bring a link up."""
    return RouteRequest(_NEWLINK, 0, struct.pack("=BxHiII", 0, 0, index, _IFF_UP, _IFF_UP), f"link {index} up")


def link_mtu(index: int, mtu: int) -> RouteRequest:
    """Set a link's largest packet in bytes."""
    body = struct.pack("=BxHiII", 0, 0, index, 0, 0) + _attribute(_IFLA_MTU, struct.pack("=I", mtu))
    return RouteRequest(_NEWLINK, 0, body, f"an MTU of {mtu} on link {index}")


def no_link_local(index: int) -> RouteRequest:
    """Give a link no fe80:: address, so that the kernel does not solicit routers and neighbours on it."""
    mode = _attribute(_INET6_ADDR_GEN_MODE, bytes([_GEN_MODE_NONE]))
    family = _attribute(_IFLA_AF_SPEC, _attribute(socket.AF_INET6, mode))
    body = struct.pack("=BxHiII", 0, 0, index, 0, 0) + family
    return RouteRequest(_NEWLINK, 0, body, f"no link-local address on link {index}")


def address(index: int, value: Address) -> RouteRequest:
    """Add a single address (/32 or /128) to a link, usable at once (no duplicate address detection)."""
    body = struct.pack("=BBBBI", _family(value), value.max_prefixlen, _IFA_F_NODAD, _SCOPE_UNIVERSE, index)
    body += _attribute(_IFA_LOCAL, value.packed) + _attribute(_IFA_ADDRESS, value.packed)
    return RouteRequest(_NEWADDR, _CREATE | _EXCLUSIVE, body, f"the address {value} on link {index}")


def route(index: int, destination: Network, via: Address) -> RouteRequest:
    """Route a network through a link, via a neighbour that need not be in any network of the link."""
    body = struct.pack(
        "=BBBBBBBBI",
        _family(via),
        destination.prefixlen,
        0,
        0,
        _TABLE_MAIN,
        _PROTOCOL_STATIC,
        _SCOPE_UNIVERSE,
        _UNICAST,
        _ONLINK,
    )
    if destination.prefixlen:
        body += _attribute(_RTA_DST, destination.network_address.packed)
    body += _attribute(_RTA_GATEWAY, via.packed) + _attribute(_RTA_OIF, struct.pack("=I", index))
    return RouteRequest(_NEWROUTE, _CREATE | _EXCLUSIVE, body, f"the route {destination} via {via} on link {index}")


def neighbour(index: int, value: Address, hardware: bytes) -> RouteRequest:
    """Add a permanent neighbour entry, so that no packet waits for the neighbour's hardware address."""
    body = struct.pack("=BxHiHBB", _family(value), 0, index, _PERMANENT, 0, 0)
    body += _attribute(_NDA_DST, value.packed) + _attribute(_NDA_LLADDR, hardware)
    return RouteRequest(_NEWNEIGH, _CREATE | _REPLACE, body, f"the neighbour {value} on link {index}")


def _link(end: VethEnd, mtu: int) -> bytes:
    body = struct.pack("=BxHiII", 0, 0, end.index, 0, 0)
    body += _attribute(_IFLA_IFNAME, end.name.encode() + b"\0") + _attribute(_IFLA_ADDRESS, end.hardware)
    return body + _attribute(_IFLA_MTU, struct.pack("=I", mtu))


def _family(value: Address) -> int:
    return socket.AF_INET if value.version == 4 else socket.AF_INET6


def _attribute(kind: int, content: bytes) -> bytes:
    """Encode one netlink attribute (length, type, content), padded to four bytes."""
    return struct.pack("=HH", len(content) + 4, kind) + content + b"\0" * (-len(content) % 4)
