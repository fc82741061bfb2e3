"""Pods that cannot look up names: who is told, and the many who are not."""

from __future__ import annotations

import pytest

from haechi.analysis.cluster.cluster import Cluster
from haechi.analysis.lint import Check, Severity, findings
from haechi.analysis.lint.checks.dns import dns_anywhere, dns_blocked, dns_tcp_blocked
from haechi.model import NetworkPolicy, Object, ObjectMeta, Service, ServicePort
from haechi.model.core import ServiceSpec
from tests.building import namespace, pod, policy

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


def told(check: Check, *objects: Object) -> list[str]:
    found = findings(Cluster.of([SYSTEM, *objects]), [check])
    return [f"{one.subject} {one.path}: {one.message} ({one.hint})" for one in found]


# -- dns-blocked -----------------------------------------------------------------------------------------------------


def test_workloads_that_cannot_ask_are_told_once_for_their_policy() -> None:
    assert told(dns_blocked, DNS, WEB, DB, out(TO_DB)) == [
        (
            "NetworkPolicy/x/p spec.egress: x/db[Pod] and x/web[Pod] cannot look up names: no rule allows UDP 53 "
            "to kube-system/coredns[Pod] (allow TCP 53 and UDP 53 to k8s-app=kube-dns in namespace kube-system)"
        )
    ]


def test_of_several_policies_the_first_that_allows_something_is_told() -> None:
    denial = policy("{policyTypes: [Ingress, Egress]}", name="a")
    found = told(dns_blocked, DNS, WEB, DB, denial, out(TO_DB, name="b"), out(TO_DB, name="c"))
    assert [text.split()[0] for text in found] == ["NetworkPolicy/x/b"]


def test_the_port_is_the_one_on_which_the_pods_listen() -> None:
    openshift = pod("kube-system/coredns", "10.0.0.53", marks="k8s-app=kube-dns", ports=("dns=5353/UDP",))
    ports = (ServicePort(protocol="UDP", port=53, target_port="dns"),)
    spec = ServiceSpec(selector={"k8s-app": "kube-dns"}, ports=ports)
    front = Service(metadata=ObjectMeta(name="dns-default", namespace="kube-system"), spec=spec)
    (found,) = told(dns_blocked, openshift, front, WEB, out(TO_SYSTEM % UDP))
    assert "no rule allows UDP 5353 to kube-system/coredns[Pod] (allow UDP 5353 to" in found
    assert told(dns_blocked, openshift, front, WEB, out(TO_SYSTEM % "{port: 5353, protocol: UDP}")) == []
    assert told(dns_blocked, openshift, front, WEB, out(TO_SYSTEM % "{port: dns, protocol: UDP}")) == []
    assert told(dns_tcp_blocked, openshift, front, WEB, out(TO_SYSTEM % "{port: dns, protocol: UDP}")) == []


@pytest.mark.parametrize(
    "rules",
    [
        (TO_DB, TO_SYSTEM % TCP),
        (TO_DB, "{to: [{podSelector: {matchLabels: {k8s-app: kube-dns}}}]}"),  # of another namespace
        (TO_SYSTEM % "{port: 5353, protocol: UDP}",),
        (TO_SYSTEM % "{port: dns}",),  # TCP
        (block("0.0.0.0/0", "", "10.0.0.0/8"),),
        (block("0.0.0.0/0", "{port: 443}"),),
        (TO_DB, block("10.96.0.10/32")),  # policies never see the address of the Service
        ("{ports: [{port: 443}]}",),
        (TO_DB, TO_SYSTEM % "{port: 53, protocol: UDP}, {port: 0}"),  # cannot be read
    ],
)
def test_ways_to_forget_names(rules: tuple[str, ...]) -> None:
    assert len(told(dns_blocked, DNS, service(), WEB, out(*rules))) == 1
    assert told(dns_tcp_blocked, DNS, service(), WEB, out(*rules)) == []


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
        (),  # they may send nothing: that is meant
    ],
)
def test_pods_that_may_ask_or_need_not_are_not_told(rules: tuple[str, ...]) -> None:
    assert told(dns_blocked, DNS, service(), WEB, out(*rules)) == []


