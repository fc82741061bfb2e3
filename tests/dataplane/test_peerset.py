"""Peer sets: what is in them is the sum of what each pod contributes, and their names say what they are."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from haechi.dataplane.family import FAMILIES, IPV4, IPV6
from haechi.dataplane.peerset import BlockSet, NamedSet, PeerSet, PodSet, block_sets, pod_sets
from haechi.dataplane.stage import Stage
from haechi.engine import ANY_POD, Engine, NamedPeer, NamedPort, PodSelection, PodState
from haechi.model import Namespace, NetworkPolicy, Node, Pod
from haechi.nft import Element, SetFlags, concatenate, ipv4, ipv6, port
from haechi.select import EVERYTHING, Selector
from haechi.sets import AddressSet, text_to_point
from tests import clusters
from tests.building import selector

Object = Namespace | Node | Pod | NetworkPolicy
SHOP = PodSelection("shop", EVERYTHING)
WEB = PodSelection("shop", Selector.parse(selector("{matchLabels: {app: web}}")))


def peer_sets(engine: Engine) -> set[PeerSet]:
    """Those of all stages."""
    found: set[PeerSet] = set()
    for endpoint in engine.endpoints:
        for policies in engine.policy_sets(endpoint):
            if policies is not None:
                found |= Stage.of(policies).peer_sets
    return found


@given(st.lists(clusters.objects(readable=False), min_size=3, max_size=20))
@settings(max_examples=100)
def test_the_elements_are_the_sum_of_what_every_pod_contributes(found: list[Object]) -> None:
    """The two ways to the elements, whole and pod by pod, must agree: updates take the second.

    Policies come first, as a pod's state tells only of selections that were in use when it changed.
    """
    engine = Engine()
    states: dict[object, PodState | None] = {}
    for one in sorted(found, key=lambda each: not isinstance(each, NetworkPolicy)):
        states.update({change.key: change.after for change in engine.put(one).pods})
    for each in peer_sets(engine):
        contributed = [each.elements_of(state) for state in states.values()]
        if not isinstance(each, BlockSet):
            assert each.elements(engine) == frozenset().union(*contributed)
            assert sum(map(len, contributed)) == len(each.elements(engine))
        else:
            assert not any(contributed)


@given(st.lists(clusters.objects(readable=False), max_size=16))
@settings(max_examples=60)
def test_names_differ_exactly_where_sets_do(found: list[Object]) -> None:
    sets = peer_sets(Engine.of(found))
    assert len({each.name for each in sets}) == len(sets)
    assert len({each.declaration().name for each in sets}) == len(sets)


@given(st.lists(clusters.objects(readable=False), max_size=16))
@settings(max_examples=60)
def test_elements_fit_their_declaration(found: list[Object]) -> None:
    engine = Engine.of(found)
    for each in peer_sets(engine):
        declaration = each.declaration()
        declaration.shape.check(each.name, each.elements(engine))


def test_sets_of_the_same_peers_are_equal_whatever_the_order() -> None:
    one, other = PodSet(IPV4, frozenset([SHOP, WEB])), PodSet(IPV4, frozenset([WEB, SHOP]))
    assert one == other
    assert one.name == other.name
    assert len({one, other, PodSet(IPV6, one.selections), PodSet(IPV4, frozenset([SHOP]))}) == 3


def test_port_names_of_several_protocols_are_several_sets() -> None:
    names = {NamedSet(f, each, frozenset([NamedPeer(SHOP, each, "web")])).name for f in FAMILIES for each in (6, 17)}
    assert {name.rpartition("_")[0] for name in names} == {"named4_tcp", "named4_udp", "named6_tcp", "named6_udp"}


STATE = PodState(
    "n", tuple(map(text_to_point, ("10.0.0.1", "fd00::1"))), (text_to_point("10.0.0.9"),), (), frozenset([SHOP])
)


def test_a_pod_contributes_its_own_addresses_of_the_family_and_no_disputed_one() -> None:
    assert PodSet(IPV4, frozenset([SHOP])).elements_of(STATE) == {Element(ipv4(0x0A000001))}
    assert PodSet(IPV6, frozenset([SHOP])).elements_of(STATE) == {Element(ipv6(0xFD << 120 | 1))}


def test_a_pod_that_nobody_means_contributes_nothing() -> None:
    for state in (None, STATE):
        assert PodSet(IPV4, frozenset([WEB])).elements_of(state) == frozenset()
        assert NamedSet(IPV4, 6, frozenset([NamedPeer(WEB, 6, "web")])).elements_of(state) == frozenset()


def test_a_pod_contributes_each_number_behind_a_name_of_the_protocol() -> None:
    ports = (NamedPort(6, "web", 80), NamedPort(6, "web", 81), NamedPort(17, "web", 82), NamedPort(6, "dns", 53))
    state = PodState("n", STATE.addresses, (), ports, STATE.selections)
    found = NamedSet(IPV4, 6, frozenset([NamedPeer(SHOP, 6, "web"), NamedPeer(WEB, 6, "dns")])).elements_of(state)
    assert found == {Element(concatenate(ipv4(0x0A000001), port(number))) for number in (80, 81)}


def test_a_pod_contributes_its_addresses_within_the_blocks_of_a_name() -> None:
    ports = (NamedPort(6, "web", 80),)
    state = PodState("n", tuple(map(text_to_point, ("10.0.0.1", "10.0.0.2", "fd00::1"))), (), ports, STATE.selections)
    found = NamedSet(IPV4, 6, frozenset([NamedPeer(SHOP, 6, "web", AddressSet.from_cidr("10.0.0.2/31"))]))
    assert found.elements_of(state) == {Element(concatenate(ipv4(0x0A000002), port(80)))}
    assert found.name != NamedSet(IPV4, 6, frozenset([NamedPeer(SHOP, 6, "web")])).name


def test_blocks_are_intervals_of_their_family() -> None:
    given = AddressSet.from_cidrs(("10.0.0.0/8", "192.0.2.1/32", "2001:db8::/32"))
    blocks = given - AddressSet.from_cidr("10.1.0.0/16")
    four, six = block_sets(FAMILIES, blocks)
    assert four.elements(Engine()) == {
        Element(ipv4(0x0A000000), ipv4(0x0A00FFFF)),
        Element(ipv4(0x0A020000), ipv4(0x0AFFFFFF)),
        Element(ipv4(0xC0000201)),
    }
    assert six.elements(Engine()) == {Element(ipv6(0x20010DB8 << 96), ipv6((0x20010DB9 << 96) - 1))}
    assert SetFlags.INTERVAL in four.declaration().flags
    assert four.selections == frozenset()


def test_a_family_without_peers_gets_no_set() -> None:
    assert [each.family for each in block_sets(FAMILIES, AddressSet.from_cidr("10.0.0.0/8"))] == [IPV4]
    assert [*block_sets(FAMILIES, AddressSet.NONE)] == []
    assert [*pod_sets(FAMILIES, frozenset())] == []
    assert [each.family for each in pod_sets(FAMILIES, frozenset([ANY_POD]))] == [IPV4, IPV6]
