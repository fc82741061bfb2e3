"""The shape of a set or map: key types, intervals or not, verdicts or not.

It determines how elements are checked, encoded, decoded and printed. Whole sets are encoded at once, because sets have
100,000 elements: all elements of single keys have equal headers, so their encoding is the keys joined by a constant.

Intervals in the kernel: with one key field, an interval is two elements, its first value and, flagged
NFT_SET_ELEM_INTERVAL_END, the first value after it (missing if the interval ends with the highest value). In a
concatenation it is one element with both bounds, inclusive (NFTA_SET_ELEM_KEY, NFTA_SET_ELEM_KEY_END):

    10.0.0.0/24              10.0.0.0, 10.0.1.0 (END)
    10.0.0.0/24 . 80-90      KEY 10.0.0.0 . 80, KEY_END 10.0.0.255 . 90
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise
from operator import itemgetter
from typing import Final, NamedTuple

from haechi.nft import attributes
from haechi.nft.attributes import Fields
from haechi.nft.bytecode import read_value, value_data
from haechi.nft.datatype import BY_CODE, DataType
from haechi.nft.element import Element, print_interval
from haechi.nft.errors import DecodeError, NounError
from haechi.nft.names import walk_userdata
from haechi.nft.verdict import DATA_VERDICT, Verdict

LIST_ELEM: Final = 1
KEY, DATA, FLAGS, USERDATA, KEY_END = 1, 2, 3, 6, 10
_OPEN_INTERVAL: Final = 1  # nft marks intervals that end with the highest value
INTERVAL_END: Final = 1
MOST_FIELDS: Final = 5
"""The type of a concatenation is a 32-bit number with six bits for each field."""
_KEY_BYTES: Final = 64
_UNSUPPORTED: Final = {4: "timeout", 5: "expiration", 7: "statement", 9: "object", 11: "statements"}
_UNSORTABLE: Final = frozenset((DataType.CT_STATE, DataType.CT_STATUS))

_key = itemgetter(0)


class _Tail(NamedTuple):
    """A dumped element without its key: the end in a concatenation, the verdict, whether it ends an interval."""

    end: bytes | None
    verdict: Verdict | None
    ends: bool


@dataclass(frozen=True)
class Shape:
    """The common properties of the elements of one set or map.

    Attributes:
        types: the key's fields.
        interval: whether elements may be intervals.
        verdicts: whether elements have verdicts (a map) or not (a set).

    Raises:
        NounError: key types that nf_tables, or nft, cannot use together.
    """

    types: tuple[DataType, ...]
    interval: bool = False
    verdicts: bool = False

    def __post_init__(self) -> None:
        names = " . ".join(map(str, self.types))
        if not 1 <= len(self.types) <= MOST_FIELDS:
            raise NounError(self.noun, "key", names, f"has {len(self.types)} fields, one to {MOST_FIELDS} are possible")
        if _UNSORTABLE.intersection(self.types):
            raise NounError(self.noun, "key", names, "connection states are bits: use HasState or HasStatus")
        if self.width > _KEY_BYTES:
            raise NounError(self.noun, "key", names, f"has {self.width} bytes, at most {_KEY_BYTES} are possible")
        if self.interval and any(each.host_order or each is DataType.IFNAME for each in self.types):
            raise NounError(self.noun, "key", names, "intervals of marks and interface names are not supported")

    @property
    def noun(self) -> str:
        """``map`` or ``set``."""
        return "map" if self.verdicts else "set"

    @property
    def concatenated(self) -> bool:
        """Whether the key has several fields."""
        return len(self.types) > 1

    @cached_property
    def field_widths(self) -> tuple[int, ...]:
        """The bytes of each field in the key, padding included (a single field has none)."""
        if len(self.types) == 1:
            return (self.types[0].width,)
        return tuple((each.width + 3) & ~3 for each in self.types)

    @cached_property
    def width(self) -> int:
        """The bytes of a key."""
        return sum(self.field_widths)

    @cached_property
    def _padding_mask(self) -> int:
        """The bits of a key that must be zero."""
        spans = zip(self.types, self.field_widths, strict=True)
        return int.from_bytes(b"".join(bytes(t.width) + b"\xff" * (width - t.width) for t, width in spans), "big")

    def fields(self, key: bytes) -> Iterator[tuple[DataType, bytes]]:
        """The key's fields without their padding."""
        offset = 0
        for each, width in zip(self.types, self.field_widths, strict=True):
            yield each, key[offset : offset + each.width]
            offset += width

    # -- checking ------------------------------------------------------------------------------------------------

    def check(self, name: str, elements: Collection[Element]) -> None:
        """Raise `NounError` unless the elements fit this shape and intervals of a single field do not overlap."""
        keys = [element[0] for element in elements]
        self._check_keys(name, keys)
        if self.verdicts:
            if any(element[2] is None for element in elements):
                raise NounError(self.noun, "elements", name, "an element of a map without a verdict")
        elif any(element[2] is not None for element in elements):
            raise NounError(self.noun, "elements", name, "an element of a set with a verdict")
        ends = [element for element in elements if element[1] is not None]
        if ends and not self.interval:
            raise NounError(self.noun, "elements", name, "an interval in a set without the interval flag")
        self._check_keys(name, [end for _, end, _ in ends if end is not None])
        for key, end, _ in ends:
            if end is not None:
                self._check_interval(name, key, end)
        if self.interval and not self.concatenated:
            self._check_disjoint(name, elements)
        elif len(set(keys)) != len(keys) and not self.interval:
            raise NounError(self.noun, "elements", name, "the same key twice")

    def _check_keys(self, name: str, keys: list[bytes]) -> None:
        widths = set(map(len, keys))
        if widths - {self.width}:
            found = ", ".join(map(str, sorted(widths)))
            raise NounError(self.noun, "elements", name, f"keys of {found} bytes in a {self.noun} of {self.width}")
        mask = self._padding_mask
        if mask and any(int.from_bytes(key, "big") & mask for key in keys):
            raise NounError(self.noun, "elements", name, "a key whose padding is not zero")
        if DataType.IFNAME in self.types:
            for key in keys:
                for each, value in self.fields(key):
                    each.check(self.noun, value)

    def _check_interval(self, name: str, key: bytes, end: bytes) -> None:
        if not self.concatenated and key <= end:
            return
        for (each, first), (_, last) in zip(self.fields(key), self.fields(end), strict=True):
            if first > last:
                span = f"{each.print(first)}-{each.print(last)}"
                raise NounError(self.noun, "elements", name, f"the interval {span} ends before it begins")

    def _check_disjoint(self, name: str, elements: Iterable[Element]) -> None:
        for (key, last, _), (following, _, _) in pairwise(sorted(elements, key=_key)):
            if (last or key) >= following:
                raise NounError(self.noun, "elements", name, f"intervals overlap at {self.types[0].print(following)}")

    def canonical(self, elements: Iterable[Element]) -> frozenset[Element]:
        """The elements with intervals of one value written as that value."""
        given = elements if isinstance(elements, frozenset) else frozenset(elements)
        if not self.interval or not any(each[1] == each[0] for each in given):
            return given
        return frozenset(Element(key, None if last == key else last, verdict) for key, last, verdict in given)

    # -- encoding ------------------------------------------------------------------------------------------------

    def encode(self, elements: Iterable[Element]) -> Iterator[bytes]:
        """The elements in the order of their keys, each blob the payload of one NFTA_SET_ELEM_LIST_ELEMENTS."""
        if not self.interval and not self.verdicts:
            yield from self._encode_keys(sorted([element[0] for element in elements]))
        else:
            yield from _gather(self._encode_each(sorted(elements, key=_key)))

    def _encode_keys(self, keys: list[bytes]) -> Iterator[bytes]:
        before, after = self._wrapping(0), bytes(-self.width & 3)
        between = after + before
        keys = self._to_kernel(keys)
        step = (attributes.LONGEST - 4) // (len(between) + self.width)
        for start in range(0, len(keys), step):
            yield before + between.join(keys[start : start + step]) + after

    def _encode_each(self, ordered: list[Element]) -> Iterator[bytes]:
        top = b"\xff" * self.width
        plain = self._wrapping(0)
        ending = attributes.u32(FLAGS, INTERVAL_END)
        closing, pad = self._wrapping(len(ending)), bytes(-self.width & 3)
        data: dict[Verdict | None, tuple[bytes, bytes]] = {None: (plain, b"")}
        for key, (_, last, verdict) in zip(self._to_kernel([each[0] for each in ordered]), ordered, strict=True):
            if verdict not in data:
                more = attributes.nested(DATA, verdict.data()) if verdict else b""
                data[verdict] = (self._wrapping(len(more)), more)
            before, more = data[verdict]
            if self.interval and self.concatenated:
                yield self._element(key, value_data(KEY_END | attributes.NESTED, last or key) + more)
                continue
            yield before + key + pad + more
            end = last or key
            if self.interval and end != top:
                after = (int.from_bytes(end, "big") + 1).to_bytes(self.width, "big")
                yield closing + after + pad + ending

    def _element(self, key: bytes, more: bytes = b"") -> bytes:
        return self._wrapping(len(more)) + key + bytes(-self.width & 3) + more

    def _wrapping(self, more: int) -> bytes:
        """The headers before a key: of the element, of NFTA_SET_ELEM_KEY, of NFTA_DATA_VALUE."""
        key = self.width + 8 + (-self.width & 3)
        pack = attributes.HEADER.pack
        return (
            pack(4 + key + more, LIST_ELEM | attributes.NESTED)
            + pack(key, KEY | attributes.NESTED)
            + pack(4 + self.width, 1)
        )

    def _to_kernel(self, keys: list[bytes]) -> list[bytes]:
        """Convert keys to the kernel's byte order, or back: the conversion is its own inverse."""
        if not any(each.host_order for each in self.types):
            return keys
        return [
            b"".join(
                each.to_kernel(value) + bytes(width - each.width)
                for (each, value), width in zip(self.fields(key), self.field_widths, strict=True)
            )
            for key in keys
        ]

    # -- decoding ------------------------------------------------------------------------------------------------

    def decode(self, payloads: Iterable[bytes]) -> frozenset[Element]:
        """The elements in the NFTA_SET_ELEM_LIST_ELEMENTS payloads of a whole dump. Raises `DecodeError`."""
        tails: dict[bytes, _Tail] = {}
        raw = [self._read(item, tails) for payload in payloads for item in _items(payload)]
        if not self.interval:
            return frozenset(Element(key, None, verdict) for key, (_, verdict, _) in raw)
        if self.concatenated:
            return frozenset(Element(key, None if end == key else end, verdict) for key, (end, verdict, _) in raw)
        return frozenset(self._join(raw))

    def _read(self, item: bytes, tails: dict[bytes, _Tail]) -> tuple[bytes, _Tail]:
        """An element's key and its other attributes, which are the same for most elements of a set."""
        if item[:8] in self._heads:
            rest = item[self._body :]
            tail = tails.get(rest)
            if tail is None:
                tail = self._tail(Fields(rest, "element"))
                if not self.interval or not self.concatenated:
                    tails[rest] = tail
            key = item[8 : 8 + self.width]
            return (key if self._same_order else self._from_kernel(key)), tail
        fields = Fields(item, "element")
        return self._from_kernel(read_value(fields, KEY)), self._tail(fields)

    @cached_property
    def _heads(self) -> frozenset[bytes]:
        """The headers before an element's key, with the nested flag (as nft sends it) and without (as kernels do)."""
        pack = attributes.HEADER.pack
        return frozenset(pack(self._body, kind) + pack(4 + self.width, 1) for kind in (KEY, KEY | attributes.NESTED))

    @cached_property
    def _body(self) -> int:
        return 8 + self.width + (-self.width & 3)

    @cached_property
    def _same_order(self) -> bool:
        return not any(each.host_order for each in self.types)

    def _tail(self, fields: Fields) -> _Tail:
        for kind, word in _UNSUPPORTED.items():
            if kind in fields:
                raise DecodeError("element", f"{word} is not supported")
        if USERDATA in fields and walk_userdata(fields.raw(USERDATA), "element").keys() - {_OPEN_INTERVAL}:
            raise DecodeError("element", "comment is not supported")
        flags = fields.u32(FLAGS, 0)
        if flags & ~INTERVAL_END:
            raise DecodeError("element", f"flags {flags:#x} are not supported")
        end = self._from_kernel(read_value(fields, KEY_END)) if KEY_END in fields else None
        verdict = Verdict.from_data(fields.nest(DATA).nest(DATA_VERDICT)) if DATA in fields else None
        return _Tail(end, verdict, bool(flags))

    def _from_kernel(self, key: bytes) -> bytes:
        if len(key) != self.width:
            raise DecodeError("element", f"a key of {len(key)} bytes in a {self.noun} of {self.width}")
        return key if self._same_order else self._to_kernel([key])[0]

    def _join(self, raw: list[tuple[bytes, _Tail]]) -> Iterator[Element]:
        """Join the first values of intervals with their ends. Ends without a beginning have no meaning."""
        opened: tuple[bytes, Verdict | None] | None = None
        for key, (_, verdict, ends) in sorted(raw, key=_begins_last):
            if opened is not None:
                if opened[0] == key:
                    raise DecodeError("element", "two intervals begin with the same value")
                yield _interval(*opened, (int.from_bytes(key, "big") - 1).to_bytes(self.width, "big"))
            opened = None if ends else (key, verdict)
        if opened is not None:
            yield _interval(*opened, b"\xff" * self.width)

    # -- printing ------------------------------------------------------------------------------------------------

    def print(self, element: Element) -> str:
        """An element in nft's notation."""
        key, last, verdict = element
        if last is None:
            shown = " . ".join(each.print(value) for each, value in self.fields(key))
        else:
            pairs = zip(self.fields(key), self.fields(last), strict=True)
            shown = " . ".join(print_interval(each, first, end) for (each, first), (_, end) in pairs)
        return f"{shown} : {verdict}" if verdict is not None else shown

    def print_all(self, elements: Iterable[Element]) -> str:
        """Elements in the order of their keys, between braces."""
        return "{ " + ", ".join(self.print(each) for each in sorted(elements, key=_key)) + " }"

    @property
    def type_number(self) -> int:
        """NFTA_SET_KEY_TYPE."""
        number = 0
        for each in self.types:
            number = number << 6 | each.code
        return number


