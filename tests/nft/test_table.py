"""Tables are read as written, whatever their family."""

from __future__ import annotations

import pytest

from haechi.nft import DecodeError, Family, Table, TableFlags, attributes
from haechi.nft.attributes import Fields


@pytest.mark.parametrize("family", Family)
@pytest.mark.parametrize("flags", [TableFlags(0), TableFlags.DORMANT, TableFlags.OWNER | TableFlags.PERSIST])
def test_a_table_is_read_as_written(family: Family, flags: TableFlags) -> None:
    table = Table("haechi", family, flags, "a comment")
    assert Table.decode(Fields(table.encode(), "table"), family) == table


def test_a_table_is_printed_as_nft_does() -> None:
    table = Table("t", Family.IP6, TableFlags.OWNER | TableFlags.PERSIST, "c")
    assert str(table) == 'table ip6 t {\n\tflags owner,persist\n\tcomment "c"\n}'


def test_other_families_and_flags_are_refused() -> None:
    with pytest.raises(DecodeError, match="family 4"):
        Table.decode(Fields(Table("t").encode(), "table"), 4)
    with pytest.raises(DecodeError, match="flags"):
        Table.decode(Fields(Table("t").encode() + attributes.u32(2, 8), "table"), 1)
