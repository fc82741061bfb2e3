"""What policies do together: undone, one-sided, unprotected."""

from __future__ import annotations

from random import Random
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from haechi.analysis.cluster.cluster import Cluster
from haechi.analysis.lint import Check, run_checks
from haechi.analysis.lint.checks.ports import service_port
from haechi.analysis.lint.checks.reachability import (
    default_deny_undone,
    one_sided_allow,
    unprotected_workload,
)
from haechi.model import ClusterNetworkPolicy, NetworkPolicy, Object, path_steps
from haechi.model.verdict import Direction, PolicyKey
from haechi.reference import allowed
from haechi.reference.reference import isolates
from tests import clusters, tier_words
from tests.analysis.lint.linting import LARGE_EXAMPLES, cluster_of
from tests.analysis.reach.test_listing import reference
from tests.building import pod, policy, tier_policy

CLIENT = pod("x/client", "10.0.0.1", marks="app=client")
SERVER = pod("x/server", "10.0.0.2", marks="app=server", ports=("web=80/TCP",))
DENY_EGRESS = policy("{policyTypes: [Egress]}", name="deny-egress")
DENY_INGRESS = policy("{policyTypes: [Ingress]}", name="deny-ingress")


def findings(check: Check, *objects: Object) -> list[str]:
    found = run_checks(Cluster.of(objects), [check])
    return [f"{one.subject} {one.path}: {one.message}" for one in found]


# -- one-sided-allow -------------------------------------------------------------------------------------------------


def into(peers: str = "{podSelector: {matchLabels: {app: client}}}", ports: str = "{port: 80}") -> NetworkPolicy:
    return policy(
        f"{{podSelector: {{matchLabels: {{app: server}}}}, ingress: [{{from: [{peers}], ports: [{ports}]}}]}}",
        name="in",
    )


def out(peers: str = "{podSelector: {matchLabels: {app: server}}}", ports: str = "{port: 80}") -> NetworkPolicy:
    rule = f"egress: [{{to: [{peers}], ports: [{ports}]}}]"
    return policy(f"{{podSelector: {{matchLabels: {{app: client}}}}, policyTypes: [Egress], {rule}}}", name="out")


def test_an_item_that_the_other_end_denies_is_reported_with_its_policies() -> None:
    assert findings(one_sided_allow, CLIENT, SERVER, into(), DENY_EGRESS) == [
        (
            "NetworkPolicy/x/in spec.ingress[0].from[0]: this has no effect: "
            "x/deny-egress allows none of it as egress of x/client[Pod]"
        )
    ]
    both = findings(one_sided_allow, CLIENT, SERVER, out(), DENY_INGRESS, into(ports="{port: 81}"))
    assert [text.split(" ")[0] for text in both] == ["NetworkPolicy/x/in", "NetworkPolicy/x/out"]
    assert both[1].endswith("x/deny-ingress and x/in allow none of it as ingress of x/server[Pod]")


def guard(rule: str, direction: str = "egress", tier: str = "Admin") -> ClusterNetworkPolicy:
    spec = f"{{tier: {tier}, priority: 1, subject: {{namespaces: {{}}}}, {direction}: [{rule}]}}"
    return tier_policy(spec, name="guard")


def test_the_rule_of_a_tier_that_denies_an_item_is_named() -> None:
    deny = "{action: Deny, %s: [{pods: {podSelector: {matchLabels: {app: %s}}}}]}"
    found = findings(one_sided_allow, CLIENT, SERVER, into(), guard(deny % ("to", "server")))
    assert found == [
        (
            "NetworkPolicy/x/in spec.ingress[0].from[0]: this has no effect: "
            "spec.egress[0] of ClusterNetworkPolicy/guard allows none of it as egress of x/client[Pod]"
        )
    ]
    found = findings(one_sided_allow, CLIENT, SERVER, out(), DENY_INGRESS, guard(deny % ("from", "client"), "ingress"))
    assert [text.split(": ")[2].split(" allows")[0] for text in found] == [
        "spec.ingress[0] of ClusterNetworkPolicy/guard"
    ]


