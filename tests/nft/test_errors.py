"""Errors keep their facts and put them into words last."""

from __future__ import annotations

from haechi.nft import DecodeError, NounError


def test_an_error_of_a_noun_keeps_its_facts() -> None:
    error = NounError("chain", "name", "fwd", "is a keyword of nft")
    assert (error.noun, error.field, error.value, error.reason) == ("chain", "name", "fwd", "is a keyword of nft")
    assert str(error) == "chain: name 'fwd': is a keyword of nft"


def test_a_long_value_is_cut_in_words_only() -> None:
    error = NounError("chain", "name", "x" * 500, "is long")
    assert len(error.value) == 500
    assert len(str(error)) < 120


def test_an_error_of_bytes_says_what_was_read() -> None:
    assert str(DecodeError("element", "no key")) == "netlink element: no key"
