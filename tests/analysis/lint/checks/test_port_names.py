"""Ports by name: against the names that the reference looks up on each pod."""

from __future__ import annotations

from textwrap import dedent

import pytest
from hypothesis import given

from haechi.analysis.cluster.cluster import Cluster
from haechi.analysis.lint import Check, Finding, run_checks
from haechi.analysis.lint.checks.port_names import (
    CHECKS,
    named_port_differs,
    named_port_protocol,
    named_port_to_ipblock,
    named_port_unknown,
)
from haechi.model import NetworkPolicyPort, Object, Pod, Severity, path_steps
from haechi.model.verdict import Direction, PolicyKey
from haechi.reference.parts import PROTOCOLS, named_ports
from haechi.reference.reference import isolates
from tests.analysis.lint.linting import LARGE_EXAMPLES, cluster_of
from tests.analysis.lint.random_services import served
from tests.building import namespace, pod, policy

WEB = pod("x/web", marks="app=web", ports=("http=8080/TCP metrics=9090/TCP", "dns=53/UDP"))
OTHER = pod("x/other", marks="app=other", ports=("http=80/TCP",))
CLIENT = pod("x/client", marks="app=client")
INGRESS = "{podSelector: {matchLabels: {app: %s}}, ingress: [{ports: [%s]}]}"
EGRESS = "{podSelector: {matchLabels: {app: client}}, policyTypes: [Egress], egress: [{ports: [%s], to: [%s]}]}"
TO_WEB = "{podSelector: {matchLabels: {app: web}}}"


def findings(check: Check, spec: str, *more: Object) -> list[str]:
    found = run_checks(Cluster.of([WEB, OTHER, CLIENT, policy(spec), *more]), [check])
    return [f"{one.path}: {one.message} ({one.hint})" if one.hint else f"{one.path}: {one.message}" for one in found]


# -- named-port-unknown ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("htp", "did you mean http?"),
        ("metric", "did you mean metrics?"),
        ("grpc", "their ports are named http and metrics"),
        ("x" * 10_000, "their ports are named http and metrics"),
    ],
)
def test_a_name_that_no_pod_has_is_reported_with_the_nearest(name: str, hint: str) -> None:
    assert findings(named_port_unknown, INGRESS % ("web", f"{{port: 80}}, {{port: {name}}}")) == [
        (
            f"spec.ingress[0].ports[1]: no container of x/web[Pod] has a port named {name}, "
            f"so this allows nothing ({hint})"
        )
    ]


def test_pods_without_names_need_the_number() -> None:
    assert findings(named_port_unknown, INGRESS % ("client", "{port: http}")) == [
        (
            "spec.ingress[0].ports[0]: no container of x/client[Pod] has a port named http, so this allows nothing "
            "(use the number, or name the port in the containers)"
        )
    ]


def test_egress_names_are_those_of_the_pods_that_are_called() -> None:
    assert findings(named_port_unknown, EGRESS % ("{port: https}", TO_WEB)) == [
        (
            "spec.egress[0].ports[0]: no container of x/web[Pod] has a port named https, so this allows nothing "
            "(did you mean http?)"
        )
    ]
    assert findings(named_port_unknown, EGRESS % ("{port: metrics}", f"{TO_WEB}, {{podSelector: {{}}}}")) == []


@pytest.mark.parametrize(
    "spec",
    [
        INGRESS % ("web", "{port: http}"),
        INGRESS % ("web", "{port: dns}"),  # named-port-protocol says more
        INGRESS % ("nobody", "{port: https}"),
        INGRESS % ("web", "{port: https}, {port: 0}"),  # cannot be read
        "{policyTypes: [Egress], podSelector: {matchLabels: {app: web}}, ingress: [{ports: [{port: https}]}]}",
        "{ingress: [{ports: [{port: metrics}]}]}",  # one of the pods has it
        EGRESS % ("{port: https}", ""),
        EGRESS % ("{port: https}", "{namespaceSelector: {}}"),
        EGRESS % ("{port: https}", "{ipBlock: {cidr: 10.0.0.0/8}}"),
        EGRESS % ("{port: https}", f"{TO_WEB}, {{podSelector: {{matchLabels: {{app: nobody}}}}}}"),
    ],
)
def test_names_that_a_pod_has_or_may_have_are_not_reported(spec: str) -> None:
    assert findings(named_port_unknown, spec) == []


