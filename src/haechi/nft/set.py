"""Sets: named collections of keys for lookups.

A set's flags and key types determine the kernel's data structure: a hash for single values, a tree for intervals of one
field, pipapo for intervals of concatenations (kernel 5.6). Timeouts, stateful elements and catch-all elements are not
supported; a kernel set that has them decodes to `Unknown`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntFlag
from typing import Final

from haechi.nft import attributes
from haechi.nft.attributes import Fields
from haechi.nft.datatype import DataType
from haechi.nft.element import Element
from haechi.nft.errors import DecodeError
from haechi.nft.names import check_comment, check_name, decode_comment, encode_userdata
from haechi.nft.shape import Shape, shape_of, types_of

TABLE, NAME, SET_FLAGS, KEY_TYPE, KEY_LEN, DATA_TYPE, DATA_LEN, POLICY, DESC, SET_ID, USERDATA = (
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 13,
)  # fmt: skip
F_MAP: Final = 0x8
F_CONCAT: Final = 0x80
VERDICT_TYPE: Final = 0xFFFFFF00
_UNSUPPORTED: Final = {11: "timeout", 12: "gc-interval", 15: "object", 17: "statement", 18: "statements"}
_PERFORMANCE: Final = 0
_DESC_SIZE: Final = 1
_UD_KEYBYTEORDER, _UD_DATABYTEORDER, _UD_COMMENT = 0, 1, 7
_HOST_ENDIAN, _BIG_ENDIAN, _NO_ORDER = 1, 2, 0


class SetFlags(IntFlag):
    """The flags of `enum nft_set_flags` that can be chosen. Others follow from the key."""

    CONSTANT = 0x2
    INTERVAL = 0x4
    DYNAMIC = 0x20


NO_FLAGS: Final = SetFlags(0)
_FLAG_WORDS: Final = {SetFlags.CONSTANT: "constant", SetFlags.INTERVAL: "interval", SetFlags.DYNAMIC: "dynamic"}


@dataclass(frozen=True, slots=True)
class Set:
    """A named set.

    Attributes:
        name: unique among the table's sets and maps.
        key: the types of the key's fields, one to five.
        flags: `SetFlags`.
        elements: the members; disjoint in an interval set.
        comment: at most 128 bytes.

    Raises:
        NounError: something that is impossible in the kernel or in nft.
    """

    name: str
    key: tuple[DataType, ...]
    flags: SetFlags = NO_FLAGS
    elements: frozenset[Element] = frozenset()
    comment: str = ""

    def __post_init__(self) -> None:
        check_name("set", self.name)
        check_comment("set", self.comment)
        shape = self.shape
        object.__setattr__(self, "elements", shape.canonical(self.elements))
        shape.check(self.name, self.elements)

    @property
    def shape(self) -> Shape:
        """The shape of its elements."""
        return shape_of(self.key, SetFlags.INTERVAL in self.flags, verdicts=False)

    def __str__(self) -> str:
        return print_noun("set", self.name, self.lines(), self.shape, self.elements)

    def lines(self) -> list[str]:
        """The lines about the set itself inside its braces."""
        return declaration_lines(self.shape, self.flags, self.comment)

    def encode(self, table: str, identity: int) -> bytes:
        """The attributes of NFT_MSG_NEWSET, without elements; ``identity`` is unique in its transaction."""
        return encode_declaration(table, self.name, identity, self.shape, self.flags, self.comment)


def encode_declaration(table: str, name: str, identity: int, shape: Shape, flags: SetFlags, comment: str) -> bytes:
    """The attributes of NFT_MSG_NEWSET for a set or map."""
    spans = shape.interval and shape.concatenated
    bits = int(flags) | (F_CONCAT if spans else 0) | (F_MAP if shape.verdicts else 0)
    parts = [
        attributes.text(TABLE, table),
        attributes.text(NAME, name),
        attributes.u32(SET_FLAGS, bits),
        attributes.u32(KEY_TYPE, shape.type_number),
        attributes.u32(KEY_LEN, shape.width),
        attributes.u32(SET_ID, identity),
    ]
    if shape.verdicts:
        parts += [attributes.u32(DATA_TYPE, VERDICT_TYPE), attributes.u32(DATA_LEN, 16)]
    if spans:
        fields = [attributes.nested(1, attributes.u32(1, width)) for width in shape.field_widths]
        parts.append(attributes.nested(DESC, attributes.nested(2, *fields)))
    parts.append(attributes.attribute(USERDATA, _userdata(shape, comment)))
    return b"".join(parts)


def _userdata(shape: Shape, comment: str) -> bytes:
    """The order of the key's bytes, which nft needs, and the comment."""
    host = not shape.concatenated and (shape.types[0].host_order or shape.types[0] is DataType.IFNAME)
    order = _NO_ORDER if shape.concatenated else _HOST_ENDIAN if host else _BIG_ENDIAN
    data = bytes((_UD_KEYBYTEORDER, 4)) + order.to_bytes(4, "little")
    if shape.verdicts:
        data += bytes((_UD_DATABYTEORDER, 4)) + _NO_ORDER.to_bytes(4, "little")
    return data + encode_userdata(_UD_COMMENT, comment) if comment else data


