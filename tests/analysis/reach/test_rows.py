"""Whom policy sets mean by class, against the engine's own `traffic` of each address."""

from __future__ import annotations

from random import Random

from haechi.analysis.cluster.cluster import Cluster
from haechi.analysis.reach.classes import PodClasses
from haechi.analysis.reach.rows import AddressKind, Rows, outside
from haechi.engine import Engine, PolicySet, traffic
from haechi.model import Object
from haechi.model.verdict import Direction
from haechi.sets import AddressSet, PortSet, text_to_point
from tests.analysis import small
from tests.building import pod, policy
from tests.sentences import CASES


def policy_sets(engine: Engine) -> list[PolicySet]:
    found = [engine.policy_set(endpoint, direction) for endpoint in engine.endpoints for direction in Direction]
    return [one for one in found if one is not None]


def test_each_spot_has_the_ports_that_the_engine_gives_its_address() -> None:
    named = allowed = 0
    for objects in (*(small.objects(Random(seed)) for seed in range(40)), *(case.objects() for case in CASES)):
        engine = Cluster.of(objects).engine
        classes = PodClasses.of(engine)
        rows = Rows(classes)
        for policies in policy_sets(engine):
            row, right = rows.of(policies), traffic(engine, policies)
            for one in classes.all:
                for place, address in enumerate(one.addresses):
                    assert row.get(AddressKind(one.number, place), PortSet.NONE) == right.at(address)
            named += bool(policies.named)
            allowed += len(row)
    assert (named > 5, allowed > 100) == (True, True)


def test_outside_addresses_have_the_ports_that_the_engine_gives_them() -> None:
    for seed in range(40):
        engine = Cluster.of(small.objects(Random(seed))).engine
        pods = AddressSet.of(*[address for endpoint in engine.endpoints for address in endpoint.addresses])
        for policies in policy_sets(engine):
            elsewhere = AddressSet.ALL - pods
            right = traffic(engine, policies).restricted(elsewhere, PortSet.ALL)
            assert outside(policies).restricted(elsewhere, PortSet.ALL) == right


def test_everything_passes_outside_where_nothing_isolates() -> None:
    assert outside(None).at(text_to_point("8.8.8.8")) == PortSet.ALL


def test_blocks_mean_pods_or_not() -> None:
    block = "{ipBlock: {cidr: 10.0.0.0/8}}"
    for spec, ports in (
        (f"{{ingress: [{{from: [{block}]}}]}}", PortSet.ALL),
        (f"{{policyTypes: [Egress], egress: [{{to: [{block}], ports: [{{port: web}}]}}]}}", PortSet.tcp(80)),
    ):
        objects: list[Object] = [pod("x/a", "10.0.0.1", ports=("web=80/TCP",)), policy(spec)]
        for means_pods, found in ((True, {AddressKind(0, 0): ports}), (False, {})):
            engine = Cluster.of(objects, ipblock_matches_pods=means_pods).engine
            (policies,) = policy_sets(engine)
            assert Rows(PodClasses.of(engine)).of(policies) == found
