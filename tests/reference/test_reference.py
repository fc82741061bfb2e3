"""The oracle says what the document says, sentence by sentence."""

from __future__ import annotations

from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haechi.model import HostIP, NetworkPolicy, NetworkPolicySpec, ObjectMeta, Pod, PodIP, PodSpec, PodStatus
from haechi.model.verdict import CLOSED, OPEN, PacketVerdict, PolicyKey, Side
from haechi.reference import ClusterObjects, allowed
from haechi.reference.parts import Unreadable, network
from tests.building import node, packet, pod, policy
from tests.clusters import cluster
from tests.sentences import CASES, Case, spoken


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.sentence)
def test_sentence(case: Case) -> None:
    found = cluster(case.objects())
    for text, connection, passes in case.connections():
        assert allowed(found, connection).allowed is passes, text


def test_every_sentence_is_said_once_and_says_something() -> None:
    assert len({case.sentence for case in CASES}) == len(CASES)
    for case in CASES:
        assert case.passes or case.blocked
        assert set(case.passes).isdisjoint(case.blocked)


def test_side_names_the_policies_that_isolate_in_order_and_no_others() -> None:
    found = ClusterObjects(
        pods=(pod("x/a", "10.0.0.1", marks="app=a"), pod("y/b", "10.0.0.2")),
        policies=(
            policy("policyTypes: [Ingress]", name="z"),
            policy("podSelector: {matchLabels: {app: b}}", name="other"),
            policy("policyTypes: [Egress]", name="out"),
            policy("ingress: [{}]", name="a"),
            policy("{}", name="elsewhere", namespace="y"),
        ),
    )
    verdict = allowed(found, packet("10.0.0.2", "10.0.0.1"))
    assert verdict == PacketVerdict(OPEN, Side(True, True, (PolicyKey("x", "a"), PolicyKey("x", "z"))))
    back = allowed(found, packet("10.0.0.1", "10.0.0.2"))
    assert back == PacketVerdict(
        Side(False, True, (PolicyKey("x", "out"),)), Side(False, True, (PolicyKey("y", "elsewhere"),))
    )


def test_disputed_side_is_closed_without_policies_and_the_other_side_open() -> None:
    found = ClusterObjects(pods=(pod("x/a", "10.0.0.1"), pod("x/b", "10.0.0.1"), pod("x/c", "10.0.0.3")))
    assert allowed(found, packet("10.0.0.1", "10.0.0.3")) == PacketVerdict(CLOSED, OPEN)
    assert allowed(found, packet("10.0.0.3", "10.0.0.1")) == PacketVerdict(OPEN, CLOSED)


def test_node_is_known_by_the_status_of_its_pods_where_no_node_object_is() -> None:
    status = PodStatus(pod_ips=(PodIP(ip="10.0.0.1"),), host_ips=(HostIP(ip="172.16.0.9"), HostIP(ip="fd01::9")))
    single = PodStatus(pod_ip="10.0.0.2", host_ip="172.16.0.8")
    found = ClusterObjects(
        pods=(
            Pod(metadata=ObjectMeta(name="a", namespace="x"), status=status),
            Pod(metadata=ObjectMeta(name="b", namespace="x"), status=single),
        ),
        policies=(policy("policyTypes: [Ingress, Egress]"),),
    )
    assert allowed(found, packet("172.16.0.9", "10.0.0.1")).allowed
    assert allowed(found, packet("10.0.0.2", "172.16.0.8")).allowed
    assert not allowed(found, packet("172.16.0.8", "10.0.0.1")).allowed


def test_only_addresses_of_a_node_count_not_its_names() -> None:
    named = node("n1")
    found = ClusterObjects(
        pods=(Pod(metadata=ObjectMeta(name="a", namespace="x"), spec=PodSpec(node_name="n1"), status=_at("10.0.0.1")),),
        nodes=(named,),
        policies=(policy(),),
    )
    assert not allowed(found, packet("172.16.0.1", "10.0.0.1")).allowed


def test_objects_without_a_namespace_are_in_default() -> None:
    found = ClusterObjects(
        pods=(Pod(metadata=ObjectMeta(name="a"), status=_at("10.0.0.1")), pod("default/b", "10.0.0.2")),
        policies=(NetworkPolicy(metadata=ObjectMeta(name="p"), spec=NetworkPolicySpec()),),
    )
    assert not allowed(found, packet("10.0.0.9", "10.0.0.1")).allowed
    assert allowed(found, packet("10.0.0.9", "10.0.0.2")).ingress.policies == (PolicyKey("default", "p"),)


def test_words_of_a_packet() -> None:
    assert spoken("x/a > 8.8.8.8") == packet("10.0.1.1", "8.8.8.8", "80/TCP")
    assert spoken("n2 > x/b@6 ICMPv6") == packet("fd01::2", "fd00::1:2", "/ICMPv6")


@given(st.ip_addresses(), st.integers(0, 128))
def test_network_reads_canonical_text_as_the_standard_library_does(address: object, length: int) -> None:
    text = f"{address}/{length if ':' in str(address) else length % 33}"
    expected = ip_network(text, strict=False)
    if not str(address).startswith("::ffff:"):
        assert network(text) == expected


@given(st.text(alphabet="0123456789abcdef.:/%+- x٣"))
def test_network_of_any_text_is_a_network_or_unreadable(text: str) -> None:
    try:
        found = network(text)
    except Unreadable:
        return
    assert found.prefixlen <= found.max_prefixlen


def test_a_very_long_number_is_unreadable() -> None:
    for text in ("10.0.0.0/" + "9" * 10_000, "1" * 10_000 + ".0.0.0/8"):
        with pytest.raises(Unreadable):
            network(text)


def _at(address: str) -> PodStatus:
    return PodStatus(pod_ips=(PodIP(ip=address),))
