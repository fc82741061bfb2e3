"""Common and correct ways of writing policies, in which no default check finds anything but what is open."""

from __future__ import annotations

from textwrap import dedent

import pytest

from tests.analysis.lint.linting import found

WORKLOADS = """
{apiVersion: v1, kind: Namespace, metadata: {name: shop}}
---
{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: shop}, spec: {replicas: 2, template: {
  metadata: {labels: {app: web, release: r1}}, spec: {containers: [{ports: [{name: http, containerPort: 8080}]}]}}}}
---
{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: db, namespace: shop}, spec: {replicas: 3, template: {
  metadata: {labels: {app: db, release: r1}}, spec: {containers: [{ports: [{name: sql, containerPort: 5432}]}]}}}}
---
{apiVersion: v1, kind: Service, metadata: {name: web, namespace: shop},
  spec: {selector: {app: web}, ports: [{port: 80, targetPort: http}]}}
---
{apiVersion: v1, kind: Service, metadata: {name: metrics, namespace: shop},
  spec: {selector: {app: prometheus}, ports: [{port: 9090, targetPort: 9090}]}}
"""
NOBODY = "{policyTypes: [Ingress, Egress]}"
DNS = "ports: [{port: 53, protocol: UDP}, {port: 53, protocol: TCP}]"
OWN = "{podSelector: {}}"


def labelled(labels: str) -> str:
    """Pods of the own namespace, as an item."""
    return f"{{podSelector: {{matchLabels: {{{labels}}}}}}}"


def named(namespace: str, labels: str = "") -> str:
    """Pods of another namespace, all or some, as an item."""
    pods = f", podSelector: {{matchLabels: {{{labels}}}}}" if labels else ""
    return f"{{namespaceSelector: {{matchLabels: {{kubernetes.io/metadata.name: {namespace}}}}}{pods}}}"


def ingress(labels: str, *rules: str) -> str:
    return f"{{podSelector: {{matchLabels: {{{labels}}}}}, policyTypes: [Ingress], ingress: [{', '.join(rules)}]}}"


def egress(labels: str, *rules: str) -> str:
    return f"{{podSelector: {{matchLabels: {{{labels}}}}}, policyTypes: [Egress], egress: [{', '.join(rules)}]}}"


def come(*peers: str, ports: str = "") -> str:
    return f"{{from: [{', '.join(peers)}], ports: [{ports}]}}"


def go(*peers: str, ports: str = "") -> str:
    return f"{{to: [{', '.join(peers)}], ports: [{ports}]}}"


WEB, DB = labelled("app: web"), labelled("app: db")
NAMES = f"{{to: [{named('kube-system', 'k8s-app: kube-dns')}], {DNS}}}"
OUTSIDE = "{ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16]}}"
IDIOMS = {
    "a denial, and what is allowed": [
        NOBODY,
        egress("", NAMES),
        ingress("app: web", "{ports: [{port: http}]}"),
        egress("app: web", go(DB, ports="{port: 5432}")),
        ingress("app: db", come(WEB, ports="{port: sql}")),
    ],
    "a denial, and all within the namespace": [
        NOBODY,
        ingress("", come(OWN)),
        egress("", go(OWN)),
        egress("", f"{{to: [], {DNS}}}"),
    ],
    "ingress from one namespace, and all of egress": [
        f"{{policyTypes: [Ingress, Egress], ingress: [{come(named('ingress-nginx'))}], egress: [{{}}]}}",
    ],
    "another namespace, and names": [egress("", go(named("other")), f"{{{DNS}}}")],
    "everybody outside, but not the private networks": [egress("", NAMES, go(OUTSIDE, ports="{port: 443}"))],
    "marks that pods get at need": [
        "{podSelector: {matchLabels: {quarantine: 'true'}}, policyTypes: [Ingress, Egress]}",
        ingress("acme.cert-manager.io/http01-solver: 'true'", "{ports: [{port: 8089}]}"),
        ingress("app: db", come(labelled("r1-db-client: 'true'"))),
    ],
    "pods that an operator makes": [
        ingress("app: prometheus", come(WEB)),
        ingress("app: web", come(labelled("app: prometheus"))),
        ingress("operator.example/cluster: main", come(OWN)),
    ],
    "callers of which some are optional": [ingress("app: db", come(WEB, labelled("app: exporter"), DB))],
    "some namespaces, and the own": [
        ingress("", come("{namespaceSelector: {matchLabels: {profile: a}}}", named("istio-system"), OWN)),
    ],
}


