"""Witnesses: outside hosts that show the effect of ipBlocks, and of networks of tiers.

Why: whether a rule about addresses works shows only if a host inside of its block and one outside try to connect.
Promises one witness in every ipBlock (outside of its exceptions), one in every exception and, for each family of the
lab, one in none of them, where such addresses exist and no host of the input is there already; returns also which
regions can have none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from haechi.analysis.cluster import ip_blocks
from haechi.lab.addresses import FreeAddresses
from haechi.model import IPBlock, NetworkPolicy, TierPolicy
from haechi.sets import AddressSet, text_to_point


class Region(NamedTuple):
    """Addresses that ipBlocks treat alike, with a description."""

    description: str
    addresses: AddressSet


class Witness(NamedTuple):
    """An outside host: its address and its region, described."""

    address: str
    description: str


def witnesses(
    policies: Iterable[NetworkPolicy | TierPolicy],
    known: Iterable[str],
    addresses: FreeAddresses,
    families: tuple[int, ...],
) -> tuple[tuple[Witness, ...], tuple[str, ...]]:
    """The witnesses that a lab needs, and the descriptions of the regions that can have none.

    Args:
        policies: whose ipBlocks and networks are considered.
        known: addresses of the outside hosts of the input.
        addresses: where the witnesses' addresses are taken from.
        families: the address families of the lab: 4, 6 or both.
    """
    present = AddressSet.of(*[text_to_point(text) for text in known])
    wanted = AddressSet.union_all([AddressSet.V4 if family == 4 else AddressSet.V6 for family in families])
    found: list[Witness] = []
    missing: list[str] = []
    for region in _regions(ip_blocks(policies)):
        here = region.addresses & wanted
        if not here or not here.isdisjoint(present):
            continue
        address = addresses.within(here)
        if address is not None:
            found.append(Witness(address, region.description))
            present |= AddressSet.of(text_to_point(address))
        elif region.description not in missing:  # several policies may have the same block
            missing.append(region.description)
    return tuple(found), tuple(missing)


def _regions(blocks: Iterable[IPBlock]) -> Iterator[Region]:
    every: list[AddressSet] = []
    for block in blocks:
        try:
            cidr = AddressSet.from_cidr(block.cidr)
            excepts = [(text, AddressSet.from_cidr(text)) for text in block.except_]
        except ValueError:
            continue  # reported elsewhere; its rule allows nothing
        every.append(cidr)
        inside = cidr - AddressSet.union_all([each for _, each in excepts])
        yield Region(f"in {block.cidr}", inside)
        for text, each in excepts:
            yield Region(f"in {text}, excepted from {block.cidr}", each & cidr)
    for family in (AddressSet.V4, AddressSet.V6):
        yield Region("in no ipBlock", family - AddressSet.union_all(every))
