"""All kinds: names on the wire, keys, frozenness."""

from __future__ import annotations

from typing import get_args

import msgspec
import pytest

import haechi.model
from haechi.model import (
    IPBlock,
    LabelSelector,
    Namespace,
    NetworkPolicy,
    NetworkPolicyEgressRule,
    NetworkPolicyIngressRule,
    NetworkPolicyPeer,
    Node,
    ObjectMeta,
    Pod,
    Service,
    objects,
)
from haechi.model.objects import KINDS, Object

POLICY = b"""{"metadata": {"name": "x", "namespace": "n", "generateName": "g"}, "spec": {
 "podSelector": {"matchLabels": {"a": "b"}, "matchExpressions": [{"key": "k", "operator": "In", "values": ["v"]}]},
 "policyTypes": ["Egress"],
 "ingress": [{"from": [{"namespaceSelector": {}}], "ports": [{"protocol": "UDP", "port": 1, "endPort": 2}]}],
 "egress": [{"to": [{"ipBlock": {"cidr": "::/0", "except": ["::/1"]}}], "ports": [{"port": "web"}]}]}}"""


def test_a_policy_has_the_names_of_the_api() -> None:
    """Every field is found under its name on the wire, and written under it."""
    policy = msgspec.json.decode(POLICY, type=NetworkPolicy)
    assert policy.metadata == ObjectMeta(name="x", namespace="n", generate_name="g")
    assert policy.spec.pod_selector.match_expressions[0].values == ("v",)
    assert (
        policy.spec.ingress[0].from_
        == policy.spec.ingress[0].peers
        == (NetworkPolicyPeer(namespace_selector=LabelSelector()),)
    )
    assert policy.spec.egress[0].to == policy.spec.egress[0].peers
    assert policy.spec.egress[0].to[0].ip_block == IPBlock(cidr="::/0", except_=("::/1",))
    assert (policy.spec.ingress[0].ports[0].end_port, policy.spec.egress[0].ports[0].port) == (2, "web")
    assert msgspec.json.decode(msgspec.json.encode(policy)) == msgspec.json.decode(POLICY)


def test_not_set_and_empty_are_different_selectors() -> None:
    """The trap of the API: nothing against everything."""
    assert NetworkPolicyPeer() != NetworkPolicyPeer(pod_selector=LabelSelector())
    assert NetworkPolicyIngressRule() == NetworkPolicyIngressRule(from_=())
    assert NetworkPolicyEgressRule().peers == ()


def test_addresses_are_read_under_their_irregular_names() -> None:
    """podIPs, hostIP, clusterIPs and podCIDRs are not camelCase."""
    pod = msgspec.convert(
        {"status": {"podIP": "1", "podIPs": [{"ip": "1"}, {"ip": "2"}], "hostIP": "3", "hostIPs": [{"ip": "3"}]}}, Pod
    )
    assert pod.addresses == ("1", "2")
    assert (pod.status.host_ip, pod.status.host_ips[0].ip) == ("3", "3")
    assert msgspec.convert({"status": {"podIP": "1"}}, Pod).addresses == ("1",)
    assert Pod().addresses == ()
    assert msgspec.convert({"spec": {"clusterIP": "1", "clusterIPs": ["1", "2"]}}, Service).addresses == ("1", "2")
    assert msgspec.convert({"spec": {"clusterIP": "None"}}, Service).addresses == ()
    node = msgspec.convert({"spec": {"podCIDR": "1", "podCIDRs": ["1", "2"]}}, Node)
    assert (node.spec.pod_cidr, node.spec.pod_cidrs) == ("1", ("1", "2"))


def test_names_of_nodes_are_no_addresses() -> None:
    """Only InternalIP and ExternalIP are."""
    types = ("InternalIP", "Hostname", "ExternalIP", "InternalDNS")
    node = msgspec.convert({"status": {"addresses": [{"type": t, "address": t} for t in types]}}, Node)
    assert node.addresses == ("InternalIP", "ExternalIP")


@pytest.mark.parametrize(
    ("phase", "completed"), [("Succeeded", True), ("Failed", True), ("Running", False), ("", False)]
)
def test_a_pod_that_has_ended_says_so(phase: str, completed: bool) -> None:
    """Its address may belong to another pod."""
    assert msgspec.convert({"status": {"phase": phase}}, Pod).completed is completed


def test_keys_have_the_default_namespace() -> None:
    """Unless the kind has none."""
    assert Pod(metadata=ObjectMeta(name="p")).key == "default/p"
    assert Pod(metadata=ObjectMeta(name="p", namespace="n")).display_name == "Pod/n/p"
    assert Namespace(metadata=ObjectMeta(name="n")).key == "n"
    assert Namespace(metadata=ObjectMeta(name="n")).namespace == ""


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_frozen_and_in_every_list(kind: type[Object]) -> None:
    """In the union, in the names of the package; and it cannot be changed."""
    assert kind in get_args(Object)
    assert len(KINDS) == len(get_args(Object))
    assert kind.kind == kind.__name__
    assert kind.__name__ in objects.__all__
    assert getattr(haechi.model, kind.__name__) is kind
    with pytest.raises(AttributeError):
        kind().metadata = ObjectMeta()


def test_everything_that_the_package_names_is_there() -> None:
    """And nothing twice."""
    assert all(hasattr(haechi.model, name) for name in haechi.model.__all__)
    assert len(set(haechi.model.__all__)) == len(haechi.model.__all__)
