"""Addresses for pods that have none yet.

Why: manifests rarely say which addresses pods get, and an answer must not depend on the choice. Promises addresses that
no ipBlock narrower than /0 (nor one of its exceptions) holds and that nobody in the input has, of both families, equal
for equal input. Refuses to invent where a family has no such address left: the pod then has none of that family.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from haechi.model import IPBlock, NetworkPolicy
from haechi.sets import AddressError, AddressSet, point_to_text

_PREFERRED = (("10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16", "0.0.0.0/0"), ("fd00::/8", "::/0"))


class Synthetic:
    """Free addresses, one after another.

    Args:
        policies: whose ipBlocks to stay clear of.
        taken: points that somebody has.
    """

    def __init__(self, policies: Iterable[NetworkPolicy], taken: Iterable[int]) -> None:
        touched = AddressSet.union_all([_touched(block) for block in blocks(policies)])
        free = AddressSet.ALL - touched - AddressSet.of(*taken)
        self._families = [_points(free, networks) for networks in _PREFERRED]

    def next(self) -> tuple[str, ...]:
        """One address of each family that has one."""
        found = (next(family, None) for family in self._families)
        return tuple(point_to_text(point) for point in found if point is not None)


def blocks(policies: Iterable[NetworkPolicy]) -> Iterator[IPBlock]:
    """Every ipBlock of some policies."""
    for policy in policies:
        rules = (*(rule.from_ for rule in policy.spec.ingress), *(rule.to for rule in policy.spec.egress))
        for peers in rules:
            for peer in peers:
                if peer.ip_block is not None:
                    yield peer.ip_block


def _touched(block: IPBlock) -> AddressSet:
    return AddressSet.union_all([_narrow(text) for text in (block.cidr, *block.except_)])


def _narrow(text: str) -> AddressSet:
    """The addresses of a CIDR; none of a whole family or of what cannot be read."""
    try:
        found = AddressSet.from_cidr(text)
    except AddressError:
        return AddressSet.NONE
    return AddressSet.NONE if found in (AddressSet.V4, AddressSet.V6) else found


def _points(free: AddressSet, networks: Iterable[str]) -> Iterator[int]:
    """Every free point, those of the first network first; never the address of a network itself."""
    rest = free
    for network in networks:
        whole = AddressSet.from_cidr(network)
        here = (rest & whole) - AddressSet.of(whole.min)
        rest = rest - whole
        for first, last in here.intervals:
            yield from range(first, last + 1)
