"""Whatever instructions a rule has, they are understood exactly or not at all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haechi.nft import ACCEPT, Compare, Expression, NounError, Operator, Unknown, attributes, port
from haechi.nft.attributes import Fields
from haechi.nft.bytecode import Bytecode, decode_bytecodes, value_data
from haechi.nft.errors import DecodeError
from haechi.nft.expression import decode_expressions
from haechi.nft.rule import EXPRESSIONS, Rule
from tests.nft.examples import RULESETS, SERVER_PORT, TCP

RULES = [rule for each in RULESETS.values() for chain in each.chains.values() for rule in chain.rules]


def codes_of(*expressions: Expression) -> tuple[Bytecode, ...]:
    return decode_bytecodes(b"".join(each.encode() for each in expressions))


def test_what_is_not_known_takes_the_rest_of_the_rule_with_it() -> None:
    codes = (*codes_of(TCP), Bytecode("xt", b""), *codes_of(ACCEPT))
    known, unknown = decode_expressions(codes)
    assert known == TCP
    assert isinstance(unknown, Unknown)
    assert unknown.what == "expressions xt, immediate"
    assert decode_bytecodes(unknown.raw) == codes[2:]
    with pytest.raises(NounError):
        unknown.encode()


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_no_instruction_can_be_left_out_unnoticed(rule: Rule) -> None:
    codes = codes_of(*rule.expressions)
    for place in range(len(codes)):
        assert decode_expressions(codes[:place] + codes[place + 1 :]) != rule.expressions


def test_a_register_that_is_not_loaded_is_noticed() -> None:
    load, compare = codes_of(Compare(SERVER_PORT, Operator.EQ, port(80)))
    other = Bytecode("cmp", attributes.u32(1, 2) + attributes.u32(2, 0) + value_data(3, port(80)))
    for codes in ((load, other), (compare,), (load,), (load, load, compare)):
        assert any(isinstance(each, Unknown) for each in decode_expressions(codes))


def test_a_swap_of_single_bytes_does_nothing_and_others_are_not_known() -> None:
    """nft 1.0.6 swaps the bytes of one-byte fields before it looks intervals of concatenations up."""
    load, compare = codes_of(TCP)
    swap = b"".join(attributes.u32(kind, value) for kind, value in ((1, 1), (2, 1), (3, 1), (4, 1), (5, 2)))
    assert decode_expressions((load, Bytecode("byteorder", swap), compare)) == (TCP,)
    load, compare = codes_of(Compare(SERVER_PORT, Operator.EQ, port(80)))
    assert isinstance(decode_expressions((load, Bytecode("byteorder", swap), compare))[0], Unknown)


@given(st.sampled_from(RULES), st.data())
def test_damaged_rules_are_rules_or_a_decode_error(rule: Rule, data: st.DataObject) -> None:
    payload = rule.encode("haechi", "c")
    place = data.draw(st.integers(0, len(payload) - 1))
    damaged = payload[:place] + bytes((data.draw(st.integers(0, 255)),)) + payload[place + 1 :]
    try:
        found = Rule.decode(Fields(damaged, "rule"))
    except DecodeError:
        return
    str(found)


@given(st.binary(max_size=120))
def test_any_bytes_are_a_rule_or_a_decode_error(data: bytes) -> None:
    try:
        str(Rule.decode(Fields(attributes.attribute(EXPRESSIONS, data), "rule")))
    except DecodeError:
        return
