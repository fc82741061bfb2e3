"""Elements are checked, encoded in the order of their keys, and read back whatever the order of the dump."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haechi.nft import (
    ACCEPT,
    DROP,
    DataType,
    DecodeError,
    Element,
    NounError,
    concatenate,
    ipv4,
    ipv6,
    jump,
    port,
    protocol,
)
from haechi.nft.attributes import LONGEST, walk
from haechi.nft.shape import Shape, shape_of, types_of
from tests.nft.strategies import KEY_TYPES, SORTABLE, elements

ADDRESS = (DataType.IPV4_ADDR,)
PEER = (DataType.IPV4_ADDR, DataType.INET_PROTO, DataType.INET_SERVICE)
SPANS = Shape(ADDRESS, interval=True)


@st.composite
def shapes(draw: st.DrawFn) -> Shape:
    interval = draw(st.booleans())
    types = tuple(draw(st.lists(st.sampled_from(SORTABLE if interval else KEY_TYPES), min_size=1, max_size=3)))
    return shape_of(types, interval, draw(st.booleans()))


@st.composite
def members(draw: st.DrawFn) -> tuple[Shape, frozenset[Element]]:
    shape = draw(shapes())
    found = draw(elements(shape.types, shape.interval))
    if shape.verdicts:
        verdicts = st.sampled_from([ACCEPT, DROP, jump("c")])
        found = frozenset(each._replace(verdict=draw(verdicts)) for each in sorted(found, key=lambda e: e.key))
    return shape, shape.canonical(found)


def shuffled(blobs: Iterable[bytes]) -> list[bytes]:
    """The elements one by one in another order, as a kernel may dump them."""
    items = [
        len(payload + b"    ").to_bytes(2, "little") + b"\1\0" + payload
        for blob in blobs
        for _, payload in walk(blob, "test")
    ]
    random.Random(1).shuffle(items)
    return items


@given(members())
def test_what_is_encoded_is_decoded_in_any_order(pair: tuple[Shape, frozenset[Element]]) -> None:
    shape, found = pair
    shape.check("s", found)
    blobs = list(shape.encode(found))
    assert shape.decode(blobs) == found
    assert shape.decode(shuffled(blobs)) == found


@given(members())
def test_the_encoding_does_not_depend_on_the_order_of_a_set(pair: tuple[Shape, frozenset[Element]]) -> None:
    shape, found = pair
    backwards = sorted(found, key=lambda each: each.key, reverse=True)
    assert list(shape.encode(found)) == list(shape.encode(backwards))


@given(st.binary(max_size=60), shapes())
def test_any_bytes_are_elements_or_an_error(data: bytes, shape: Shape) -> None:
    with contextlib.suppress(DecodeError, NounError):
        shape.decode([data])


@given(members(), st.data())
def test_damaged_elements_are_elements_or_an_error(pair: tuple[Shape, frozenset[Element]], data: st.DataObject) -> None:
    shape, found = pair
    for blob in shape.encode(found):
        place = data.draw(st.integers(0, len(blob) - 1))
        damaged = blob[:place] + bytes((data.draw(st.integers(0, 255)),)) + blob[place + 1 :]
        with contextlib.suppress(DecodeError, NounError):
            shape.decode([damaged])


@pytest.mark.parametrize("count", [1, 4095, 4096, 10_000])
@pytest.mark.parametrize("shape", [Shape(ADDRESS), SPANS, Shape(PEER), Shape(PEER, True), Shape(ADDRESS, False, True)])
def test_no_attribute_is_too_long(shape: Shape, count: int) -> None:
    verdict = jump("c" * 100) if shape.verdicts else None
    tail = b"" if not shape.concatenated else bytes(8)
    found = frozenset(Element(ipv4(number * 2) + tail, None, verdict) for number in range(count))
    blobs = list(shape.encode(found))
    assert all(len(blob) + 4 <= LONGEST for blob in blobs)
    assert shape.decode(blobs) == found


def test_nothing_is_encoded_as_nothing() -> None:
    assert list(Shape(ADDRESS).encode([])) == []


def _span(first: int, last: int) -> Element:
    return Element(ipv4(first), ipv4(last))


@pytest.mark.parametrize(
    ("shape", "found", "reason"),
    [
        (Shape(ADDRESS), [Element(b"\1")], "keys of 1 bytes"),
        (Shape(ADDRESS), [Element(ipv4(1), ipv4(2))], "without the interval flag"),
        (Shape(ADDRESS), [Element(ipv4(1), None, ACCEPT)], "a set with a verdict"),
        (Shape(ADDRESS, False, True), [Element(ipv4(1))], "without a verdict"),
        (Shape(ADDRESS, False, True), [Element(ipv4(1), None, ACCEPT), Element(ipv4(1), None, DROP)], "same key twice"),
        (SPANS, [_span(1, 5), _span(5, 9)], "overlap at 0.0.0.5"),
        (SPANS, [_span(1, 9), _span(3, 4)], "overlap at 0.0.0.3"),
        (SPANS, [_span(1, 9), Element(ipv4(9))], "overlap at 0.0.0.9"),
        (SPANS, [_span(9, 1)], "ends before it begins"),
        (SPANS, [Element(ipv4(1), b"\2")], "keys of 1 bytes"),
        (Shape(PEER), [Element(ipv4(1) + b"\6\0\0\1" + b"\0\1\0\0")], "padding"),
        (Shape(PEER, True), [Element(ipv4(2) + bytes(8), ipv4(1) + bytes(8))], "0.0.0.2-0.0.0.1 ends before"),
    ],
)
def test_impossible_elements_are_refused(shape: Shape, found: list[Element], reason: str) -> None:
    with pytest.raises(NounError, match=reason):
        shape.check("s", found)


@pytest.mark.parametrize(
    ("types", "interval", "reason"),
    [
        ((), False, "0 fields"),
        ((DataType.MARK,) * 6, False, "6 fields"),
        ((DataType.IPV6_ADDR,) * 5, False, "80 bytes"),
        ((DataType.CT_STATE,), False, "bits"),
        ((DataType.MARK,), True, "intervals of marks"),
        ((DataType.IPV4_ADDR, DataType.IFNAME), True, "intervals of marks"),
    ],
)
def test_impossible_keys_are_refused(types: tuple[DataType, ...], interval: bool, reason: str) -> None:
    with pytest.raises(NounError, match=reason):
        Shape(types, interval)


def test_an_interval_of_one_value_is_that_value() -> None:
    assert SPANS.canonical([_span(4, 4)]) == frozenset({Element(ipv4(4))})


@given(st.lists(st.sampled_from(KEY_TYPES), min_size=1, max_size=4))
def test_key_types_are_read_from_their_number(types: list[DataType]) -> None:
    if sum(each.width for each in types) <= 64:
        assert types_of(Shape(tuple(types)).type_number) == tuple(types)


@pytest.mark.parametrize("number", [0, 63, 9, (7 << 6) | 63])
def test_unknown_key_types_are_refused(number: int) -> None:
    with pytest.raises(DecodeError):
        types_of(number)


@pytest.mark.parametrize(
    ("shape", "element", "shown"),
    [
        (SPANS, _span(0x0A000000, 0x0AFFFFFF), "10.0.0.0/8"),
        (SPANS, _span(0x0A000001, 0x0A000002), "10.0.0.1-10.0.0.2"),
        (SPANS, _span(0, 0xFFFFFFFF), "0.0.0.0/0"),
        (Shape((DataType.IPV6_ADDR,), True), Element(ipv6(0), ipv6(1)), "::/127"),
        (Shape((DataType.INET_SERVICE,), True), Element(port(80), port(81)), "80-81"),
        (
            Shape(PEER, True),
            Element(concatenate(ipv4(4), protocol(6), port(1)), concatenate(ipv4(7), protocol(6), port(9))),
            "0.0.0.4/30 . tcp . 1-9",
        ),
        (Shape(ADDRESS, False, True), Element(ipv4(1), None, jump("c")), "0.0.0.1 : jump c"),
    ],
)
def test_elements_are_printed(shape: Shape, element: Element, shown: str) -> None:
    assert shape.print(element) == shown
