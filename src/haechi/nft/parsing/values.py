"""Words to values: one value, a range, a prefix; elements of sets and maps.

nft prints a value in many ways (numbers, words of its grammar, names of /etc/protocols, prefixes, ranges), the nouns in
one. Names of services are not supported: their numbers depend on the machine that printed them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache, partial
from socket import AF_INET, AF_INET6, inet_pton
from typing import Final, TypeAlias

from haechi.nft.datatype import PROTOCOLS, DataType
from haechi.nft.element import Element
from haechi.nft.errors import NounError
from haechi.nft.parsing.errors import NotUnderstoodError
from haechi.nft.parsing.scanner import unquoted
from haechi.nft.shape import Shape
from haechi.nft.verdict import Verdict, VerdictKind

_ADDRESSES: Final = {DataType.IPV4_ADDR: AF_INET, DataType.IPV6_ADDR: AF_INET6}
"""inet_pton accepts what nft prints, without zones and octal numbers, in 0.2 µs (`ipaddress`: 4 to 6)."""
_IANA: Final = {
    "ip": 0, "hopopt": 0, "ggp": 3, "ipencap": 4, "st": 5, "egp": 8, "igp": 9, "pup": 12, "hmp": 20, "xns-idp": 22,
    "rdp": 27, "iso-tp4": 29, "xtp": 36, "ddp": 37, "idpr-cmtp": 38, "ipv6": 41, "ipv6-route": 43, "ipv6-frag": 44,
    "idrp": 45, "rsvp": 46, "gre": 47, "skip": 57, "ipv6-icmp": 58, "ipv6-nonxt": 59, "ipv6-opts": 60, "rspf": 73,
    "vmtp": 81, "eigrp": 88, "ospf": 89, "ax.25": 93, "ipip": 94, "etherip": 97, "encap": 98, "pim": 103,
    "ipcomp": 108, "vrrp": 112, "l2tp": 115, "isis": 124, "fc": 133, "mobility-header": 135, "mpls-in-ip": 137,
    "manet": 138, "hip": 139, "shim6": 140, "wesp": 141, "rohc": 142, "ethernet": 143,
}  # fmt: skip
_PROTOCOLS: Final = _IANA | PROTOCOLS
"""Protocols as nft prints them: the registered names of /etc/protocols."""
_NUMBER: Final = re.compile(r"0|[1-9][0-9]{0,19}", re.ASCII)
_PLAIN_NAME: Final = re.compile(r"[a-zA-Z][a-zA-Z0-9_.-]*", re.ASCII)
_OCTAL: Final = re.compile(r"0[0-9]", re.ASCII)
_Interval: TypeAlias = tuple[bytes, bytes | None]
_SPACES: Final = " \t\r\n"
_VERDICTS: Final = {each.name.lower(): each for each in VerdictKind}


def number(word: str, most: int = 0xFFFFFFFFFFFFFFFF) -> int:
    """A decimal number. Raises `NotUnderstoodError` for anything else, or one above ``most``."""
    if not _NUMBER.fullmatch(word) or int(word) > most:
        raise NotUnderstoodError(f"{word!a} is not a number from 0 to {most}")
    return int(word)


def value(type: DataType, word: str) -> bytes:  # noqa: A002
    """One value. Raises `NotUnderstoodError`."""
    try:
        family = _ADDRESSES.get(type)
        return inet_pton(family, word) if family is not None else _symbol(type, word)
    except (OSError, ValueError):  # NounError is a ValueError
        raise NotUnderstoodError(f"{word!a} is not a valid {type}") from None


def _symbol(type: DataType, word: str) -> bytes:  # noqa: A002
    text = unquoted(word)
    if type is DataType.IFNAME:
        if not (_PLAIN_NAME.fullmatch(word) if text is None else "\\" not in text):
            raise NotUnderstoodError(f"{word!a} is not a plain name")
        return type.parse(word if text is None else text)
    if text is not None:
        raise NotUnderstoodError(f"the number of {word} depends on the machine: list the ruleset without names")
    if type is DataType.INET_PROTO and word in _PROTOCOLS:
        return bytes((_PROTOCOLS[word],))
    if _OCTAL.match(word):
        raise NounError("value", str(type), word, "begins with a zero")
    return type.parse(word)


def span(type: DataType, word: str) -> _Interval:  # noqa: A002
    """``first-last``, or one value, for which the last is None. Raises `NotUnderstoodError`."""
    if "-" not in word or type is DataType.IFNAME or word in type.symbols or word in _PROTOCOLS:
        return value(type, word), None
    first, _, last = word.partition("-")
    return value(type, first), value(type, last)


def _interval_reader(type: DataType) -> Callable[[str], _Interval]:  # noqa: A002
    """A function that reads a value, ``first-last`` or a prefix of addresses; the last is None for a single value."""
    family = _ADDRESSES.get(type)
    if family is None:
        return lru_cache(maxsize=1 << 16)(partial(span, type))

    def read(word: str) -> _Interval:
        try:
            if "/" in word:
                return _prefix(type, word)
            first, dash, last = word.partition("-")
            return inet_pton(family, first), inet_pton(family, last) if dash else None
        except (OSError, ValueError):
            raise NotUnderstoodError(f"{word!a} is not a valid {type}") from None

    return read


def _prefix(type: DataType, word: str) -> _Interval:  # noqa: A002
    address, _, length = word.partition("/")
    first = value(type, address)
    mask = (1 << (type.width * 8 - number(length, type.width * 8))) - 1
    low = int.from_bytes(first, "big")
    if low & mask:
        raise NotUnderstoodError(f"{word!a} has bits beyond its prefix")
    return first, (low | mask).to_bytes(type.width, "big") if mask else None


def verdict(words: list[str]) -> Verdict | None:
    """``accept``, ``jump CHAIN`` and the like; None for anything else. Raises `NounError` for an impossible chain."""
    kind = _VERDICTS.get(words[0]) if words else None
    if kind is None or len(words) != 1 + (kind in (VerdictKind.JUMP, VerdictKind.GOTO)):
        return None
    return Verdict(kind, *words[1:])


class ElementReader:
    """Reads the elements of sets and maps of one shape."""

    def __init__(self, shape: Shape) -> None:
        self._verdicts = shape.verdicts
        self._known: dict[str, Verdict] = {}
        self._fields = [_interval_reader(each) for each in shape.types]
        self._widths = shape.field_widths

    def read(self, items: Iterable[str] | Iterable[list[str]]) -> frozenset[Element]:
        """The elements of these texts or lists of words. Raises `NotUnderstoodError` or `NounError`."""
        texts = {item if isinstance(item, str) else " ".join(item) for item in items}
        if len(self._fields) == 1 and not self._verdicts:
            read = self._fields[0]
            return frozenset([Element(*read(text.strip(_SPACES))) for text in texts])
        return frozenset([self._element(text) for text in texts])

    def _element(self, text: str) -> Element:
        if not self._verdicts:
            return Element(*self._key(text))
        # the colon between a key and its verdict has spaces around it, those of IPv6 addresses do not
        key, colon, decision = text.rpartition(" : ")
        if not colon:
            raise NotUnderstoodError("an element of a map without a verdict")
        return Element(*self._key(key), self._verdict(decision))

    def _key(self, text: str) -> _Interval:
        if len(self._fields) == 1:
            return self._fields[0](text.strip(_SPACES))
        parts = text.split(" . ")
        if len(parts) != len(self._fields):
            raise NotUnderstoodError(f"the element {text!a}")
        key = last = b""
        for read, part, width in zip(self._fields, parts, self._widths, strict=True):
            first, end = read(part.strip(_SPACES))
            key += first.ljust(width, b"\0")
            last += (end or first).ljust(width, b"\0")
        return key, None if last == key else last

    def _verdict(self, text: str) -> Verdict:
        known = self._known.get(text)
        if known is None:
            known = verdict(text.split()) if text.isascii() else None
            if known is None:
                raise NotUnderstoodError(f"the verdict {text!a}")
            self._known[text] = known
        return known
