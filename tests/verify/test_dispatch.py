"""A look-up in a verdict map gives what splitting by one verdict after the other gives."""

from __future__ import annotations

from itertools import product
from random import Random

import pytest

from haechi.nft import ACCEPT, Verdict, goto
from haechi.sets import AddressSet, PortSet, Traffic
from haechi.verify.dispatch import AddressPartition, Dispatch, Dispatched
from haechi.verify.packets import ALL_CONTEXTS, PacketSet
from haechi.verify.relation import Relation

LAST = 12
POINTS = list(product(range(LAST), range(LAST), (80, 443)))
VERDICTS = (ACCEPT, goto("a"), goto("b"), goto("c"), goto("d"))


def one_by_one(cases: list[tuple[Verdict, Relation]], packets: PacketSet) -> Dispatched:
    matched, rest = [], [packets]
    for verdict, each in cases:
        pairs = [each.split(one) for one in rest]
        matched.append((verdict, [one for yes, _ in pairs for one in yes]))
        rest = [one for _, no in pairs for one in no]
    return Dispatched([(verdict, found) for verdict, found in matched if found], rest)


def points(region: list[PacketSet]) -> set[tuple[int, int, int]]:
    found = [
        point for point in POINTS for _, clients, traffic in region
        if point[0] in clients and traffic.contains(point[1], 6, point[2])
    ]  # fmt: skip
    assert len(found) == len(set(found)), "no packet is there twice"
    return set(found)


def assert_same(found: Dispatched, expected: Dispatched) -> None:
    assert {verdict: points(region) for verdict, region in found.matched} == {
        verdict: points(region) for verdict, region in expected.matched
    }
    assert points(found.missed) == points(expected.missed)
    assert found.free == expected.free


def disjoint(random: Random) -> list[AddressSet]:
    """Disjoint sets of addresses, most of more than one interval."""
    owners = [random.randrange(len(VERDICTS) + 2) for _ in range(LAST)]
    found = [
        AddressSet.of(*(each for each in range(LAST) if owners[each] == number)) for number in range(len(VERDICTS))
    ]
    return [each for each in found if each]


def regions(random: Random) -> list[PacketSet]:
    """Packets of few and of many stretches."""
    some = AddressSet.of(*random.sample(range(LAST), 5))
    alone = AddressSet.of(random.randrange(LAST))
    web = Traffic.from_terms([(some, PortSet.tcp(80)), (alone, PortSet.ALL)])
    every = [Traffic.ALL, Traffic.of(alone, PortSet.tcp(80)), web]
    return [PacketSet(ALL_CONTEXTS, clients, traffic) for clients in (AddressSet.ALL, some, alone) for traffic in every]


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("by", ["clients", "servers", "both", "ports"])
def test_a_map_gives_what_its_verdicts_give_one_after_the_other(by: str, seed: int) -> None:
    random = Random(f"{by} {seed}")
    parts: list[Relation] = []
    for addresses in disjoint(random):
        to = Traffic.of(addresses, PortSet.ALL)
        parts.append({
            "clients": Relation(((addresses, Traffic.ALL),)),
            "servers": Relation(((AddressSet.ALL, to),)),
            "both": Relation(((addresses, Traffic.of(AddressSet.of(random.randrange(LAST)), PortSet.ALL)),)),
            "ports": Relation(((AddressSet.ALL, Traffic.of(addresses, PortSet.tcp(80))),)),
        }[by])  # fmt: skip
    if len(parts) < 2:
        return
    cases = list(zip(VERDICTS, parts, strict=False))
    everything = Relation(tuple(part for each in parts for part in each.parts)) if by == "both" else union(parts)
    dispatch = Dispatch.of(cases, everything)
    assert (dispatch.clients is not None, dispatch.servers is not None) == (by == "clients", by == "servers")
    for packets in regions(random):
        assert_same(dispatch.split(packets), one_by_one(cases, packets))


def union(parts: list[Relation]) -> Relation:
    """Of relations of the same clients or the same traffic."""
    ((clients, traffic),) = parts[0].parts
    for each in parts[1:]:
        ((more, other),) = each.parts
        clients, traffic = clients | more, traffic | other
    return Relation(((clients, traffic),))


def test_where_the_tuple_does_not_decide_every_verdict_is_possible_and_none() -> None:
    free = Relation(((AddressSet.ALL, Traffic.ALL),), free=True)
    packets = PacketSet(ALL_CONTEXTS, AddressSet.of(1), Traffic.ALL)
    found = Dispatch.of([(ACCEPT, free), (goto("a"), free)], free).split(packets)
    assert found == Dispatched([(ACCEPT, [packets]), (goto("a"), [packets])], [packets], free=True)


def test_an_index_finds_each_set_once() -> None:
    sets = [AddressSet([(0, 1), (8, 9)]), AddressSet([(3, 3)]), AddressSet([(5, 6), (11, 20)])]
    index = AddressPartition.of(sets)
    for first, last in product(range(22), repeat=2):
        if first <= last:
            expected = [number for number, each in enumerate(sets) if each & AddressSet([(first, last)])]
            assert sorted(index.touching([(first, last)])) == expected
    assert sorted(index.touching([(0, 0), (9, 9), (10, 10)])) == [0]
