"""Addresses that no policy tells from others."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address, ip_network, summarize_address_range
from itertools import islice, repeat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haechi.analysis.cluster.synthetic import UNUSABLE, SyntheticAddresses, ip_blocks
from haechi.model import IPBlock, NetworkPolicy, Object, ObjectMeta, Service
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
    given_out = [text_to_point(text) for pair in first(found, 5) for text in pair]
    assert len(set(given_out)) == 10
    matched = [AddressSet.from_cidr(one.cidr) - AddressSet.from_cidrs(one.except_) for one in narrow(found)]
    assert not any(point in AddressSet.union_all(matched) | UNUSABLE for point in given_out)


def narrow(found: list[NetworkPolicy]) -> list[IPBlock]:
    return [one for one in ip_blocks(found) if AddressSet.from_cidr(one.cidr) not in (AddressSet.V4, AddressSet.V6)]


_EXCEPTIONS = ("10.0.0.0/8", "10.244.0.0/16", "172.16.0.0/12", "192.168.0.0/16", "192.168.3.0/24", "100.64.0.0/10")
_HOSTS = ("169.254.169.254/32", "10.9.9.9/32", "10.244.0.0/25", "198.51.100.0/24")
_CANDIDATES = ("10.77.0.9", "10.244.7.7", "172.16.9.9", "192.168.3.9", "192.168.9.9", "100.64.9.9")


@given(
    st.lists(st.lists(st.sampled_from([*_EXCEPTIONS, *_HOSTS]), min_size=1, unique=True), min_size=1, max_size=3),
    st.lists(st.sampled_from([*_EXCEPTIONS, "10.96.0.0/12", "203.0.113.0/24", "0.0.0.0/0"]), max_size=2),
    st.booleans(),
)
def test_they_are_in_exceptions_of_everything_where_no_block_matches(
    excepted: list[list[str]], others: list[str], of_tier: bool
) -> None:
    wide = [IPBlock(cidr="0.0.0.0/0", except_=tuple(texts)) for texts in excepted]
    tiers = [tier_policy(f"{{egress: [{{action: Deny, to: [{{networks: {others}}}]}}]}}")] if of_tier and others else []
    plain = [] if of_tier else [IPBlock(cidr=text) for text in others]
    objects: list[Object] = [policy(_egress(*wide, *plain)), *tiers]
    avoidable = [
        *(one for one in wide if set(one.except_) & set(_EXCEPTIONS)),
        *(IPBlock(cidr=text) for text in others if text != "0.0.0.0/0"),
    ]
    synthetic = SyntheticAddresses(objects)
    address = ip_address(synthetic.next()[0])
    conflict = not any(all(not _matches(block, ip_address(text)) for block in avoidable) for text in _CANDIDATES)
    if any(set(one.except_) & set(_EXCEPTIONS) for one in wide):
        assert any(_matches(block, address) for block in avoidable) == conflict
        assert ("real addresses" in synthetic.choice) == conflict


def _matches(block: IPBlock, address: object) -> bool:
    inside = [address in ip_network(text, strict=False) for text in (block.cidr, *block.except_)]
    return inside[0] and not any(inside[1:])


def _egress(*blocks: IPBlock) -> str:
    peers = ", ".join(f"{{ipBlock: {{cidr: '{one.cidr}', except: {list(one.except_)}}}}}" for one in blocks)
    return f"{{policyTypes: [Egress], egress: [{{to: [{peers}]}}]}}"


@pytest.mark.parametrize(
    ("blocks", "expected"),
    [
        ([("0.0.0.0/0", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")], ("10.244.0.1", "fd00:10:244::1")),
        ([("0.0.0.0/0", "192.168.0.0/16")], ("192.168.0.1", "fd00:10:244::1")),
        ([("::/0", "fc00::/7")], ("10.244.0.1", "fd00:10:244::1")),
        ([("::/0", "fd12:3456::/32")], ("10.244.0.1", "fd12:3456::1")),
        ([("0.0.0.0/0", "10.0.0.0/8"), ("10.244.0.0/16",)], ("10.0.0.1", "fd00:10:244::1")),
        ([("0.0.0.0/0", "10.0.0.0/8"), ("10.0.0.0/8", "10.9.0.0/16")], ("10.9.0.1", "fd00:10:244::1")),
        ([("0.0.0.0/0", "169.254.169.254/32")], ("10.244.0.1", "fd00:10:244::1")),  # a host
        ([("0.0.0.0/0", "10.244.0.0/24")], ("10.244.0.1", "fd00:10:244::1")),
        ([("0.0.0.0/0", "198.51.100.0/24")], ("10.244.0.1", "fd00:10:244::1")),  # not private
        ([("0.0.0.0/0", "10.0.0.0/8"), ("0.0.0.0/0",)], ("10.244.0.1", "fd00:10:244::1")),
        ([("0.0.0.0/0", "10.0.0.0/8"), ("0.0.0.0/0", "192.168.0.0/16")], ("100.64.0.1", "fd00:10:244::1")),
        ([("0.0.0.0/1", "10.0.0.0/8"), ("128.0.0.0/1",)], ("10.244.0.1", "fd00:10:244::1")),
        ([("0.0.0.0/1",), ("128.0.0.0/1", "192.168.0.0/16")], ("192.168.0.1", "fd00:10:244::1")),
        ([("0.0.0.0/0", "nonsense")], ("10.244.0.1", "fd00:10:244::1")),
    ],
)
def test_where_wide_blocks_have_exceptions(blocks: list[tuple[str, ...]], expected: tuple[str, str]) -> None:
    peers = [IPBlock(cidr=cidr, except_=tuple(excepted)) for cidr, *excepted in blocks]
    assert first([policy(_egress(*peers))], 1) == [expected]


def test_a_family_that_blocks_fill_gives_none() -> None:
    halves = "{ingress: [{from: [{ipBlock: {cidr: 0.0.0.0/1}}, {ipBlock: {cidr: 128.0.0.0/1}}]}]}"
    assert first([policy(halves)], 1) == [("fd00:10:244::1",)]


def test_networks_of_tiers_are_avoided_as_well() -> None:
    tier = tier_policy("{egress: [{action: Deny, to: [{networks: [10.244.0.0/16, 'fd00::/8']}]}]}")
    assert first([tier], 1) == [("10.0.0.1", "::2")]
