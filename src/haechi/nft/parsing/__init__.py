"""Reading nft syntax back into nouns.

    text ── Scanner ──▶ statements ── sets, chains, rules ──▶ Ruleset
                            words ── loads, values ──▶ expressions, elements

The inverse of printing; it also reads what the nft tool prints. See `haechi.nft.parsing.parser`.
"""

from __future__ import annotations

from haechi.nft.parsing.errors import ParseError
from haechi.nft.parsing.parser import parse, tables

__all__ = [
    "ParseError",
    "parse",
    "tables",
]
