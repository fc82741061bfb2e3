"""Lookups of loaded values in named sets and verdict maps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from haechi.nft import attributes
from haechi.nft.bytecode import VERDICT_REGISTER, Bytecode, register_number
from haechi.nft.compare import BITS
from haechi.nft.errors import NounError
from haechi.nft.load import Load, check_loads, encode_loads, print_loads
from haechi.nft.names import check_name

SET, SREG, DREG, LOOKUP_FLAGS = 1, 2, 3, 5
INVERTED: Final = 1


def _check(noun: str, loads: tuple[Load, ...]) -> None:
    check_loads(noun, loads)
    if any(load.type in BITS for load in loads):
        raise NounError(noun, "loads", print_loads(loads), "connection states are bits: use HasState or HasStatus")


@dataclass(frozen=True, slots=True)
class Lookup:
    """``LOAD . LOAD @SET``: the values are in the set; negated: they are not.

    Raises:
        NounError: no load, too many of them, or an impossible name.
    """

    loads: tuple[Load, ...]
    set: str
    negated: bool = False

    def __post_init__(self) -> None:
        check_name("lookup", self.set)
        _check("lookup", self.loads)

    def __str__(self) -> str:
        return f"{print_loads(self.loads)} {'!= ' if self.negated else ''}@{self.set}"

    def encode(self) -> bytes:
        """The kernel's expressions."""
        data = attributes.text(SET, self.set) + attributes.u32(SREG, register_number(0))
        if self.negated:
            data += attributes.u32(LOOKUP_FLAGS, INVERTED)
        return encode_loads(self.loads) + Bytecode("lookup", data).encode()


@dataclass(frozen=True, slots=True)
class VerdictMap:
    """``LOAD . LOAD vmap @MAP``: the verdict of the values' element; without one, the next rule.

    Raises:
        NounError: no load, too many of them, or an impossible name.
    """

    loads: tuple[Load, ...]
    map: str

    def __post_init__(self) -> None:
        check_name("vmap", self.map)
        _check("vmap", self.loads)

    def __str__(self) -> str:
        return f"{print_loads(self.loads)} vmap @{self.map}"

    def encode(self) -> bytes:
        """The kernel's expressions."""
        data = (
            attributes.text(SET, self.map)
            + attributes.u32(SREG, register_number(0))
            + attributes.u32(DREG, VERDICT_REGISTER)
        )
        return encode_loads(self.loads) + Bytecode("lookup", data).encode()
