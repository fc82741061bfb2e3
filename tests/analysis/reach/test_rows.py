"""Whom policy sets mean by class, against the engine's own `traffic` of each address."""

from __future__ import annotations

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from haechi.analysis.cluster.cluster import Cluster
from haechi.analysis.reach.classes import PodClasses, named_peers
from haechi.analysis.reach.rows import AddressKind, Rows
from haechi.engine import Engine, Stages, outside, traffic
from haechi.model import Object
from haechi.sets import AddressSet, PortSet, text_to_point
from tests import clusters, tier_words
from tests.analysis import small
from tests.analysis.small import Objects
from tests.building import pod, policy
from tests.sentences import CASES


def all_stages(engine: Engine) -> list[Stages]:
    return [stages for endpoint in engine.endpoints for stages in engine.stages(endpoint) if stages]


@settings(max_examples=60)
@given(st.lists(clusters.pods(), min_size=1, max_size=4), st.lists(tier_words.objects(readable=False), max_size=12))
def test_tiers_decide_of_each_kind_of_address_and_outside_what_the_engine_says(pods: Objects, others: Objects) -> None:
    engine = Cluster.of([*pods, *others]).engine
    for by_rule in (False, True):
        classes = PodClasses.of(engine, by_rule=by_rule)
        rows = Rows(engine, classes)
        elsewhere = AddressSet.ALL - AddressSet.of(*[a for one in engine.endpoints for a in one.addresses])
        for stages in all_stages(engine):
            row, right = rows.of(stages), traffic(engine, stages)
            for one in classes.all:
                for place, address in enumerate(one.addresses):
                    assert row.get(AddressKind(one.number, place), PortSet.NONE) == right.at(address)
            assert outside(engine, stages).restricted(elsewhere, PortSet.ALL) == right.restricted(
                elsewhere, PortSet.ALL
            )


def test_each_spot_has_the_ports_that_the_engine_gives_its_address() -> None:
    named = allowed = 0
    for objects in (*(small.objects(Random(seed)) for seed in range(40)), *(case.objects() for case in CASES)):
        engine = Cluster.of(objects).engine
        classes = PodClasses.of(engine)
        rows = Rows(engine, classes)
        for stages in all_stages(engine):
            row, right = rows.of(stages), traffic(engine, stages)
            for one in classes.all:
                for place, address in enumerate(one.addresses):
                    assert row.get(AddressKind(one.number, place), PortSet.NONE) == right.at(address)
            named += any(True for stage in stages for _ in named_peers(stage))
            allowed += len(row)
    assert (named > 5, allowed > 100) == (True, True)


def test_outside_addresses_have_the_ports_that_the_engine_gives_them() -> None:
    for seed in range(40):
        engine = Cluster.of(small.objects(Random(seed))).engine
        pods = AddressSet.of(*[address for endpoint in engine.endpoints for address in endpoint.addresses])
        for stages in all_stages(engine):
            elsewhere = AddressSet.ALL - pods
            right = traffic(engine, stages).restricted(elsewhere, PortSet.ALL)
            assert outside(engine, stages).restricted(elsewhere, PortSet.ALL) == right


def test_everything_passes_outside_where_nothing_isolates() -> None:
    assert outside(Engine(), ()).at(text_to_point("8.8.8.8")) == PortSet.ALL


def test_blocks_mean_pods_or_not() -> None:
    block = "{ipBlock: {cidr: 10.0.0.0/8}}"
    for spec, ports in (
        (f"{{ingress: [{{from: [{block}]}}]}}", PortSet.ALL),
        (f"{{policyTypes: [Egress], egress: [{{to: [{block}], ports: [{{port: web}}]}}]}}", PortSet.tcp(80)),
    ):
        objects: list[Object] = [pod("x/a", "10.0.0.1", ports=("web=80/TCP",)), policy(spec)]
        for means_pods, found in ((True, {AddressKind(0, 0): ports}), (False, {})):
            engine = Cluster.of(objects, ipblock_matches_pods=means_pods).engine
            (stages,) = all_stages(engine)
            assert Rows(engine, PodClasses.of(engine)).of(stages) == found
