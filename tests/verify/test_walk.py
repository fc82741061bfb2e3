"""Walking regions gives for each packet what walking that packet gives."""

from __future__ import annotations

from random import Random

import pytest

from haechi.dataplane import NodeRuleset
from haechi.engine import Engine
from haechi.nft import Ruleset
from haechi.sets import AddressSet
from haechi.verify.budget import Budget
from haechi.verify.packets import PacketSet, connections, errors, unconnected
from haechi.verify.reading import Reading
from haechi.verify.walk import Walk
from tests.verify import small
from tests.verify.mutants import KINDS, Kind, mutants
from tests.verify.universe import Universe, universes


def packets(universe: Universe, region: list[PacketSet]) -> int:
    """The packets of a universe that are in some region."""
    found = 0
    for each in region:
        clients = [address in each.clients for address in universe.addresses]
        for number, address in enumerate(universe.addresses):
            ports = each.traffic.at(address)
            if ports:
                servers = [place == number for place in range(len(universe.addresses))]
                sent = [ports.contains(each.protocol, each.port) for each in universe.sent]
                without = [ports.contains(each.protocol, each.number) for each in universe.sent]
                found |= universe.of(each.contexts & 63, clients, servers, sent)
                found |= universe.of(each.contexts & 192, clients, servers, without)
    return found & universe.all


def assert_same(ruleset: Ruleset) -> None:
    """Symbolic and packet by packet, except for packets that the symbolic walk leaves undecided."""
    everyone = AddressSet.ALL
    for reuse in (False, True):
        walk = Walk(Reading(ruleset), Budget(1 << 32), reuse=reuse)
        region = [*connections(everyone, everyone), *errors(), *unconnected(everyone, everyone)]
        result = walk.forward(region)
        if reuse and result.forks:
            continue
        for universe in universes(ruleset):
            unclear = packets(universe, [each for each, _ in result.undecided])
            accepted = packets(universe, [each for each, _ in result.accepted])
            assert accepted & ~unclear == universe.accepted(ruleset) & ~unclear
            if not reuse:
                dropped = packets(universe, [each for each, _ in result.dropped])
                assert accepted | dropped | unclear == universe.all
                assert accepted & dropped & ~unclear == 0


@pytest.mark.parametrize("seed", range(20))
def test_compiled_tables(seed: int) -> None:
    objects = small.objects(Random(seed), pods=5, policies=4)
    assert_same(NodeRuleset(Engine.of(objects), small.NODE).ruleset())


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_tables_that_no_compiler_would_write(kind: Kind) -> None:
    for seed in range(3):
        random = Random(f"walk {kind.__name__} {seed}")
        objects = small.objects(random, pods=4, policies=4, tidy=True)
        ruleset = NodeRuleset(Engine.of(objects), small.NODE).ruleset()
        for mutant in mutants(kind, ruleset, random, 3):
            for again in mutants(random.choice(KINDS), mutant, random, 1):
                assert_same(again)
