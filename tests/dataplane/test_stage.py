"""A stage is a function of its policy set, and a packet's way through it does not grow with the number of policies."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from haechi.dataplane import TABLE, NodeRuleset
from haechi.dataplane.peerset import BlockSet, NamedSet, PodSet
from haechi.dataplane.stage import Stage
from haechi.engine import Engine
from haechi.model import Namespace, NetworkPolicy, Node, Pod
from haechi.model.verdict import Direction
from haechi.nft import Chain, Map, Ruleset
from haechi.testing import FakeNftables
from tests import clusters
from tests.building import pod, policy
from tests.dataplane.cases import CASES
from tests.netlink.namespace import in_namespace
from tests.netlink.tool import nft
from tests.verify.proved import assert_proved

Object = Namespace | Node | Pod | NetworkPolicy


class Golden(SingleFileSnapshotExtension):
    """A ruleset in a file of its own, as nft reads it."""

    file_extension = "nft"
    _write_mode = WriteMode.TEXT


def ruleset(found: tuple[Object, ...]) -> Ruleset:
    made = NodeRuleset(Engine.of(found), "n").ruleset()
    assert_proved(made, found, "n")
    return made


@pytest.mark.parametrize("name", CASES)
def test_the_ruleset_is_as_written(name: str, snapshot: SnapshotAssertion) -> None:
    assert str(ruleset(CASES[name])) == snapshot(extension_class=Golden)


@in_namespace
def test_the_nft_tool_takes_every_golden() -> None:
    for found in CASES.values():
        nft("-c", "-f", "-", feed=str(ruleset(found)))


def stages(found: list[Object]) -> list[Stage]:
    engine = Engine.of(found)
    return [
        Stage.of(policies)
        for endpoint in engine.endpoints
        for policies in engine.policy_sets(endpoint)
        if policies is not None
    ]


@given(st.lists(clusters.objects(readable=False), max_size=16), st.randoms(use_true_random=False))
@settings(max_examples=40)
def test_equal_stages_have_equal_names_whatever_the_order(found: list[Object], random: Random) -> None:
    latest = list({(type(each), each.key): each for each in found}.values())
    shuffled = random.sample(latest, len(latest))
    one, other = ({each.name: each for each in stages(some)} for some in (latest, shuffled))
    assert one == other


@given(st.lists(clusters.objects(readable=False), max_size=16), st.integers(0, 8))
@settings(max_examples=40)
def test_stages_of_one_name_are_equal(found: list[Object], without: int) -> None:
    """In whatever state of the cluster a name occurs, it stands for the same."""
    by_name: dict[str, Stage] = {}
    for some in (found, found[:without], found[without:]):
        for each in stages(some):
            assert by_name.setdefault(each.name, each) == each


@given(st.lists(clusters.objects(readable=False), max_size=16))
@settings(max_examples=40)
def test_a_stage_can_be_made_and_removed_in_its_order(found: list[Object]) -> None:
    """Each noun refers only to those before it and to the peer sets: nf_tables would refuse it otherwise."""
    fake, node = FakeNftables(), NodeRuleset(Engine.of(found), "n0")
    fake.commit(node.transaction())
    assert_proved(fake.ruleset(TABLE.name), found, "n0")
    for each in stages(found):
        names: set[str] = set()
        for noun in each.nouns:
            targets = (
                {target for rule in noun.rules for target in rule.targets()}
                if isinstance(noun, Chain)
                else {element.verdict.chain for element in noun.elements if element.verdict is not None}
            )
            assert targets - {""} <= names
            names.add(noun.name)


def engine_with(policies: list[NetworkPolicy]) -> tuple[Engine, Stage]:
    engine = Engine.of([pod("x/a", "10.0.0.1", "fd00::1", node="n"), *policies])
    (endpoint,) = engine.endpoints
    found = engine.policy_set(endpoint, Direction.INGRESS)
    assert found is not None
    return engine, Stage.of(found)


def lengths(stage: Stage) -> dict[str, int]:
    """The number of rules of each chain, without the stage's own name in the chains' names."""
    return {each.name.removeprefix(stage.name): len(each.rules) for each in stage.nouns if isinstance(each, Chain)}


def allow(number: int, port: int) -> NetworkPolicy:
    peers = f"[{{podSelector: {{matchLabels: {{app: a{number}}}}}}}, {{ipBlock: {{cidr: 10.{number % 200}.0.0/16}}}}]"
    return policy(f"{{podSelector: {{}}, ingress: [{{from: {peers}, ports: [{{port: {port}}}]}}]}}", name=f"p{number}")


def test_a_thousand_policies_for_one_port_are_one_chain_and_one_set_of_each_kind() -> None:
    (_, one), (_, many) = engine_with([allow(0, 80)]), engine_with([allow(number, 80) for number in range(1000)])
    assert sorted(lengths(many).values()) == sorted(lengths(one).values())
    assert len(many.nouns) == len(one.nouns)
    assert sorted(type(each).__name__ for each in many.peer_sets) == ["BlockSet", "PodSet", "PodSet"]
    (pods,) = {each.selections for each in many.peer_sets if isinstance(each, PodSet)}
    assert len(pods) == 1000


def test_a_thousand_ports_are_one_look_up() -> None:
    """A chain for each distinct set of peers, each as short as one of them alone; the way to it is one map."""
    (_, one), (_, many) = engine_with([allow(0, 1)]), engine_with([allow(number, number + 1) for number in range(1000)])
    assert lengths(many)[""] == lengths(one)[""]
    assert set(lengths(many).values()) == set(lengths(one).values())
    (ports,) = [each for each in many.nouns if isinstance(each, Map)]
    assert len(ports.elements) == 1000


def test_a_thousand_names_of_one_port_are_one_set() -> None:
    def named(number: int) -> NetworkPolicy:
        return policy(
            "{podSelector: {}, policyTypes: [Egress],"
            f" egress: [{{to: [{{namespaceSelector: {{}}}}], ports: [{{port: n{number}}}]}}]}}",
            name=f"p{number}",
        )

    engine = Engine.of([pod("x/a", "10.0.0.1"), *map(named, range(1000))])
    (endpoint,) = engine.endpoints
    found = engine.policy_set(endpoint, Direction.EGRESS)
    assert found is not None
    stage = Stage.of(found)
    assert sorted(each.family.number for each in stage.peer_sets if isinstance(each, NamedSet)) == [4, 6]
    assert lengths(stage)[""] == 3


def test_equal_peers_share_their_set_between_stages() -> None:
    both = "{podSelector: {}, policyTypes: [Ingress, Egress], ingress: [{from: [%s]}], egress: [{to: [%s]}]}"
    peer = "{namespaceSelector: {}}, {ipBlock: {cidr: 192.0.2.0/24}}"
    engine = Engine.of([pod("x/a", "10.0.0.1"), policy(both % (peer, peer))])
    (endpoint,) = engine.endpoints
    egress, ingress = (Stage.of(each) for each in engine.policy_sets(endpoint) if each is not None)
    assert egress.name != ingress.name
    assert egress.peer_sets == ingress.peer_sets
    assert sum(isinstance(each, BlockSet) for each in egress.peer_sets) == 1
