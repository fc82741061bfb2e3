"""Kinds of addresses, against what `World` says of each address."""

from __future__ import annotations

from random import Random

from haechi.analysis.assertions.kinds import Kinds
from haechi.analysis.assertions.world import World
from haechi.analysis.reach.rows import AddressKind
from haechi.engine import Engine
from haechi.model.verdict import Direction
from haechi.sets import AddressSet, PortSet, text_to_point
from tests.analysis import small
from tests.building import pod, policy

SOME = AddressSet.parse("10.0.0.0-10.0.0.3, 8.8.8.8, fd00::/64")


def worlds() -> list[World]:
    return [World(Engine.of(small.objects(Random(seed)))) for seed in range(40)]


def test_a_crowd_is_all_its_addresses_each_once() -> None:
    for world in worlds():
        others = Kinds(world).group(SOME)
        own = [address for addresses in others.kinds.values() for address in addresses]
        assert len(set(own)) == len(own)
        assert AddressSet.of(*own) | others.disputed | others.outside == SOME
        assert AddressSet.of(*own) == (SOME & world.claimed) - world.disputed
        assert others.outside.isdisjoint(world.claimed)


def test_what_rules_allow_a_kind_they_allow_each_of_its_addresses() -> None:
    meant = 0
    for world in worlds():
        kinds = Kinds(world)
        for kind, addresses in kinds.group(AddressSet.ALL).kinds.items():
            reached = {found.rule: found for found in kinds.reached(kind)}
            assert all(address in kinds.family(kind) for address in addresses)
            for address in addresses:
                owner = world.engine.owner(address)
                assert owner is not None
                assert owner.key in kinds.pods(kind).members
                for direction in Direction:
                    assert kinds.rules_of(kind, direction) == tuple(world.rules_of(owner, direction))
                for key in world.rules:
                    sent = key.direction is Direction.EGRESS
                    ports = world.allowed_by(key).at(address) if sent else PortSet.NONE
                    if ports and world.engine.addresses([world.engine.policies[key.policy].subject]):
                        assert reached[key].ports == ports
                        meant += 1
                    else:
                        assert key not in reached
    assert meant > 50


def test_senders_are_the_pods_that_the_rules_policy_isolates() -> None:
    egress = policy("{podSelector: {matchLabels: {app: web}}, policyTypes: [Egress], egress: [{}]}")
    web, db = pod("x/web", "10.0.0.1", "fd00::1", marks="app=web"), pod("x/db", "10.0.0.2")
    kinds = Kinds(World(Engine.of([web, db, egress])))
    points = {address: kind for kind, some in kinds.group(AddressSet.ALL).kinds.items() for address in some}
    (found,) = kinds.reached(points[text_to_point("10.0.0.2")])
    assert set(found.senders) == {points[text_to_point(text)] for text in ("10.0.0.1", "fd00::1")}
    assert (found.rule.path, found.ports) == ("spec.egress[0]", PortSet.ALL)
    assert {kind.number for kind in found.senders} == {AddressKind(1, 0).number}