def test_workloads_are_named_not_each_of_their_pods() -> None:
    text = """
    {apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: x}, spec: {replicas: 3, template: {
      metadata: {labels: {app: web}}, spec: {containers: [{name: c, ports: [{name: http, containerPort: 80}]}]}}}}
    ---
    {apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: p, namespace: x},
     spec: {podSelector: {}, ingress: [{ports: [{port: https}, {port: http, protocol: UDP}]}]}}
    """
    messages = [one.message for one in run_checks(cluster_of(dedent(text)), CHECKS)]
    assert messages == [
        "no container of x/web[Deployment] has a port named https, so this allows nothing",
        "http is a TCP port of x/web[Deployment], not UDP",
    ]


def test_a_sidecar_has_names_too() -> None:
    text = """
    {apiVersion: v1, kind: Pod, metadata: {name: a, namespace: x}, spec: {initContainers: [
      {restartPolicy: Always, ports: [{name: envoy, containerPort: 15090}]}]}}
    ---
    {apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: p, namespace: x},
     spec: {podSelector: {}, ingress: [{ports: [{port: envoy}]}]}}
    """
    cluster = cluster_of(dedent(text))
    assert len(cluster.pods) == 1
    assert run_checks(cluster, CHECKS) == ()
    assert len(run_checks(cluster_of(dedent(text).replace("Always", "Never")), CHECKS)) == 1


def test_in_a_whole_cluster_everyone_is_known() -> None:
    whole = [namespace("x"), namespace("kube-system")]
    for peers in ("", "{namespaceSelector: {}}"):
        assert len(findings(named_port_unknown, EGRESS % ("{port: https}", peers), *whole)) == 1
        assert findings(named_port_unknown, EGRESS % ("{port: http}", peers), *whole) == []


# -- named-port-protocol ---------------------------------------------------------------------------------------------


def test_a_name_with_another_protocol_is_reported() -> None:
    assert findings(named_port_protocol, INGRESS % ("web", "{port: dns}")) == [
        ("spec.ingress[0].ports[0]: dns is a UDP port of x/web[Pod], not TCP, the default (write protocol: UDP)")
    ]
    assert findings(named_port_protocol, INGRESS % ("web", "{port: http, protocol: UDP}")) == [
        "spec.ingress[0].ports[0]: http is a TCP port of x/web[Pod], not UDP (write protocol: TCP)"
    ]


def test_a_name_with_two_other_protocols_is_reported() -> None:
    both = pod("x/both", marks="app=both", ports=("dns=53/UDP", "dns=53/TCP"))
    assert findings(named_port_protocol, INGRESS % ("both", "{port: dns, protocol: SCTP}"), both) == [
        (
            "spec.ingress[0].ports[0]: dns is a TCP and UDP port of x/both[Pod], not SCTP "
            "(write one item for each of TCP and UDP)"
        )
    ]
    assert findings(named_port_protocol, INGRESS % ("both", "{port: dns}"), both) == []


def test_a_protocol_that_one_pod_has_is_not_reported() -> None:
    other = pod("y/other", ports=("dns=53/TCP",))
    spec = "{podSelector: {}, ingress: [{ports: [{port: dns}]}]}"
    assert findings(named_port_protocol, spec, pod("x/tcp", ports=("dns=53/TCP",)), other) == []
    assert len(findings(named_port_protocol, spec, other)) == 1


# -- against the reference -------------------------------------------------------------------------------------------


def item(cluster: Cluster, finding: Finding) -> NetworkPolicyPort:
    _, name_space, name = finding.subject.split("/")
    steps = path_steps(finding.path)
    rules = getattr(cluster.policies[PolicyKey(name_space, name)].spec, str(steps[1]))
    found = rules[steps[2]].ports[steps[4]]
    assert isinstance(found, NetworkPolicyPort)
    return found


