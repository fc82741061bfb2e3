"""Pods by key, traits, node and address: answers depend on the pods that are present, not on how they came."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from haechi.model import HostIP, Pod, PodKey
from haechi.reference import is_policed
from haechi.sets import AddressSet, text_to_point
from haechi.verify.pods import PodIndex, PolicedPod, named_ports, points
from tests import building, clusters


def answers(index: PodIndex) -> object:
    """Every answer of an index, independent of order."""
    keys = {key for node in ("", *clusters.NODES) for key in index.on(node)}
    claimed = {address for key in keys for address in index[key].addresses}
    return (
        {key: index.get(key) for key in keys},
        {name: frozenset(index.traits(name)) for name in index.namespaces()},
        {traits: frozenset(index.addresses_of(traits)) for name in index.namespaces() for traits in index.traits(name)},
        {address: (index.owner(address), frozenset(index.claimants(address))) for address in claimed},
        {key: index.own(key) for key in keys},
        frozenset(index.owners_within(AddressSet.ALL)),
        frozenset(index.owners_within(AddressSet.of(*list(claimed)[:2])))
        <= frozenset(index.owners_within(AddressSet.ALL)),
        len(index),
    )


@given(st.lists(st.tuples(st.integers(0, 3).map(bool), clusters.pods()), max_size=24))
def test_an_index_that_followed_updates_is_one_of_the_present_pods(steps: list[tuple[bool, Pod]]) -> None:
    index = PodIndex()
    present: dict[str, Pod] = {}
    for is_put, pod in steps:
        if is_put:
            index.put(pod)
            present[pod.key] = pod
        else:
            index.delete(PodKey(pod.namespace, pod.metadata.name))
            present.pop(pod.key, None)
    assert answers(index) == answers(PodIndex(reversed(present.values())))
    assert len(index) == sum(map(is_policed, present.values()))


def test_an_address_that_two_pods_claim_belongs_to_neither_until_one_of_them_goes() -> None:
    one, other = building.pod("x/a", "10.0.0.1", "10.0.0.2"), building.pod("x/b", "10.0.0.1")
    index = PodIndex([one, other])
    first, second = map(text_to_point, ("10.0.0.1", "10.0.0.2"))
    a, b = PodKey("x", "a"), PodKey("x", "b")
    assert (index.owner(first), index.owner(second)) == (None, a)
    assert (index.own(a), index.own(b)) == ((second,), ())
    assert set(index.claimants(first)) == {a, b}
    index.delete(b)
    assert (index.owner(first), index.own(a)) == (a, (first, second))


def test_pods_with_equal_traits_differ_in_addresses_and_nodes_only() -> None:
    pods = [
        building.pod(f"x/{name}", f"10.0.0.{name}", marks="app=1", ports=("web=80/TCP",), node=name) for name in "12"
    ]
    index = PodIndex(pods)
    (traits,) = index.traits("x")
    assert (traits.namespace, traits.labels, traits.ports) == ("x", (("app", "1"),), ((6, "web", 80),))
    assert set(index.addresses_of(traits)) == set(points(["10.0.0.1", "10.0.0.2"]))
    assert [*index.on("1")] == [PodKey("x", "1")]


def test_the_status_gives_the_addresses_of_a_pods_node() -> None:
    pod = building.pod("x/a", "10.0.0.1")
    hosts = (HostIP(ip="172.16.0.1"), HostIP(ip="fd02::1"))
    policed = PolicedPod.of(msgspec.structs.replace(pod, status=msgspec.structs.replace(pod.status, host_ips=hosts)))
    assert policed is not None
    assert policed.host_addresses == points(["172.16.0.1", "fd02::1"])


def test_texts_that_are_no_addresses_are_ignored() -> None:
    assert points(["10.0.0.1", "", "x", "10.0.0.1", "::ffff:10.0.0.1", "fe80::1%eth0"]) == (0x0A000001,)


def test_ports_that_no_packet_can_have_are_left_out() -> None:
    containers = (building.container("web=80/TCP none=0/TCP odd=70000/UDP dns=53/UDP =81/TCP other=1/GRE web=80/TCP"),)
    assert named_ports(containers) == ((6, "web", 80), (17, "dns", 53))
