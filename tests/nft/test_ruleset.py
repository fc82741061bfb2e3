"""A ruleset is whole: what its rules refer to is in it, and of the right kind."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haechi.nft import (
    ACCEPT,
    BaseChain,
    Chain,
    Counter,
    DataType,
    DecodeError,
    Element,
    Lookup,
    Map,
    NounError,
    Rule,
    Ruleset,
    Set,
    Table,
    Unknown,
    VerdictMap,
    ipv4,
    jump,
)
from haechi.nft.attributes import Fields
from tests.nft.examples import CLIENT, RULESETS, TABLE
from tests.nft.strategies import rulesets

ADDRESS = (DataType.IPV4_ADDR,)
BASE = Chain("base", (), BaseChain())


def chain(*expressions: Lookup | VerdictMap) -> Chain:
    return Chain("c", (Rule(expressions),))


@pytest.mark.parametrize(
    ("nouns", "reason"),
    [
        ((chain(Lookup((CLIENT,), "none")),), "no such set"),
        ((chain(VerdictMap((CLIENT,), "none")),), "no such set or map"),
        ((chain(Lookup((CLIENT,), "m")), Map("m", ADDRESS)), "no such set"),
        ((chain(VerdictMap((CLIENT,), "s")), Set("s", ADDRESS)), "no such set or map"),
        ((chain(Lookup((CLIENT,), "s")), Set("s", (DataType.MARK,))), "its key is mark"),
        ((Chain("c", (Rule((jump("none"),)),)),), "no such chain"),
        ((Chain("c", (Rule((jump("base"),)),)), BASE), "base chain"),
        ((Map("m", ADDRESS, elements=frozenset({Element(ipv4(1), None, jump("none"))})),), "no such chain"),
        ((Set("x", ADDRESS), Map("x", ADDRESS)), "name of a set too"),
    ],
)
def test_what_refers_to_nothing_is_refused(nouns: tuple[Chain | Set | Map, ...], reason: str) -> None:
    with pytest.raises(NounError, match=reason):
        Ruleset.of(TABLE, *nouns)


def test_a_noun_goes_by_its_own_name() -> None:
    with pytest.raises(NounError, match="is called base"):
        Ruleset(TABLE, {"other": BASE})


def test_the_order_in_which_nouns_are_given_does_not_matter() -> None:
    nouns = (Set("a", ADDRESS), Set("b", ADDRESS), BASE, Chain("other"))
    assert Ruleset.of(TABLE, *nouns) == Ruleset.of(TABLE, *reversed(nouns))
    assert str(Ruleset.of(TABLE, *nouns)) == str(Ruleset.of(TABLE, *reversed(nouns)))


def test_counters_do_not_make_rulesets_differ_and_rules_do() -> None:
    one, other = (Ruleset.of(TABLE, Chain("c", (Rule((Counter(number), ACCEPT)),))) for number in (1, 2))
    assert one == other
    assert one != Ruleset.of(TABLE, Chain("c", (Rule((ACCEPT,)),)))
    assert one != replace(one, unknown=frozenset({Unknown("flowtable f", b"")}))


def test_a_ruleset_is_printed_whole() -> None:
    ruleset = Ruleset.of(Table("haechi", comment="c"), Set("s", ADDRESS), Map("m", ADDRESS), BASE)
    assert str(ruleset).split("\n") == [
        "table inet haechi {",
        '\tcomment "c"',
        "",
        "\tset s {",
        "\t\ttype ipv4_addr",
        "\t}",
        "",
        "\tmap m {",
        "\t\ttype ipv4_addr : verdict",
        "\t}",
        "",
        "\tchain base {",
        "\t\ttype filter hook forward priority 0; policy accept;",
        "\t}",
        "}",
        "",
    ]


Dump = tuple[list[bytes], list[bytes], list[bytes], dict[str, list[bytes]]]


def dump(ruleset: Ruleset) -> Dump:
    """The payloads that a kernel would send."""
    name = ruleset.table.name
    nouns: list[Set | Map] = [*ruleset.sets.values(), *ruleset.maps.values()]
    rules = [rule.encode(name, each.name) for each in ruleset.chains.values() for rule in each.rules]
    chains = [each.encode(name) for each in ruleset.chains.values()]
    return (
        chains,
        rules,
        [each.encode(name, 1) for each in nouns],
        {n.name: list(n.shape.encode(n.elements)) for n in nouns},
    )


@given(rulesets())
def test_a_dump_is_read_as_written(ruleset: Ruleset) -> None:
    assert Ruleset.decode(ruleset.table, *dump(ruleset)) == ruleset


@given(st.sampled_from(list(RULESETS.values())), st.integers(0, 2), st.data())
def test_a_damaged_dump_is_a_ruleset_or_a_decode_error(ruleset: Ruleset, part: int, data: st.DataObject) -> None:
    parts = dump(ruleset)
    payloads = parts[part]
    assert isinstance(payloads, list)
    if not payloads:
        return
    place = data.draw(st.integers(0, len(payloads[0]) - 1))
    payloads[0] = payloads[0][:place] + bytes((data.draw(st.integers(0, 255)),)) + payloads[0][place + 1 :]
    try:
        found = Ruleset.decode(ruleset.table, *parts)
    except DecodeError:
        return
    str(found)


def test_what_refers_to_something_unknown_is_unknown_itself() -> None:
    ruleset = Ruleset.of(TABLE, chain(Lookup((CLIENT,), "s")), Set("s", ADDRESS))
    chains, rules, sets, elements = dump(ruleset)
    timeout = b"\x0c\0\x0b\0" + (7).to_bytes(8, "big")
    found = Ruleset.decode(TABLE, chains, rules, [sets[0] + timeout], elements)
    assert [each.what for each in found.unknown] == ["set s"]
    assert isinstance(found.chains["c"].rules[0].expressions[0], Unknown)
    assert Fields(rules[0], "rule").text(2) == "c"
