"""A proof ends, whoever wrote the table: with too many paths through its chains nothing counts as understood."""

from __future__ import annotations

import pytest

from haechi.dataplane import NodeRuleset
from haechi.engine import Engine
from haechi.nft import (
    ACCEPT,
    DROP,
    RETURN,
    BaseChain,
    Chain,
    ChainPolicy,
    Compare,
    Ct,
    CtDirection,
    CtKey,
    DataType,
    Element,
    Expression,
    Hook,
    InRange,
    Limit,
    Lookup,
    Meta,
    MetaKey,
    Operator,
    Rule,
    Ruleset,
    Set,
    Table,
    Verdict,
    jump,
    port,
    protocol,
)
from haechi.sets import AddressSet, Traffic
from haechi.verify import GapKind, Prover, prove
from haechi.verify.budget import Budget, stretches, weight
from haechi.verify.packets import ALL_CONTEXTS, PacketSet
from haechi.verify.reading import Reading
from tests import building
from tests.verify.small import Object

OBJECTS: list[Object] = [
    building.pod("x/a", "10.0.0.1", "fd00::1", node="n"),
    building.pod("x/b", "10.0.0.2", node="n"),
    building.policy("{podSelector: {}, ingress: [{from: [{podSelector: {}}]}]}"),
]
CLIENT = Ct(CtKey.SADDR_IP, CtDirection.ORIGINAL)
SERVER_PORT = Ct(CtKey.PROTO_SRC, CtDirection.REPLY)


def ladder(
    deep: int, ways: int, end: Verdict, *asked: Expression, begin: tuple[Rule, ...] = (), sets: tuple[Set, ...] = ()
) -> Ruleset:
    """A table of chains each of which jumps several times to the next: `ways` to the power of `deep` in all."""
    chains = [Chain(f"c{deep}", (Rule((*asked, end)),))]
    for number in reversed(range(deep)):
        rules = tuple(Rule((*asked, jump(f"c{number + 1}"))) for _ in range(ways))
        chains.append(Chain(f"c{number}", rules))
    base = BaseChain(hook=Hook.FORWARD, priority=0, policy=ChainPolicy.ACCEPT)
    return Ruleset.of(Table("haechi"), *sets, *chains, Chain("judge", (*begin, Rule((jump("c0"),))), base))


TCP = Compare(Meta(MetaKey.L4PROTO), Operator.EQ, protocol(6))


@pytest.mark.parametrize(
    "ruleset",
    [
        ladder(15, 4, RETURN),
        ladder(15, 3, RETURN, TCP, InRange(SERVER_PORT, port(80), port(90))),
        ladder(15, 2, DROP, Limit(10)),
        ladder(8, 40, RETURN, Limit(10), begin=(Rule((Limit(10), DROP)), Rule((Limit(10), ACCEPT)))),
    ],
    ids=["bare", "conditions", "undecided", "wide"],
)
def test_a_table_with_too_many_paths_through_it_is_not_proved(ruleset: Ruleset) -> None:
    proof = prove(ruleset, OBJECTS, "n")
    assert not proof.holds
    found = [gap for gap in proof.gaps if "too many paths through its chains" in gap.reason]
    assert [gap.kind for gap in found] == [GapKind.UNKNOWN]
    assert "not understood: there are too many paths" in str(proof)


def test_chains_that_lead_back_to_themselves_are_not_followed_forever() -> None:
    """The kernel refuses such a table; a file may hold it."""
    good = NodeRuleset(Engine.of(OBJECTS), "n").ruleset()
    circle = [Chain("c0", (Rule((jump("c1"),)),)), Chain("c1", (Rule((jump("c0"),)),))]
    base = BaseChain(hook=Hook.FORWARD, priority=0, policy=ChainPolicy.ACCEPT)
    round_about = Ruleset.of(Table("haechi"), *circle, Chain("judge", (Rule((jump("c0"),)),), base))
    prover = Prover("n", OBJECTS)
    proofs = [prover.prove(each) for each in (good, round_about, round_about, good)]
    assert [proof.holds for proof in proofs] == [True, False, False, True]
    assert "leads back to chain c0" in str(proofs[1])


def test_as_many_paths_as_can_be_walked_are_understood() -> None:
    """Nothing is isolated, so a table that lets everything pass, on many paths, is proved."""
    proof = prove(ladder(8, 2, RETURN), OBJECTS[:2], "n")
    assert proof.holds, proof


def test_after_a_table_that_is_not_understood_the_next_one_is_proved_from_the_beginning() -> None:
    good = NodeRuleset(Engine.of(OBJECTS), "n").ruleset()
    prover = Prover("n", OBJECTS)
    proofs = [prover.prove(each) for each in (good, ladder(15, 4, RETURN), good)]
    assert [proof.holds for proof in proofs] == [True, False, True]
    assert proofs[0] == proofs[2]


def test_a_budget_is_spent_by_what_is_taken_and_stays_spent() -> None:
    budget = Budget(10)
    assert [budget.take(count) for count in (4, 6, 0, 1, 0)] == [True, True, True, False, False]
    assert budget.is_spent


def test_a_larger_table_may_take_more() -> None:
    few, many = ladder(10, 5, RETURN), ladder(10, 100, RETURN)
    small, large = Reading(few).weight(), Reading(many).weight()
    assert Budget.for_weight(large, 200).limit > 2 * Budget.for_weight(small, 200).limit
    assert Budget.for_weight(large, 200).limit > 2 * Budget.for_weight(large, 2).limit


def test_a_visit_weighs_as_much_as_what_a_rule_looks_up_and_what_comes_to_it() -> None:
    addresses = frozenset(Element((0x0A000000 + 2 * number).to_bytes(4, "big")) for number in range(1280))
    ports = frozenset(Element(port(number)) for number in range(10, 20))
    sets = Set("a", (DataType.IPV4_ADDR,), elements=addresses), Set("p", (DataType.INET_SERVICE,), elements=ports)
    rules = (
        Rule((TCP, RETURN)),
        Rule((Lookup((CLIENT,), "a"), RETURN)),
        Rule((TCP, Lookup((SERVER_PORT,), "p"), RETURN)),
    )
    ruleset = Ruleset.of(Table("haechi"), *sets, Chain("c", rules))
    assert [weight(rule, ruleset) for rule in rules] == [1, 11, 21]
    scattered = AddressSet([(2 * number, 2 * number) for number in range(640)])
    region = [PacketSet(ALL_CONTEXTS, AddressSet.of(1), Traffic.ALL), PacketSet(ALL_CONTEXTS, scattered, Traffic.ALL)]
    assert [stretches(packets) for packets in region] == [0, 10]


def test_large_sets_are_looked_up_less_often() -> None:
    """On many paths; each visit takes milliseconds."""
    addresses = frozenset(Element((0x0A000000 + 2 * number).to_bytes(4, "big")) for number in range(20_000))
    ruleset = ladder(15, 2, RETURN, Lookup((CLIENT,), "a"), sets=(Set("a", (DataType.IPV4_ADDR,), elements=addresses),))
    proof = prove(ruleset, OBJECTS, "n")
    assert "too many paths" in str(proof)
