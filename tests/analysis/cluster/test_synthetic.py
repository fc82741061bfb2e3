"""Addresses that no policy tells from others."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address, summarize_address_range
from itertools import islice, repeat

from hypothesis import given
from hypothesis import strategies as st

from haechi.analysis.cluster.synthetic import UNUSABLE, SyntheticAddresses, ip_blocks
from haechi.model import NetworkPolicy, Object, ObjectMeta, Service
from haechi.model.core import ServiceSpec
from haechi.sets import AddressSet, point_to_text, text_to_point
from tests.building import node, pod, policy, tier_policy
from tests.clusters import policies


def first(objects: Iterable[Object], count: int) -> list[tuple[str, ...]]:
    synthetic = SyntheticAddresses(objects)
    return [synthetic.next() for _ in islice(repeat(None), count)]


def test_each_family_gives_one() -> None:
    assert first([], 2) == [("10.244.0.1", "fd00:10:244::1"), ("10.244.0.2", "fd00:10:244::2")]


def test_what_the_input_has_is_not_given_again() -> None:
    service = Service(metadata=ObjectMeta(name="s"), spec=ServiceSpec(cluster_ips=("10.244.0.3",)))
    objects: list[Object] = [pod("x/a", "10.244.0.1", "nonsense"), node("n", "fd00:10:244::2"), service]
    assert first(objects, 2) == [("10.244.0.2", "fd00:10:244::1"), ("10.244.0.4", "fd00:10:244::3")]


def test_only_pods_without_addresses_that_policies_see_are_completed() -> None:
    synthetic = SyntheticAddresses([])
    others = [pod("x/a", "10.0.0.1"), pod("x/b", host_network=True), pod("x/c", phase="Failed")]
    assert [synthetic.completed(each) for each in others] == others
    assert synthetic.completed(pod("x/d")).addresses == ("10.244.0.1", "fd00:10:244::1")


def test_what_no_interface_can_have_is_never_given() -> None:
    """Blocks that leave only addresses such as loopback, link-local and multicast."""
    blocks = [*_without("0.0.0.0/0", "127.0.0.0/30", "224.0.0.0/4"), *_without("::/0", "ff00::/8", "fe80::/10")]
    peers = ", ".join(f"{{ipBlock: {{cidr: '{cidr}'}}}}" for cidr in blocks)
    assert first([policy(f"{{ingress: [{{from: [{peers}]}}]}}")], 1) == [()]


def _without(network: str, *parts: str) -> list[str]:
    whole = AddressSet.from_cidr(network) - AddressSet.from_cidrs(parts)
    return [str(cidr) for first, last in whole.intervals for cidr in _cidrs(first, last)]


def _cidrs(first: int, last: int) -> Iterable[object]:
    return summarize_address_range(ip_address(point_to_text(first)), ip_address(point_to_text(last)))


@given(st.lists(policies(), max_size=4))
def test_no_block_narrower_than_everything_holds_them(found: list[NetworkPolicy]) -> None:
    narrow = [AddressSet.from_cidr(text) for block in ip_blocks(found) for text in (block.cidr, *block.except_)]
    held = AddressSet.union_all([one for one in narrow if one not in (AddressSet.V4, AddressSet.V6)])
    given_out = [text for pair in first(found, 5) for text in pair]
    assert len(set(given_out)) == 10
    assert not any(text_to_point(text) in held | UNUSABLE for text in given_out)


def test_a_family_that_blocks_fill_gives_none() -> None:
    halves = "{ingress: [{from: [{ipBlock: {cidr: 0.0.0.0/1}}, {ipBlock: {cidr: 128.0.0.0/1}}]}]}"
    assert first([policy(halves)], 1) == [("fd00:10:244::1",)]


def test_networks_of_tiers_are_avoided_as_well() -> None:
    tier = tier_policy("{egress: [{action: Deny, to: [{networks: [10.244.0.0/16, 'fd00::/8']}]}]}")
    assert first([tier], 1) == [("10.0.0.1", "::2")]