def test_what_a_tier_accepts_at_the_other_end_has_an_effect() -> None:
    accept = guard("{action: Accept, to: [{namespaces: {}}]}")
    assert findings(one_sided_allow, CLIENT, SERVER, into(), DENY_EGRESS, accept) == []
    passed = guard("{action: Pass, to: [{namespaces: {}}]}")
    assert findings(one_sided_allow, CLIENT, SERVER, into(), DENY_EGRESS, passed) != []
    networks = guard("{action: Accept, to: [{networks: [10.0.0.0/24]}]}")
    server = pod("x/server", marks="app=server")  # its address may be in it
    assert findings(one_sided_allow, CLIENT, server, into(), DENY_EGRESS, networks) == []


def test_a_synthetic_address_may_be_in_a_block() -> None:
    server = pod("x/server", marks="app=server")
    assert findings(one_sided_allow, CLIENT, server, into(), out("{ipBlock: {cidr: 10.0.0.0/24}}")) == []
    assert findings(one_sided_allow, CLIENT, server, into(), out("{ipBlock: {cidr: 10.0.0.0/24}}", "{port: 81}")) != []
    assert findings(one_sided_allow, CLIENT, SERVER, into(), out("{ipBlock: {cidr: 10.0.9.0/24}}")) != []


def test_an_address_of_a_family_that_the_other_end_lacks_is_ignored() -> None:
    server = pod("x/server", "10.0.0.2", "fd00::2", marks="app=server")
    both = pod("x/client", "10.0.0.1", "fd00::1", marks="app=client")
    to_v6 = out("{ipBlock: {cidr: 'fd00::2/128'}}")
    assert len(findings(one_sided_allow, CLIENT, server, into(), to_v6)) == 1
    assert findings(one_sided_allow, both, server, into(), to_v6) == []


@pytest.mark.parametrize(
    "objects",
    [
        (CLIENT, SERVER, into()),  # nothing isolates the other end
        (CLIENT, SERVER, into(), DENY_EGRESS, out()),  # it allows the same
        (CLIENT, SERVER, into(), DENY_EGRESS, out(ports="{protocol: TCP}")),  # or more
        (CLIENT, SERVER, into(ports="{port: 70, endPort: 80}"), out()),  # or a part of it
        (CLIENT, SERVER, into(), DENY_EGRESS, out(peers="")),
        (CLIENT, SERVER, into(), DENY_EGRESS, out(ports="{port: web}")),
        (CLIENT, SERVER, into(ports="{port: nothing}"), DENY_EGRESS),  # the item itself allows nothing
        (CLIENT, SERVER, into("{podSelector: {matchLabels: {app: nobody}}}"), DENY_EGRESS),  # no pods
        (CLIENT, into(), DENY_EGRESS),
        (CLIENT, SERVER, into("{ipBlock: {cidr: 10.0.0.1/32}}"), DENY_EGRESS),
        (CLIENT, SERVER, into(""), DENY_EGRESS),
        (CLIENT, SERVER, into(ports="{port: 0}"), DENY_EGRESS),
        (pod("x/client", "fd00::1", marks="app=client"), SERVER, into(), DENY_EGRESS),  # they never meet
        (pod("x/client", "10.0.0.2", marks="app=client"), SERVER, into(), DENY_EGRESS),  # an address that both claim
        (CLIENT, SERVER, into("{podSelector: {}}"), out(), DENY_EGRESS),  # some of the pods are let out
        (SERVER, into("{podSelector: {}}"), DENY_EGRESS),  # only itself
    ],
)
def test_items_with_some_effect_or_without_pods_are_not_reported(objects: tuple[Object, ...]) -> None:
    assert findings(one_sided_allow, *objects) == []


SERVICE = """
{apiVersion: v1, kind: Service, metadata: {name: server, namespace: x}, spec: {selector: {app: server}, ports: [
  {port: 80, targetPort: 8080}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: server, namespace: x, labels: {app: server}},
  spec: {containers: [{ports: [{name: web, containerPort: 8080}]}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: client, namespace: x, labels: {app: client}}}
---
{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: out, namespace: x}, spec: {podSelector:
  {matchLabels: {app: client}}, policyTypes: [Egress], egress: [
  {to: [{podSelector: {matchLabels: {app: server}}}], ports: [{port: %s}]}]}}
---
{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: in, namespace: x}, spec: {podSelector:
  {matchLabels: {app: server}}, ingress: [{from: [{podSelector: {matchLabels: {app: client}}}], ports: [{port: %s}]}]}}
"""


