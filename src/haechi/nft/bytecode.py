"""The kernel's expressions: a name and attributes, one instruction of nf_tables' virtual machine.

A statement of this package becomes one or more of these. Registers are numbered by 32-bit words here; the kernel
numbers a word at the beginning of a 128-bit register by that register (NFT_REG_1..4), others by NFT_REG32_00 + word.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from haechi.nft import attributes
from haechi.nft.attributes import Fields
from haechi.nft.errors import DecodeError

_LIST_ELEM: Final = 1
_NAME, _DATA = 1, 2
VERDICT_REGISTER: Final = 0


@dataclass(frozen=True, slots=True)
class Bytecode:
    """One kernel expression: its name and its encoded attributes."""

    name: str
    data: bytes

    def encode(self) -> bytes:
        """The NFTA_LIST_ELEM attribute."""
        return attributes.nested(_LIST_ELEM, attributes.text(_NAME, self.name), attributes.nested(_DATA, self.data))

    def fields(self) -> Fields:
        """The attributes. Raises `DecodeError`."""
        return Fields(self.data, self.name)


def decode_bytecodes(data: bytes) -> tuple[Bytecode, ...]:
    """The expressions of an NFTA_RULE_EXPRESSIONS attribute. Raises `DecodeError`."""
    found: list[Bytecode] = []
    for kind, payload in attributes.walk(data, "expressions"):
        if kind != _LIST_ELEM:
            raise DecodeError("expressions", f"attribute {kind} in a list")
        fields = Fields(payload, "expression")
        found.append(Bytecode(fields.text(_NAME), fields.raw(_DATA) if _DATA in fields else b""))
    return tuple(found)


def register_number(word: int) -> int:
    """The kernel's number for the register that begins at a 32-bit word."""
    return 8 + word if word % 4 else 1 + word // 4


def register_word(number: int) -> int:
    """The 32-bit word at which a register begins. Raises `DecodeError` for the verdict and unknown registers."""
    if 1 <= number <= 4:
        return (number - 1) * 4
    if 8 <= number <= 23:
        return number - 8
    raise DecodeError("register", f"number {number}")


def value_data(kind: int, value: bytes) -> bytes:
    """A nested attribute with an NFTA_DATA_VALUE."""
    return attributes.nested(kind, attributes.attribute(1, value))


def read_value(fields: Fields, kind: int) -> bytes:
    """The NFTA_DATA_VALUE inside an attribute."""
    return fields.nest(kind).raw(1)
