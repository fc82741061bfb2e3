"""Links, addresses, routes and neighbours of network namespaces (rtnetlink(7)).

Functions return a `RouteRequest` each; a `RouteSocket` sends many at once, which is why this exists: 27 pods take
0.05 s, and 0.54 s with pyroute2 (import included), which waits for the kernel's answer to each. The functions read best
with the package's name: `rtnetlink.link_up(index)`.
"""

from __future__ import annotations

from haechi.rtnetlink.errors import RtnetlinkError
from haechi.rtnetlink.request import (
    LOOPBACK,
    Address,
    Network,
    RouteRequest,
    VethEnd,
    address,
    link_mtu,
    link_up,
    neighbour,
    no_link_local,
    route,
    veth,
)
from haechi.rtnetlink.routesocket import RouteSocket

__all__ = [
    "LOOPBACK", "Address", "Network", "RouteRequest", "RouteSocket", "RtnetlinkError", "VethEnd", "address",
    "link_mtu", "link_up", "neighbour", "no_link_local", "route", "veth",
]  # fmt: skip
