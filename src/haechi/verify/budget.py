"""How far a proof goes.

Why: chains that jump to chains have ways through them, and a table that somebody else wrote can have more ways than can
ever be walked: sixteen chains that each jump four times to the next have four billion. Promises that a proof ends:
visits to rules are counted, and after the last one nothing counts as understood. What it counts is the work, never the
time, so the same table is always understood or never. A visit weighs more where the rule's sets are large, or what
comes to it is in many stretches. A table of Haechi's needs less than one visit of each rule for each address.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from haechi.nft import DataType, Lookup, Rule
from haechi.verify.kept import Held
from haechi.verify.space import Piece

_LEAST: Final = 100_000
_PLENTY: Final = 2
_ADDRESSES: Final = 128
"""Addresses of a set that weigh as much as a rule. A port weighs twice as much: it is one of every protocol."""


@dataclass(slots=True)
class Budget:
    """Visits to rules, by weight.

    Attributes:
        limit: how much there may be.
        spent: how much there was.
    """

    limit: int
    spent: int = 0

    @classmethod
    def of(cls, held: Held, addresses: int) -> Budget:
        """What a table may take for so many addresses of a node: many times what it should."""
        return cls.for_weight(
            sum(weight(rule, held) for chain in held.chains.values() for rule in chain.rules), addresses
        )

    @classmethod
    def for_weight(cls, whole: int, addresses: int) -> Budget:
        """The same for a table whose rules weigh so much together."""
        return cls(_LEAST + _PLENTY * whole * (2 * addresses + 1))

    @property
    def is_spent(self) -> bool:
        """Whether there was too much."""
        return self.spent > self.limit

    def take(self, visits: int) -> bool:
        """Count some more; False if that is too much."""
        self.spent += visits
        return self.spent <= self.limit

    def __str__(self) -> str:
        return f"there are too many ways through its chains: more than {self.limit} visits to rules"


def weight(rule: Rule, held: Held) -> int:
    """How much it takes to send one stretch of packets through a rule."""
    found = 1
    for asked in rule.lookups():
        noun = held.sets[asked.set] if isinstance(asked, Lookup) else held.maps[asked.map]
        elements = len(noun.elements)
        found += 2 * elements if DataType.INET_SERVICE in noun.key else elements // _ADDRESSES
    return found


def extent(piece: Piece) -> int:
    """How much more a visit takes because its packets are in many stretches."""
    return (len(piece.clients.edges) + len(piece.traffic.pieces)) // _ADDRESSES
