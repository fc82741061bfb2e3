"""Every mutation that changes what a table does is found, and no other is reported."""

from __future__ import annotations

from collections import Counter
from copy import copy
from itertools import count
from random import Random

import pytest

from haechi.dataplane import NodeRuleset
from haechi.engine import Engine
from haechi.nft import Ruleset
from haechi.verify import Prover
from tests.verify import small
from tests.verify.mutants import (
    KINDS,
    Kind,
    address_mistaken,
    direction_turned,
    hook_changed,
    mutants,
    priority_changed,
)
from tests.verify.universe import Chosen, Universe, universes

MUTANTS = 500
OF_ONE_TABLE = 10
UNCHOSEN = (Chosen(),)


def changes(every: list[Universe], before: list[int], mutant: Ruleset, kind: Kind) -> bool:
    """Whether any packet of any universe is judged differently than before, whatever NAT and clients choose."""
    if kind is hook_changed:  # it judges other packets, and none that are forwarded
        return True
    for universe, accepted in zip(every, before, strict=True):
        wide = kind in (direction_turned, address_mistaken)
        for chosen in (*UNCHOSEN, *universe.choices(mutant)) if wide else UNCHOSEN:
            universe.chosen = chosen
            if universe.accepted(mutant) != accepted:
                return True
    return False


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_mutant_is_caught_exactly_if_it_changes_what_the_table_does(kind: Kind) -> None:
    seen: Counter[bool] = Counter()
    for seed in count():
        random = Random(f"{kind.__name__} {seed}")
        objects = small.objects(random, tidy=True, pods=4, policies=3)
        ruleset = NodeRuleset(Engine.of(objects), small.NODE).ruleset()
        every = universes(ruleset)
        before = [universe.accepted(ruleset) for universe in every]
        prover = Prover(small.NODE, objects)
        proved = prover.prove(ruleset)
        assert proved.holds, proved
        for number, mutant in enumerate(mutants(kind, ruleset, random, OF_ONE_TABLE)):
            changed = changes(every, before, mutant, kind)
            again = copy(prover)
            if number % 5 == 0:
                again.forget()
            proof = again.prove(mutant)
            assert proof.holds is not changed, f"seed {seed}, mutant {number}, changed: {changed}\n{proof}"
            seen[changed] += 1
        if seen.total() >= MUTANTS:
            break
    assert seen[True] > 100 or kind is priority_changed  # where nothing forwards in between, priority is no meaning
