"""A proof that goes on reports exactly what a proof from the beginning reports, whatever changed in between.

Each history begins with a proved table. Then the table, the objects or both change, step by step; after each step a
prover that has seen every step reports beside one that has seen nothing.
"""

from __future__ import annotations

from collections import Counter as Counts
from collections.abc import Callable, Iterator
from dataclasses import replace
from random import Random

import pytest

from haechi.dataplane import NodeRuleset
from haechi.engine import Engine
from haechi.nft import Counter, Element, Expression, Map, Rule, Ruleset, Set
from haechi.verify import Proof, Prover, prove
from tests.verify import small
from tests.verify.mutants import KINDS, Kind, mutants
from tests.verify.small import Object

HISTORIES = 2
"""Histories of each kind of mutant."""
STEPS = 3
Objects = dict[tuple[type[Object], str], Object]


def compiled(objects: Objects) -> Ruleset:
    """The table that the policies of these objects make."""
    return NodeRuleset(Engine.of(objects.values()), small.NODE).ruleset()


def dumped(ruleset: Ruleset, random: Random) -> Ruleset:
    """The same table as a kernel would dump it a while later: new values, other counts, elements in any order."""
    sets = {name: replace(each, elements=_shuffled(each, random)) for name, each in ruleset.sets.items()}
    maps = {name: replace(each, elements=_shuffled(each, random)) for name, each in ruleset.maps.items()}
    chains = {
        name: replace(each, rules=tuple(Rule(_counted(rule, random), rule.comment) for rule in each.rules))
        for name, each in ruleset.chains.items()
    }
    return Ruleset(ruleset.table, chains, sets, maps)


def _shuffled(container: Set | Map, random: Random) -> frozenset[Element]:
    elements = [Element(bytes(bytearray(key)), last, verdict) for key, last, verdict in container.elements]
    return frozenset(random.sample(elements, len(elements)))


def _counted(rule: Rule, random: Random) -> tuple[Expression, ...]:
    return tuple(
        Counter(random.randrange(9), random.randrange(9)) if isinstance(each, Counter) else each
        for each in rule.expressions
    )


def changed(objects: Objects, prover: Prover, random: Random) -> Objects:
    """The objects after one change, of which the prover is informed."""
    if objects and random.random() < 0.3:
        gone = objects[random.choice(list(objects))]
        prover.delete(type(gone), gone.namespace, gone.metadata.name)
        return {key: one for key, one in objects.items() if one is not gone}
    number = random.randrange(8)
    choices: tuple[Callable[[], Object], ...] = (
        lambda: small.pod(random, number),
        lambda: small.policy(random, number),
        lambda: small.namespace(random, random.choice(small.NAMESPACES)),
        lambda: small.node(random),
    )
    one = random.choice(choices)()
    prover.put(one)
    return {**objects, (type(one), one.key): one}


def history(kind: Kind, seed: int) -> Iterator[tuple[Proof, Proof]]:
    """The proof that goes on and the one from the beginning, after each change of table and objects."""
    random = Random(f"again {kind.__name__} {seed}")
    objects: Objects = {(type(one), one.key): one for one in small.objects(random, tidy=random.random() < 0.5)}
    prover = Prover(small.NODE, objects.values())
    ruleset = compiled(objects)

    def step(table: Ruleset) -> tuple[Proof, Proof]:
        every = list(objects.values())
        random.shuffle(every)
        return prover.prove(dumped(table, random)), prove(dumped(table, random), every, small.NODE)

    for _ in range(STEPS):
        yield step(ruleset)
        for mutant in mutants(kind, ruleset, random, 1):
            yield step(mutant)
            if random.random() < 0.5:  # wrong, and then wrong in another way
                for another in mutants(random.choice(KINDS), mutant, random, 1):
                    yield step(another)
                    yield step(mutant)
        if random.random() < 0.5:  # repaired before the objects change
            yield step(ruleset)
        objects = changed(objects, prover, random)
        if random.random() < 0.5:  # the table does not follow at once
            yield step(ruleset)
        ruleset = compiled(objects)
        yield step(ruleset)


def assert_same_report(again: Proof, whole: Proof) -> None:
    """A proof that goes on and holds compared less, a failed one is equal altogether."""
    assert again.counterexamples == whole.counterexamples
    assert again.gaps == whole.gaps
    assert again.holds or again == whole
    assert (again.pods, again.addresses) == (whole.pods, whole.addresses)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_after_every_step_both_report_the_same(kind: Kind) -> None:
    seen: Counts[bool] = Counts()
    for seed in range(HISTORIES):
        for number, (again, whole) in enumerate(history(kind, seed)):
            try:
                assert_same_report(again, whole)
            except AssertionError:
                print(f"seed {seed}, step {number}\n{again}\n-- beside\n{whole}")
                raise
            seen[whole.holds] += 1
    assert seen[True] >= 5
    assert seen[False] or kind.__name__ == "priority_changed"
