"""What is open to everyone, against asking for addresses outside."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from hypothesis import given

from haechi.analysis.cluster.cluster import Cluster
from haechi.analysis.lint import Check, run_checks
from haechi.analysis.lint.checks.exposure import (
    api_server,
    internet_egress,
    metadata_service,
    open_egress,
    open_ingress,
)
from haechi.model import ClusterNetworkPolicy, Direction, NetworkPolicy, Node, Object, ObjectMeta, Packet, path_steps
from haechi.model.core import NodeAddress, NodeStatus
from haechi.reference import parts, reference
from tests import clusters
from tests.building import namespace, node, pod, policy, tier_policy

WEB = pod("x/web", "10.0.0.1", marks="app=web", ports=("http=8080/TCP",))
DB = pod("x/db", "10.0.0.2", marks="app=db")


def findings(check: Check, *objects: Object) -> list[str]:
    found = run_checks(Cluster.of(objects), [check])
    return [f"{one.path}: {one.message}" for one in found]


def into(rule: str, pods: str = "{}") -> NetworkPolicy:
    return policy(f"{{podSelector: {pods}, ingress: [{rule}]}}")


def out(rule: str) -> NetworkPolicy:
    return policy(f"{{policyTypes: [Egress], egress: [{rule}]}}")


DB_ONLY = "{matchLabels: {app: db}}"
EVERYONE = "everyone, inside and outside the cluster,"


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("{}", f"spec.ingress[0]: open to {EVERYONE} on every port: x/db[Pod]"),
        ("{from: [], ports: [{port: 5432}]}", f"spec.ingress[0]: open to {EVERYONE} on TCP 5432: x/db[Pod]"),
        (
            "{ports: [{port: 5432}, {port: sql}, {port: 53, protocol: UDP}]}",
            f"spec.ingress[0]: open to {EVERYONE} on TCP 5432; UDP 53 and TCP sql: x/db[Pod]",
        ),
        (
            "{from: [{podSelector: {}}, {ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8]}}], ports: [{port: 5432}]}",
            "spec.ingress[0].from[1]: open to the Internet (0.0.0.0/0) on TCP 5432: x/db[Pod]",
        ),
        (
            "{from: [{ipBlock: {cidr: '::/0'}}, {ipBlock: {cidr: 0.0.0.0/0}}], ports: [{port: 5432}]}",
            "spec.ingress[0].from[0]: open to the Internet (::/0 and 0.0.0.0/0) on TCP 5432: x/db[Pod]",
        ),
        (
            "{from: [{ipBlock: {cidr: 0.0.0.0/2}}, {ipBlock: {cidr: 64.0.0.0/2}}, {ipBlock: {cidr: 128.0.0.0/2}}]}",
            "spec.ingress[0]: open to the Internet on every port: x/db[Pod]",
        ),
    ],
)
def test_who_lets_everyone_in_is_named_with_its_ports(rule: str, message: str) -> None:
    assert findings(open_ingress, WEB, DB, into(rule, DB_ONLY)) == [message]


@pytest.mark.parametrize(
    "rule",
    [
        "{from: [{podSelector: {}}]}",
        "{from: [{namespaceSelector: {}}]}",  # the cluster, not everyone
        "{from: [{ipBlock: {cidr: 10.0.0.0/8}}, {ipBlock: {cidr: 172.16.0.0/12}}]}",
        "{from: [{ipBlock: {cidr: 'fd00::/8'}}]}",
        "{from: [{ipBlock: {cidr: 203.0.113.0/24}}]}",
        "{ports: [{port: 0}]}",  # allows nothing
    ],
)
def test_what_is_narrower_is_not_open(rule: str) -> None:
    assert findings(open_ingress, WEB, DB, into(rule)) == []
    assert findings(open_ingress, policy(f"{{policyTypes: [Egress], ingress: [{rule}]}}")) == []


def test_pods_to_come_are_named_by_their_labels() -> None:
    assert findings(open_ingress, into("{ports: [{port: 5432}]}", DB_ONLY)) == [
        f"spec.ingress[0]: open to {EVERYONE} on TCP 5432: pods app=db in namespace x"
    ]


@given(clusters.policies(readable=False))
def test_a_rule_is_reported_exactly_if_it_lets_public_addresses_in(one: NetworkPolicy) -> None:
    found = {path_steps(finding.path)[2] for finding in run_checks(Cluster.of([one]), [open_ingress])}
    server = pod("a/s", "10.0.0.1", "fd00::1", ports=("web=80/TCP",))
    world = parts.ClusterObjects(pods=(server,), policies=(one,))
    broken = bool(Cluster.of([one]).engine.policies[(one.namespace, one.name)].defects)  # type: ignore[index]
    for number, rule in enumerate(one.spec.ingress):
        port = next((port for port in rule.ports if not isinstance(port.port, str)), None)
        if broken or (rule.ports and port is None):
            continue
        protocol = parts.PROTOCOLS[port.protocol or "TCP"] if port else 6
        packets = [
            Packet(ip_address(source), ip_address(to), protocol, int((port and port.port) or 1))
            for source, to in (("9.9.9.9", "10.0.0.1"), ("2600::8", "fd00::1"))  # in no block but /0
        ]
        lets_in = any(reference.rule_allows(world, one, rule, None, server, each.source, each) for each in packets)
        in_force = Direction.INGRESS in reference.policy_types(one)
        assert (number in found) == (lets_in and in_force)


@pytest.mark.parametrize(
    ("rule", "every_port", "some_ports"),
    [
        ("{}", ["spec.egress[0]: may connect to every destination on every port: x/web[Pod] and x/db[Pod]"], 0),
        (
            "{to: [{ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8]}}]}",
            ["spec.egress[0].to[0]: may connect to the Internet (0.0.0.0/0) on every port: x/web[Pod] and x/db[Pod]"],
            0,
        ),
        ("{to: [{ipBlock: {cidr: '::/0'}}], ports: [{protocol: TCP}]}", ["spec.egress[0].to[0]: may connect"], 0),
        ("{ports: [{port: 443}]}", [], 1),
        ("{ports: [{port: https}], to: [{ipBlock: {cidr: 0.0.0.0/0}}]}", [], 1),
        ("{to: [{namespaceSelector: {}}]}", [], 0),
        ("{to: [{ipBlock: {cidr: 192.0.2.0/24}}]}", [], 0),
    ],
)
def test_egress_to_everywhere(rule: str, every_port: list[str], some_ports: int) -> None:
    found = findings(open_egress, WEB, DB, out(rule))
    assert [one[: len(expected)] for one, expected in zip(found, every_port, strict=True)] == every_port
    assert len(findings(internet_egress, WEB, DB, out(rule))) == some_ports
    assert internet_egress.on_request
    assert findings(open_egress, policy(f"{{policyTypes: [Ingress], egress: [{rule}]}}")) == []


# -- metadata-service ------------------------------------------------------------------------------------------------

INTERNET = "{policyTypes: [Egress], egress: [{ports: [%s], to: [{ipBlock: {cidr: '%s', except: [%s]}}]}]}"
V4, V6 = "169.254.169.254", "fd00:ec2::254"


@pytest.mark.parametrize(
    ("ports", "cidr", "excepted", "address"),
    [
        ("", "0.0.0.0/0", "", V4),
        ("{port: 80}", "0.0.0.0/0", "10.0.0.0/8", V4),
        ("{protocol: TCP}", "128.0.0.0/1", "", V4),
        ("", "::/0", "", V6),
        ("{port: 80}", "fc00::/7", "'fd12::/16'", V6),
    ],
)
def test_a_block_with_the_metadata_service_is_reported(ports: str, cidr: str, excepted: str, address: str) -> None:
    assert findings(metadata_service, policy(INTERNET % (ports, cidr, excepted))) == [
        f"spec.egress[0].to[0].ipBlock: {cidr} includes {address}, where clouds serve credentials"
    ]


@pytest.mark.parametrize(
    ("ports", "cidr", "excepted"),
    [
        ("", "0.0.0.0/0", "169.254.169.254/32"),
        ("", "0.0.0.0/0", "10.0.0.0/8, 169.254.0.0/16"),
        ("{port: 443}", "0.0.0.0/0", ""),
        ("{port: 80, protocol: UDP}", "0.0.0.0/0", ""),
        ("", "169.254.169.254/32", ""),  # intended
        ("", "169.254.0.0/16", ""),
        ("", "10.0.0.0/8", ""),
        ("", "::/0", "'fd00:ec2::254/128'"),
        ("", "2000::/3", ""),
        ("{port: 0}", "0.0.0.0/0", ""),
    ],
)
def test_blocks_without_it_are_not_reported(ports: str, cidr: str, excepted: str) -> None:
    assert findings(metadata_service, policy(INTERNET % (ports, cidr, excepted))) == []
    assert findings(metadata_service, policy("{ingress: [{from: [{ipBlock: {cidr: 0.0.0.0/0}}]}]}")) == []
    assert findings(metadata_service, policy("{policyTypes: [Egress], egress: [{}]}"), namespace("x")) == []


# -- api-server ------------------------------------------------------------------------------------------------------

CONTROL_PLANE = Node(
    metadata=ObjectMeta(name="cp", labels={"node-role.kubernetes.io/control-plane": ""}),
    status=NodeStatus(addresses=(NodeAddress(type="InternalIP", address="192.168.1.10"),)),
)
SERVER = pod("kube-system/kube-apiserver-cp", "192.168.1.10", marks="component=kube-apiserver", host_network=True)


@pytest.mark.parametrize("server", [CONTROL_PLANE, SERVER])
@pytest.mark.parametrize(
    ("rule", "count"),
    [
        ("{}", 1),
        ("{to: [{ipBlock: {cidr: 192.0.0.0/8}}], ports: [{port: 6443}]}", 1),
        ("{to: [{ipBlock: {cidr: 192.168.1.10/32}}], ports: [{port: 6443}]}", 0),  # intended
        ("{to: [{ipBlock: {cidr: 0.0.0.0/0, except: [192.168.0.0/16]}}]}", 0),
        ("{ports: [{port: 443}]}", 0),
        ("{to: [{namespaceSelector: {}}]}", 0),
    ],
)
def test_pods_that_may_connect_to_the_api_server(server: Object, rule: str, count: int) -> None:
    found = findings(api_server, WEB, server, out(rule))
    words = "spec.egress[0]: may connect to the API server (192.168.1.10, TCP 6443): x/web[Pod]"
    assert found == [words] * count
    assert findings(api_server, WEB, out(rule)) == []  # the input does not show where it is


# -- tiers -----------------------------------------------------------------------------------------------------------


def tier(rules: str, direction: str = "egress") -> ClusterNetworkPolicy:
    return tier_policy(f"{{tier: Admin, priority: 1, subject: {{namespaces: {{}}}}, {direction}: [{rules}]}}")


ALL_NETWORKS = "{networks: [0.0.0.0/0, '::/0']}"
ON_25 = "protocols: [{tcp: {destinationPort: {number: 25}}}]"


def test_what_a_tier_denies_is_not_open() -> None:
    assert findings(open_egress, WEB, out("{}"), tier(f"{{action: Deny, to: [{ALL_NETWORKS}]}}")) == []
    private = "{action: Deny, to: [{networks: [10.0.0.0/8]}]}"
    assert findings(open_egress, WEB, out("{}"), tier(private)) == [
        "spec.egress[0]: may connect to the Internet on every port: x/web[Pod]"
    ]
    assert findings(open_egress, WEB, out("{}"), tier(f"{{action: Deny, to: [{ALL_NETWORKS}], {ON_25}}}")) == [
        "spec.egress[0]: may connect to the Internet on every port but TCP 25: x/web[Pod]"
    ]


def test_a_tier_that_denies_pods_leaves_the_internet() -> None:
    denied = tier("{action: Deny, from: [{namespaces: {}}]}", "ingress")
    assert findings(open_ingress, WEB, into("{}"), denied) == [
        "spec.ingress[0]: open to the Internet on every port: x/web[Pod]"
    ]
    passed = tier("{action: Pass, from: [{namespaces: {}}]}", "ingress")
    assert findings(open_ingress, WEB, into("{}"), passed) == [
        f"spec.ingress[0]: open to {EVERYONE} on every port: x/web[Pod]"
    ]


def test_the_metadata_service_and_the_api_server_are_not_reported_where_a_tier_denies_them() -> None:
    wide = out("{to: [{ipBlock: {cidr: 0.0.0.0/0}}]}")
    control = node("c", "192.168.0.1", marks="node-role.kubernetes.io/control-plane=")
    assert findings(metadata_service, WEB, wide) != []
    assert findings(metadata_service, WEB, wide, tier("{action: Deny, to: [{networks: [169.254.169.254/32]}]}")) == []
    assert findings(metadata_service, WEB, wide, tier("{action: Deny, to: [{nodes: {}}]}"), control) != []
    assert findings(api_server, WEB, wide, control) != []
    assert findings(api_server, WEB, wide, tier("{action: Deny, to: [{nodes: {}}]}"), control) == []
