"""Pods that cannot resolve names, and the many that can or need not."""

from __future__ import annotations

import pytest

from haechi.analysis.cluster.cluster import Cluster
from haechi.analysis.lint import Check, run_checks
from haechi.analysis.lint.checks.dns import dns_anywhere, dns_blocked, dns_tcp_blocked
from haechi.model import ClusterNetworkPolicy, NetworkPolicy, Object, ObjectMeta, Service, ServicePort, Severity
from haechi.model.core import ServiceSpec
from tests.building import namespace, pod, policy, tier_policy

SYSTEM = namespace("kube-system")
DNS = pod("kube-system/coredns", "10.0.0.53", marks="k8s-app=kube-dns", ports=("dns=53/UDP dns-tcp=53/TCP",))
WEB = pod("x/web", "10.0.0.1", marks="app=web")
DB = pod("x/db", "10.0.0.2", marks="app=db", ports=("sql=5432/TCP",))
OTHER_DNS = pod("x/bind", "10.0.0.3", marks="app=bind", ports=("=53/UDP",))
LOCAL = pod("kube-system/local", "172.16.0.1", marks="k8s-app=node-local-dns", host_network=True)
TO_DB = "{to: [{podSelector: {matchLabels: {app: db}}}]}"
TO_SYSTEM = "{to: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}}], ports: [%s]}"
UDP, TCP = "{port: 53, protocol: UDP}", "{port: 53}"


def out(*rules: str, name: str = "p") -> NetworkPolicy:
    return policy(f"{{podSelector: {{}}, policyTypes: [Egress], egress: [{', '.join(rules)}]}}", name=name)


def block(cidr: str, ports: str = UDP, excepted: str = "") -> str:
    return f"{{to: [{{ipBlock: {{cidr: '{cidr}', except: [{excepted}]}}}}], ports: [{ports}]}}"


def service(address: str = "10.96.0.10") -> Service:
    ports = (ServicePort(protocol="UDP", port=53), ServicePort(port=53))
    spec = ServiceSpec(selector={"k8s-app": "kube-dns"}, cluster_ip=address, ports=ports)
    return Service(metadata=ObjectMeta(name="kube-dns", namespace="kube-system"), spec=spec)


def findings(check: Check, *objects: Object) -> list[str]:
    found = run_checks(Cluster.of([SYSTEM, *objects]), [check])
    return [f"{one.subject} {one.path}: {one.message} ({one.hint})" for one in found]


# -- dns-blocked -----------------------------------------------------------------------------------------------------


def test_workloads_without_dns_are_reported_once_for_their_policy() -> None:
    assert findings(dns_blocked, DNS, WEB, DB, out(TO_DB)) == [
        (
            "NetworkPolicy/x/p spec.egress: x/db[Pod] and x/web[Pod] cannot resolve names: no rule allows UDP 53 "
            "to kube-system/coredns[Pod] (allow TCP 53 and UDP 53 to k8s-app=kube-dns in namespace kube-system)"
        )
    ]


def test_of_several_policies_the_first_that_allows_something_is_reported() -> None:
    denial = policy("{policyTypes: [Ingress, Egress]}", name="a")
    found = findings(dns_blocked, DNS, WEB, DB, denial, out(TO_DB, name="b"), out(TO_DB, name="c"))
    assert [text.split()[0] for text in found] == ["NetworkPolicy/x/b"]


def test_the_port_is_the_one_on_which_the_pods_listen() -> None:
    openshift = pod("kube-system/coredns", "10.0.0.53", marks="k8s-app=kube-dns", ports=("dns=5353/UDP",))
    ports = (ServicePort(protocol="UDP", port=53, target_port="dns"),)
    spec = ServiceSpec(selector={"k8s-app": "kube-dns"}, ports=ports)
    front = Service(metadata=ObjectMeta(name="dns-default", namespace="kube-system"), spec=spec)
    (found,) = findings(dns_blocked, openshift, front, WEB, out(TO_SYSTEM % UDP))
    assert "no rule allows UDP 5353 to kube-system/coredns[Pod] (allow UDP 5353 to" in found
    assert findings(dns_blocked, openshift, front, WEB, out(TO_SYSTEM % "{port: 5353, protocol: UDP}")) == []
    assert findings(dns_blocked, openshift, front, WEB, out(TO_SYSTEM % "{port: dns, protocol: UDP}")) == []
    assert findings(dns_tcp_blocked, openshift, front, WEB, out(TO_SYSTEM % "{port: dns, protocol: UDP}")) == []


@pytest.mark.parametrize(
    "rules",
    [
        (TO_DB, TO_SYSTEM % TCP),
        (TO_DB, "{to: [{podSelector: {matchLabels: {k8s-app: kube-dns}}}]}"),  # of another namespace
        (TO_SYSTEM % "{port: 5353, protocol: UDP}",),
        (TO_SYSTEM % "{port: dns}",),  # TCP
        (block("0.0.0.0/0", "", "10.0.0.0/8"),),
        (block("0.0.0.0/0", "{port: 443}"),),
        (TO_DB, block("10.96.0.10/32")),  # policies do not apply to the address of the Service
        ("{ports: [{port: 443}]}",),
        (TO_DB, TO_SYSTEM % "{port: 53, protocol: UDP}, {port: 0}"),  # cannot be read
    ],
)
def test_rules_that_do_not_allow_dns(rules: tuple[str, ...]) -> None:
    assert len(findings(dns_blocked, DNS, service(), WEB, out(*rules))) == 1
    assert findings(dns_tcp_blocked, DNS, service(), WEB, out(*rules)) == []


