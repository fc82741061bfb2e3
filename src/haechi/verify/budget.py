"""How much work a proof may take.

Why: the number of paths through chains that jump to chains grows exponentially. A table of 16 chains, each of which
jumps four times to the next, has four billion:

    c0 ─┬─▶ c1 ─┬─▶ c2 ─┬─▶ …      4 ways from each chain to the next, 4¹⁶ paths
        ├─▶    ─┼─▶    ─┼─▶
        ├─▶    ─┼─▶    ─┼─▶
        └─▶    ─┴─▶    ─┴─▶

A proof must end whoever wrote the table, so visits to rules are counted, and once the limit is exceeded nothing counts
as understood. Work is counted, not time: the same table is always understood or never. A visit weighs more where the
rule's sets are large or the packets have many stretches of addresses. Haechi's own tables need less than one visit of
each rule for each address; the limit is twice that, for each address as a client and as a server.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from haechi.nft import DataType, Lookup, Rule
from haechi.verify.cached import AnyRuleset
from haechi.verify.packets import PacketSet

_LEAST: Final = 100_000
_MARGIN: Final = 2
_PER_VISIT: Final = 128
"""So many addresses of a set weigh as much as one visit. A port weighs two visits: it stands for every protocol's."""


@dataclass(slots=True)
class Budget:
    """Weighted visits to rules.

    Attributes:
        limit: how many there may be.
        spent: how many there were.
    """

    limit: int
    spent: int = 0

    @classmethod
    def for_weight(cls, total: int, addresses: int) -> Budget:
        """The budget for a table whose rules weigh `total` together, and this many addresses of a node."""
        return cls(_LEAST + _MARGIN * total * (2 * addresses + 1))

    @property
    def is_spent(self) -> bool:
        """Whether the limit was exceeded."""
        return self.spent > self.limit

    def take(self, visits: int) -> bool:
        """Count these visits; False if the limit is exceeded."""
        self.spent += visits
        return self.spent <= self.limit

    def __str__(self) -> str:
        return f"there are too many paths through its chains: more than {self.limit} visits to rules"


def weight(rule: Rule, ruleset: AnyRuleset) -> int:
    """What it costs to split one stretch of packets by a rule, in visits."""
    found = 1
    for each in rule.lookups():
        container = ruleset.sets[each.set] if isinstance(each, Lookup) else ruleset.maps[each.map]
        elements = len(container.elements)
        found += 2 * elements if DataType.INET_SERVICE in container.key else elements // _PER_VISIT
    return found


def stretches(packets: PacketSet) -> int:
    """What a visit costs in addition because its packets have many stretches of addresses, in visits."""
    return (len(packets.clients.edges) + len(packets.traffic.steps)) // _PER_VISIT
