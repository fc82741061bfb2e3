"""Reading nft syntax back into nouns.

    text ── Scanner ──▶ statements ── sets, chains, rules ──▶ Ruleset
                            words ── loads, values ──▶ expressions, elements

It is the inverse of printing, and the reader of what the nft tool prints; `haechi.nft.parsing.parser` says what it
promises.
"""

from __future__ import annotations

from haechi.nft.parsing.errors import ParseError
from haechi.nft.parsing.parser import parse, tables

__all__ = [
    "ParseError",
    "parse",
    "tables",
]
