"""The two address families as the ruleset needs them.

Every set and map of addresses exists once for IPv4 and once for IPv6, which differ in nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from haechi.nft import CtKey, DataType, PayloadField, ipv4, ipv6, protocol
from haechi.sets import V6_START, AddressSet


@dataclass(frozen=True, slots=True)
class AddressFamily:
    """One family.

    Attributes:
        number: 4 or 6, the suffix of names.
        type: the nft type of its addresses.
        ct: the connection-tracking key of a tuple's source address.
        source: the header field of the packet's source address.
        destination: the header field of its destination address.
        nfproto: the value of `meta nfproto`.
        every: all addresses of the family.
    """

    number: int
    type: DataType
    ct: CtKey
    source: PayloadField
    destination: PayloadField
    nfproto: bytes
    every: AddressSet

    def holds(self, address: int) -> bool:
        """Whether a point on the line of addresses is of this family."""
        return (address >= V6_START) == (self.number == 6)

    def key(self, address: int) -> bytes:
        """A point on the line as a key of this family."""
        return ipv4(address) if self.number == 4 else ipv6(address - V6_START)

    def keys(self, addresses: Iterable[int]) -> list[bytes]:
        """The keys of the addresses of this family, in their order."""
        if self.number == 4:
            return [address.to_bytes(4, "big") for address in addresses if address < V6_START]
        return [(address - V6_START).to_bytes(16, "big") for address in addresses if address >= V6_START]


IPV4 = AddressFamily(
    4,
    DataType.IPV4_ADDR,
    CtKey.SADDR_IP,
    PayloadField.IP_SADDR,
    PayloadField.IP_DADDR,
    protocol(2),
    AddressSet.V4,
)
IPV6 = AddressFamily(
    6,
    DataType.IPV6_ADDR,
    CtKey.SADDR_IP6,
    PayloadField.IP6_SADDR,
    PayloadField.IP6_DADDR,
    protocol(10),
    AddressSet.V6,
)
FAMILIES = (IPV4, IPV6)


def family_of(address: int) -> AddressFamily:
    """The family of a point on the line of addresses."""
    return IPV6 if address >= V6_START else IPV4
