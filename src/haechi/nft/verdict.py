"""Verdicts: statements of rules, and the values of verdict maps.

The codes are those of linux/netfilter.h (accept, drop) and `enum nft_verdicts`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from haechi.nft import attributes
from haechi.nft.attributes import Fields
from haechi.nft.bytecode import VERDICT_REGISTER, Bytecode
from haechi.nft.errors import DecodeError, NounError
from haechi.nft.names import check_name

DATA_VERDICT: Final = 2
_CODE, _CHAIN = 1, 2


class VerdictKind(IntEnum):
    """The kernel's verdict codes."""

    DROP = 0
    ACCEPT = 1
    CONTINUE = -1
    JUMP = -3
    GOTO = -4
    RETURN = -5


@dataclass(frozen=True, slots=True)
class Verdict:
    """``accept``, ``drop``, ``continue``, ``return``, ``jump CHAIN`` or ``goto CHAIN``.

    Raises:
        NounError: a jump or goto without a valid chain name, or another kind with one.
    """

    kind: VerdictKind
    chain: str = ""

    def __post_init__(self) -> None:
        if self.kind in (VerdictKind.JUMP, VerdictKind.GOTO):
            check_name("verdict", self.chain)
        elif self.chain:
            raise NounError("verdict", "chain", self.chain, f"{self.kind.name.lower()} has no chain")

    def __str__(self) -> str:
        return f"{self.kind.name.lower()} {self.chain}".rstrip()

    def data(self) -> bytes:
        """The NFTA_DATA_VERDICT attribute."""
        chain = attributes.text(_CHAIN, self.chain) if self.chain else b""
        return attributes.nested(DATA_VERDICT, attributes.u32(_CODE, self.kind), chain)

    def encode(self) -> bytes:
        """The kernel's expression for the verdict as a statement."""
        data = attributes.u32(1, VERDICT_REGISTER) + attributes.nested(2, self.data())
        return Bytecode("immediate", data).encode()

    @classmethod
    def from_data(cls, fields: Fields) -> Verdict:
        """The verdict inside an NFTA_DATA_VERDICT attribute. Raises `DecodeError` or `NounError`."""
        code = fields.u32(_CODE)
        signed = code - (1 << 32) if code >> 31 else code
        try:
            kind = VerdictKind(signed)
        except ValueError:
            raise DecodeError(fields.what, f"verdict {signed}") from None
        return cls(kind, fields.text(_CHAIN, ""))


ACCEPT: Final = Verdict(VerdictKind.ACCEPT)
DROP: Final = Verdict(VerdictKind.DROP)
RETURN: Final = Verdict(VerdictKind.RETURN)
CONTINUE: Final = Verdict(VerdictKind.CONTINUE)


def jump(chain: str) -> Verdict:
    """``jump CHAIN``."""
    return Verdict(VerdictKind.JUMP, chain)


def goto(chain: str) -> Verdict:
    """``goto CHAIN``."""
    return Verdict(VerdictKind.GOTO, chain)
