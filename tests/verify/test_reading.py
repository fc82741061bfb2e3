"""A table is read the same whatever the order of its elements and the counts of its counters."""

from __future__ import annotations

from random import Random

import pytest

from haechi.dataplane import NodeRuleset
from haechi.engine import Engine
from haechi.nft import (
    ACCEPT,
    DROP,
    BaseChain,
    Chain,
    ChainPolicy,
    Compare,
    Counter,
    Ct,
    CtDirection,
    CtKey,
    DataType,
    Element,
    Expression,
    Hook,
    Map,
    Meta,
    MetaKey,
    Operator,
    Rule,
    Ruleset,
    Table,
    Unknown,
    VerdictMap,
    goto,
    port,
    protocol,
)
from haechi.verify.cached import RulesetChange
from haechi.verify.reading import DispatchByContext, Reading
from tests.verify import small
from tests.verify.mutants import KINDS, Kind, mutants

BASE = BaseChain(hook=Hook.FORWARD, priority=0, policy=ChainPolicy.ACCEPT)
TCP = Compare(Meta(MetaKey.L4PROTO), Operator.EQ, protocol(6))


def table(*rules: Rule) -> Ruleset:
    return Ruleset.of(Table("haechi"), Chain("judge", rules, BASE))


def position(*expressions: Expression, comment: str = "") -> str:
    (step,) = Reading(table(Rule(expressions, comment))).steps("judge")
    return step.position.text


def test_the_text_of_a_rule_has_no_counts() -> None:
    assert position(TCP, Counter(7, 900), DROP) == "meta l4proto tcp counter drop"
    assert position(TCP, Counter(0, 0), DROP, comment="why") == 'meta l4proto tcp counter drop comment "why"'


def test_rules_that_have_no_effect_are_left_out() -> None:
    rules = Rule((TCP, Counter())), Rule((TCP, DROP)), Rule((Counter(),)), Rule((ACCEPT,))
    assert [step.position.rule for step in Reading(table(*rules)).steps("judge")] == [1, 3]


def test_what_is_not_modelled_is_unknown_from_there_on() -> None:
    (step,) = Reading(table(Rule((TCP, Unknown("expression", b"", "xt"))))).steps("judge")
    assert len(step.conditions) == 1
    assert step.action is None
    assert "xt" in step.unknown


def test_the_verdicts_of_a_map_have_an_order_of_their_own() -> None:
    """The order of a set's elements depends on where they came from, and reports must not."""
    chains = [Chain(f"c{number}", (Rule((DROP,)),)) for number in range(8)]
    asked = Rule((TCP, VerdictMap((Ct(CtKey.PROTO_SRC, CtDirection.REPLY),), "ports")))
    numbers = list(range(8))
    orders = []
    for seed in range(4):
        Random(seed).shuffle(numbers)
        elements = frozenset([Element(port(number), None, goto(f"c{7 - number}")) for number in numbers])
        ports = Map("ports", (DataType.INET_SERVICE,), elements=elements)
        (step,) = Reading(Ruleset.of(Table("haechi"), *chains, ports, Chain("judge", (asked,), BASE))).steps("judge")
        assert isinstance(step.action, DispatchByContext)
        orders.append([[verdict.chain for verdict, _ in dispatch.cases] for _, dispatch in step.action.branches])
    assert orders[0] == orders[1] == orders[2] == orders[3]
    assert sorted(orders[0][-1]) == orders[0][-1] != []


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_reading_that_follows_a_change_is_the_reading_of_the_new_table(kind: Kind) -> None:
    random = Random(f"reading {kind.__name__}")
    old = NodeRuleset(Engine.of(small.objects(random)), small.NODE).ruleset()
    for mutant in mutants(kind, old, random, 5):
        reading, whole = Reading(old), Reading(mutant)
        for name in random.sample(sorted(old.chains), len(old.chains) // 2):
            reading.steps(name)
        change = RulesetChange.between(old, mutant)
        users = {
            name
            for name, chain in mutant.chains.items()
            for rule in chain.rules
            for each in rule.lookups()
            if (each.map if isinstance(each, VerdictMap) else each.set) in change.containers
        }
        followed = reading.updated(change.cached(old, mutant), change, users)
        assert followed.weight() == whole.weight()
        for name in mutant.chains:
            assert followed.steps(name) == whole.steps(name)
