"""Words to loads, and the comparisons that nft does not print.

nft leaves out a comparison that follows from a field: ``tcp dport`` is the port of the transport header after ``meta
l4proto tcp``, ``ip saddr`` in an inet table comes after ``meta nfproto ipv4``. When it loads the text, it inserts the
comparison right before the field's own, unless the rule has it already. A `ConditionalLoad` is a field with what it
needs:

    text       tcp dport 80
    rule       meta l4proto tcp    th dport 80
"""

from __future__ import annotations

from typing import Final, NamedTuple

from haechi.nft.datatype import PROTOCOLS
from haechi.nft.load import Ct, CtDirection, CtKey, Load, Meta, MetaKey, Payload, PayloadField
from haechi.nft.parsing.errors import NotUnderstoodError


class ConditionalLoad(NamedTuple):
    """A load and the comparisons that it requires.

    Attributes:
        load: the load.
        family: the value of ``meta nfproto``, or None.
        protocol: the value of ``meta l4proto``, or None.
    """

    load: Load
    family: int | None = None
    protocol: int | None = None


_PORTS: Final = {"sport": PayloadField.TH_SPORT, "dport": PayloadField.TH_DPORT}
_TRANSPORTS: Final = ("tcp", "udp", "udplite", "dccp", "sctp")


def _all() -> dict[tuple[str, ...], ConditionalLoad]:
    plain: list[Load] = [*map(Meta, MetaKey), *(Ct(key) for key in CtKey if not key.directed)]
    plain += [Ct(key, each) for key in CtKey if key.directed for each in CtDirection]
    found = {tuple(str(load).split()): ConditionalLoad(load) for load in plain}
    for key in (MetaKey.IIFNAME, MetaKey.OIFNAME):
        found["meta", key.words] = ConditionalLoad(Meta(key))
    for each in PayloadField:
        found[tuple(each.words.split())] = ConditionalLoad(Payload(each), each.family, each.protocol)
    for name in _TRANSPORTS:
        for word, port in _PORTS.items():
            found[name, word] = ConditionalLoad(Payload(port), None, PROTOCOLS[name])
    return found


_BY_WORDS: Final = _all()
_LENGTHS: Final = sorted({len(words) for words in _BY_WORDS}, reverse=True)


def read_load(words: list[str], position: int) -> tuple[ConditionalLoad, int]:
    """The load at a position, and the position after it. Raises `NotUnderstoodError`."""
    for length in _LENGTHS:
        key = tuple(words[position : position + length])
        if key in _BY_WORDS:
            return _BY_WORDS[key], position + len(key)
    raise NotUnderstoodError(" ".join(words[position : position + 2]))


def read_loads(words: list[str], position: int) -> tuple[list[ConditionalLoad], int]:
    """A load or a concatenation of loads. Raises `NotUnderstoodError`."""
    load, position = read_load(words, position)
    found = [load]
    while words[position : position + 1] == ["."]:
        load, position = read_load(words, position + 1)
        found.append(load)
    return found, position
