"""Chains hook where the kernel lets them."""

from __future__ import annotations

import pytest

from haechi.nft import ACCEPT, BaseChain, Chain, ChainPolicy, DecodeError, Hook, NounError, Rule, attributes
from haechi.nft.attributes import Fields
from tests.nft.examples import RULESETS


@pytest.mark.parametrize(
    ("type_", "hook", "priority"),
    [
        ("mangle", Hook.INPUT, 0),
        ("route", Hook.INPUT, 0),
        ("nat", Hook.FORWARD, 0),
        ("nat", Hook.OUTPUT, -200),
        ("filter", Hook.INPUT, 1 << 31),
    ],
)
def test_impossible_hooks_are_refused(type_: str, hook: Hook, priority: int) -> None:
    with pytest.raises(NounError):
        BaseChain(type_, hook, priority)


def test_a_chain_is_printed_as_nft_does() -> None:
    chain = Chain("judge", (Rule((ACCEPT,)),), BaseChain(priority=-5, policy=ChainPolicy.DROP), "why")
    assert str(chain).split("\n") == [
        "chain judge {",
        "\ttype filter hook forward priority -5; policy drop;",
        '\tcomment "why"',
        "\taccept",
        "}",
    ]


def test_every_example_is_read_as_written() -> None:
    for ruleset in RULESETS.values():
        for chain in ruleset.chains.values():
            bare = Chain(chain.name, (), chain.base, chain.comment)
            assert Chain.decode(Fields(bare.encode("haechi"), "chain")) == bare


@pytest.mark.parametrize(
    "more",
    [
        attributes.u32(10, 2),
        attributes.u32(10, 4),
        attributes.nested(4, attributes.u32(1, 9) + attributes.u32(2, 0)),
        attributes.nested(4, attributes.u32(1, 1) + attributes.u32(2, 0) + attributes.text(3, "lo")),
        attributes.u32(5, 9),
    ],
)
def test_what_is_not_supported_is_refused(more: bytes) -> None:
    with pytest.raises(DecodeError):
        Chain.decode(Fields(Chain("c", base=BaseChain()).encode("haechi") + more, "chain"))
