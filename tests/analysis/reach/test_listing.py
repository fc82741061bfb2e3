"""Listed connections against the reference evaluator, packet by packet."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address
from itertools import product
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haechi.analysis.cluster import Cluster
from haechi.analysis.reach import Connection, Grouping, connections
from haechi.analysis.reach.listing import Listing
from haechi.engine import point
from haechi.model import Namespace, NetworkPolicy, Node, Object, Pod
from haechi.model.verdict import Packet, PodKey
from haechi.reference import ClusterObjects, allowed
from haechi.reference.parts import addresses
from haechi.reference.reference import is_own_node, owners
from haechi.sets import AddressSet, PortSet, text_to_point
from tests import clusters, tier_words
from tests.building import namespace, pod, policy
from tests.clusters import OTHER_ADDRESSES, PORTS, objects

Lines = dict[tuple[str, str], PortSet]
ONS = ((6, 80), (6, 8080), (17, 53), (132, 81), (6, 54), (1, 0), (6, 65535))


ANY = tier_words.objects(readable=False)


def reference(cluster: Cluster) -> ClusterObjects:
    return clusters.cluster(list(cluster.objects))


def lines(found: tuple[Connection, ...]) -> Lines:
    """By ends; no two lines have the same."""
    made = {(one.source, one.destination): one.ports for one in found}
    assert len(made) == len(found)
    return made


def judge(cluster: Cluster) -> Callable[[Pod | str, Pod | str, int, int], bool]:
    """Whether the reference lets some packet of either family pass between two pods or addresses."""
    known = reference(cluster)

    def passes(source: Pod | str, destination: Pod | str, protocol: int, port: int) -> bool:
        sources = addresses(source) if isinstance(source, Pod) else [ip_address(source)]
        destinations = addresses(destination) if isinstance(destination, Pod) else [ip_address(destination)]
        return any(
            allowed(known, Packet(one, other, protocol, port)).allowed
            for one, other in product(sources, destinations)
            if one.version == other.version
        )

    return passes


def touches_own_node(cluster: ClusterObjects, one: Pod, other: Pod) -> bool:
    """Whether an address of the one is that of the other's node: such packets always pass and are not listed."""
    return any(is_own_node(cluster, one, a) for a in addresses(other)) or any(
        is_own_node(cluster, other, a) for a in addresses(one)
    )


@given(st.lists(objects(readable=False), max_size=14) | st.lists(ANY, max_size=16), st.randoms(use_true_random=False))
def test_lines_between_pods_are_what_the_reference_allows(found: list[Object], random: Random) -> None:
    cluster = Cluster.of(found)
    known, passes = reference(cluster), judge(cluster)
    listed = lines(connections(cluster, Grouping.POD))
    pairs = list(product(cluster.pods.values(), repeat=2))
    for one, other in random.sample(pairs, min(len(pairs), 12)):
        if one is other or touches_own_node(known, one, other):
            continue
        ports = listed.get((f"{one.key}[Pod]", f"{other.key}[Pod]"), PortSet.NONE)
        for on in random.sample(ONS, 4):
            assert ports.contains(*on) == passes(one, other, *on), (one.key, other.key, on)


@given(st.lists(objects(readable=False), max_size=14) | st.lists(ANY, max_size=16), st.randoms(use_true_random=False))
def test_lines_to_and_from_outside_are_what_the_reference_allows(found: list[Object], random: Random) -> None:
    cluster = Cluster.of(found)
    known, passes = reference(cluster), judge(cluster)
    listed = connections(cluster, Grouping.POD)
    pairs = list(product((*OTHER_ADDRESSES, "10.0.0.250"), cluster.pods.values()))
    for text, one in random.sample(pairs, min(len(pairs), 12)):
        outside = ip_address(text)
        own = [a for a in addresses(one) if a.version == outside.version and len(owners(known, a)) == 1]
        if owners(known, outside) or is_own_node(known, one, outside) or not own:
            continue
        name = f"{one.key}[Pod]"
        out = PortSet.union_all([c.ports for c in listed if c.source == name and _holds(c.destination, text)])
        into = PortSet.union_all([c.ports for c in listed if c.destination == name and _holds(c.source, text)])
        for on in random.sample(ONS, 3):
            assert out.contains(*on) == passes(one, text, *on), (name, text, on)
            assert into.contains(*on) == passes(text, one, *on), (text, name, on)


def _holds(name: str, text: str) -> bool:
    return "/" not in name and point(ip_address(text)) in AddressSet.parse(name)


@given(st.lists(objects(), max_size=14), st.sampled_from((Grouping.WORKLOAD, Grouping.CLASS)))
def test_every_grouping_says_the_same(found: list[Object], by: Grouping) -> None:
    """Lines between classes, spelled out pod by pod, are the lines between pods."""
    cluster = Cluster.of(found)
    pods = lines(connections(cluster, Grouping.POD))
    listing = Listing.of(cluster, by)
    names = {group.name: [f"{key}[Pod]" for key in group.pods] for group in listing.groups}
    spelled = {
        (src, dst): line.ports
        for line in listing.connections()
        for src, dst in product(names.get(line.source, [line.source]), names.get(line.destination, [line.destination]))
        if src != dst
    }
    assert spelled == pods