def test_resolvers_of_their_own_and_on_the_node_are_enough() -> None:
    own = out(TO_DB, "{to: [{podSelector: {matchLabels: {app: bind}}}]}")
    assert len(told(dns_blocked, DNS, WEB, own)) == 1
    assert told(dns_blocked, DNS, OTHER_DNS, WEB, own) == []
    by_service = out(TO_DB, block("10.96.0.10/32"))
    assert len(told(dns_blocked, DNS, service(), WEB, by_service)) == 1
    assert told(dns_blocked, DNS, service(), LOCAL, WEB, by_service) == []
    internet = out(block("0.0.0.0/0", "", "10.0.0.0/8"))
    assert len(told(dns_blocked, DNS, service(), WEB, internet)) == 1
    assert told(dns_blocked, DNS, service(), LOCAL, WEB, internet) == []


def test_resolvers_that_are_not_there_or_have_no_address_of_their_own_tell_nothing() -> None:
    assert told(dns_blocked, WEB, DB, out(TO_DB)) == []
    assert told(dns_blocked, LOCAL, WEB, DB, out(TO_DB)) == []
    disputed = pod("kube-system/coredns", "10.0.0.1", marks="k8s-app=kube-dns")
    assert told(dns_blocked, disputed, WEB, DB, out(TO_DB)) == []
    made = pod("kube-system/coredns", marks="k8s-app=kube-dns")
    assert told(dns_blocked, made, WEB, DB, out(TO_DB, block("10.0.0.0/8"))) == []  # it may well hold them
    assert len(told(dns_blocked, made, WEB, DB, out(TO_DB))) == 1


def test_resolvers_need_not_ask_themselves() -> None:
    upstream = policy("{policyTypes: [Egress], egress: [{ports: [{port: 853}]}]}", namespace="kube-system")
    assert told(dns_blocked, DNS, WEB, upstream) == []


def test_pods_that_nothing_isolates_are_not_told() -> None:
    assert told(dns_blocked, DNS, WEB, DB, policy("{ingress: [{from: [{podSelector: {}}]}]}")) == []


# -- dns-tcp-blocked -------------------------------------------------------------------------------------------------


def test_udp_alone_is_noted() -> None:
    assert dns_tcp_blocked.severity == Severity.NOTE
    assert told(dns_tcp_blocked, DNS, WEB, out(TO_DB, TO_SYSTEM % UDP)) == [
        (
            "NetworkPolicy/x/p spec.egress: x/web[Pod] may ask kube-system/coredns[Pod] by UDP but not by TCP, "
            "which answers need that are too long for UDP (allow TCP 53 too)"
        )
    ]


@pytest.mark.parametrize(
    "rules",
    [(TO_SYSTEM % f"{UDP}, {TCP}",), (TO_SYSTEM % "",), (TO_SYSTEM % UDP, TO_SYSTEM % "{port: dns-tcp}"), ("{}",), ()],
)
def test_both_protocols_are_not_noted(rules: tuple[str, ...]) -> None:
    assert told(dns_tcp_blocked, DNS, WEB, out(*rules)) == []


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
def test_a_way_out_for_data_is_told_on_request(rule: str, whom: str) -> None:
    assert dns_anywhere.on_request
    assert told(dns_anywhere, out(rule)) == [
        (
            f"NetworkPolicy/x/p spec.egress[0].ports[0]: {whom} is a way out: names can carry data to any resolver "
            "(allow it to the cluster's DNS only)"
        )
    ]


@pytest.mark.parametrize(
    "rule",
    [
        "{}",  # that everything may leave is no news
        "{ports: [{protocol: UDP}]}",
        "{ports: [{port: 443}]}",
        TO_SYSTEM % UDP,
        block("8.8.8.8/32"),
        block("0.0.0.0/0", "{port: dns}"),
        block("nonsense"),
        block("0.0.0.0/0", "{port: 53}, {port: 0}"),
    ],
)
def test_other_ways_are_not_told(rule: str) -> None:
    assert told(dns_anywhere, out(rule)) == []
    assert told(dns_anywhere, policy(f"{{ingress: [{{ports: [{UDP}]}}]}}")) == []