@pytest.mark.parametrize(
    "rules",
    [
        (TO_DB, TO_SYSTEM % UDP),
        (TO_DB, TO_SYSTEM % "{port: dns, protocol: UDP}"),
        (TO_SYSTEM % "",),
        ("{}",),
        (TO_DB, f"{{ports: [{UDP}]}}"),
        (TO_DB, block("10.0.0.0/24")),
        (block("0.0.0.0/0", ""),),
        (TO_DB, block("8.8.8.8/32")),  # a resolver of their own
        (TO_DB, block("169.254.20.10/32")),
        (TO_DB, block("2001:4860:4860::8888/128")),
        (block("192.0.2.0/24", "{port: 443}"),),  # a few addresses need no names
        (),  # they may send nothing, which is intended
    ],
)
def test_pods_that_have_dns_or_need_none_are_not_reported(rules: tuple[str, ...]) -> None:
    assert findings(dns_blocked, DNS, service(), WEB, out(*rules)) == []


def test_synthesized_resolvers_are_where_internet_only_does_not_reach() -> None:
    resolver = pod("kube-system/coredns", marks="k8s-app=kube-dns", ports=("dns=53/UDP dns-tcp=53/TCP",))
    private = "10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16"
    for internet in (block("0.0.0.0/0", "", private), block("::/0", "", "'fc00::/7'")):
        assert len(findings(dns_blocked, resolver, pod("x/web", marks="app=web"), out(internet))) == 1
    for allowed in (block("0.0.0.0/0", ""), block("10.0.0.0/8", "")):
        assert findings(dns_blocked, resolver, pod("x/web", marks="app=web"), out(allowed)) == []
    but_one = block("0.0.0.0/0", "", "169.254.169.254/32")
    assert findings(dns_blocked, resolver, pod("x/web", marks="app=web"), out(but_one)) == []


def test_resolvers_of_their_own_and_on_the_node_are_enough() -> None:
    own = out(TO_DB, "{to: [{podSelector: {matchLabels: {app: bind}}}]}")
    assert len(findings(dns_blocked, DNS, WEB, own)) == 1
    assert findings(dns_blocked, DNS, OTHER_DNS, WEB, own) == []
    by_service = out(TO_DB, block("10.96.0.10/32"))
    assert len(findings(dns_blocked, DNS, service(), WEB, by_service)) == 1
    assert findings(dns_blocked, DNS, service(), LOCAL, WEB, by_service) == []
    internet = out(block("0.0.0.0/0", "", "10.0.0.0/8"))
    assert len(findings(dns_blocked, DNS, service(), WEB, internet)) == 1
    assert findings(dns_blocked, DNS, service(), LOCAL, WEB, internet) == []


def test_without_resolvers_or_their_addresses_nothing_is_reported() -> None:
    assert findings(dns_blocked, WEB, DB, out(TO_DB)) == []
    assert findings(dns_blocked, LOCAL, WEB, DB, out(TO_DB)) == []
    disputed = pod("kube-system/coredns", "10.0.0.1", marks="k8s-app=kube-dns")
    assert findings(dns_blocked, disputed, WEB, DB, out(TO_DB)) == []
    made = pod("kube-system/coredns", marks="k8s-app=kube-dns")
    assert findings(dns_blocked, made, WEB, DB, out(TO_DB, block("10.0.0.0/8"))) == []  # it may include them
    assert len(findings(dns_blocked, made, WEB, DB, out(TO_DB))) == 1


def test_resolvers_need_no_dns() -> None:
    upstream = policy("{policyTypes: [Egress], egress: [{ports: [{port: 853}]}]}", namespace="kube-system")
    assert findings(dns_blocked, DNS, WEB, upstream) == []


def test_pods_that_nothing_isolates_are_not_reported() -> None:
    assert findings(dns_blocked, DNS, WEB, DB, policy("{ingress: [{from: [{podSelector: {}}]}]}")) == []


# -- dns-tcp-blocked -------------------------------------------------------------------------------------------------


def test_udp_alone_is_noted() -> None:
    assert dns_tcp_blocked.severity == Severity.NOTE
    assert findings(dns_tcp_blocked, DNS, WEB, out(TO_DB, TO_SYSTEM % UDP)) == [
        (
            "NetworkPolicy/x/p spec.egress: x/web[Pod] may query kube-system/coredns[Pod] over UDP but not "
            "over TCP, which answers too long for UDP need (also allow TCP 53)"
        )
    ]