@given(st.lists(objects(), max_size=14), st.randoms(use_true_random=False))
def test_the_order_of_objects_does_not_matter(found: list[Object], random: Random) -> None:
    unique = list({(type(one), one.key): one for one in found}.values())
    shuffled = random.sample(unique, len(unique))
    for by in Grouping:
        assert connections(Cluster.of(unique), by) == connections(Cluster.of(shuffled), by)


@given(st.lists(objects(), max_size=14))
def test_no_line_is_empty_or_from_a_pod_to_itself(found: list[Object]) -> None:
    for line in connections(Cluster.of(found), Grouping.POD):
        assert line.ports
        assert line.source != line.destination


@given(st.lists(objects(), max_size=14))
def test_ranges_of_one_pod_that_touch_differ(found: list[Object]) -> None:
    """Outside addresses are the fewest ranges: neighbours of the same family have other ports."""
    ahead: dict[tuple[str, int], PortSet] = {}
    for line in connections(Cluster.of(found), Grouping.POD):
        if "/" not in line.destination:
            first, last = (text_to_point(text) for text in line.destination.split("-"))
            if first != 1 << 32:
                assert ahead.get((line.source, first)) != line.ports
            ahead[line.source, last + 1] = line.ports


WEB, DB = pod("x/web", "10.0.0.1", marks="app=web"), pod("x/db", "10.0.0.2", marks="app=db", ports=("sql=5432/TCP",))
FROM_WEB = "{podSelector: {matchLabels: {app: db}}, ingress: [{from: [{podSelector: {matchLabels: {app: web}}}]}]}"
EVERYTHING = PortSet.ALL


def test_without_policies_everything_reaches_everything() -> None:
    assert connections(Cluster.of([WEB, DB]), external=False) == (
        Connection("x/db[Pod]", "x/web[Pod]", EVERYTHING),
        Connection("x/web[Pod]", "x/db[Pod]", EVERYTHING),
    )


def test_outside_is_one_range_for_each_family_that_pods_have() -> None:
    assert connections(Cluster.of([pod("x/web", "10.0.0.1", "fd00::1")])) == (
        Connection("x/web[Pod]", "0.0.0.0-255.255.255.255", EVERYTHING),
        Connection("x/web[Pod]", "::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", EVERYTHING),
        Connection("0.0.0.0-255.255.255.255", "x/web[Pod]", EVERYTHING),
        Connection("::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "x/web[Pod]", EVERYTHING),
    )


def test_a_policy_closes_what_it_does_not_allow() -> None:
    found = connections(Cluster.of([WEB, DB, pod("x/other", "10.0.0.3"), policy(FROM_WEB)]), external=False)
    assert [line.source for line in found if line.destination == "x/db[Pod]"] == ["x/web[Pod]"]


def test_focus_keeps_lines_of_those_pods_only() -> None:
    cluster = Cluster.of([WEB, DB, pod("y/other", "10.0.0.3")])
    found = connections(cluster, external=False, focus=[PodKey("y", "other")])
    assert len(found) == 4
    assert all("y/other[Pod]" in line for line in found)


@pytest.mark.parametrize(("matches", "count"), [(True, 1), (False, 0)])
def test_an_ip_block_means_pods_unless_told_otherwise(matches: bool, count: int) -> None:
    block = policy(FROM_WEB.replace("podSelector: {matchLabels: {app: web}}", "ipBlock: {cidr: 10.0.0.1/32}"))
    found = connections(Cluster.of([WEB, DB, block], ipblock_matches_pods=matches), external=False)
    assert len([line for line in found if line.destination == "x/db[Pod]"]) == count


def test_a_range_that_only_pods_have_is_not_outside() -> None:
    block = policy(FROM_WEB.replace("podSelector: {matchLabels: {app: web}}", "ipBlock: {cidr: 10.0.0.1/32}"))
    found = connections(Cluster.of([WEB, DB, block]))
    assert [line.source for line in found if line.destination == "x/db[Pod]"] == ["x/web[Pod]"]


def test_a_namespace_label_makes_a_difference() -> None:
    rule = FROM_WEB.replace("podSelector: {matchLabels: {app: web}}", "namespaceSelector: {matchLabels: {team: a}}")
    found: list[Namespace | Node | Pod | NetworkPolicy] = [DB, pod("y/one", "10.0.0.5"), pod("z/two", "10.0.0.6")]
    cluster = Cluster.of([*found, namespace("y", "team=a"), namespace("z", "team=b"), policy(rule)])
    assert [c.source for c in connections(cluster, external=False) if c.destination == "x/db[Pod]"] == ["y/one[Pod]"]


def test_ports_of_the_samples_are_those_of_random_clusters() -> None:
    """The packets that are compared meet the ports of the policies."""
    assert {port for _, port in ONS} & set(PORTS) == {53, 80, 81, 8080}
