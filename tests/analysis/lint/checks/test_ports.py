"""Ports by number: against what the reference allows on every port that could make a difference."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haechi.analysis.cluster.cluster import Cluster
from haechi.analysis.lint import Check, Finding, run_checks
from haechi.analysis.lint.checks.ports import CHECKS, overlapping_ports, port_not_exposed, service_port
from haechi.model import (
    Namespace,
    NetworkPolicy,
    NetworkPolicyIngressRule,
    NetworkPolicyPort,
    NetworkPolicySpec,
    Node,
    Object,
    Pod,
    Severity,
    path_steps,
)
from haechi.model.verdict import Direction, PolicyKey
from haechi.reference import allowed
from haechi.reference.reference import isolates, port_matches
from tests import clusters
from tests.analysis.lint.fixing import all_fixed, fixed
from tests.analysis.lint.linting import LARGE_EXAMPLES, cluster_of
from tests.analysis.lint.random_services import served
from tests.building import packet, pod, policy

PODS = """
{apiVersion: v1, kind: Pod, metadata: {name: web, namespace: x, labels: {app: web}}, spec: {containers: [
  {name: c, ports: [{containerPort: 8080, name: http}, {containerPort: 53, protocol: UDP}]}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: bare, namespace: x, labels: {app: bare}}, spec: {}}
---
{apiVersion: v1, kind: Pod, metadata: {name: client, namespace: x, labels: {app: client}}, spec: {}}
---
{apiVersion: v1, kind: Service, metadata: {name: web, namespace: x}, spec: {selector: {app: web}, ports: [
  {port: 80, targetPort: http}, {port: 443, targetPort: https}, {port: 8443, targetPort: 8080},
  {port: 54, targetPort: 53, protocol: UDP}, {port: 9000}, {port: 90, targetPort: 9090}]}}
---
{apiVersion: v1, kind: Service, metadata: {name: bare, namespace: x}, spec: {selector: {app: bare}, ports: [
  {port: 80, targetPort: 8081}]}}
---
{apiVersion: v1, kind: Service, metadata: {name: headless, namespace: x}, spec: {selector: {app: web}, clusterIP: None,
  ports: [{port: 70, targetPort: 8080}]}}
---
{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: p, namespace: x}, spec: %s}
"""
WEB = "{podSelector: {matchLabels: {app: web}}, ingress: [{ports: [%s]}]}"
EGRESS = "{podSelector: {matchLabels: {app: client}}, policyTypes: [Egress], egress: [{ports: [{port: 80}], to: [%s]}]}"
ALL_WEB = "podSelector: {matchLabels: {app: web}}"


def findings(text: str, *checks: Check) -> list[Finding]:
    return list(run_checks(cluster_of(text), checks or CHECKS))


# -- service-port ----------------------------------------------------------------------------------------------------


def test_a_port_of_a_service_is_reported_with_the_port_of_its_pods() -> None:
    (found,) = findings(PODS % (WEB % "{port: 8080}, {port: 53, protocol: UDP}").replace("53,", "54,", 1), service_port)
    assert (found.severity, found.path, found.hint) == (Severity.ERROR, "spec.ingress[0].ports[1]", "use 53")
    (found,) = findings(PODS % (WEB % "{port: 80}"), service_port)
    assert found.message == (
        "80 is the port of Service x/web, whose pods listen on 8080: policies apply to the port of the pods"
    )
    assert found.hint == "use 8080"
    assert found.location is not None
    assert found.location.line == 19
    assert found.fix is None


@pytest.mark.parametrize(
    "ports",
    [
        "{port: 80}",
        "{port: 80, endPort: 80}",
        "{port: 80, protocol: TCP}",
        "{port: 8443}",
        "{port: 90}",
        "{port: 54, protocol: UDP}",
        "{port: 80}, {port: 8081}, {port: http, protocol: UDP}",
    ],
)
def test_other_ways_to_write_the_port_of_a_service(ports: str) -> None:
    assert [one.path for one in findings(PODS % (WEB % ports), service_port)] == ["spec.ingress[0].ports[0]"]


@pytest.mark.parametrize(
    "ports",
    [
        "{port: 8080}",  # a container lists it
        "{port: 53}",  # with another protocol
        "{port: 9000}",  # the Service leads to the same number
        "{port: 9090}",  # a Service leads to it
        "{port: 443}",  # nobody knows where it leads
        "{port: 54}",  # not this protocol of the Service
        "{port: 70}",  # clients of a headless Service call the pods' own port
        "{port: 81}",
        "{port: 80, endPort: 90}",
        "{port: 80}, {port: 8080}",  # the right one is there too
        "{port: 80}, {port: http}",
        "{port: 80}, {port: 8000, endPort: 9000}",
        "{port: 80}, {port: 0}",  # the rule cannot be read
        "{protocol: TCP}",
        "",
    ],
)
def test_ports_that_are_no_mistake(ports: str) -> None:
    assert findings(PODS % (WEB % ports), service_port) == []


@pytest.mark.parametrize("peers", [f"{{{ALL_WEB}}}", f"{{{ALL_WEB}}}, {{podSelector: {{matchLabels: {{app: bare}}}}}}"])
def test_egress_is_judged_by_the_pods_that_are_called(peers: str) -> None:
    assert [one.path for one in findings(PODS % (EGRESS % peers), service_port)] == ["spec.egress[0].ports[0]"]


@pytest.mark.parametrize(
    "peers",
    [
        "",  # everyone
        f"{{{ALL_WEB}}}, {{ipBlock: {{cidr: 10.0.0.0/8}}}}",  # addresses that may be anything
        "{podSelector: {}}",  # client may listen on anything
        "{namespaceSelector: {}}",
        "{podSelector: {matchLabels: {app: nobody}}}",
        f"{{{ALL_WEB}}}, {{podSelector: {{matchLabels: {{app: nobody}}}}}}",  # whoever that will be
        "{podSelector: {matchLabels: {app: client}}}",
    ],
)
def test_egress_to_whom_the_input_does_not_know_is_not_judged(peers: str) -> None:
    assert findings(PODS % (EGRESS % peers), service_port) == []


def selected(cluster: Cluster, finding: Finding) -> list[Pod]:
    """The pods of a finding's policy, as the reference sees them."""
    _, namespace, name = finding.subject.split("/")
    policy = cluster.policies[PolicyKey(namespace, name)]
    return [one for one in cluster.pods.values() if isolates(policy, one, Direction.INGRESS)]


