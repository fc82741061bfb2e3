"""Policies of tiers as the engine reads them: both API versions, and what cannot be read."""

from __future__ import annotations

import msgspec
import pytest
import yaml

from haechi.engine import OrderedPolicy, PodSelection
from haechi.model import (
    Action,
    AdminNetworkPolicy,
    AdminNetworkPolicySpec,
    BaselineAdminNetworkPolicy,
    BaselineAdminNetworkPolicySpec,
    ObjectMeta,
    Tier,
    as_cluster_network_policy,
)
from haechi.select import EVERYTHING
from haechi.sets import AddressSet, PortSet
from tests.building import tier_policy

ALL_PODS = "{namespaces: {}}"


def read(rules: str) -> OrderedPolicy:
    return OrderedPolicy.read(tier_policy(f"{{{rules}}}"))


def test_a_rule_in_full() -> None:
    ports = "{tcp: {destinationPort: {number: 80}}}, {udp: {destinationPort: {range: {start: 1, end: 9}}}}"
    (rule,) = read(
        "egress: [{name: n, action: Pass, to: [{networks: ['10.0.0.5/8', '::/0']}, {nodes: {}},"
        f" {{pods: {{podSelector: {{}}}}}}], protocols: [{ports}]}}]"
    ).egress
    assert (rule.action, rule.ref.path, rule.names) == (Action.PASS, "spec.egress[0]", ())
    assert rule.peers.blocks == AddressSet.parse("10.0.0.0/8, ::/0")
    assert rule.peers.nodes == frozenset({EVERYTHING})
    assert rule.peers.selections == frozenset({PodSelection(EVERYTHING, EVERYTHING)})
    assert rule.ports == PortSet.tcp(80) | PortSet.port(17, 1, 9)


def test_a_port_name_is_of_any_protocol() -> None:
    (rule,) = read(
        f"ingress: [{{action: Deny, from: [{ALL_PODS}], protocols: [{{destinationNamedPort: web}}]}}]"
    ).ingress
    assert (rule.ports, rule.names) == (PortSet.NONE, ("web",))
    assert set(rule.protocol_names()) == {(6, "web"), (17, "web"), (132, "web")}


@pytest.mark.parametrize(
    ("rule", "paths"),
    [
        ("to: [{}]", [".to[0]"]),
        ("to: []", [".to"]),
        ("to: [{networks: ['10.0.0.0/33']}, {namespaces: {}}]", [".to[0]"]),
        ("to: [{networks: ['10.0.0.1']}]", [".to[0]"]),
        ("to: [{namespaces: {}, nodes: {}}]", [".to[0]"]),
        ("to: [{pods: {}}]", [".to[0]"]),
        ("to: [{namespaces: {matchExpressions: [{key: a, operator: Like}]}}]", [".to[0]"]),
        (f"to: [{ALL_PODS}], protocols: []", [".protocols"]),
        (f"to: [{ALL_PODS}], protocols: [{{}}, {{tcp: {{}}}}]", [".protocols[0]", ".protocols[1]"]),
        (f"to: [{ALL_PODS}], protocols: [{{tcp: {{destinationPort: {{number: 0}}}}}}]", [".protocols[0]"]),
        (f"to: [{ALL_PODS}], protocols: [{{destinationNamedPort: ''}}]", [".protocols[0]"]),
        ("to: [{nodes: {}}], protocols: [{destinationNamedPort: web}]", [".protocols[0]"]),
    ],
)
def test_what_cannot_be_read_fails_closed(rule: str, paths: list[str]) -> None:
    """Accept matches nothing, Pass and Deny deny everything; the rule beside it stays."""
    for action, expected in (("Accept", []), ("Pass", [Action.DENY]), ("Deny", [Action.DENY])):
        found = read(f"egress: [{{action: {action}, {rule}}}, {{action: Pass, to: [{ALL_PODS}]}}]")
        assert [defect.path for defect in found.defects] == [f"spec.egress[0]{path}" for path in paths]
        assert [one.action for one in found.egress] == [*expected, Action.PASS]
        if expected:
            assert (found.egress[0].peers.anywhere, found.egress[0].ports) == (True, PortSet.ALL)


