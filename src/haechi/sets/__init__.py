"""Exact set algebra: addresses, ports, and the traffic that they make up.

Every value is canonical, so ``==`` between two values proves that they mean the same. The package knows nothing of
Kubernetes or the kernel and needs only the standard library.
"""

from haechi.sets.addresses import V6_START, AddressError, AddressSet, point_to_text, text_to_point
from haechi.sets.intervals import IntervalError, IntervalSet
from haechi.sets.ports import (
    DCCP,
    ICMP,
    ICMPV6,
    PROTOCOL_NAMES,
    PROTOCOL_NUMBERS,
    SCTP,
    TCP,
    UDP,
    UDPLITE,
    InvalidPort,
    PortSet,
    port_point,
    protocol_text,
)
from haechi.sets.traffic import Traffic

__all__ = [
    "DCCP", "ICMP", "ICMPV6", "PROTOCOL_NAMES", "PROTOCOL_NUMBERS", "SCTP", "TCP", "UDP", "UDPLITE", "V6_START",
    "AddressError", "AddressSet", "IntervalError", "IntervalSet", "InvalidPort", "PortSet", "Traffic",
    "point_to_text", "port_point", "protocol_text", "text_to_point",
]  # fmt: skip
