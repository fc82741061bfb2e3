"""What keeps a proof from being one, other than a packet that is judged wrongly.

Why: a table may hold things that this package does not model; they are named, never assumed to be harmless.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class FindingKind(StrEnum):
    """What is the matter."""

    UNKNOWN = "unknown"
    """The kernel's table holds something that could not be decoded, or that this package does not model."""
    UNDECIDED = "undecided"
    """Whether a packet passes depends on something else than its connection's addresses, protocol and port."""
    HOOK = "hook"
    """A chain of the table judges packets elsewhere than where they are forwarded."""


@dataclass(frozen=True, slots=True)
class Place:
    """A rule of a table.

    Attributes:
        chain: the chain's name.
        rule: the number of the rule, from 0; None: the chain's end (its policy) or the chain as a whole.
        text: the rule as nft writes it.
    """

    chain: str
    rule: int | None = None
    text: str = ""

    def __str__(self) -> str:
        if self.rule is None:
            return f"chain {self.chain}, {self.text}" if self.text else f"chain {self.chain}"
        return f"chain {self.chain}, rule {self.rule + 1}: {self.text}"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not understood.

    Attributes:
        kind: what is the matter.
        reason: why.
        place: where; None where it is about the table as a whole.
    """

    kind: FindingKind
    reason: str
    place: Place | None = None

    def __str__(self) -> str:
        return f"{self.place}: {self.reason}" if self.place else self.reason
