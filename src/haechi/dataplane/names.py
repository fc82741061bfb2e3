"""Names and comments of Haechi's chains and sets in the kernel.

Why: equal content must have equal names, on every node and after every restart, so that the difference of two rulesets
is a difference of names. A name is 120 bits of BLAKE2b over an unambiguous text of the definition, because tenants
choose parts of it, and does not depend on what Python classes are called, so that an upgrade keeps names. Comments are
for people and no longer than nft accepts.
"""

from __future__ import annotations

import re
from base64 import b32encode
from collections.abc import Iterable
from hashlib import blake2b

from haechi.engine import NamedPeer, NamedPort, PodSelection
from haechi.select import Selector
from haechi.sets import AddressSet

_DIGEST_BYTES = 15  # 24 letters of base 32
DIGITS = 2 * _DIGEST_BYTES
"""Hexadecimal digits of a digest."""
_COMMENT_BYTES = 128
_MOST_NAMES = _COMMENT_BYTES // 3  # a letter, a comma and a space each
_UNPRINTABLE = re.compile(r"[^ !#-~]")


def content_name(kind: str, definition: object) -> str:
    """`kind` and a digest of the `repr` of `definition`, which must consist of plain values."""
    digest = blake2b(repr(definition).encode("utf-8", "surrogatepass"), digest_size=_DIGEST_BYTES).digest()
    return f"{kind}_{b32encode(digest).decode('ascii').lower()}"


def definition_digest(definition: object) -> str:
    """A hexadecimal digest of the `repr` of `definition`, which must consist of plain values."""
    return blake2b(repr(definition).encode("utf-8", "surrogatepass"), digest_size=_DIGEST_BYTES).hexdigest()


def selection_text(selection: PodSelection) -> str:
    """A selection as unambiguous text, for definitions."""
    scope = selection.namespaces
    return repr((scope if isinstance(scope, str) else _plain(scope), _plain(selection.pods)))


def named_peer_text(peer: NamedPeer) -> str:
    """A port name of a selection as unambiguous text, for definitions."""
    within = () if peer.within == AddressSet.ALL else (peer.within.intervals,)
    return repr((selection_text(peer.selection), peer.protocol, peer.name, *within))


def named_port_text(port: NamedPort) -> str:
    """A named port as unambiguous text, for definitions."""
    return repr((port.protocol, port.name, port.number))


def selector_text(selector: Selector) -> str:
    """A selector of nodes as unambiguous text, for definitions."""
    return repr(_plain(selector))


def _plain(selector: Selector) -> object:
    return selector.contradictory, [(each.key, each.operator.value, each.values) for each in selector.requirements]


def comment(head: str, names: Iterable[object]) -> str:
    """`head` and as many names as fit, with the number of the others."""
    every = list(names)
    listed = [_UNPRINTABLE.sub("?", str(name)) for name in every[:_MOST_NAMES]]
    for count in range(len(listed), -1, -1):
        rest = len(every) - count
        more = f"and {rest} more" if rest else ""
        text = " ".join(part for part in (head, ", ".join(listed[:count]), more) if part)
        if len(text) <= _COMMENT_BYTES:
            return text
    return head[:_COMMENT_BYTES]
