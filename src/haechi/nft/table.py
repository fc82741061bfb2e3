"""Tables: the namespace of a ruleset, and its owner."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, IntFlag
from typing import Final

from haechi.nft import attributes
from haechi.nft.attributes import Fields
from haechi.nft.errors import DecodeError
from haechi.nft.names import check_comment, check_name, decode_comment, encode_userdata

NAME, TABLE_FLAGS, USERDATA = 1, 2, 6
_COMMENT: Final = 0


class Family(IntEnum):
    """Protocol families of tables (NFPROTO of linux/netfilter.h)."""

    INET = 1
    IP = 2
    ARP = 3
    NETDEV = 5
    BRIDGE = 7
    IP6 = 10

    def __str__(self) -> str:
        return self.name.lower()


class TableFlags(IntFlag):
    """`enum nft_table_flags`.

    OWNER (kernel 5.12): only the socket that created the table may change it, and the table is removed with the socket.
    PERSIST (kernel 6.9): an owned table stays when its owner is gone, and another socket can become its owner.
    """

    DORMANT = 1
    OWNER = 2
    PERSIST = 4


_NO_FLAGS: Final = TableFlags(0)


@dataclass(frozen=True, slots=True)
class Table:
    """A table without its contents (see `Ruleset`).

    Raises:
        NounError: an impossible name or comment.
    """

    name: str
    family: Family = Family.INET
    flags: TableFlags = _NO_FLAGS
    comment: str = ""

    def __post_init__(self) -> None:
        check_name("table", self.name)
        check_comment("table", self.comment)

    def __str__(self) -> str:
        return f"table {self.family} {self.name} {{\n" + "".join(f"\t{line}\n" for line in self.lines()) + "}"

    def lines(self) -> list[str]:
        """The lines about the table itself inside its braces."""
        words = [str(each.name).lower() for each in TableFlags if each in self.flags]
        flags = [f"flags {','.join(words)}"] if words else []
        return flags + ([f'comment "{self.comment}"'] if self.comment else [])

    def encode(self) -> bytes:
        """The attributes of NFT_MSG_NEWTABLE."""
        data = attributes.text(NAME, self.name) + attributes.u32(TABLE_FLAGS, self.flags)
        return data + attributes.attribute(USERDATA, encode_userdata(_COMMENT, self.comment)) if self.comment else data

    @classmethod
    def decode(cls, fields: Fields, family: int) -> Table:
        """A table of a dump. Raises `DecodeError` or `NounError`."""
        flags = fields.u32(TABLE_FLAGS, 0)
        if flags & ~7:
            raise DecodeError("table", f"flags {flags:#x} are not supported")
        if family not in list(Family):
            raise DecodeError("table", f"family {family}")
        comment = decode_comment(fields.raw(USERDATA), _COMMENT, "table") if USERDATA in fields else ""
        return cls(fields.text(NAME), Family(family), TableFlags(flags), comment)
