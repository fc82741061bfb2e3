"""Lookups name a set and ask for something."""

from __future__ import annotations

import pytest

from haechi.nft import Ct, CtKey, Lookup, NounError, VerdictMap
from tests.nft.examples import CLIENT


def test_lookups_are_printed() -> None:
    assert str(Lookup((CLIENT,), "peers")) == "ct original ip saddr @peers"
    assert str(Lookup((CLIENT,), "peers", negated=True)) == "ct original ip saddr != @peers"
    assert str(VerdictMap((CLIENT, CLIENT), "m")) == "ct original ip saddr . ct original ip saddr vmap @m"


@pytest.mark.parametrize("noun", [Lookup, VerdictMap])
def test_impossible_lookups_are_refused(noun: type[Lookup] | type[VerdictMap]) -> None:
    with pytest.raises(NounError, match="keyword"):
        noun((CLIENT,), "set")
    with pytest.raises(NounError, match="bits"):
        noun((Ct(CtKey.STATE),), "s")
