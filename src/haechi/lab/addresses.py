"""Addresses for what only a lab has: nodes and witnesses. Promises that each is used once, in the same order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network, IPv6Network

from haechi.analysis.cluster import UNUSABLE
from haechi.sets import AddressSet, point_to_text, text_to_point

Network = IPv4Network | IPv6Network

NODE_NETWORKS: tuple[Network, ...] = (IPv4Network("198.18.0.0/16"), IPv6Network("fd00:198:18::/112"))
"""Of the addresses for benchmarks (RFC 2544), which neither pods nor hosts have."""

_DOCUMENTATION = AddressSet.from_cidrs(("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32"))
_ODD = AddressSet.from_cidrs(("0.0.0.0/8", "169.254.0.0/16", "240.0.0.0/4", "::/8"))


class FreeAddresses:
    """The addresses of a lab that are not taken."""

    def __init__(self, taken: Iterable[str]) -> None:
        self._taken = {text_to_point(text) for text in taken}
        self._ahead: dict[Network, Iterator[int]] = {}

    def next(self, networks: Iterable[Network]) -> tuple[str, ...]:
        """Take one free address of each network.

        Raises:
            ValueError: a network has no free address left.
        """
        return tuple(self._next(network) for network in networks)

    def _next(self, network: Network) -> str:
        first = text_to_point(str(network.network_address))
        ahead = self._ahead.setdefault(network, iter(range(first + 1, first + network.num_addresses - 1)))
        for point in ahead:
            if point not in self._taken:
                self._taken.add(point)
                return point_to_text(point)
        raise ValueError(f"{network} has no free address left")

    def within(self, region: AddressSet) -> str | None:
        """Take a free address of a region that an endpoint can have.

        One of those for documentation (RFC 5737, RFC 3849) if possible, and not the first of a network.
        """
        possible = region - UNUSABLE
        for preferred in (possible & _DOCUMENTATION, possible - _ODD, possible):
            for first, last in preferred.intervals:
                for point in (*range(first + 1, min(last, first + len(self._taken) + 1) + 1), first):
                    if point not in self._taken:
                        self._taken.add(point)
                        return point_to_text(point)
        return None
