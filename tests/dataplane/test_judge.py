"""The fixed part of the ruleset: the same whatever the policies, and complete in itself."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from haechi.dataplane import TABLE, NodeRuleset
from haechi.dataplane.family import FAMILIES, AddressFamily
from haechi.dataplane.judge import DISPUTED, JUDGE, chains, declarations, isolated_name, map_name, self_element
from haechi.dataplane.stage import SELF_SETS
from haechi.engine import Engine
from haechi.model import NetworkPolicy
from haechi.netlink import Nftables
from haechi.nft import DROP, ChainPolicy, CtDirection, Element, Hook, Map, Ruleset, Transaction, jump
from haechi.sets import text_to_point
from tests.building import pod, policy
from tests.dataplane.interpreter import Flow, Interpreter
from tests.netlink.namespace import in_namespace
from tests.verify.proved import assert_proved

FIXED = Ruleset.of(TABLE, *declarations(), *chains())
STATES = ("10.0.0.1", "192.0.2.9"), ("192.0.2.9", "10.0.0.1")


def test_there_is_one_base_chain_which_accepts_forwarded_packets() -> None:
    (base,) = (chain for chain in FIXED.chains.values() if chain.base is not None)
    assert base.base is not None
    assert (base.name, base.base.hook, base.base.policy) == (JUDGE, Hook.FORWARD, ChainPolicy.ACCEPT)


def test_the_client_is_judged_before_the_server_and_both_families_alike() -> None:
    asked = [str(rule) for rule in FIXED.chains[JUDGE].rules[-4:]]
    assert [each.rpartition("@")[2] for each in asked] == ["clients4", "clients6", "servers4", "servers6"]
    assert [each.split()[1] for each in asked] == ["original", "original", "reply", "reply"]
    assert {map_name(direction, family) for direction in CtDirection for family in FAMILIES} == set(FIXED.maps)


@in_namespace
def test_the_kernel_takes_the_fixed_part_alone() -> None:
    with Nftables() as nftables:
        transaction = Transaction(TABLE)
        transaction.add_ruleset(FIXED)
        nftables.commit(transaction)
        assert nftables.ruleset(TABLE.name) == FIXED
    assert_proved(FIXED, [pod("x/a", "10.0.0.1", "fd00::1", node="n")], "n")


def test_a_node_without_policies_has_the_fixed_part_and_nothing_else() -> None:
    assert NodeRuleset(Engine.of([pod("x/a", "10.0.0.1", node="n")]), "n").ruleset() == FIXED


def test_without_elements_everything_passes() -> None:
    kernel = Interpreter(FIXED)
    for client, server in STATES:
        assert kernel.passes(Flow(ip_address(client), ip_address(server), 6, 80))


@pytest.mark.parametrize("direction", CtDirection)
def test_a_closed_address_is_closed_in_that_direction_only(direction: CtDirection) -> None:
    key = ip_address("10.0.0.1").packed
    elements = frozenset([Element(key, None, jump(DISPUTED))])
    closing = Map(map_name(direction, FAMILIES[0]), (FAMILIES[0].type,), elements=elements)
    nouns = [closing if each.name == closing.name else each for each in declarations()]
    kernel = Interpreter(Ruleset.of(TABLE, *nouns, *chains()))
    passing = [kernel.passes(Flow(ip_address(client), ip_address(server), 6, 80)) for client, server in STATES]
    assert passing == [direction is not CtDirection.ORIGINAL, direction is not CtDirection.REPLY]


def test_disputed_addresses_are_dropped() -> None:
    (rule,) = FIXED.chains[DISPUTED].rules
    assert rule.expressions[-1] == DROP


@pytest.mark.parametrize(("family", "address"), [*zip(FAMILIES, ("10.0.0.1", "fd00::1"), strict=True)])
def test_the_element_of_a_pod_itself_has_the_client_and_the_server(family: AddressFamily, address: str) -> None:
    here, there = text_to_point(address), text_to_point(address) + 1
    packed, next_packed = ip_address(address).packed, (ip_address(address) + 1).packed
    assert self_element(family, here, here).key == packed * 2
    assert self_element(family, here, there).key == packed + next_packed


def test_every_fixed_set_is_filled_by_somebody() -> None:
    assert {*SELF_SETS.values()} | {isolated_name(each) for each in FAMILIES} == set(FIXED.sets)


@pytest.mark.parametrize("directions", ["[Ingress]", "[Egress]", "[Ingress, Egress]"])
def test_a_pod_isolated_in_any_direction_is_in_the_fixed_sets(directions: str) -> None:
    """And a pod that is not isolated is in none of them."""
    isolating: NetworkPolicy = policy(f"{{podSelector: {{matchLabels: {{app: a}}}}, policyTypes: {directions}}}")
    engine = Engine.of([pod("x/a", "10.0.0.1", marks="app=a", node="n"), pod("x/b", "10.0.0.2", node="n"), isolating])
    found = NodeRuleset(engine, "n").ruleset()
    assert found.sets["isolated4"].elements == {Element(ip_address("10.0.0.1").packed)}
    assert found.sets["self4"].elements == {Element(ip_address("10.0.0.1").packed * 2)}
    assert [bool(found.maps[name].elements) for name in ("clients4", "servers4")] == [
        "Egress" in directions,
        "Ingress" in directions,
    ]
