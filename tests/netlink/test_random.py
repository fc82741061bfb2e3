"""Random rulesets come back from the kernel as they went in, by our encoding and by nft's reading of our print."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from haechi.netlink import Nftables
from haechi.nft import Ruleset, Transaction
from tests.netlink.namespace import in_namespace
from tests.netlink.test_roundtrip import WAYS, read
from tests.nft.strategies import rulesets


@pytest.mark.parametrize(("way", "examples"), [("encode", 150), ("print", 40), ("list", 40), ("commands", 40)])
@in_namespace
def test_random_rulesets_come_back(way: str, examples: int) -> None:
    with Nftables() as nftables:

        @settings(max_examples=examples)
        @given(rulesets())
        def check(ruleset: Ruleset) -> None:
            clean = Transaction(ruleset.table)
            clean.destroy_table()
            nftables.commit(clean)
            WAYS[way](nftables, ruleset)
            assert str(read(nftables, ruleset.table)) == str(ruleset)
            assert read(nftables, ruleset.table) == ruleset

        check()
