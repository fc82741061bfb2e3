"""Pods of one class can be exchanged, and the reference does not notice."""

from __future__ import annotations

from ipaddress import ip_address
from random import Random

import pytest

from haechi.analysis.cluster.cluster import Cluster
from haechi.analysis.reach.classes import PodClasses
from haechi.engine import point
from haechi.model.verdict import Direction, Packet
from haechi.reference import allowed
from haechi.reference.reference import is_own_node, owners
from haechi.sets import point_to_text, text_to_point
from tests.analysis import small
from tests.analysis.asserting import matching
from tests.building import pod, policy

ONS = ((6, 80), (6, 8080), (6, 7), (17, 53), (17, 7), (1, 0))


@pytest.mark.parametrize("by_rule", [False, True])
def test_pods_of_one_class_can_be_exchanged(by_rule: bool) -> None:
    """No verdict changes; of classes by rule, no rule's opinion either."""
    pairs = 0
    for seed in range(40):
        objects = small.objects(Random(seed))
        known, engine = small.reference(objects), Cluster.of(objects).engine
        for one in PodClasses.of(engine, by_rule=by_rule).all:
            ends = [engine.endpoint(key) for key in one.members]
            if len(ends) < 2 or not one.addresses:
                continue
            first, *others = [ip_address(point_to_text(end.addresses[0])) for end in ends if end is not None]
            for other in others:
                for text in small.ADDRESSES:
                    remote = ip_address(text)
                    pods = [owners(known, address)[0] for address in (first, other)]
                    if remote in (first, other) or any(is_own_node(known, pod, remote) for pod in pods):
                        continue
                    if any(is_own_node(known, peer, each) for peer in owners(known, remote) for each in (first, other)):
                        continue
                    pairs += 1
                    for on in ONS:
                        for twin in (
                            (Packet(first, remote, *on), Packet(other, remote, *on)),
                            (Packet(remote, first, *on), Packet(remote, other, *on)),
                        ):
                            assert allowed(known, twin[0]) == allowed(known, twin[1])
                            if by_rule:
                                assert set(matching(known, twin[0])) == set(matching(known, twin[1]))
    assert pairs > 50


def numbers(objects: small.Objects, *, by_rule: bool = False, blocks: bool = True) -> list[list[str]]:
    """The members of each class."""
    engine = Cluster.of(objects, ipblock_matches_pods=blocks).engine
    found = PodClasses.of(engine, by_rule=by_rule).all
    return [[key.name for key in one.members] for one in found]


A, B = pod("x/a", "10.0.0.1", marks="app=a"), pod("x/b", "10.0.0.2", marks="app=b")


@pytest.mark.parametrize(
    ("spec", "plain", "by_rule"),
    [
        ("{}", 1, 1),
        ("{podSelector: {matchLabels: {app: a}}}", 2, 2),  # a subject
        ("{ingress: [{from: [{podSelector: {matchLabels: {app: a}}}]}]}", 2, 2),  # a peer
        ("{ingress: [{from: [{ipBlock: {cidr: 10.0.0.2/32}}]}]}", 2, 2),  # an address
        ("{ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8}}]}]}", 1, 1),
        ("{ingress: [{}, {from: [{podSelector: {matchLabels: {app: a}}}]}]}", 1, 2),  # it says nothing new
        ("{ingress: [{}, {from: [{ipBlock: {cidr: 10.0.0.2/32}}]}]}", 1, 2),
    ],
)
def test_what_tells_pods_apart(spec: str, plain: int, by_rule: int) -> None:
    assert len(numbers([A, B, policy(spec)])) == plain
    assert len(numbers([A, B, policy(spec)], by_rule=True)) == by_rule


def test_a_port_name_tells_pods_apart_if_a_rule_asks_for_it() -> None:
    pods = [pod("x/a", "10.0.0.1", ports=("web=80/TCP",)), pod("x/b", "10.0.0.2", ports=("web=81/TCP",))]
    named, other = (
        policy(f"{{policyTypes: [Egress], egress: [{{ports: [{{port: {name}}}]}}]}}") for name in ("web", "dns")
    )
    assert numbers([*pods, named]) == [["a"], ["b"]]
    assert numbers([*pods, other]) == [["a", "b"]]


def test_blocks_do_not_tell_pods_apart_where_they_do_not_mean_pods() -> None:
    block = policy("{ingress: [{from: [{ipBlock: {cidr: 10.0.0.2/32}}]}]}")
    assert numbers([A, B, block], blocks=False) == [["a", "b"]]


def test_a_spot_for_each_kind_of_address() -> None:
    block = policy("{policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 10.0.0.4/30}}]}]}")
    engine = Cluster.of([pod("x/a", "10.0.0.1", "10.0.0.2", "10.0.0.5", "fd00::1"), block]).engine
    found = PodClasses.of(engine)
    assert [point_to_text(kind) for kind in found.all[0].addresses] == ["10.0.0.2", "10.0.0.5", "fd00::1"]
    inside = [found.segment(text_to_point(f"10.0.0.{number}")) for number in (1, 2, 4, 5, 8)]
    assert [inside[0] == each for each in inside] == [True, True, False, False, False]
    assert inside[2] == inside[3] != inside[4]


def test_a_pod_without_an_address_of_its_own_has_no_spot() -> None:
    engine = Cluster.of([pod("x/a", "10.0.0.1"), pod("y/b", "10.0.0.1")]).engine
    assert [one.addresses for one in PodClasses.of(engine).all] == [()]
    assert point(ip_address("10.0.0.1")) == text_to_point("10.0.0.1")


def test_selections_know_their_classes() -> None:
    engine = Cluster.of([A, B, policy("{ingress: [{from: [{podSelector: {matchLabels: {app: a}}}]}]}")]).engine
    found = PodClasses.of(engine)
    (rule,) = next(iter(engine.policies.values())).rules(Direction.INGRESS)
    assert [found.selected[selection] for selection in rule.peers.selections] == [(0,)]
