"""A policy set is a function from ports to peers in the fewest pieces."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haechi.engine.endpoint import NamedPort
from haechi.engine.policy import Policy, PolicyRule
from haechi.engine.policyset import PolicySet
from haechi.engine.selection import ANY_POD, ANYWHERE, NO_PEERS, NamedPeer, Peers, PodSelection
from haechi.model import NetworkPolicy
from haechi.model.verdict import Direction, PolicyKey
from haechi.select import EVERYTHING
from haechi.sets import AddressSet, PortSet
from tests import clusters
from tests.building import policy

WEB = (NamedPort(6, "web", 80),)
INGRESS, EGRESS = Direction


def of(*specs: str, direction: Direction = INGRESS, ports: tuple[NamedPort, ...] = ()) -> PolicySet:
    policies = [Policy.read(policy(spec, name=f"p{number}")) for number, spec in enumerate(specs)]
    return PolicySet.of(direction, policies, ports)


def block(cidr: str) -> Peers:
    return Peers(blocks=AddressSet.from_cidr(cidr))


def one_port(number: int, port: int) -> str:
    cidr = f"10.{number // 256}.{number % 256}.0/24"
    return f"ingress: [{{from: [{{ipBlock: {{cidr: {cidr}}}}}], ports: [{{port: {port}}}]}}]"


def test_no_rule_allows_nobody_but_names_its_policies() -> None:
    assert of("{}", "{}") == PolicySet(INGRESS, (PolicyKey("x", "p0"), PolicyKey("x", "p1")))


def test_a_thousand_policies_with_one_port_are_one_piece() -> None:
    found = of(*[one_port(n, 80) for n in range(1000)])
    cidrs = AddressSet.union_all([AddressSet.from_cidr(f"10.{n // 256}.{n % 256}.0/24") for n in range(1000)])
    assert found.by_ports == ((PortSet.tcp(80), Peers(blocks=cidrs)),)
    assert len(found.policies) == 1000


def test_a_thousand_policies_with_a_port_each_are_a_thousand_pieces_by_port() -> None:
    found = of(*[one_port(n, n + 1) for n in reversed(range(1000))])
    assert [ports for ports, _ in found.by_ports] == [PortSet.tcp(n + 1) for n in range(1000)]


def test_anywhere_on_every_port_absorbs_everything() -> None:
    found = of("ingress: [{}]", "ingress: [{from: [{podSelector: {}}]}, {ports: [{port: 80}]}]")
    assert (found.everywhere, found.by_ports, found.named) == (ANYWHERE, (), frozenset())
    found = of("egress: [{}]", "egress: [{ports: [{port: web}]}]", direction=EGRESS)
    assert (found.everywhere, found.by_ports, found.named) == (ANYWHERE, (), frozenset())


def test_peers_everywhere_are_not_said_again() -> None:
    found = of(
        "ingress: [{from: [{podSelector: {}}, {ipBlock: {cidr: 10.0.0.0/8}}]}]",
        "ingress: [{from: [{podSelector: {}}, {ipBlock: {cidr: 10.1.0.0/16}}, {ipBlock: {cidr: 11.0.0.0/8}}],"
        " ports: [{port: 80}]}]",
        "ingress: [{from: [{podSelector: {}}], ports: [{port: 81}]}]",
    )
    assert found.everywhere == Peers(
        selections=frozenset({PodSelection("x", EVERYTHING)}), blocks=AddressSet.from_cidr("10.0.0.0/8")
    )
    assert found.by_ports == ((PortSet.tcp(80), block("11.0.0.0/8")),)


def test_overlapping_ports_are_cut_and_equal_peers_joined() -> None:
    found = of(
        "ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8}}], ports: [{port: 80, endPort: 90}, {port: 100}]}]",
        "ingress: [{from: [{ipBlock: {cidr: 11.0.0.0/8}}], ports: [{port: 85, endPort: 95}, {port: 70}]}]",
    )
    both = Peers.union([block("10.0.0.0/8"), block("11.0.0.0/8")])
    assert found.by_ports == (
        (PortSet.tcp(70) | PortSet.tcp(91, 95), block("11.0.0.0/8")),
        (PortSet.tcp(80, 84) | PortSet.tcp(100), block("10.0.0.0/8")),
        (PortSet.tcp(85, 90), both),
    )


def test_different_ports_of_the_same_peers_are_one_piece() -> None:
    found = of(*[f"ingress: [{{from: [{{podSelector: {{}}}}], ports: [{{port: {n}}}]}}]" for n in (443, 80)])
    assert found.by_ports == (
        (PortSet.tcp(80) | PortSet.tcp(443), Peers(selections=frozenset({PodSelection("x", EVERYTHING)}))),
    )


def test_ingress_names_are_the_subjects_numbers() -> None:
    spec = "ingress: [{ports: [{port: web}, {port: web, protocol: UDP}, {port: 443}]}]"
    assert of(spec, ports=WEB).by_ports == ((PortSet.tcp(80) | PortSet.tcp(443), ANYWHERE),)
    twice = (*WEB, NamedPort(6, "web", 8080), NamedPort(17, "web", 9), NamedPort(6, "dns", 1))
    assert of(spec, ports=twice).by_ports == (
        (PortSet.tcp(80) | PortSet.tcp(443) | PortSet.tcp(8080) | PortSet.udp(9), ANYWHERE),
    )
    assert of(spec).by_ports == ((PortSet.tcp(443), ANYWHERE),)


def test_a_name_that_the_subject_lacks_is_no_piece() -> None:
    assert of("ingress: [{ports: [{port: web}]}]") == PolicySet(INGRESS, (PolicyKey("x", "p0"),))


def test_egress_names_are_left_to_the_peers() -> None:
    found = of("egress: [{to: [{podSelector: {}}], ports: [{port: web}, {port: 80}]}]", direction=EGRESS, ports=WEB)
    own = PodSelection("x", EVERYTHING)
    assert found.named == {NamedPeer(own, 6, "web")}
    assert found.by_ports == ((PortSet.tcp(80), Peers(selections=frozenset({own}))),)
    assert found.selections() == {own}


def test_egress_names_of_pods_that_are_allowed_everywhere_are_not_said_again() -> None:
    found = of(
        "egress: [{to: [{podSelector: {}}]}]",
        "egress: [{to: [{podSelector: {}}, {namespaceSelector: {}}], ports: [{port: web}]}]",
        direction=EGRESS,
    )
    assert found.named == {NamedPeer(ANY_POD, 6, "web")}


def test_egress_names_in_blocks_are_one_peer_without_what_is_allowed_everywhere() -> None:
    named = "ports: [{port: web}]"
    found = of(
        f"egress: [{{to: [{{ipBlock: {{cidr: 10.0.0.0/9}}}}], {named}}}, {{to: [{{ipBlock: {{cidr: 10.0.0.0/30}}}}]}}]",
        f"egress: [{{to: [{{ipBlock: {{cidr: 10.128.0.0/9}}}}, {{ipBlock: {{cidr: 10.0.0.0/31}}}}], {named}}}]",
        direction=EGRESS,
    )
    within = AddressSet.from_cidr("10.0.0.0/8") - AddressSet.from_cidr("10.0.0.0/30")
    assert found.named == {NamedPeer(ANY_POD, 6, "web", within)}
    assert found.selections() == {ANY_POD}
    everywhere = of(f"egress: [{{to: [{{ipBlock: {{cidr: 10.0.0.0/9}}}}], {named}}}, {{{named}}}]", direction=EGRESS)
    assert everywhere.named == {NamedPeer(ANY_POD, 6, "web")}


def test_a_direction_has_its_own_rules() -> None:
    spec = "{ingress: [{ports: [{port: 1}]}], egress: [{ports: [{port: 2}]}]}"
    assert of(spec).by_ports == ((PortSet.tcp(1), ANYWHERE),)
    assert of(spec, direction=EGRESS).by_ports == ((PortSet.tcp(2), ANYWHERE),)


@given(st.lists(clusters.policies(), max_size=6), st.sampled_from(Direction), st.randoms(use_true_random=False))
def test_pieces_are_canonical_and_say_what_the_rules_say(
    given: list[NetworkPolicy], direction: Direction, random: Random
) -> None:
    policies = list({one.key: one for one in map(Policy.read, given)}.values())
    found = PolicySet.of(direction, policies, WEB)
    random.shuffle(policies)
    assert PolicySet.of(direction, policies, WEB) == found
    assert_canonical(found)
    for point in (0, 53, 80, 81, 82, 110, 111, 8080, 65535):
        for protocol in (6, 17, 132):
            assert meant(found, protocol, point) == spoken(policies, direction, protocol, point)
    assert meant(found, 1, 0) == spoken(policies, direction, 1, 0)


def assert_canonical(found: PolicySet) -> None:
    pieces = [ports for ports, _ in found.by_ports]
    assert PortSet.union_all(pieces).size == sum(ports.size for ports in pieces)
    assert pieces == sorted(pieces, key=lambda ports: ports.min)
    assert len({peers for _, peers in found.by_ports}) == len(pieces)
    assert all(ports and peers for ports, peers in found.by_ports)
    assert all(peers.without(found.everywhere) == peers for _, peers in found.by_ports)
    assert list(found.policies) == sorted(set(found.policies))


def meant(found: PolicySet, protocol: int, port: int) -> Peers:
    return Peers.union(found.at(protocol, port))


def spoken(policies: list[Policy], direction: Direction, protocol: int, port: int) -> Peers:
    """The peers of every rule that speaks of a port, one by one; egress names are asked elsewhere."""

    def speaks(rule: PolicyRule) -> bool:
        by_name = direction is INGRESS and any((*name, port) in WEB and name[0] == protocol for name in rule.names)
        return by_name or rule.ports.contains(protocol, port)

    return Peers.union(rule.peers for one in policies for rule in one.rules(direction) if speaks(rule))


@pytest.mark.parametrize("direction", Direction)
def test_selections_are_those_of_every_piece(direction: Direction) -> None:
    field, peers = ("ingress", "from") if direction is INGRESS else ("egress", "to")
    found = of(
        f"{field}: [{{{peers}: [{{namespaceSelector: {{}}}}]}}]",
        f"{field}: [{{{peers}: [{{podSelector: {{}}}}], ports: [{{port: 1}}]}}]",
        direction=direction,
    )
    assert found.selections() == {ANY_POD, PodSelection("x", EVERYTHING)}
    assert NO_PEERS not in list(found.at(6, 1))