def types_of(number: int) -> tuple[DataType, ...]:
    """The key types of NFTA_SET_KEY_TYPE. Raises `DecodeError` for types that are not supported."""
    types: list[DataType] = []
    while number:
        if number & 63 not in BY_CODE:
            raise DecodeError("set", f"key type {number & 63} is not supported")
        types.append(BY_CODE[number & 63])
        number >>= 6
    if not types:
        raise DecodeError("set", "no key type")
    return tuple(reversed(types))


@lru_cache(maxsize=256)
def shape_of(types: tuple[DataType, ...], interval: bool, verdicts: bool) -> Shape:
    """The shape, created once for each combination."""
    return Shape(types, interval, verdicts)


def _begins_last(item: tuple[bytes, _Tail]) -> tuple[bytes, bool]:
    """The sort key of elements: at one value, the end of an interval comes before the beginning of the next."""
    return item[0], not item[1].ends


def _interval(key: bytes, verdict: Verdict | None, last: bytes) -> Element:
    return Element(key, None if last == key else last, verdict)


def _items(payload: bytes) -> Iterator[bytes]:
    for kind, item in attributes.walk(payload, "elements"):
        if kind != LIST_ELEM:
            raise DecodeError("elements", f"attribute {kind} in a list")
        yield item


def _gather(items: Iterable[bytes]) -> Iterator[bytes]:
    """Join encoded elements into blobs that fit into one attribute."""
    batch: list[bytes] = []
    size = 4
    for item in items:
        if size + len(item) > attributes.LONGEST:
            yield b"".join(batch)
            batch, size = [], 4
        batch.append(item)
        size += len(item)
    if batch:
        yield b"".join(batch)