@pytest.mark.parametrize("ports", [("80", "8080"), ("80", "web"), ("8080", "80"), ("80", "80")])
def test_the_port_of_a_service_is_the_only_mistake_that_is_reported(ports: tuple[str, str]) -> None:
    codes = [one.code for one in run_checks(cluster_of(SERVICE % ports), [service_port, one_sided_allow])]
    assert codes == ["service-port"] * ports.count("80")


def test_a_port_of_a_service_does_not_hide_another_mistake() -> None:
    codes = [one.code for one in run_checks(cluster_of(SERVICE % ("80", "9000")), [service_port, one_sided_allow])]
    assert codes == ["service-port", "one-sided-allow"]


# -- default-deny-undone ---------------------------------------------------------------------------------------------


def test_a_denial_beside_a_policy_that_allows_everything_is_reported() -> None:
    everything = policy("{policyTypes: [Egress], egress: [{}]}", name="open")
    both = policy("{policyTypes: [Ingress, Egress]}", name="deny-all")
    assert findings(default_deny_undone, both, everything) == [
        (
            "NetworkPolicy/x/deny-all spec.policyTypes[1]: denying egress has no effect, because x/open "
            "allows everything to everyone for the same pods: policies add up"
        )
    ]
    assert [
        text.split(":")[0] for text in findings(default_deny_undone, policy(), policy("{ingress: [{}]}", name="q"))
    ] == ["NetworkPolicy/x/p spec"]


@pytest.mark.parametrize(
    ("deny", "opening"),
    [
        ("{podSelector: {matchLabels: {app: web}}}", "{ingress: [{}]}"),  # not for all pods: the document's own example
        ("{}", "{podSelector: {matchLabels: {app: web}}, ingress: [{}]}"),
        ("{}", "{policyTypes: [Egress], egress: [{}]}"),
        ("{}", "{ingress: [{from: [{namespaceSelector: {}}]}]}"),
        ("{}", "{ingress: [{ports: [{protocol: TCP}]}]}"),
        ("{}", "{policyTypes: [Egress], ingress: [{}]}"),
        ("{ingress: [{from: [{podSelector: {}}]}]}", "{ingress: [{}]}"),
        ("{ingress: [{ports: [{port: 0}]}]}", "{ingress: [{}]}"),  # it cannot be read
        ("{}", "{ingress: [{}, {ports: [{port: 0}]}], podSelector: {matchExpressions: [{operator: x}]}}"),
    ],
)
def test_denials_with_some_effect_are_not_reported(deny: str, opening: str) -> None:
    assert findings(default_deny_undone, policy(deny), policy(opening, name="q")) == []
    assert findings(default_deny_undone, policy(deny), policy("{ingress: [{}]}", name="q", namespace="y")) == []


def test_an_unreadable_policy_is_no_default_deny() -> None:
    text = """
    {apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: broken},
     spec: {podSelector: {}, ingress: 5}}
    ---
    {apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: open},
     spec: {podSelector: {}, ingress: [{}]}}
    """
    cluster = cluster_of(dedent(text))
    assert len(cluster.policies) == 2
    assert run_checks(cluster, [default_deny_undone]) == ()


def denying(draw: st.DrawFn) -> NetworkPolicy:
    types = draw(st.sampled_from(("[Ingress]", "[Egress]", "[Ingress, Egress]", "[]")))
    ingress, egress = (draw(st.sampled_from(("[]", "[]", "[{}]", "[{ports: [{port: 80}]}]"))) for _ in range(2))
    subject = draw(st.sampled_from(("{}", "{}", "{matchLabels: {app: '1'}}")))
    spec = f"{{podSelector: {subject}, policyTypes: {types}, ingress: {ingress}, egress: {egress}}}"
    return policy(spec, name=draw(st.sampled_from("pqr")), namespace=draw(st.sampled_from("ab")))


