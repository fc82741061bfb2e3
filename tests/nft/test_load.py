"""Loads choose registers as nft does and refuse what does not fit into them."""

from __future__ import annotations

import pytest

from haechi.nft import Ct, CtDirection, CtKey, DecodeError, Lookup, Meta, MetaKey, NounError
from haechi.nft.bytecode import register_number, register_word
from haechi.nft.load import encode_loads, print_loads
from tests.nft.examples import CLIENT, L4PROTO, SERVER_PORT, loads


@pytest.mark.parametrize("word", range(16))
def test_every_register_has_one_number(word: int) -> None:
    assert register_word(register_number(word)) == word


@pytest.mark.parametrize("number", [0, 5, 7, 24])
def test_other_numbers_are_no_registers_for_data(number: int) -> None:
    with pytest.raises(DecodeError):
        register_word(number)


@pytest.mark.parametrize("key", CtKey)
def test_a_direction_is_given_exactly_where_there_are_two(key: CtKey) -> None:
    with pytest.raises(NounError, match="direction"):
        Ct(key, None if key.directed else CtDirection.REPLY)


def test_a_concatenation_fills_registers_one_after_another() -> None:
    encoded = encode_loads((CLIENT, L4PROTO, SERVER_PORT))
    assert [encoded.find(register_number(word).to_bytes(4, "big")) >= 0 for word in (0, 1, 2)] == [True] * 3
    assert print_loads((CLIENT, L4PROTO, SERVER_PORT)) == "ct original ip saddr . meta l4proto . ct reply proto-src"


def test_more_than_64_bytes_do_not_fit() -> None:
    six = Ct(CtKey.SADDR_IP6, CtDirection.REPLY)
    Lookup((six,) * 4, "s")
    with pytest.raises(NounError, match="64 bytes"):
        Lookup((six, six, six, six, Meta(MetaKey.MARK)), "s")
    with pytest.raises(NounError, match="at least one"):
        Lookup((), "s")


def test_no_two_loads_are_printed_alike() -> None:
    assert len({str(each) for each in loads()}) == len(loads())