@dataclass(frozen=True, slots=True)
class Declaration:
    """A set or map of a dump without its elements."""

    name: str
    shape: Shape
    flags: SetFlags
    comment: str


def decode_declaration(fields: Fields) -> Declaration:
    """A set or verdict map of NFT_MSG_NEWSET. Raises `DecodeError` or `NounError` for what is not supported."""
    for kind, word in _UNSUPPORTED.items():
        if kind in fields:
            raise DecodeError("set", f"{word} is not supported")
    if fields.u32(POLICY, _PERFORMANCE) != _PERFORMANCE:
        raise DecodeError("set", "policy memory is not supported")
    bits = fields.u32(SET_FLAGS, 0)
    if DESC in fields and _DESC_SIZE in fields.nest(DESC) and not bits & SetFlags.CONSTANT:
        raise DecodeError("set", "size is not supported")  # nft sets the size of constant sets
    verdicts = bool(bits & F_MAP)
    flags = bits & ~(F_MAP | F_CONCAT)
    if flags & ~int(SetFlags.CONSTANT | SetFlags.INTERVAL | SetFlags.DYNAMIC):
        raise DecodeError("set", f"flags {flags:#x} are not supported")
    if verdicts and fields.u32(DATA_TYPE) != VERDICT_TYPE:
        raise DecodeError("map", "the values are not verdicts")
    shape = shape_of(types_of(fields.u32(KEY_TYPE, 0)), bool(flags & SetFlags.INTERVAL), verdicts)
    if fields.u32(KEY_LEN) != shape.width:
        raise DecodeError("set", f"keys of {fields.u32(KEY_LEN)} bytes for types of {shape.width}")
    comment = decode_comment(fields.raw(USERDATA), _UD_COMMENT, "set") if USERDATA in fields else ""
    name = fields.text(NAME)
    check_name(shape.noun, name)
    return Declaration(name, shape, SetFlags(flags), comment)


def declaration_lines(shape: Shape, flags: SetFlags, comment: str) -> list[str]:
    """The lines of a set or map as ``nft -f`` reads them inside its braces, without its elements."""
    types = " . ".join(map(str, shape.types))
    lines = [f"type {types}{' : verdict' if shape.verdicts else ''}"]
    if flags:
        lines.append("flags " + ",".join(word for flag, word in _FLAG_WORDS.items() if flag in flags))
    if comment:
        lines.append(f'comment "{comment}"')
    return lines


def print_noun(noun: str, name: str, lines: list[str], shape: Shape, elements: frozenset[Element]) -> str:
    """A set or map with its elements as ``nft -f`` reads it inside a table."""
    listed = [f"elements = {shape.print_all(elements)}"] if elements else []
    return "\n".join([f"{noun} {name} {{", *(f"\t{line}" for line in [*lines, *listed]), "}"])