@LARGE_EXAMPLES
@given(
    st.lists(st.composite(denying)(), min_size=2, max_size=5),
    st.lists(clusters.objects() | tier_words.tier_policies(), max_size=8),
    st.randoms(use_true_random=False),
)
def test_without_the_denial_every_verdict_is_the_same(
    some: list[NetworkPolicy], others: list[Object], random: Random
) -> None:
    cluster = Cluster.of([*others, *some])
    known = reference(cluster)
    for one in run_checks(cluster, [default_deny_undone]):
        _, name_space, name = one.subject.split("/")
        key = PolicyKey(name_space, name)
        steps = path_steps(one.path)
        kept = [d for d in Direction if d in cluster.engine.policies[key].directions]
        direction = cluster.policies[key].spec.policy_types[int(steps[2])] if len(steps) > 2 else "Ingress"
        given = cluster.policies[key]
        left = tuple(d for d in kept if d != direction)
        policies = [*cluster.tier_policies.values(), *(p for k, p in cluster.policies.items() if k != key)]
        if left:
            policies.append(replace(given, spec=replace(given.spec, policy_types=left)))
        rest = reference(Cluster.of([*cluster.nodes, *cluster.namespaces, *cluster.pods.values(), *policies]))
        probes = clusters.probes(known, random)
        for each in random.sample(probes, min(len(probes), 60)):
            assert allowed(known, each).allowed == allowed(rest, each).allowed


# -- unprotected-workload --------------------------------------------------------------------------------------------


def test_a_workload_without_policies_is_reported_on_request() -> None:
    assert unprotected_workload.on_request
    assert findings(unprotected_workload, CLIENT, SERVER, into()) == [
        "Pod/x/client : no policy isolates x/client[Pod] for ingress and egress",
        "Pod/x/server : no policy isolates x/server[Pod] for egress",
    ]
    assert findings(unprotected_workload, CLIENT, SERVER, DENY_EGRESS, DENY_INGRESS) == []


def test_a_workload_is_reported_once_at_its_own_object() -> None:
    text = """
    {apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {replicas: 3, template: {spec: {}}}}
    ---
    {apiVersion: v1, kind: Pod, metadata: {name: lone, ownerReferences: [{kind: Job, name: gone, controller: true}]}}
    """
    found = run_checks(cluster_of(dedent(text)), [unprotected_workload])
    assert [(one.subject, one.message.split()[3]) for one in found] == [
        ("Deployment/default/web", "default/web[Deployment]"),
        ("Pod/default/lone", "default/gone[Job]"),
    ]
    assert [one.location.line for one in found if one.location is not None] == [2, 4]


def test_the_pods_without_policies_are_counted() -> None:
    text = """
    {apiVersion: v1, kind: Pod, metadata: {name: a, labels: {v: '1'}, ownerReferences: [{kind: Job, name: j}]}}
    ---
    {apiVersion: v1, kind: Pod, metadata: {name: b, ownerReferences: [{kind: Job, name: j}]}}
    ---
    {apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: p},
     spec: {podSelector: {matchLabels: {v: '1'}}, policyTypes: [Ingress, Egress], egress: [{}]}}
    """
    (found,) = run_checks(cluster_of(dedent(text)), [unprotected_workload])
    assert found.message == "no policy isolates default/j[Job] for ingress (1 of 2 pods) and egress (1 of 2 pods)"
    assert found.subject == "Pod/default/a"


@pytest.mark.parametrize(
    ("rule", "protected"),
    [
        ("{action: Deny, from: [{namespaces: {}}]}", True),
        (
            "{action: Accept, from: [{namespaces: {matchLabels: {a: b}}}]}, {action: Deny, from: [{namespaces: {}}]}",
            True,
        ),
        ("{action: Accept, from: [{namespaces: {}}]}, {action: Deny, from: [{namespaces: {}}]}", False),
        ("{action: Deny, from: [{namespaces: {}}], protocols: [{tcp: {destinationPort: {number: 22}}}]}", False),
        ("{action: Deny, from: [{namespaces: {matchLabels: {a: b}}}]}", False),
    ],
)
def test_a_default_deny_of_a_tier_protects(rule: str, protected: bool) -> None:
    (found,) = findings(unprotected_workload, SERVER, guard(rule, "ingress", "Baseline"))
    assert found.endswith("for egress" if protected else "for ingress and egress")


@LARGE_EXAMPLES
@given(st.lists(clusters.objects(), max_size=14))
def test_pods_without_policies_are_those_of_the_reference(found: list[Object]) -> None:
    cluster = Cluster.of(found)
    expected = {
        (f"Pod/{pod.key}", direction)
        for pod in cluster.pods.values()
        for direction in Direction
        if not any(isolates(policy, pod, direction) for policy in cluster.policies.values())
    }
    findings = run_checks(cluster, [unprotected_workload])
    assert {
        (one.subject, d) for one in findings for d in Direction if d.lower() in one.message.split(" for ")[1]
    } == expected
