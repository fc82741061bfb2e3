"""Comparisons of a loaded value: equal, ordered, in a range, any of these bits.

Values are in network order. Ordered comparisons of values that the kernel stores in the machine's order (marks) are
refused, as are comparisons of connection states as numbers, because states are bits.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, IntFlag
from typing import Final

from haechi.nft import attributes
from haechi.nft.bytecode import Bytecode, register_number, value_data
from haechi.nft.datatype import DataType
from haechi.nft.element import print_interval
from haechi.nft.errors import NounError
from haechi.nft.load import Ct, CtKey, Load, check_loads

_FIRST: Final = register_number(0)
BITS: Final = frozenset((DataType.CT_STATE, DataType.CT_STATUS))


class Operator(IntEnum):
    """`enum nft_cmp_ops`."""

    EQ = 0
    NE = 1
    LT = 2
    LE = 3
    GT = 4
    GE = 5


_WORDS: Final = {
    Operator.EQ: "", Operator.NE: "!= ", Operator.LT: "< ", Operator.LE: "<= ", Operator.GT: "> ", Operator.GE: ">= ",
}  # fmt: skip


def _check(noun: str, load: Load, value: bytes, *, ordered: bool) -> None:
    check_loads(noun, (load,))
    if load.type in BITS:
        raise NounError(noun, "load", load, "consists of bits: use HasState or HasStatus")
    if ordered and (load.type.host_order or load.type is DataType.IFNAME):
        raise NounError(noun, "load", load, "cannot be ordered")
    load.type.check(noun, value)


def _cmp(operator: Operator, value: bytes) -> bytes:
    data = attributes.u32(1, _FIRST) + attributes.u32(2, operator) + value_data(3 | attributes.NESTED, value)
    return Bytecode("cmp", data).encode()


@dataclass(frozen=True, slots=True)
class Compare:
    """``LOAD [OPERATOR] VALUE``, such as ``meta l4proto tcp``.

    Raises:
        NounError: a value that is not of the load's type, or a load that cannot be compared like this.
    """

    load: Load
    operator: Operator
    value: bytes

    def __post_init__(self) -> None:
        _check("comparison", self.load, self.value, ordered=self.operator > Operator.NE)

    def __str__(self) -> str:
        return f"{self.load} {_WORDS[self.operator]}{self.load.type.print(self.value)}"

    def encode(self) -> bytes:
        """The kernel's expressions."""
        return self.load.encode(0) + _cmp(self.operator, self.load.type.to_kernel(self.value))


@dataclass(frozen=True, slots=True)
class InRange:
    """``LOAD [!=] FIRST-LAST``, both ends included.

    Raises:
        NounError: a range of fewer than two values, or a load without order.
    """

    load: Load
    first: bytes
    last: bytes
    negated: bool = False

    def __post_init__(self) -> None:
        _check("range", self.load, self.first, ordered=True)
        _check("range", self.load, self.last, ordered=True)
        if self.first >= self.last:
            raise NounError("range", "last", self.last.hex(), "must be above the first value")

    def __str__(self) -> str:
        shown = print_interval(self.load.type, self.first, self.last, prefix=False)
        return f"{self.load} {'!= ' if self.negated else ''}{shown}"

    def encode(self) -> bytes:
        """The kernel's expressions: two comparisons, or a range if negated, as in nft."""
        load = self.load.encode(0)
        if not self.negated:
            return load + _cmp(Operator.GE, self.first) + _cmp(Operator.LE, self.last)
        bounds = value_data(3 | attributes.NESTED, self.first) + value_data(4 | attributes.NESTED, self.last)
        return load + Bytecode("range", attributes.u32(1, _FIRST) + attributes.u32(2, 1) + bounds).encode()


class CtState(IntFlag):
    """A connection's state at this packet (NF_CT_STATE_BIT)."""

    INVALID = 1
    ESTABLISHED = 2
    RELATED = 4
    NEW = 8
    UNTRACKED = 64


class CtStatus(IntFlag):
    """A connection's status (`enum ip_conntrack_status`)."""

    EXPECTED = 1
    SEEN_REPLY = 2
    ASSURED = 4
    CONFIRMED = 8
    SNAT = 16
    DNAT = 32
    DYING = 512


def _words(bits: IntFlag) -> str:
    return ",".join(str(bit.name).lower().replace("_", "-") for bit in type(bits) if bit in bits)


def _check_bits(noun: str, bits: IntFlag) -> None:
    known = 0
    for bit in type(bits):
        known |= int(bit)
    if not bits or int(bits) & ~known:
        raise NounError(noun, "bits", f"{int(bits):#x}", "must be one or more of the known bits")


def _encode_bits(load: Ct, bits: int, negated: bool) -> bytes:
    mask = load.type.to_kernel(bits.to_bytes(4, "big"))
    data = (
        attributes.u32(1, _FIRST)
        + attributes.u32(2, _FIRST)
        + attributes.u32(3, 4)
        + value_data(4 | attributes.NESTED, mask)
        + value_data(5 | attributes.NESTED, bytes(4))
    )
    return load.encode(0) + Bytecode("bitwise", data).encode() + _cmp(Operator(not negated), bytes(4))


@dataclass(frozen=True, slots=True)
class HasState:
    """``ct state invalid,untracked``: the connection is in one of these states; negated: in none.

    Raises:
        NounError: no state, or an unknown one.
    """

    states: CtState
    negated: bool = False

    def __post_init__(self) -> None:
        _check_bits("ct state", self.states)

    def __str__(self) -> str:
        return f"ct state {'! ' if self.negated else ''}{_words(self.states)}"

    def encode(self) -> bytes:
        """The kernel's expressions."""
        return _encode_bits(Ct(CtKey.STATE), self.states, self.negated)


@dataclass(frozen=True, slots=True)
class HasStatus:
    """``ct status dnat``: the connection has one of these bits; negated: none.

    Raises:
        NounError: no bit, or an unknown one.
    """

    status: CtStatus
    negated: bool = False

    def __post_init__(self) -> None:
        _check_bits("ct status", self.status)

    def __str__(self) -> str:
        return f"ct status {'! ' if self.negated else ''}{_words(self.status)}"

    def encode(self) -> bytes:
        """The kernel's expressions."""
        return _encode_bits(Ct(CtKey.STATUS), self.status, self.negated)
