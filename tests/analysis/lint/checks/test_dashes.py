"""Dashes: reported where they are most likely a mistake, not where two items or rules are likely intended."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haechi.analysis.cluster.cluster import Cluster
from haechi.analysis.lint import Check, Finding, run_checks
from haechi.analysis.lint.checks.dashes import dash_trap, split_rule
from haechi.model import Namespace, NetworkPolicy, NetworkPolicyPeer, Object, Pod, path_steps
from haechi.reference import parts, reference
from tests import clusters
from tests.analysis.lint.linting import LARGE_EXAMPLES
from tests.building import namespace, pod, policy

MONITORING = "namespaceSelector: {matchLabels: {team: ops}}"
PROMETHEUS = "podSelector: {matchLabels: {app: prometheus}}"
TRAP = f"[{{{MONITORING}}}, {{{PROMETHEUS}}}]"


def findings(check: Check, *objects: Object) -> tuple[Finding, ...]:
    return run_checks(Cluster.of(objects), [check])


def ingress(peers: str, ports: str = "[]") -> NetworkPolicy:
    return policy(f"{{podSelector: {{}}, ingress: [{{from: {peers}, ports: {ports}}}]}}")


# -- dash-trap -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("peers", "paths"),
    [
        (TRAP, ["from[1]"]),
        (f"[{{{PROMETHEUS}}}, {{{MONITORING}}}]", []),  # in this order they are alternatives
        ("[{podSelector: {matchLabels: {app: web}}}, {namespaceSelector: {}}]", ["from[1]"]),  # the first adds no pod
        ("[{namespaceSelector: {}}, {podSelector: {matchLabels: {app: web}}}]", ["from[1]"]),
        (f"[{{{MONITORING}, {PROMETHEUS.strip()}}}]", []),
        (f"[{{{MONITORING}}}, {{podSelector: {{}}}}]", []),  # that namespace, and this one
        (f"[{{{MONITORING}}}, {{ipBlock: {{cidr: 10.0.0.0/8}}}}, {{{PROMETHEUS}}}]", []),
        (f"[{{ipBlock: {{cidr: 10.0.0.0/8}}}}, {{{MONITORING}}}, {{{PROMETHEUS}}}]", []),  # a list of alternatives
        (f"[{{{MONITORING}}}, {{{MONITORING}}}]", []),
        (f"[{{{PROMETHEUS}}}, {{{PROMETHEUS}}}]", []),
        (f"[{{{MONITORING}}}, {{podSelector: {{matchExpressions: [{{key: a, operator: In}}]}}}}]", []),
    ],
)
def test_without_pods_the_shape_decides(peers: str, paths: list[str]) -> None:
    assert [one.path for one in findings(dash_trap, ingress(peers))] == [f"spec.ingress[0].{path}" for path in paths]


def test_two_rules_show_that_either_is_intended() -> None:
    rules = f"[{{from: [{{{MONITORING}}}]}}, {{from: [{{{PROMETHEUS}}}]}}]"
    assert findings(dash_trap, policy(f"{{ingress: {rules}}}")) == ()


def test_rules_that_are_not_in_force_are_not_reported() -> None:
    assert findings(dash_trap, policy(f"{{policyTypes: [Egress], ingress: [{{from: {TRAP}}}]}}")) == ()


def test_egress_too() -> None:
    assert len(findings(dash_trap, policy(f"{{egress: [{{to: {TRAP}}}]}}"))) == 1


OPS = namespace("ops", "team=ops")
HERE = pod("x/web", "10.0.0.1", marks="app=web")
THERE = pod("ops/prometheus", "10.0.0.2", marks="app=prometheus")
BESIDE = pod("ops/grafana", "10.0.0.3", marks="app=grafana")


@pytest.mark.parametrize(
    ("objects", "count"),
    [
        ([HERE, OPS, THERE, BESIDE], 1),
        ([HERE, OPS, BESIDE], 0),  # no pod matches both: either must be intended
        ([HERE, OPS, THERE], 1),  # only pods that match both, and only there the labels match
        ([HERE, OPS, THERE, namespace("x", "team=ops")], 1),
        ([THERE, BESIDE], 0),  # the input lacks the policy's namespace, and no namespace has the label
        ([HERE, OPS, BESIDE, pod("x/prometheus", "10.0.0.4", marks="app=prometheus")], 0),
        ([HERE, OPS, THERE, pod("x/prometheus", "10.0.0.4", marks="app=prometheus")], 1),
    ],
)
def test_the_pods_must_suggest_it(objects: list[Object], count: int) -> None:
    assert len(findings(dash_trap, ingress(TRAP), *objects)) == count
    assert len(findings(dash_trap, ingress(f"[{{{PROMETHEUS}}}, {{{MONITORING}}}]"), *objects)) == count


@pytest.mark.parametrize(
    ("objects", "count"),
    [
        ([HERE, OPS], 1),
        ([HERE, THERE, BESIDE], 1),  # the labels of the namespace are not known
        ([HERE], 1),
        ([HERE, pod("x/prometheus", "10.0.0.4", marks="app=prometheus")], 0),
        ([OPS], 1),
    ],
)
def test_without_the_namespaces_labels_that_no_pod_here_has_suggest_it(objects: list[Object], count: int) -> None:
    assert len(findings(dash_trap, ingress(TRAP), *objects)) == count
    assert findings(dash_trap, ingress(f"[{{{PROMETHEUS}}}, {{{MONITORING}}}]"), *objects) == ()


def test_manifests_of_one_application_do_not_show_the_pods_with_the_labels() -> None:
    one = policy(f"{{podSelector: {{matchLabels: {{app: web}}}}, ingress: [{{from: {TRAP}}}]}}")
    assert findings(dash_trap, one, HERE) == ()
    assert len(findings(dash_trap, one, HERE, pod("x/db", "10.0.0.4", marks="app=db"))) == 1


def test_where_the_own_namespace_is_selected_anyway_the_labels_add_no_pod() -> None:
    own = namespace("x", "team=ops")
    both = pod("x/prometheus", "10.0.0.4", marks="app=prometheus")
    assert len(findings(dash_trap, ingress(TRAP), own, HERE, both)) == 1
    assert findings(dash_trap, ingress(TRAP), own, HERE) == ()


def test_pods_that_only_the_dash_allows_are_named() -> None:
    (finding,) = findings(dash_trap, ingress(TRAP), HERE, OPS, THERE, BESIDE)
    assert finding.message == (
        "these two items allow all pods in namespaces with team=ops, or pods in x with app=prometheus; "
        "only the dash allows ops/grafana[Pod]"
    )
    assert "two rules" in finding.hint


def test_with_pods_a_pair_among_other_items_is_reported_once_for_each_pair() -> None:
    peers = f"[{{ipBlock: {{cidr: 10.0.0.0/8}}}}, {{{MONITORING}}}, {{{PROMETHEUS}}}, {{{MONITORING}}}]"
    assert [one.path for one in findings(dash_trap, ingress(peers), HERE, OPS, THERE, BESIDE)] == [
        "spec.ingress[0].from[2]"
    ]


Some = Namespace | Pod | NetworkPolicy


@LARGE_EXAMPLES
@given(st.lists(st.one_of(clusters.pods(), clusters.pods(), clusters.namespaces, clusters.policies()), max_size=10))
def test_one_item_of_both_would_allow_some_and_fewer(objects: list[Some]) -> None:
    cluster = clusters.cluster([*objects])
    last: list[Object] = [*cluster.pods, *cluster.namespaces, *cluster.policies]
    seen = [one for one in cluster.pods if reference.is_policed(one)]
    for finding in findings(dash_trap, *last):
        one = next(each for each in cluster.policies if each.display_name == finding.subject)
        _, way, number, _, second = path_steps(finding.path)
        assert isinstance(number, int)
        assert isinstance(second, int)
        rule = (one.spec.ingress if way == "ingress" else one.spec.egress)[number]
        pair = rule.peers[second - 1 : second + 1]
        joined = NetworkPolicyPeer(
            pod_selector=pair[0].pod_selector or pair[1].pod_selector,
            namespace_selector=pair[0].namespace_selector or pair[1].namespace_selector,
        )
        both, either = meant(cluster, one, [joined], seen), meant(cluster, one, pair, seen)
        shown = {each.key for each in seen if each.namespace == one.namespace}
        own = meant(cluster, one, [each for each in pair if each.namespace_selector is None], seen)
        assert both < either or (both == either and not own and (shown or not seen))


def meant(cluster: parts.ClusterObjects, one: NetworkPolicy, peers: object, seen: list[Pod]) -> set[str]:
    assert isinstance(peers, list | tuple)
    remote = ip_address("8.8.8.8")
    return {
        each.key for each in seen if any(reference.peer_matches(cluster, one, peer, each, remote) for peer in peers)
    }


# -- split-rule ------------------------------------------------------------------------------------------------------


FROM = f"{{from: [{{{PROMETHEUS}}}]}}"
PORTS = "{ports: [{port: 80}]}"


@pytest.mark.parametrize(
    ("rules", "paths"),
    [
        (f"[{FROM}, {PORTS}]", ["spec.ingress[1]"]),
        (f"[{PORTS}, {FROM}]", ["spec.ingress[1]"]),
        (f"[{FROM}, {PORTS}, {FROM}, {PORTS}]", ["spec.ingress[1]", "spec.ingress[3]"]),
        (f"[{FROM}, {PORTS}, {FROM}]", ["spec.ingress[1]"]),
        (f"[{FROM}, {FROM}]", []),
        (f"[{PORTS}, {PORTS}]", []),
        (f"[{FROM}, {{}}]", []),
        (f"[{{from: [{{{PROMETHEUS}}}], ports: [{{port: 80}}]}}]", []),
        # the last rule shows that its author knows how to join
        (f"[{FROM}, {PORTS}, {{from: [{{{MONITORING}}}], ports: [{{port: 81}}]}}]", []),
        (f"[{{from: [{{podSelector: {{}}}}]}}, {PORTS}]", []),  # the namespace on every port, everyone on one
        (f"[{{from: [{{namespaceSelector: {{}}}}]}}, {PORTS}]", []),
        (f"[{{from: [{{podSelector: {{}}}}, {{{MONITORING}}}]}}, {PORTS}]", ["spec.ingress[1]"]),
        (f"[{{from: [{{ipBlock: {{cidr: 10.0.0.0/8}}}}]}}, {PORTS}]", ["spec.ingress[1]"]),
        (f"[{FROM}, {{ports: [{{port: 53, protocol: UDP}}, {{port: 53}}]}}]", []),
        (f"[{FROM}, {{ports: [{{port: 0}}]}}]", []),  # unreadable
    ],
)
def test_rules_by_their_shape(rules: str, paths: list[str]) -> None:
    assert [one.path for one in findings(split_rule, policy(f"{{ingress: {rules}}}"))] == paths


@pytest.mark.parametrize(("ports", "count"), [("5432", 1), ("443", 0), ("53", 0), ("https", 1)])
def test_egress_to_everywhere_is_usual_on_some_ports(ports: str, count: int) -> None:
    rules = f"[{{to: [{{{PROMETHEUS}}}]}}, {{ports: [{{port: {ports}}}]}}]"
    assert len(findings(split_rule, policy(f"{{policyTypes: [Egress], egress: {rules}}}"))) == count


def test_rules_of_two_directions_are_not_adjacent() -> None:
    assert findings(split_rule, policy(f"{{ingress: [{FROM}], egress: [{PORTS}]}}")) == ()


@pytest.mark.parametrize(
    ("listed", "ports", "count"),
    [
        ("http=80/TCP", "{port: 80}", 1),
        ("http=80/TCP", "{port: http}", 1),
        ("http=80/TCP metrics=9090/TCP", "{port: 80}", 0),  # prometheus has another port to go to
        ("http=80/TCP metrics=9090/TCP", "{port: 80, endPort: 9090}", 1),
        ("dns=80/UDP", "{port: 80}", 0),
        ("", "{port: 80}", 1),
    ],
)
def test_ports_of_the_destination_pods_show_whether_the_peers_need_others(listed: str, ports: str, count: int) -> None:
    rules = f"[{FROM}, {{ports: [{ports}]}}]"
    one = policy(f"{{podSelector: {{matchLabels: {{app: web}}}}, ingress: {rules}}}")
    assert len(findings(split_rule, one, pod("x/web", "10.0.0.1", marks="app=web", ports=(listed,)))) == count
    other = policy(f"{{policyTypes: [Egress], egress: {rules.replace('from', 'to')}}}")
    server = pod("x/p", "10.0.0.1", marks="app=prometheus", ports=(listed,))
    assert len(findings(split_rule, other, server)) == (count if listed else 0)


def test_the_message_has_what_both_rules_allow() -> None:
    (finding,) = findings(split_rule, policy(f"{{ingress: [{FROM}, {{ports: [{{port: 80}}, {{protocol: UDP}}]}}]}}"))
    assert finding.message == (
        "from and ports are two rules: one allows its peers on every port, "
        "the other allows everyone on TCP 80 and UDP every port"
    )


@given(clusters.policies(readable=False))
def test_only_adjacent_rules_of_that_shape_are_reported(one: NetworkPolicy) -> None:
    for finding in findings(split_rule, one):
        _, way, number = path_steps(finding.path)
        assert isinstance(number, int)
        rules = one.spec.ingress if way == "ingress" else one.spec.egress
        shapes = {(bool(rule.peers), bool(rule.ports)) for rule in rules[number - 1 : number + 1]}
        assert shapes == {(True, False), (False, True)}
