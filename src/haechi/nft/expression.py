"""Expressions: the statements that a rule consists of, and how a kernel rule is decoded to them.

The kernel stores a rule as instructions over registers. They are read from left to right: loads accumulate until an
instruction uses their registers and completes a statement. From the first instruction that does not fit on, the rest of
the rule is an `Unknown`. For example:

    ct load saddr => reg 1                  ┐
    ct load proto-src => reg 9              ┴─ loads
    lookup reg 1 set named4 …               ── uses both    ──▶  Lookup((Ct saddr, Ct proto-src), "named4…")
    immediate reg 0 accept                  ── uses none    ──▶  ACCEPT
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

from haechi.nft.attributes import Fields
from haechi.nft.bytecode import Bytecode, read_value, register_word
from haechi.nft.compare import Compare, CtState, CtStatus, HasState, HasStatus, InRange, Operator
from haechi.nft.errors import DecodeError, NounError
from haechi.nft.load import Ct, CtDirection, CtKey, Load, Meta, MetaKey, Payload, PayloadField, words_of
from haechi.nft.lookup import DREG, INVERTED, LOOKUP_FLAGS, SET, SREG, Lookup, VerdictMap
from haechi.nft.statement import (
    Counter,
    Limit,
    LimitKind,
    LimitUnit,
    Log,
    LogLevel,
    Notrack,
    Reject,
    RejectKind,
    SetMark,
)
from haechi.nft.unknown import Unknown
from haechi.nft.verdict import DATA_VERDICT, Verdict

Expression: TypeAlias = (
    Compare
    | InRange
    | HasState
    | HasStatus
    | Lookup
    | VerdictMap
    | Verdict
    | Counter
    | Limit
    | Log
    | Reject
    | SetMark
    | Notrack
    | Unknown
)
"""A statement of a rule."""

_META: Final = {each.number: each for each in MetaKey}
_CT: Final = {each.number: each for each in CtKey}
_IS_ICMPV6: Final = Compare(Meta(MetaKey.L4PROTO), Operator.EQ, b"\x3a")
_REJECT: Final = {(each.type, each.code): each for each in RejectKind}


def decode_expressions(codes: tuple[Bytecode, ...]) -> tuple[Expression, ...]:
    """The statements of kernel expressions; from the first unsupported one on, the rest is one `Unknown`."""
    found: list[Expression] = []
    position = 0
    icmpv6 = False
    while position < len(codes):
        try:
            statement, position = _statement(codes, position, icmpv6)
        except (DecodeError, NounError, ValueError) as error:
            rest = codes[position:]
            what = "expressions " + ", ".join(code.name for code in rest)
            found.append(Unknown(what, b"".join(code.encode() for code in rest), str(error)))
            break
        icmpv6 |= statement == _IS_ICMPV6
        found.append(statement)
    return tuple(found)


def _statement(codes: tuple[Bytecode, ...], position: int, icmpv6: bool) -> tuple[Expression, int]:
    """The statement that begins at ``position``, and where the next one begins."""
    loads, position = _loads(codes, position, icmpv6)
    if position >= len(codes):
        raise DecodeError("expressions", "a load that is not used")
    name = codes[position].name
    if not loads:
        if name == "immediate":
            return _immediate(codes, position)
        reader = _STATEMENTS.get(name)
        if reader is None:
            raise DecodeError("expressions", f"{name!r} is not supported")
        return reader(codes[position].fields()), position + 1
    if name == "lookup":
        return _lookup(codes[position].fields(), loads), position + 1
    if len(loads) != 1:
        raise DecodeError("expressions", f"{name!r} of a concatenation")
    if name == "cmp":
        return _compare(codes, position, loads[0])
    if name == "range":
        return _range(codes[position].fields(), loads[0]), position + 1
    if name == "bitwise":
        return _bits(codes, position, loads[0]), position + 2
    raise DecodeError("expressions", f"{name!r} is not supported")


# -- loads -----------------------------------------------------------------------------------------------------------


def _loads(codes: tuple[Bytecode, ...], position: int, icmpv6: bool) -> tuple[tuple[Load, ...], int]:
    loads: list[Load] = []
    word = 0
    while position < len(codes):
        reader = _LOADS.get(codes[position].name)
        if reader is None:
            break
        fields = codes[position].fields()
        if codes[position].name == "meta" and 1 not in fields:
            break
        load = reader(fields)
        if icmpv6 and load == Payload(PayloadField.ICMP_TYPE):
            load = Payload(PayloadField.ICMPV6_TYPE)
        if register_word(fields.u32(1)) != word:
            raise DecodeError("expressions", "a load into a register that is not the next one")
        position += 1
        if position < len(codes) and codes[position].name == "byteorder":
            _check_byteorder(codes[position].fields(), load, word)
            position += 1
        loads.append(load)
        word += words_of(load.type)
    return tuple(loads), position


def _meta(fields: Fields) -> Load:
    key = _META.get(fields.u32(2))
    if key is None:
        raise DecodeError("meta", f"key {fields.u32(2)} is not supported")
    return Meta(key)


def _ct(fields: Fields) -> Load:
    key = _CT.get(fields.u32(2))
    if key is None:
        raise DecodeError("ct", f"key {fields.u32(2)} is not supported")
    return Ct(key, CtDirection(fields.number(3, 1)) if 3 in fields else None)


def _payload(fields: Fields) -> Load:
    base, offset, length = fields.u32(2), fields.u32(3), fields.u32(4)
    for each in PayloadField:
        if (each.base, each.offset, each.type.width) == (base, offset, length):
            return Payload(each)
    raise DecodeError("payload", f"base {base}, offset {offset}, length {length} is not a known field")


def _check_byteorder(fields: Fields, load: Load, word: int) -> None:
    """Nft 1.0.6 swaps single bytes before it looks up intervals of concatenations, which has no effect."""
    same = register_word(fields.u32(1)) == register_word(fields.u32(2)) == word
    if load.type.width != 1 or fields.u32(4) != 1 or not same:
        raise DecodeError("byteorder", "is supported for single bytes only")


_LOADS: Final[dict[str, Callable[[Fields], Load]]] = {"meta": _meta, "ct": _ct, "payload": _payload}


# -- users of loads --------------------------------------------------------------------------------------------------


def _first_register(fields: Fields, kind: int) -> None:
    if register_word(fields.u32(kind)) != 0:
        raise DecodeError(fields.what, "a register without a loaded value")


def _value(fields: Fields, kind: int, load: Load) -> bytes:
    return load.type.from_kernel(read_value(fields, kind))


def _compare(codes: tuple[Bytecode, ...], position: int, load: Load) -> tuple[Expression, int]:
    fields = codes[position].fields()
    _first_register(fields, 1)
    operator, value = Operator(fields.u32(2)), _value(fields, 3, load)
    if operator is Operator.GE and position + 1 < len(codes) and codes[position + 1].name == "cmp":
        more = codes[position + 1].fields()
        _first_register(more, 1)
        if more.u32(2) == Operator.LE:
            return InRange(load, value, _value(more, 3, load)), position + 2
    return Compare(load, operator, value), position + 1


def _range(fields: Fields, load: Load) -> Expression:
    _first_register(fields, 1)
    negated = fields.u32(2)
    if negated > 1:
        raise DecodeError("range", f"operator {negated}")
    return InRange(load, _value(fields, 3, load), _value(fields, 4, load), bool(negated))


def _bits(codes: tuple[Bytecode, ...], position: int, load: Load) -> Expression:
    fields = codes[position].fields()
    _first_register(fields, 1)
    _first_register(fields, 2)
    if fields.u32(3) != 4 or fields.u32(6, 0) or any(read_value(fields, 5)):
        raise DecodeError("bitwise", "only a mask of bits is supported")
    mask = int.from_bytes(_value(fields, 4, load), "big")
    if position + 1 >= len(codes) or codes[position + 1].name != "cmp":
        raise DecodeError("bitwise", "without a comparison")
    compare = codes[position + 1].fields()
    _first_register(compare, 1)
    operator = Operator(compare.u32(2))
    if operator > Operator.NE or any(_value(compare, 3, load)):
        raise DecodeError("bitwise", "only a comparison with zero is supported")
    negated = operator is Operator.EQ
    if load == Ct(CtKey.STATE):
        return HasState(CtState(mask), negated)
    if load == Ct(CtKey.STATUS):
        return HasStatus(CtStatus(mask), negated)
    raise DecodeError("bitwise", f"bits of {load} are not supported")


def _lookup(fields: Fields, loads: tuple[Load, ...]) -> Expression:
    _first_register(fields, SREG)
    flags = fields.u32(LOOKUP_FLAGS, 0)
    if DREG not in fields:
        if flags & ~INVERTED:
            raise DecodeError("lookup", f"flags {flags:#x}")
        return Lookup(loads, fields.text(SET), bool(flags))
    if flags or fields.u32(DREG) != 0:
        raise DecodeError("lookup", "only verdict maps are supported")
    return VerdictMap(loads, fields.text(SET))


# -- statements on their own -----------------------------------------------------------------------------------------


def _immediate(codes: tuple[Bytecode, ...], position: int) -> tuple[Expression, int]:
    fields = codes[position].fields()
    if fields.u32(1) == 0:
        return Verdict.from_data(fields.nest(2).nest(DATA_VERDICT)), position + 1
    _first_register(fields, 1)
    if position + 1 >= len(codes) or codes[position + 1].name != "meta":
        raise DecodeError("immediate", "only marks can be set")
    store = codes[position + 1].fields()
    _first_register(store, 3)
    if store.u32(2) != MetaKey.MARK.number:
        raise DecodeError("meta", f"setting key {store.u32(2)} is not supported")
    value = MetaKey.MARK.type.from_kernel(read_value(fields, 2))
    return SetMark(int.from_bytes(value, "big")), position + 2


def _counter(fields: Fields) -> Expression:
    return Counter(fields.u64(2), fields.u64(1))


def _limit(fields: Fields) -> Expression:
    flags = fields.u32(5, 0)
    if flags > 1:
        raise DecodeError("limit", f"flags {flags:#x}")
    return Limit(fields.u64(1), LimitUnit(fields.u64(2)), fields.u32(3), bool(flags), LimitKind(fields.u32(4, 0)))


def _log(fields: Fields) -> Expression:
    if fields.u32(6, 0):
        raise DecodeError("log", f"flags {fields.u32(6):#x} are not supported")
    return Log(
        fields.text(2, ""),
        fields.number(1, 2) if 1 in fields else None,
        fields.u32(3, 0),
        LogLevel(fields.u32(5, LogLevel.WARN)),
        fields.number(4, 2, 0),
    )


def _reject(fields: Fields) -> Expression:
    kind = _REJECT.get((fields.u32(1), fields.number(2, 1, 0)))
    if kind is None:
        raise DecodeError("reject", f"type {fields.u32(1)} is not supported")
    return Reject(kind)


_STATEMENTS: Final[dict[str, Callable[[Fields], Expression]]] = {
    "counter": _counter,
    "limit": _limit,
    "log": _log,
    "reject": _reject,
    "notrack": lambda _: Notrack(),
}
