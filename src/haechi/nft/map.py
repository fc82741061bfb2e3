"""Verdict maps: named collections of keys with verdicts.

Other maps are not supported; a kernel map of another kind decodes to `Unknown`.
"""

from __future__ import annotations

from dataclasses import dataclass

from haechi.nft.datatype import DataType
from haechi.nft.element import Element
from haechi.nft.names import check_comment, check_name
from haechi.nft.set import NO_FLAGS, SetFlags, declaration_lines, encode_declaration, print_noun
from haechi.nft.shape import Shape, shape_of


@dataclass(frozen=True, slots=True)
class Map:
    """A named verdict map. Attributes and errors are those of `Set`; each element has a verdict."""

    name: str
    key: tuple[DataType, ...]
    flags: SetFlags = NO_FLAGS
    elements: frozenset[Element] = frozenset()
    comment: str = ""

    def __post_init__(self) -> None:
        check_name("map", self.name)
        check_comment("map", self.comment)
        shape = self.shape
        object.__setattr__(self, "elements", shape.canonical(self.elements))
        shape.check(self.name, self.elements)

    @property
    def shape(self) -> Shape:
        """The shape of its elements."""
        return shape_of(self.key, SetFlags.INTERVAL in self.flags, verdicts=True)

    def __str__(self) -> str:
        return print_noun("map", self.name, self.lines(), self.shape, self.elements)

    def lines(self) -> list[str]:
        """The lines about the map itself inside its braces."""
        return declaration_lines(self.shape, self.flags, self.comment)

    def encode(self, table: str, identity: int) -> bytes:
        """The attributes of NFT_MSG_NEWSET, without elements; ``identity`` is unique in its transaction."""
        return encode_declaration(table, self.name, identity, self.shape, self.flags, self.comment)