def test_a_domain_name_can_be_accepted_but_matches_no_address_yet() -> None:
    name = "to: [{domainNames: [example.com]}]"
    found = read(f"egress: [{{action: Accept, {name}}}, {{action: Deny, {name}}}]")
    assert [(one.action, bool(one.peers)) for one in found.egress] == [(Action.ACCEPT, False), (Action.DENY, True)]
    assert [defect.path for defect in found.defects] == ["spec.egress[1].to[0]"]


@pytest.mark.parametrize(
    ("spec", "path"),
    [
        ("subject: {}", "spec.subject"),
        ("subject: {namespaces: {}, pods: {podSelector: {}}}", "spec.subject"),
        ("subject: {pods: {}}", "spec.subject.pods"),
        ("tier: Developer", "spec.tier"),
        (
            "subject: {namespaces: {matchLabels: {a: b}, matchExpressions: [{key: c, operator: Like}]}}",
            "spec.subject.namespaces",
        ),
    ],
)
def test_a_policy_that_cannot_be_read_closes_all_its_rules(spec: str, path: str) -> None:
    rules = ", ".join(f"{{action: {action}, from: [{ALL_PODS}]}}" for action in ("Accept", "Pass"))
    found = read(f"{spec}, ingress: [{rules}]")
    assert [defect.path for defect in found.defects] == [path]
    assert [(one.action, one.ref.index) for one in found.ingress] == [(Action.DENY, 1)]
    if "matchLabels" in spec:
        assert str(found.subject) == "[a=b]: <none>"


OLD = """
subject: {pods: {namespaceSelector: {}, podSelector: {matchLabels: {a: b}}}}
ingress:
- name: n
  action: Allow
  from: [{namespaces: {}}]
  ports: [{portNumber: {port: 80}}, {portNumber: {protocol: UDP, port: 53}}]
- {action: Deny, from: [{namespaces: {}}], ports: [{portRange: {protocol: SCTP, start: 1, end: 9}}, {namedPort: web}]}
egress:
- {action: Allow, to: [{networks: [10.0.0.0/8]}]}
"""
NEW = """
tier: Admin
priority: 5
subject: {pods: {namespaceSelector: {}, podSelector: {matchLabels: {a: b}}}}
ingress:
- name: n
  action: Accept
  from: [{namespaces: {}}]
  protocols: [{tcp: {destinationPort: {number: 80}}}, {udp: {destinationPort: {number: 53}}}]
- action: Deny
  from: [{namespaces: {}}]
  protocols: [{sctp: {destinationPort: {range: {start: 1, end: 9}}}}, {destinationNamedPort: web}]
egress:
- {action: Accept, to: [{networks: [10.0.0.0/8]}]}
"""


def test_an_admin_network_policy_is_the_cluster_network_policy_that_it_means() -> None:
    spec = msgspec.convert({**yaml.safe_load(OLD), "priority": 5}, AdminNetworkPolicySpec)
    old = AdminNetworkPolicy(metadata=ObjectMeta(name="c"), spec=spec)
    assert as_cluster_network_policy(old) == tier_policy(NEW)
    assert str(OrderedPolicy.read(old).key) == "AdminNetworkPolicy/c"


def test_the_baseline_admin_network_policy_is_asked_last() -> None:
    spec = msgspec.convert(yaml.safe_load(OLD), BaselineAdminNetworkPolicySpec)
    old = OrderedPolicy.read(BaselineAdminNetworkPolicy(metadata=ObjectMeta(name="default"), spec=spec))
    new = OrderedPolicy.read(tier_policy("{tier: Baseline, priority: 1000}", name="z"))
    assert old.tier is new.tier is Tier.BASELINE
    assert sorted([old, new], key=lambda one: one.order) == [new, old]


@pytest.mark.parametrize(
    "port", ["{}", "{portNumber: {protocol: ICMP, port: 1}}", "{namedPort: a, portNumber: {port: 1}}"]
)
def test_a_port_of_an_old_policy_that_cannot_be_read_fails_closed(port: str) -> None:
    given = f"{{priority: 1, subject: {ALL_PODS}, ingress: [{{action: Deny, from: [{ALL_PODS}], ports: [{port}]}}]}}"
    spec = msgspec.convert(yaml.safe_load(given), AdminNetworkPolicySpec)
    found = OrderedPolicy.read(AdminNetworkPolicy(metadata=ObjectMeta(name="c"), spec=spec))
    assert [defect.path for defect in found.defects] == ["spec.ingress[0].protocols[0]"]
    assert found.ingress[0].ports == PortSet.ALL