@LARGE_EXAMPLES
@given(served(odd=False))
def test_behind_the_port_of_a_service_nobody_listens_but_its_pods_are_there(found: list[Object]) -> None:
    cluster = Cluster.of(found)
    for one in run_checks(cluster, [service_port]):
        number, path = int(one.message.split()[0]), path_steps(one.path)
        pods = selected(cluster, one) if path[1] == "ingress" else []
        assert number not in {p.container_port for pod in pods for c in pod.spec.containers for p in c.ports}
        assert path[1] == "egress" or any(
            port.port == number and port.target_port not in (None, 0, "", number)
            for pod in pods
            for service in cluster.services
            if service.namespace == pod.namespace and service.spec.selector.items() <= pod.labels.items()
            for port in service.spec.ports
        )


# -- overlapping-ports -----------------------------------------------------------------------------------------------


def overlaps(*ports: str) -> list[str]:
    text = WEB % ", ".join(ports)
    cluster = Cluster.of([policy(text)])
    return [f"{one.path.rpartition('[')[2][:-1]}: {one.message}" for one in run_checks(cluster, [overlapping_ports])]


def test_an_item_that_others_hold_is_reported() -> None:
    assert overlaps("{port: 80}", "{port: 443}", "{port: 80}") == ["2: TCP 80 is in the list twice"]
    assert overlaps("{port: 80}", "{port: 70, endPort: 90}") == ["0: TCP 80 is included in TCP 70-90 of the same list"]
    assert overlaps("{port: 70, endPort: 80}", "{port: 75, endPort: 85}", "{port: 81, endPort: 90}") == [
        "1: TCP 75-85 is included in TCP 70-80 and TCP 81-90 of the same list"
    ]
    assert overlaps("{port: http}", "{}") == ["0: TCP http is included in all TCP of the same list"]
    assert overlaps("{port: http}", "{port: 1, endPort: 65535}") == [
        "0: TCP http is included in TCP 1-65535 of the same list"
    ]
    assert overlaps("{port: http}", "{port: http}", "{port: http, protocol: TCP}") == [
        "1: TCP http is in the list twice",
        "2: TCP http is in the list twice",
    ]


