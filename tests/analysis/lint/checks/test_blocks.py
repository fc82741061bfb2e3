"""ipBlocks: addresses that they include by mistake, and what they exclude."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address
from random import Random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from haechi import Cluster
from haechi.analysis.lint import Finding
from haechi.analysis.lint.checks.blocks import CHECKS
from haechi.engine import read_peer
from haechi.model import (
    Edit,
    IPBlock,
    Namespace,
    NetworkPolicy,
    NetworkPolicyPeer,
    Node,
    Object,
    ObjectMeta,
    Pod,
    path_steps,
)
from haechi.model.core import NodeSpec
from haechi.reference import allowed
from haechi.reference.reference import in_block
from tests import clusters
from tests.analysis.lint.facts.test_addresses import service
from tests.analysis.lint.fixing import all_fixed, edited, fixed
from tests.analysis.lint.linting import LARGE_EXAMPLES
from tests.analysis.lint.linting import found as found_in
from tests.building import node, pod, policy

CODES = tuple(one.code for one in CHECKS)
DUAL = pod("x/dual", "10.244.0.1", "fd00::1")


def found(code: str, *objects: Object) -> tuple[Finding, ...]:
    return Cluster.of(objects).lint([code])


def block(cidr: str, *excepts: str, way: str = "egress") -> NetworkPolicy:
    """A policy with one ipBlock."""
    items = f"[{{ipBlock: {{cidr: {cidr!r}, except: {list(excepts)}}}}}]"
    peers = "to" if way == "egress" else "from"
    return policy(f"{{policyTypes: [{way.capitalize()}], {way}: [{{{peers}: {items}}}]}}")


# -- ipblock-covers-pods ---------------------------------------------------------------------------------------------


def test_a_pod_in_a_block_is_named() -> None:
    given: list[Object] = [
        pod("x/b", "10.1.2.4"),
        pod("x/a", "10.1.2.3", "fd00::1"),
        block("10.1.0.0/16", way="ingress"),
    ]
    (one,) = found("ipblock-covers-pods", *given)
    assert one.message == (
        "10.1.0.0/16 includes 10.1.2.3 of pod x/a and another pod address; "
        "whether an ipBlock applies to pods depends on the network plugin"
    )
    assert (one.path, one.subject) == ("spec.ingress[0].from[0].ipBlock", "NetworkPolicy/x/p")
    assert one.fix is None


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (block("10.1.2.3/32"), "10.1.2.3 of pod x/a;"),
        (block("fd00::/64"), "fd00::1 of pod x/a;"),
        (block("::ffff:10.1.2.0/120"), "10.1.2.3 of pod x/a and another"),
        (block("10.1.2.0/24", "10.1.2.4/32"), "10.1.2.3 of pod x/a;"),
        (block("10.0.0.0/8"), "10.1.2.3 of pod x/a and 2 other pod addresses;"),
    ],
)
def test_the_other_pod_addresses_are_counted(given: NetworkPolicy, words: str) -> None:
    pods = [pod("x/a", "10.1.2.3", "fd00::1"), pod("x/b", "10.1.2.4"), pod("x/c", "10.9.9.9")]
    (one,) = found("ipblock-covers-pods", *pods, given)
    assert words in one.message


@pytest.mark.parametrize(
    "given",
    [
        block("0.0.0.0/0"),
        block("::/0", "fd00::/8"),
        block("10.1.0.0/16", "10.1.2.0/24"),
        block("10.2.0.0/16"),
        policy("{policyTypes: [Ingress], egress: [{to: [{ipBlock: {cidr: 10.1.2.3/32}}]}]}"),  # does not count
        policy("{egress: [{to: [{ipBlock: {cidr: 10.1.2.3}}]}]}"),
        policy("{egress: [{to: [{podSelector: {}}]}]}"),
    ],
)
def test_blocks_without_pods_and_whole_families_are_not_reported(given: NetworkPolicy) -> None:
    hidden = [pod("x/host", "10.2.0.1", host_network=True), pod("x/ended", "10.2.0.2", phase="Succeeded")]
    assert not found("ipblock-covers-pods", pod("x/a", "10.1.2.3", "fd00::1"), *hidden, given)


def test_synthetic_addresses_are_not_reported() -> None:
    halves = [block("0.0.0.0/1"), policy("{egress: [{to: [{ipBlock: {cidr: 128.0.0.0/1}}]}]}", name="q")]
    assert not found("ipblock-covers-pods", pod("x/a"), *halves)


def test_the_range_of_a_node() -> None:
    one = Node(metadata=ObjectMeta(name="n1"), spec=NodeSpec(pod_cidrs=("10.244.1.0/24", "x")))
    (findings,) = found("ipblock-covers-pods", one, block("10.0.0.0/8"))
    assert "includes addresses that node n1 assigns to its pods (10.244.1.0/24)" in findings.message
    assert not found("ipblock-covers-pods", one, block("10.244.0.0/24"))


# -- ipblock-covers-services -----------------------------------------------------------------------------------------

WEB = service("web", "10.96.0.1", marks="app=web")


def test_a_service_in_a_block_is_named() -> None:
    (one,) = found("ipblock-covers-services", pod("x/a", "10.1.2.3", marks="app=web"), WEB, block("10.96.0.0/12"))
    assert one.message == (
        "10.96.0.0/12 includes 10.96.0.1 of Service x/web, "
        "but policies apply to the pods behind a Service, not its address"
    )
    assert one.hint == "allow the pods behind it by podSelector and namespaceSelector"
    assert one.path == "spec.egress[0].to[0].ipBlock"


def test_a_service_without_a_selector() -> None:
    (one,) = found("ipblock-covers-services", service("kubernetes", "10.96.0.1"), block("10.96.0.1/32"))
    assert one.hint == "allow the addresses behind it"


@pytest.mark.parametrize(
    "given",
    [
        block("10.96.0.0/12", way="ingress"),
        block("0.0.0.0/0"),
        block("10.0.0.0/8"),  # it holds the pod, too
        block("10.96.0.0/12", "10.96.0.1/32"),
        block("10.97.0.0/16"),
    ],
)
def test_blocks_that_have_nothing_to_do_with_services(given: NetworkPolicy) -> None:
    pods = [pod("x/a", "10.1.2.3", "fd00::1", marks="app=web"), pod("x/b", "10.1.2.4", marks="app=other")]
    assert not found("ipblock-covers-services", *pods, WEB, service("headless", "None"), given)


def test_a_wide_block_may_include_the_backends_of_a_service() -> None:
    given: list[Object] = [service("kubernetes", "10.96.0.1"), node("n", "10.0.0.1"), block("10.0.0.0/8")]
    assert not found("ipblock-covers-services", *given)


# -- ipblock-empty, redundant-except ---------------------------------------------------------------------------------


@given(clusters.blocks())
def test_a_block_is_empty_if_it_includes_no_address(given: IPBlock) -> None:
    given = msgspec.structs.replace(given, except_=(*given.except_, *given.except_[:1]))
    one = NetworkPolicyPeer(ip_block=given)
    nobody = not read_peer(one, "x").blocks
    assert bool(found("ipblock-empty", _with(one))) == nobody


def test_empty_names_the_cidr() -> None:
    (one,) = found("ipblock-empty", block("10.0.0.0/24", "10.0.0.0/25", "10.0.0.128/25"))
    assert one.message == "the excepts exclude all of 10.0.0.0/24, so this item allows nothing"
    assert not found("ipblock-empty", block("10.0.0.0/24", "10.0.0.0/25", "10.0.0.192/26"))


def test_redundant_excepts_are_reported_with_those_that_cover_them() -> None:
    excepts = ("10.1.0.0/25", "10.1.0.0/24", "10.2.0.0/24", "10.1.0.128/25", "10.1.0.0/24")
    findings = found("redundant-except", block("10.0.0.0/8", *excepts))
    path = "spec.egress[0].to[0].ipBlock.except"
    assert [(one.path, one.message) for one in findings] == [
        (f"{path}[0]", "10.1.0.0/25 is already excluded by 10.1.0.0/24"),
        (f"{path}[3]", "10.1.0.128/25 is already excluded by 10.1.0.0/24"),
        (f"{path}[4]", "10.1.0.0/24 is already excluded by 10.1.0.0/24"),
    ]


def test_excepts_that_fill_another_one() -> None:
    halves = block("10.0.0.0/8", "10.1.0.0/25", "10.1.0.128/25")
    assert not found("redundant-except", halves, block("10.0.0.0/8", "10.1.0.0/24"))
    assert not found("redundant-except", block("10.0.0.0/8", "x", "x"))


@given(
    st.sampled_from(clusters.CIDRS),
    st.lists(st.sampled_from((*clusters.EXCEPTS, "10.0.0.1/31", "010.0.0.0/31", "10.0.0.0/32")), max_size=5),
    st.sampled_from(clusters.POD_ADDRESSES + clusters.OTHER_ADDRESSES),
)
def test_without_redundant_excepts_a_block_means_the_same(cidr: str, excepts: list[str], address: str) -> None:
    given = _with(NetworkPolicyPeer(ip_block=IPBlock(cidr=cidr, except_=tuple(excepts))))
    after = all_fixed(given, found("redundant-except", given))
    assert not found("redundant-except", after)
    for one in found("redundant-except", given):
        assert len(found("redundant-except", fixed(given, one))) < len(excepts)
    source = ip_address(address)
    assert in_block(_block(given), source) == in_block(_block(after), source)


# -- cidr-host-bits --------------------------------------------------------------------------------------------------


def test_host_bits_are_reported_where_they_stand() -> None:
    findings = found("cidr-host-bits", block("10.0.0.5/24", "10.0.0.9/30", "10.0.0.0/30"))
    assert [(one.path, one.message, one.hint) for one in findings] == [
        (
            "spec.egress[0].to[0].ipBlock.cidr",
            "10.0.0.5/24 is 10.0.0.0/24: bits beyond the prefix length are ignored",
            "write 10.0.0.0/24, or 10.0.0.5/32 for the single address",
        ),
        (
            "spec.egress[0].to[0].ipBlock.except[0]",
            "10.0.0.9/30 is 10.0.0.8/30: bits beyond the prefix length are ignored",
            "write 10.0.0.8/30, or 10.0.0.9/32 for the single address",
        ),
    ]


@pytest.mark.parametrize(
    "cidr", ["10.0.0.0/24", "10.0.0.5/32", "fd00::/64", "0.0.0.0/0", "x", "10.0.0.5", "010.0.0.0/8"]
)
def test_cidrs_without_host_bits(cidr: str) -> None:
    assert not found("cidr-host-bits", block(cidr))


def test_what_was_meant_is_left_to_the_reader() -> None:
    cluster = Cluster.of([block("10.0.0.5/8", "10.0.0.0/24", "10.0.0.5/24")])
    findings = cluster.lint(["cidr-host-bits", "redundant-except"])
    assert [(one.code, one.fix is not None) for one in findings] == [
        ("cidr-host-bits", False),
        ("cidr-host-bits", False),
        ("redundant-except", True),
    ]


@given(
    st.sampled_from((*clusters.CIDRS, "10.0.0.5/29", "010.0.0.7/30", "fd00::3/126", "::ffff:10.0.0.5/124", "::1/0")),
    st.lists(st.sampled_from((*clusters.EXCEPTS, "10.0.0.1/31", "10.0.0.5/30", "fd00::7/125")), max_size=3),
    st.sampled_from(clusters.POD_ADDRESSES + clusters.OTHER_ADDRESSES),
)
def test_the_network_address_means_the_same(cidr: str, excepts: list[str], address: str) -> None:
    given = _with(NetworkPolicyPeer(ip_block=IPBlock(cidr=cidr, except_=tuple(excepts))))
    source = ip_address(address)
    meant = in_block(_block(given), source)
    assert in_block(_block(all_fixed(given, found("redundant-except", given))), source) == meant
    writings = [one.hint.removeprefix("write ").partition(", or ")[0] for one in found("cidr-host-bits", given)]
    edits = [
        Edit(path_steps(one.path), text) for one, text in zip(found("cidr-host-bits", given), writings, strict=True)
    ]
    after = edited(given, edits)
    assert in_block(_block(after), source) == meant
    assert not found("cidr-host-bits", after)


# -- one-family ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("items", "words"),
    [
        (
            "[{ipBlock: {cidr: 0.0.0.0/0}}]",
            "0.0.0.0/0 is every IPv4 address, but no ipBlock of this rule has IPv6 addresses",
        ),
        ("[{ipBlock: {cidr: '::/0', except: ['fd00::/8']}}]", "::/0 is every IPv6 address"),
        ("[{podSelector: {}}, {ipBlock: {cidr: 0.0.0.0/0}}, {ipBlock: {cidr: 10.0.0.0/8}}]", "0.0.0.0/0 is every"),
        ("[{ipBlock: {cidr: '::ffff:0:0/96'}}]", "::ffff:0:0/96 is every IPv4 address"),
    ],
)
def test_one_family_alone(items: str, words: str) -> None:
    (one,) = found("one-family", DUAL, policy(f"{{egress: [{{to: {items}}}]}}"))
    assert one.message.startswith(words)


@pytest.mark.parametrize(
    "items",
    [
        "[{ipBlock: {cidr: 0.0.0.0/0}}, {ipBlock: {cidr: '::/0'}}]",
        "[{ipBlock: {cidr: 0.0.0.0/0}}, {ipBlock: {cidr: 'fd00::/64'}}]",
        "[{ipBlock: {cidr: 10.0.0.0/8}}]",
        "[{podSelector: {}}]",
        "[]",
        "[{ipBlock: {cidr: 0.0.0.0/0}}, {}]",
    ],
)
def test_both_families_or_no_whole_one(items: str) -> None:
    assert not found("one-family", DUAL, policy(f"{{egress: [{{to: {items}}}]}}"))


@pytest.mark.parametrize("addresses", [("10.0.0.1",), ("fd00::1",), ()])
def test_in_a_cluster_of_one_family_it_is_not_reported(addresses: tuple[str, ...]) -> None:
    assert not found("one-family", pod("x/a", *addresses), block("0.0.0.0/0"), block("::/0"))


# -- all -------------------------------------------------------------------------------------------------------------


def test_findings_have_places() -> None:
    text = (
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p}\nspec:\n  podSelector: {}\n"
        "  ingress:\n  - from:\n    - ipBlock:\n        cidr: 10.0.0.5/24\n        except: [10.0.0.0/25, 10.0.0.0/26]\n"
    )
    findings = found_in(text, *CODES)
    places = [(one.code, one.location.line, one.location.column) for one in findings if one.location is not None]
    assert places == [("cidr-host-bits", 9, 9), ("redundant-except", 10, 31)]


@LARGE_EXAMPLES
@given(
    st.lists(st.one_of(clusters.pods(), clusters.policies(), clusters.namespaces), max_size=10),
    st.randoms(use_true_random=False),
)
def test_all_fixes_at_once_change_no_verdict(objects: list[Namespace | Pod | NetworkPolicy], random: Random) -> None:
    original = clusters.cluster([*objects])
    findings = Cluster.of(objects).lint(CODES)
    after = replace(original, policies=tuple(all_fixed(one, findings) for one in original.policies))
    for packet in clusters.probes(original, random):
        assert allowed(after, packet) == allowed(original, packet)


def _with(peer: NetworkPolicyPeer) -> NetworkPolicy:
    plain = policy("{ingress: [{from: [{podSelector: {}}]}]}")
    (rule,) = plain.spec.ingress
    rules = (msgspec.structs.replace(rule, from_=(peer,)),)
    return msgspec.structs.replace(plain, spec=msgspec.structs.replace(plain.spec, ingress=rules))


def _block(given: NetworkPolicy) -> IPBlock:
    block = given.spec.ingress[0].from_[0].ip_block
    assert block is not None
    return block