def subjects(cluster: Cluster, key: PolicyKey) -> list[Pod]:
    one = cluster.policies[key]
    return [pod for pod in cluster.pods.values() if isolates(one, pod, Direction.INGRESS)]


@LARGE_EXAMPLES
@given(served(odd=False))
def test_ingress_names_are_reported_exactly_if_no_pod_of_the_policy_has_them(found: list[Object]) -> None:
    cluster = Cluster.of(found)
    findings = {
        (one.subject, one.path)
        for one in run_checks(cluster, [named_port_unknown, named_port_protocol])
        if one.path.startswith("spec.ingress")
    }
    expected = set()
    for key, one in cluster.policies.items():
        pods = subjects(cluster, key)
        for n, rule in enumerate(one.spec.ingress):
            for m, port in enumerate(rule.ports):
                protocol = PROTOCOLS[port.protocol or "TCP"]
                if pods and isinstance(port.port, str) and not any(named_ports(p, port.port, protocol) for p in pods):
                    expected.add((one.display_name, f"spec.ingress[{n}].ports[{m}]"))
    assert findings == expected


@LARGE_EXAMPLES
@given(served(odd=False))
def test_a_name_differs_exactly_if_pods_of_the_policy_give_it_several_numbers(found: list[Object]) -> None:
    cluster = Cluster.of(found)
    findings = {(one.subject, one.path) for one in run_checks(cluster, [named_port_differs]) if "ingress" in one.path}
    expected = set()
    for key, one in cluster.policies.items():
        pods = subjects(cluster, key)
        for n, rule in enumerate(one.spec.ingress):
            for m, port in enumerate(rule.ports):
                name, protocol = port.port, PROTOCOLS[port.protocol or "TCP"]
                if isinstance(name, str) and len({p for pod in pods for p in named_ports(pod, name, protocol)}) > 1:
                    expected.add((one.display_name, f"spec.ingress[{n}].ports[{m}]"))
    assert findings == expected


# -- named-port-to-ipblock -------------------------------------------------------------------------------------------


def test_a_name_of_an_address_is_reported() -> None:
    blocks = "{ipBlock: {cidr: 10.0.0.0/8}}, {podSelector: {}}, {ipBlock: {cidr: 192.0.2.0/24}}"
    assert findings(named_port_to_ipblock, EGRESS % ("{port: 80}, {port: http}", blocks)) == [
        (
            "spec.egress[0].ports[1]: only pods have named ports, "
            "so http allows nothing to other addresses of 10.0.0.0/8 and 192.0.2.0/24 (use the number)"
        )
    ]


@pytest.mark.parametrize(
    "spec",
    [
        EGRESS % ("{port: http}", "{podSelector: {}}"),
        EGRESS % ("{port: http}", ""),
        EGRESS % ("{port: 80}", "{ipBlock: {cidr: 10.0.0.0/8}}"),
        EGRESS % ("{port: http}", "{ipBlock: {cidr: nonsense}}"),
        "{ingress: [{ports: [{port: http}], from: [{ipBlock: {cidr: 10.0.0.0/8}}]}]}",  # looked up on the own pods
    ],
)
def test_names_of_pods_are_not_reported(spec: str) -> None:
    assert findings(named_port_to_ipblock, spec) == []


# -- named-port-differs ----------------------------------------------------------------------------------------------


def test_a_name_with_several_numbers_is_reported_on_request() -> None:
    assert named_port_differs.on_request
    assert named_port_differs.severity == Severity.NOTE
    message = "http is a different number on different pods: 80 on x/other and 8080 on x/web"
    assert findings(named_port_differs, "{ingress: [{ports: [{port: http}]}]}") == [
        f"spec.ingress[0].ports[0]: {message}"
    ]
    assert findings(named_port_differs, EGRESS % ("{port: http}", "")) == [f"spec.egress[0].ports[0]: {message}"]
    assert findings(named_port_differs, EGRESS % ("{port: http}", TO_WEB)) == []