@pytest.mark.parametrize(
    "ports",
    [
        ("{port: 53}", "{port: 53, protocol: UDP}"),
        ("{port: http}", "{port: http, protocol: UDP}"),
        ("{port: http}", "{port: 2, endPort: 65535}"),
        ("{port: http}", "{protocol: UDP}"),
        ("{port: 80, endPort: 90}", "{port: 85, endPort: 95}"),
        ("{}",),
        ("{port: 80}", "{port: 80}", "{port: 0}"),
    ],
)
def test_items_that_say_something_new_are_not_reported(ports: tuple[str, ...]) -> None:
    assert overlaps(*ports) == []


def test_rules_that_do_not_count_are_not_reported() -> None:
    text = "{policyTypes: [Ingress], egress: [{ports: [{port: 80}, {port: 80}]}]}"
    assert run_checks(Cluster.of([policy(text)]), [overlapping_ports]) == ()


SERVERS = [pod("x/a", ports=("web=80/TCP web=81/UDP",)), pod("x/b", ports=("web=8080/TCP dns=53/UDP",)), pod("x/c")]
POINTS = sorted({n for port in clusters.PORTS for last in range(32) for n in (port, port + last)} | {1, 40000, 65535})


def means(ports: tuple[NetworkPolicyPort, ...], server: Pod) -> list[bool]:
    packets = [packet("10.0.0.1", "10.0.0.2", f"{n}/{protocol}") for n in POINTS for protocol in clusters.PROTOCOLS]
    return [any(port_matches(one, server, each) for one in ports) for each in packets]


@LARGE_EXAMPLES
@given(st.lists(clusters.policy_ports(), max_size=5).map(tuple))
def test_exactly_the_items_that_can_go_are_reported(ports: tuple[NetworkPolicyPort, ...]) -> None:
    rule = NetworkPolicyIngressRule(ports=ports)
    one = NetworkPolicy(spec=NetworkPolicySpec(ingress=(rule,)))
    cluster = Cluster.of([one])
    found = run_checks(cluster, [overlapping_ports])
    left = all_fixed(one, found).spec.ingress[0].ports
    assert len(left) == len(ports) - len(found)
    assert bool(left) == bool(ports)
    for server in SERVERS:
        assert means(left, server) == means(ports, server)
    for number in range(len(left)):
        rest = left[:number] + left[number + 1 :]
        assert any(means(rest, server) != means(left, server) for server in SERVERS) or (
            isinstance(left[number].port, str)  # a name that none of these servers has still means something
        )


@LARGE_EXAMPLES
@given(clusters.policies(), st.lists(clusters.objects(), max_size=10), st.randoms(use_true_random=False))
def test_each_fix_ends_its_finding_and_changes_no_verdict(
    one: NetworkPolicy, others: list[Namespace | Node | Pod | NetworkPolicy], random: Random
) -> None:
    findings = run_checks(Cluster.of([one]), [overlapping_ports])
    for finding in findings:
        after = fixed(one, finding)
        assert len(run_checks(Cluster.of([after]), [overlapping_ports])) == len(findings) - 1
        old, new = clusters.cluster([*others, one]), clusters.cluster([*others, after])
        for each in random.sample(probes := clusters.probes(old, random), min(len(probes), 60)):
            assert allowed(old, each) == allowed(new, each)


# -- port-not-exposed ------------------------------------------------------------------------------------------------


def test_a_port_that_no_container_lists_is_reported_on_request() -> None:
    assert port_not_exposed.on_request
    (found,) = findings(PODS % (WEB % "{port: 3000}"), port_not_exposed)
    assert found.message == "no container of the destination pods lists TCP 3000: they list TCP 8080 and UDP 53"
    assert found.severity == Severity.NOTE


@pytest.mark.parametrize(
    "spec",
    [
        WEB % "{port: 8080}",
        WEB % "{port: 8000, endPort: 9000}",
        WEB % "{port: 80}",  # service-port says more
        WEB % "{port: http}",
        WEB % "{protocol: SCTP}",
        "{ingress: [{ports: [{port: 3000}]}]}",  # bare lists nothing, and may listen on anything
        (EGRESS % "").replace("80", "3000"),
    ],
)
def test_ports_that_are_listed_or_may_be_there_are_not_reported(spec: str) -> None:
    assert findings(PODS % spec, port_not_exposed) == []
