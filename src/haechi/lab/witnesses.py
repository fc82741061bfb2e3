"""Outside hosts that show what ipBlocks do.

Why: a rule about addresses is only seen to work if somebody inside and somebody outside of it knocks. Promises one
witness in every ipBlock (outside of its exceptions), one in every exception and, for each family of the lab, one in
none of them, where such addresses exist and nobody of the input is there already; says which regions have none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from haechi.analysis.cluster import ip_blocks
from haechi.lab.addresses import Addresses
from haechi.model import IPBlock, NetworkPolicy
from haechi.sets import AddressSet, text_to_point


class Region(NamedTuple):
    """Addresses that policies treat alike, and what they are, in words."""

    words: str
    addresses: AddressSet


class Witness(NamedTuple):
    """An outside address and what it is a witness of."""

    address: str
    words: str


def witnesses(
    policies: Iterable[NetworkPolicy], known: Iterable[str], addresses: Addresses, families: tuple[int, ...]
) -> tuple[tuple[Witness, ...], tuple[str, ...]]:
    """The witnesses that a lab needs, and in words the regions that can have none.

    Args:
        policies: whose ipBlocks are meant.
        known: addresses of outside hosts that are there anyway.
        addresses: what is taken; the witnesses' addresses are taken from it.
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
            found.append(Witness(address, region.words))
            present |= AddressSet.of(text_to_point(address))
        elif region.words not in missing:  # several policies may have the same block
            missing.append(region.words)
    return tuple(found), tuple(missing)


def _regions(blocks: Iterable[IPBlock]) -> Iterator[Region]:
    every: list[AddressSet] = []
    for block in blocks:
        try:
            cidr = AddressSet.from_cidr(block.cidr)
            excepts = [(text, AddressSet.from_cidr(text)) for text in block.except_]
        except ValueError:
            continue  # the policy says so elsewhere, and its rule allows nothing
        every.append(cidr)
        inside = cidr - AddressSet.union_all([each for _, each in excepts])
        yield Region(f"in {block.cidr}", inside)
        for text, each in excepts:
            yield Region(f"in {text}, excepted from {block.cidr}", each & cidr)
    for family in (AddressSet.V4, AddressSet.V6):
        yield Region("in no ipBlock", family - AddressSet.union_all(every))
