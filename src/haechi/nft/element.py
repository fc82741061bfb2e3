"""Elements of sets and maps: a key, or an interval of keys, and in a map a verdict."""

from __future__ import annotations

from typing import NamedTuple

from haechi.nft.datatype import DataType
from haechi.nft.verdict import Verdict


class Element(NamedTuple):
    """One element.

    Attributes:
        key: the value, or an interval's first: network order, fields of a concatenation padded to four bytes.
        last: the inclusive last value of an interval (of each field, in a concatenation); None for a single value.
        verdict: the value in a verdict map; None in a set.
    """

    key: bytes
    last: bytes | None = None
    verdict: Verdict | None = None


def print_interval(type: DataType, first: bytes, last: bytes, *, prefix: bool = True) -> str:  # noqa: A002
    """``first-last``, or a prefix if it is one of addresses and ``prefix`` allows it."""
    if first == last:
        return type.print(first)
    if prefix and type in (DataType.IPV4_ADDR, DataType.IPV6_ADDR):
        low, high = int.from_bytes(first, "big"), int.from_bytes(last, "big")
        size = high - low + 1
        if not size & (size - 1) and not low & (size - 1):
            return f"{type.print(first)}/{type.width * 8 - size.bit_length() + 1}"
    return f"{type.print(first, numeric=True)}-{type.print(last, numeric=True)}"