@pytest.mark.parametrize(
    "rules",
    [(TO_SYSTEM % f"{UDP}, {TCP}",), (TO_SYSTEM % "",), (TO_SYSTEM % UDP, TO_SYSTEM % "{port: dns-tcp}"), ("{}",), ()],
)
def test_both_protocols_are_not_noted(rules: tuple[str, ...]) -> None:
    assert findings(dns_tcp_blocked, DNS, WEB, out(*rules)) == []


# -- dns-anywhere ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "whom"),
    [
        (f"{{ports: [{UDP}]}}", "UDP 53 to everyone"),
        ("{ports: [{port: 50, endPort: 60}]}", "TCP 50-60 to everyone"),
        (block("0.0.0.0/0"), "UDP 53 to 0.0.0.0/0"),
        (block("::/0", TCP, "fd00::/8"), "TCP 53 to ::/0"),
    ],
)
def test_dns_to_everyone_is_reported_on_request(rule: str, whom: str) -> None:
    assert dns_anywhere.on_request
    assert findings(dns_anywhere, out(rule)) == [
        (
            f"NetworkPolicy/x/p spec.egress[0].ports[0]: {whom} allows exfiltration: "
            "queries can carry data to any resolver (allow it only to the cluster's DNS)"
        )
    ]


@pytest.mark.parametrize(
    "rule",
    [
        "{}",  # it allows everything
        "{ports: [{protocol: UDP}]}",
        "{ports: [{port: 443}]}",
        TO_SYSTEM % UDP,
        block("8.8.8.8/32"),
        block("0.0.0.0/0", "{port: dns}"),
        block("nonsense"),
        block("0.0.0.0/0", "{port: 53}, {port: 0}"),
    ],
)
def test_other_rules_are_not_reported(rule: str) -> None:
    assert findings(dns_anywhere, out(rule)) == []
    assert findings(dns_anywhere, policy(f"{{ingress: [{{ports: [{UDP}]}}]}}")) == []


# -- tiers -----------------------------------------------------------------------------------------------------------

EVERYONE = "{namespaces: {}}"
IN_SYSTEM = "{namespaces: {matchLabels: {kubernetes.io/metadata.name: kube-system}}}"
ON_DNS = "protocols: [{udp: {destinationPort: {number: 53}}}, {tcp: {destinationPort: {number: 53}}}]"


def tier(*rules: str, kind: str = "Admin") -> ClusterNetworkPolicy:
    subject = "{namespaces: {matchLabels: {kubernetes.io/metadata.name: x}}}"
    return tier_policy(f"{{tier: {kind}, priority: 1, subject: {subject}, egress: [{', '.join(rules)}]}}", name="t")


DENY = f"{{action: Deny, to: [{EVERYONE}]}}"


@pytest.mark.parametrize("kind", ["Admin", "Baseline"])
def test_a_rule_of_a_tier_that_cuts_dns_is_named(kind: str) -> None:
    assert findings(dns_blocked, DNS, WEB, DB, tier(DENY, kind=kind)) == [
        (
            "ClusterNetworkPolicy/t spec.egress[0]: x/db[Pod] and x/web[Pod] cannot resolve names: this denies UDP 53 "
            "to kube-system/coredns[Pod] (accept TCP 53 and UDP 53 to k8s-app=kube-dns in namespace kube-system in a "
            "rule before it)"
        )
    ]


@pytest.mark.parametrize(
    "rules",
    [
        [f"{{action: Accept, to: [{IN_SYSTEM}], {ON_DNS}}}", DENY],
        [f"{{action: Pass, to: [{IN_SYSTEM}]}}", DENY],
        ["{action: Accept, to: [{networks: [8.8.8.8/32]}]}", "{action: Deny, to: [{networks: [0.0.0.0/0]}]}"],
        ["{action: Deny, to: [{networks: [0.0.0.0/0, '::/0']}]}"],  # they may send nothing at all
    ],
)
def test_pods_that_a_tier_leaves_dns_or_nothing_are_not_reported(rules: list[str]) -> None:
    assert findings(dns_blocked, DNS, WEB, DB, tier(*rules)) == []


def test_policies_and_tiers_are_judged_together() -> None:
    accept = tier(f"{{action: Accept, to: [{IN_SYSTEM}]}}")
    assert findings(dns_blocked, DNS, WEB, DB, out(TO_DB), accept) == []
    (found,) = findings(dns_blocked, DNS, WEB, DB, out("{}"), tier(f"{{action: Deny, to: [{IN_SYSTEM}]}}"))
    assert found.startswith("ClusterNetworkPolicy/t spec.egress[0]")
    (found,) = findings(dns_blocked, DNS, WEB, DB, out(TO_DB), tier(DENY, kind="Baseline"))
    assert found.startswith("NetworkPolicy/x/p")


def test_a_tier_that_cuts_dns_over_tcp_is_named() -> None:
    only_udp = f"{{action: Accept, to: [{IN_SYSTEM}], protocols: [{{udp: {{destinationPort: {{number: 53}}}}}}]}}"
    (found,) = findings(dns_tcp_blocked, DNS, WEB, DB, tier(only_udp, DENY))
    assert found.startswith("ClusterNetworkPolicy/t spec.egress[1]: ")
    assert found.endswith("(also accept TCP 53 before it)")
