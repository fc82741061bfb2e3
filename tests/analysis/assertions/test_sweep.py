"""The sweep over kinds of addresses finds what going address by address finds."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from haechi.analysis.assertions.check import AddressQuestion, AssertionCheck, checks
from haechi.analysis.assertions.coverage import RuleCoverage
from haechi.analysis.assertions.file import Anyone, Assertion, Party, Port
from haechi.analysis.assertions.kinds import Kinds
from haechi.analysis.assertions.sweep import Sweep
from haechi.analysis.assertions.world import World
from haechi.engine import Engine
from haechi.model import Namespace, NetworkPolicy, Node, Pod, RuleRef
from haechi.sets import text_to_point
from tests import clusters
from tests.analysis.asserting import HOSTS, assertions, groups
from tests.building import node, pod, policy

Objects = list[Namespace | Node | Pod | NetworkPolicy]


def world_of(objects: Objects) -> World:
    namespaces = {one.name: one.labels for one in objects if isinstance(one, Namespace)}
    return World(Engine.of(objects), namespaces, {name: (text_to_point(text),) for name, text in HOSTS.items()})


def one_by_one(world: World, some: list[AssertionCheck]) -> tuple[list[list[AddressQuestion]], set[RuleRef]]:
    """The questions of each check with whom something is wrong, and the rules that nothing exercises."""
    coverage = RuleCoverage(world, Kinds(world))
    found = []
    for check in some:
        wrong = []
        for question in check.questions(world):
            passing = world.passing(question.address, question.direction, question.asked)
            coverage.exercise(question, passing)
            if (question.asked - passing) if check.allowed else passing:
                wrong.append(question)
        found.append(wrong)
    return found, coverage.waiting


def agree(world: World, some: list[Assertion]) -> list[list[AddressQuestion]]:
    """Both ways, compared; what is wrong."""
    asked = [check for assertion in some for check in checks(world, assertion, "")[0]]
    sweep = Sweep(world)
    swept = [list(sweep.wrong(check)) for check in asked]
    assert (swept, sweep.coverage.waiting) == one_by_one(world, asked)
    return swept


@settings(max_examples=40)
@given(groups(), st.lists(assertions(), min_size=1, max_size=4))
def test_the_sweep_equals_going_address_by_address(objects: Objects, some: list[Assertion]) -> None:
    cluster = clusters.cluster(objects)
    agree(world_of([*cluster.namespaces, *cluster.nodes, *cluster.pods, *cluster.policies]), some)


CLOSED = policy("{policyTypes: [Ingress, Egress]}")
TWINS = [pod("x/a", "10.0.0.1", marks="app=a", node="n"), pod("x/b", "10.0.0.2", marks="app=a", node="m")]
NODES = [node("n", "192.0.2.1"), node("m", "192.0.2.2")]
EVERYONE = Party(anyone=Anyone())


@pytest.mark.parametrize(
    ("source", "destination", "expect", "wrong"),
    [
        ("x/a", "x/a", "allow", []),  # a pod alone of its kind is not asked about itself
        ("x/a", "x/b", "allow", ["10.0.0.2"]),
        ("x/a", "x/b", "deny", []),
        ("192.0.2.1", "x/a", "deny", ["10.0.0.1"]),  # its own node always reaches it
        ("192.0.2.1", "x/a", "allow", []),
        ("192.0.2.1", "x/b", "allow", ["10.0.0.2"]),  # another's does not
        ("192.0.2.0/30", "x/b", "deny", []),
        ("x/a", "192.0.2.0/31", "allow", ["10.0.0.1"]),  # a range does not mean the own node, but its neighbour
        ("x/a", "192.0.2.1/32", "allow", []),
    ],
)
def test_a_pod_and_itself_and_its_node_are_left_out(
    source: str, destination: str, expect: str, wrong: list[str]
) -> None:
    def party(text: str) -> Party:
        return Party(pod=text) if text.startswith("x/") else Party(ip=text)

    world = world_of([*TWINS, *NODES, CLOSED])
    (found,) = agree(world, [Assertion(from_=party(source), to=party(destination), expect=expect)])
    assert [question.address for question in found] == [text_to_point(text) for text in wrong]


def test_the_only_client_of_a_class_is_not_asked_about_itself_beside_other_servers_of_that_class() -> None:
    world = world_of([pod("x/a", "10.0.0.1", marks="app=a"), pod("x/b", "10.0.0.2", marks="app=a")])
    (found,) = agree(world, [Assertion(from_=Party(pod="x/a"), to=Party(namespace="x"), expect="deny")])
    assert [question.address for question in found] == [text_to_point("10.0.0.2")]


def test_port_names_are_each_servers_own_among_pods_of_one_kind() -> None:
    servers = [pod("x/a", "10.0.0.1", ports=("web=80/TCP",)), pod("x/b", "10.0.0.2", ports=("web=81/TCP",))]
    open80 = policy("{ingress: [{ports: [{port: 80}]}]}")
    world = world_of([*servers, pod("y/c", "10.0.0.3"), open80])
    asked = Assertion(from_=Party(pod="y/c"), to=Party(namespace="x"), ports=(Port(port="web"),), expect="allow")
    (found,) = agree(world, [asked])
    assert [question.address for question in found] == [text_to_point("10.0.0.2")]


def test_an_address_that_several_pods_claim_is_wrong_wherever_something_must_pass() -> None:
    world = world_of([pod("x/a", "10.0.0.1"), pod("x/b", "10.0.0.1"), pod("x/c", "10.0.0.2")])
    asked = Assertion(from_=EVERYONE, to=Party(namespace="x"), expect="allow")
    (found,) = agree(world, [asked])
    assert [question.endpoint is None for question in found] == [True, False]
    (found,) = agree(world, [Assertion(from_=Party(namespace="x"), to=Party(ip="8.8.8.8"), expect="allow")])
    assert [question.address for question in found] == [text_to_point("10.0.0.1")]


def test_wrong_addresses_come_by_name() -> None:
    world = world_of([pod("x/a", "10.0.0.9", "fd00::9"), pod("x/b", "10.0.0.1"), CLOSED])
    (found,) = agree(world, [Assertion(from_=EVERYONE, to=Party(namespace="x"), expect="allow")])
    assert [world.names[question.address] for question in found] == ["x/a", "x/a", "x/b"]