def written(specs: list[str]) -> str:
    """Policies of the namespace shop."""
    head = "apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: p%d, namespace: shop}"
    return "".join(f"\n---\n{{{head % number}, spec: {spec}}}" for number, spec in enumerate(specs))


@pytest.mark.parametrize("workloads", [dedent(WORKLOADS), ""], ids=["with workloads", "alone"])
@pytest.mark.parametrize("specs", IDIOMS.values(), ids=IDIOMS.keys())
def test_nothing_is_found_in_common_and_correct_policies(specs: list[str], workloads: str) -> None:
    notes = [one for one in found(workloads + written(specs)) if not one.code.startswith("open-")]
    assert list(map(str, notes)) == []


# -- tiers -----------------------------------------------------------------------------------------------------------

CLUSTER = """
{apiVersion: v1, kind: Namespace, metadata: {name: kube-system}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: monitoring}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {tenant: shop}}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: bank, labels: {tenant: bank, sensitive: 'true'}}}
---
{apiVersion: v1, kind: Pod, metadata: {name: dns, namespace: kube-system, labels: {k8s-app: kube-dns}},
  status: {podIPs: [{ip: 10.0.0.1}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: prometheus, namespace: monitoring}, status: {podIPs: [{ip: 10.0.0.2}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: web, namespace: shop, labels: {app: web}},
  status: {podIPs: [{ip: 10.0.0.3}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: vault, namespace: bank, labels: {app: vault}},
  status: {podIPs: [{ip: 10.0.0.4}]}}
"""
HEAD = "apiVersion: policy.networking.k8s.io/v1alpha2, kind: ClusterNetworkPolicy"
ANY, SENSITIVE = "{namespaces: {}}", "{namespaces: {matchLabels: {sensitive: 'true'}}}"
RESOLVERS = "{pods: {namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}, podSelector: {}}}"
LOOKUPS = "protocols: [{udp: {destinationPort: {number: 53}}}, {tcp: {destinationPort: {number: 53}}}]"


DENY_IN, DENY_OUT = f"{{action: Deny, from: [{ANY}]}}", f"{{action: Deny, to: [{ANY}]}}"
DNS_OUT = f"{{action: Accept, to: [{RESOLVERS}], {LOOKUPS}}}"
MONITORING = "{namespaces: {matchLabels: {kubernetes.io/metadata.name: monitoring}}}"


def ordered(subject: str, *, ingress: str = "", egress: str = "", tier: str = "Admin") -> str:
    return f"tier: {tier}, priority: 10, subject: {subject}, ingress: [{ingress}], egress: [{egress}]"


def tenant(name: str) -> str:
    own = f"{{namespaces: {{matchLabels: {{tenant: {name}}}}}}}"
    return ordered(own, ingress=f"{{action: Pass, from: [{own}]}}, {DENY_IN}")


def net(*networks: str) -> str:
    return f"{{action: Deny, to: [{{networks: [{', '.join(map(repr, networks))}]}}]}}"


TIERS = {
    "deny a sensitive namespace": [ordered(SENSITIVE, ingress=DENY_IN, egress=f"{DNS_OUT}, {DENY_OUT}")],
    "accept monitoring": [ordered(ANY, ingress=f"{{action: Accept, from: [{MONITORING}]}}")],
    "delegate to namespaces": [ordered(SENSITIVE, ingress=f"{{action: Pass, from: [{ANY}]}}")],
    "isolate tenants": [tenant("shop"), tenant("bank")],
    "deny by default": [ordered(ANY, ingress=DENY_IN, tier="Baseline")],
    "deny egress by default, but DNS": [ordered(ANY, egress=f"{DNS_OUT}, {DENY_OUT}", tier="Baseline")],
    "no way out": [ordered(ANY, egress=f"{{action: Pass, to: [{ANY}]}}, {net('0.0.0.0/0', '::/0')}")],
    "no credentials": [ordered(ANY, egress=net("169.254.169.254/32"))],
}


@pytest.mark.parametrize("workloads", [CLUSTER, ""], ids=["with pods", "alone"])
@pytest.mark.parametrize("specs", TIERS.values(), ids=TIERS.keys())
def test_nothing_is_found_in_common_and_correct_tiers(specs: list[str], workloads: str) -> None:
    policies = [f"\n---\n{{{HEAD}, metadata: {{name: c{n}}}, spec: {{{spec}}}}}" for n, spec in enumerate(specs)]
    assert list(map(str, found(workloads + "".join(policies)))) == []
