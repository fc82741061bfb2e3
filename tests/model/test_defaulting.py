"""What the API server fills in."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from haechi.model import Namespace, NetworkPolicy, ObjectMeta, Pod, default, with_name_label, with_namespace


def policy(spec: object) -> NetworkPolicy:
    return msgspec.convert({"metadata": {"name": "x"}, "spec": spec}, NetworkPolicy)


@pytest.mark.parametrize(
    ("spec", "types"),
    [
        ({}, ("Ingress",)),
        ({"policyTypes": []}, ("Ingress",)),
        ({"egress": []}, ("Ingress",)),
        ({"egress": [{}]}, ("Ingress", "Egress")),
        ({"ingress": [{}], "egress": [{}]}, ("Ingress", "Egress")),
        ({"policyTypes": ["Egress"], "ingress": [{}]}, ("Egress",)),
        ({"policyTypes": ["nonsense"]}, ("nonsense",)),
    ],
)
def test_absent_policy_types_follow_from_the_egress_rules(spec: object, types: tuple[str, ...]) -> None:
    """Ingress always; what is written stays."""
    assert default(policy(spec)).spec.policy_types == types


@pytest.mark.parametrize(("written", "protocol"), [({}, "TCP"), ({"protocol": "UDP"}, "UDP"), ({"protocol": ""}, "")])
def test_an_absent_protocol_is_tcp(written: dict[str, str], protocol: str) -> None:
    """An empty one is a mistake, and stays one."""
    rules = {"ingress": [{"ports": [written]}], "egress": [{"ports": [{"port": 1, **written}]}]}
    spec = default(policy(rules)).spec
    assert (spec.ingress[0].ports[0].protocol, spec.egress[0].ports[0].protocol) == (protocol, protocol)
    assert spec.egress[0].ports[0].port == 1


@given(st.from_type(NetworkPolicy))
def test_defaults_are_filled_in_once(written: NetworkPolicy) -> None:
    """A stored policy does not change, and only what was absent has changed."""
    stored = default(written)
    assert default(stored) == stored
    assert stored.spec.pod_selector == written.spec.pod_selector
    assert [rule.peers for rule in stored.spec.ingress] == [rule.peers for rule in written.spec.ingress]


def test_a_namespace_is_filled_in_where_there_can_be_one() -> None:
    """And only if there is none."""
    assert with_namespace(Pod()).metadata.namespace == "default"
    assert with_namespace(Namespace()).metadata.namespace == ""
    pod = Pod(metadata=ObjectMeta(namespace="x"))
    assert with_namespace(pod) is pod


def test_a_namespace_carries_its_name() -> None:
    """Whatever was written there, and beside its other labels."""
    labels = {"a": "b", "kubernetes.io/metadata.name": "other"}
    namespace = with_name_label(Namespace(metadata=ObjectMeta(name="x", labels=labels)))
    assert namespace.labels == {"a": "b", "kubernetes.io/metadata.name": "x"}
