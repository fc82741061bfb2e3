"""What makes a proof incomplete, apart from a packet that is judged wrongly.

Why: a table may hold things that this package does not model. They are reported, never assumed to be harmless.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class GapKind(StrEnum):
    """Why a part of the table is not proved."""

    UNKNOWN = "unknown"
    """The table holds something that could not be decoded or is not modelled."""
    UNDECIDED = "undecided"
    """Whether a packet passes depends on more than its connection's addresses, protocol and port."""
    HOOK = "hook"
    """A chain of the table judges packets at another hook than forward."""


@dataclass(frozen=True, slots=True)
class RulePosition:
    """A rule of a table, or the end of a chain.

    Attributes:
        chain: the chain's name.
        rule: the index of the rule; None for the end of the chain (its policy) or the chain as a whole.
        text: the rule as `nft --stateless` prints it.
    """

    chain: str
    rule: int | None = None
    text: str = ""

    def __str__(self) -> str:
        if self.rule is None:
            return f"chain {self.chain}, {self.text}" if self.text else f"chain {self.chain}"
        return f"chain {self.chain}, rule {self.rule + 1}: {self.text}"


NO_CHAIN = RulePosition("", None, "no chain of the table judges it")


@dataclass(frozen=True, slots=True)
class ProofGap:
    """One thing that the proof does not cover.

    Attributes:
        kind: why.
        reason: the same in words, with the facts.
        position: where; None if it is about the table as a whole.
    """

    kind: GapKind
    reason: str
    position: RulePosition | None = None

    def __str__(self) -> str:
        return f"{self.position}: {self.reason}" if self.position else self.reason
