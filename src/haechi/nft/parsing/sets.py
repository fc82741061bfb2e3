"""Statements to sets and maps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from haechi.nft.datatype import DataType
from haechi.nft.map import Map
from haechi.nft.parsing.errors import NotUnderstoodError
from haechi.nft.parsing.loads import read_loads
from haechi.nft.parsing.scanner import Scanner, comment_of
from haechi.nft.parsing.values import ElementReader, number
from haechi.nft.set import NO_FLAGS, Set, SetFlags
from haechi.nft.shape import shape_of

_TYPES: Final = {each.keyword: each for each in DataType}
_FLAGS: Final = {str(each.name).lower(): each for each in SetFlags}


@dataclass
class SetReading:
    """A set or map that is being read.

    Attributes:
        reason: why it is not supported, empty if it is.
    """

    name: str
    verdicts: bool
    key: tuple[DataType, ...] = ()
    flags: SetFlags = NO_FLAGS
    sized: bool = False
    comment: str = ""
    items: list[str] | list[list[str]] | None = None
    reason: str = ""
    _seen: set[str] = field(default_factory=set)

    def read(self, scanner: Scanner) -> None:
        """Read everything up to the closing brace. Raises `ParseError`."""
        opened = scanner.position - 1
        while True:
            read = scanner.statement()
            if read.end == "":
                raise scanner.error("this brace is not closed", opened)
            if read.end == "{" and read.words == ["elements", "="]:
                self._elements(scanner)
            elif read.end == "{":
                scanner.skip_block()
                self._refuse(" ".join(read.words))
            elif read.words:
                self._statement(read.words)
            if read.end == "}":
                return

    def noun(self) -> Set | Map:
        """The set or map. Raises `NotUnderstoodError` or `NounError`."""
        if self.sized and SetFlags.CONSTANT not in self.flags:
            self._refuse("size")
        if self.reason:
            raise NotUnderstoodError(self.reason)
        shape = shape_of(self.key, SetFlags.INTERVAL in self.flags, self.verdicts)
        elements = ElementReader(shape).read(self.items or [])
        return (Map if self.verdicts else Set)(self.name, self.key, self.flags, elements, self.comment)

    def _refuse(self, reason: str) -> None:
        self.reason = self.reason or reason

    def _elements(self, scanner: Scanner) -> None:
        items = scanner.elements()
        if items is None or self.items is not None:
            self._refuse("elements")
        self.items = items

    def _statement(self, words: list[str]) -> None:
        reader = _SET_STATEMENTS.get(words[0])
        try:
            if reader is None or words[0] in self._seen:
                raise NotUnderstoodError(" ".join(words))
            self._seen.add(words[0])
            reader(self, words)
        except NotUnderstoodError as error:
            self._refuse(error.reason)

    def _types(self, words: list[str]) -> None:
        names = self._without_verdict(words)
        if self.key or len(names) % 2 == 0 or any(dot != "." for dot in names[1::2]):
            raise NotUnderstoodError(" ".join(words))
        unknown = [name for name in names[::2] if name not in _TYPES]
        if unknown:
            raise NotUnderstoodError(f"the type {unknown[0]!a}")
        self.key = tuple(_TYPES[name] for name in names[::2])

    def _typeof(self, words: list[str]) -> None:
        """``typeof ip saddr . tcp dport``: the types of these loads."""
        names = self._without_verdict(words)
        loads, end = read_loads(names, 0)
        if self.key or end != len(names):
            raise NotUnderstoodError(" ".join(words))
        self.key = tuple(each.load.type for each in loads)

    def _without_verdict(self, words: list[str]) -> list[str]:
        if not self.verdicts:
            return words[1:]
        if words[-2:] != [":", "verdict"]:
            raise NotUnderstoodError("a map whose values are not verdicts")
        return words[1:-2]

    def _flags(self, words: list[str]) -> None:
        for word in words[1::2]:
            if word not in _FLAGS:
                raise NotUnderstoodError(f"the flag {word!a}")
            self.flags |= _FLAGS[word]
        if len(words) % 2 or any(comma != "," for comma in words[2::2]):
            raise NotUnderstoodError(" ".join(words))

    def _comment(self, words: list[str]) -> None:
        comment = comment_of(words)
        if comment is None:
            raise NotUnderstoodError(" ".join(words))
        self.comment = comment

    def _size(self, words: list[str]) -> None:
        """``size``: nft prints it for constant sets; in others it is a limit, which is not supported."""
        number("".join(words[1:]))
        self.sized = True

    def _auto_merge(self, words: list[str]) -> None:
        """``auto-merge``: an option of the nft tool, without effect in the kernel."""
        if len(words) != 1:
            raise NotUnderstoodError(" ".join(words))

    def _policy(self, words: list[str]) -> None:
        """``performance`` is the kernel's default."""
        if words[1:] != ["performance"]:
            raise NotUnderstoodError(" ".join(words))


_SET_STATEMENTS: Final[dict[str, Callable[[SetReading, list[str]], None]]] = {
    "type": SetReading._types,
    "typeof": SetReading._typeof,
    "flags": SetReading._flags,
    "comment": SetReading._comment,
    "size": SetReading._size,
    "auto-merge": SetReading._auto_merge,
    "policy": SetReading._policy,
}
