"""Sets and maps are canonical values that hold only what nf_tables can."""

from __future__ import annotations

import pytest

from haechi.nft import ACCEPT, DataType, DecodeError, Element, Map, NounError, Set, SetFlags, attributes, ipv4
from haechi.nft.attributes import Fields
from haechi.nft.set import decode_declaration

ADDRESS = (DataType.IPV4_ADDR,)


def test_equal_content_is_an_equal_set() -> None:
    one = Set("s", ADDRESS, SetFlags.INTERVAL, frozenset({Element(ipv4(1), ipv4(1))}))
    assert one == Set("s", ADDRESS, SetFlags.INTERVAL, frozenset({Element(ipv4(1))}))
    assert hash(one) == hash(Set("s", ADDRESS, SetFlags.INTERVAL, frozenset({Element(ipv4(1))})))


def test_a_set_refuses_elements_of_another_shape() -> None:
    with pytest.raises(NounError, match="set: elements 's'"):
        Set("s", ADDRESS, elements=frozenset({Element(ipv4(1), None, ACCEPT)}))
    with pytest.raises(NounError, match="map: elements 'm'"):
        Map("m", ADDRESS, elements=frozenset({Element(ipv4(1))}))


def test_a_set_is_printed_as_nft_does() -> None:
    flags = SetFlags.CONSTANT | SetFlags.INTERVAL
    members = frozenset({Element(ipv4(9)), Element(ipv4(0), ipv4(3))})
    assert str(Set("s", ADDRESS, flags, members, "why")).split("\n") == [
        "set s {",
        "\ttype ipv4_addr",
        "\tflags constant,interval",
        '\tcomment "why"',
        "\telements = { 0.0.0.0/30, 0.0.0.9 }",
        "}",
    ]


def test_a_map_is_printed_as_nft_does() -> None:
    text = str(Map("m", (DataType.IPV4_ADDR, DataType.MARK), elements=frozenset({Element(bytes(8), None, ACCEPT)})))
    assert "\ttype ipv4_addr . mark : verdict\n" in text
    assert "{ 0.0.0.0 . 0x00000000 : accept }" in text


@pytest.mark.parametrize("noun", [Set("s", ADDRESS, SetFlags.DYNAMIC, comment="c"), Map("m", (DataType.MARK,) * 2)])
def test_a_declaration_is_read_as_written(noun: Set | Map) -> None:
    found = decode_declaration(Fields(noun.encode("haechi", 1), "set"))
    assert (found.name, found.shape, found.flags, found.comment) == (noun.name, noun.shape, noun.flags, noun.comment)


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        (attributes.u32(3, 0x10), "flags"),
        (attributes.u32(4, 9), "key type"),
        (attributes.u32(5, 3), "keys of 3 bytes"),
        (attributes.u32(8, 1), "policy memory"),
        (attributes.nested(9, attributes.u32(1, 7)), "size"),
        (attributes.u64(11, 7), "timeout"),
        (attributes.nested(17), "statement"),
        (attributes.u32(3, 0x8) + attributes.u32(6, 19), "not verdicts"),
    ],
)
def test_what_is_not_supported_is_refused_by_name(more: bytes, reason: str) -> None:
    with pytest.raises(DecodeError, match=reason):
        decode_declaration(Fields(Set("s", ADDRESS).encode("haechi", 1) + more, "set"))
