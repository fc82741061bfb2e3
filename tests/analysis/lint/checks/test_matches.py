"""Selectors that select no pod right now, against asking every pod."""

from __future__ import annotations

import re
from ipaddress import ip_address

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import replace

from haechi.analysis.cluster.cluster import Cluster
from haechi.analysis.lint import Check, Finding, run_checks
from haechi.analysis.lint.checks.matches import (
    absent_pods,
    host_network_selected,
    peer_matches_nothing,
    selects_nothing,
)
from haechi.model import (
    Deployment,
    LabelSelector,
    Namespace,
    NetworkPolicy,
    NetworkPolicyPeer,
    Object,
    ObjectMeta,
    Pod,
    PodSpec,
    PodTemplateSpec,
    Service,
    ServiceSpec,
    Severity,
    WorkloadSpec,
    path_steps,
)
from haechi.reference import parts, reference
from tests import clusters
from tests.analysis.lint.linting import LARGE_EXAMPLES, found
from tests.building import labels, namespace, pod, policy

Some = Namespace | Pod | NetworkPolicy
WEB = pod("x/web", "10.0.0.1", marks="app=web,tier=front")
DB = pod("x/db", "10.0.0.2", marks="app=db,tier=back")
AGENT = pod("x/agent", "10.0.0.3", marks="app=agent", host_network=True)
MADE = "fine if a controller makes the pods"
DONE = pod("x/done", "10.0.0.4", marks="app=job", phase="Succeeded")


def findings(check: Check, *objects: Object) -> tuple[Finding, ...]:
    return run_checks(Cluster.of(objects), [check])


def unmatched(*objects: Object) -> tuple[Finding, ...]:
    """What selects nothing, whether by mistake or not."""
    return run_checks(Cluster.of(objects), [selects_nothing, peer_matches_nothing, absent_pods])


def selecting(marks: str, *, home: str = "x", egress: bool = False) -> NetworkPolicy:
    return policy(f"{{podSelector: {{matchLabels: {{{marks.replace('=', ': ')}}}}}}}", namespace=home)


def to(peer: str) -> NetworkPolicy:
    return policy(f"{{podSelector: {{}}, policyTypes: [Egress], egress: [{{to: [{peer}]}}]}}")


def workload(key: str, marks: str, replicas: int = 0, *, host_network: bool = False) -> Deployment:
    home, name = key.split("/")
    template = PodTemplateSpec(metadata=ObjectMeta(labels=labels(marks)), spec=PodSpec(host_network=host_network))
    meta = ObjectMeta(name=name, namespace=home)
    return Deployment(metadata=meta, spec=WorkloadSpec(replicas=replicas, template=template))


# -- selects-nothing -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("marks", "objects", "message"),
    [
        ("app=wbe", [WEB, DB], "the policy selects no pod: none of the 2 pods in x matches app=wbe"),
        ("app=wbe", [WEB], "the policy selects no pod: the only pod in x does not match app=wbe"),
        ("tier=fornt", [WEB], "the policy selects nothing: the only pod in x does not match tier=fornt"),
        (
            "app=web, tier=back",
            [WEB, DB],
            "the policy selects no pod: none of the 2 pods in x matches app=web,tier=back",
        ),
        ("app=web", [WEB, DB], None),
        ("app=web", [pod("y/web", "10.0.0.1", marks="app=web")], None),  # of x nothing is known
        ("app=web", [], None),
        ("app=job", [WEB, DONE], None),  # another run may come
        ("app=agent", [WEB, AGENT], None),  # another check reports it
        ("app=idle", [WEB, workload("x/idle", "app=idle")], None),  # scaled to zero
        (
            "app=idle",
            [WEB, workload("y/idle", "app=idle")],
            "the policy selects no pod: the only pod in x does not match app=idle",
        ),
    ],
)
def test_policies_that_select_nothing(marks: str, objects: list[Object], message: str | None) -> None:
    assert [one.message for one in unmatched(selecting(marks), *objects)] == ([message] if message else [])


@pytest.mark.parametrize(
    ("marks", "hint"),
    [
        ("tier=fronts", "did you mean tier=front?"),
        ("app=web, tier=fronts", "did you mean app=web,tier=front?"),
        ("app=db, tier=fronts", f"{MADE}; there is tier=back and tier=front"),  # no such pod either
        ("app=cache", f"{MADE}; there is app=db and app=web"),
        ("app=api", f"{MADE}; there is app=db and app=web"),
        ("team=shop", "a policy selects only pods in its own namespace; matching pods are in y"),
        ("app=queue, tier=front", f"{MADE}; there is app=db and app=web"),
        ("app=web, tier=back", "a policy selects only pods in its own namespace; matching pods are in z"),
    ],
)
def test_hints(marks: str, hint: str) -> None:
    others = [pod("y/a", "10.0.0.8", marks="team=shop"), pod("z/a", "10.0.0.9", marks="app=web,tier=back")]
    (finding,) = unmatched(selecting(marks), WEB, DB, *others)
    assert finding.hint == hint


@pytest.mark.parametrize(
    ("marks", "objects", "count"),
    [
        ("'quarantine': 'true'", [], 0),
        ("'quarantine': ''", [], 0),
        ("'acme.cert-manager.io/http01-solver': 'true'", [namespace("kube-system"), namespace("x")], 0),
        ("app: web, 'quarantine': 'true'", [], 0),
        ("'quarantin': 'true'", [pod("x/q", "10.0.0.5", marks="quarantine=true")], 1),
        ("app: 'true'", [], 1),  # others have other values
    ],
)
def test_labels_that_pods_get_when_needed_are_not_reported(marks: str, objects: list[Object], count: int) -> None:
    one = policy(f"{{podSelector: {{matchLabels: {{{marks}}}}}}}")
    assert len(unmatched(one, WEB, DB, *objects)) == count


@pytest.mark.parametrize(
    ("objects", "hint"),
    [
        ([], None),
        ([pod("y/a", "10.0.0.8", marks="team=shop")], None),
        (
            [pod("y/a", "10.0.0.8", marks="team=none")],
            "a policy selects only pods in its own namespace; matching pods are in y",
        ),
        ([namespace("kube-system"), namespace("x")], MADE),
    ],
)
def test_labels_that_no_pod_there_has_may_be_those_of_pods_that_the_input_lacks(
    objects: list[Object], hint: str | None
) -> None:
    reported = unmatched(selecting("team=none"), WEB, DB, *objects)
    assert [one.hint for one in reported] == ([hint] if hint else [])


def test_pods_elsewhere_are_a_better_hint_than_other_labels_here() -> None:
    (finding,) = findings(selects_nothing, selecting("app=grafana"), WEB, DB, GRAFANA)
    assert finding.hint == "a policy selects only pods in its own namespace; matching pods are in ops"


@pytest.mark.parametrize(("asked", "count"), [("app=queue", 0), ("app=queue,role=main", 0), ("app=cache", 1)])
def test_a_service_shows_which_pods_may_be_created(asked: str, count: int) -> None:
    meta = ObjectMeta(name="queue", namespace="x")
    service = Service(metadata=meta, spec=ServiceSpec(selector=labels(asked)))
    assert len(unmatched(selecting("app=queue"), WEB, DB, service)) == count
    item = to("{podSelector: {matchLabels: {app: queue}}}")
    assert len(unmatched(item, WEB, DB, service)) == count


def test_what_a_controller_may_make_is_one_note_for_each_namespace() -> None:
    absent = [replace(selecting(f"app={name}"), metadata=ObjectMeta(name=name, namespace="x")) for name in "cdefg"]
    item = to("{podSelector: {matchLabels: {app: queue}}}")
    (note,) = unmatched(*absent, item, WEB, DB)
    assert note.message == "5 policies and 1 item of from and to select no pod of this input: c, d, e and 3 more"
    assert (note.severity, note.hint, note.subject) == (Severity.NOTE, MADE, "NetworkPolicy/x/c")
    typo = replace(selecting("tier=fornt"), metadata=ObjectMeta(name="typo", namespace="x"))
    close = replace(selecting("tier=frontends"), metadata=ObjectMeta(name="close", namespace="x"))
    other = pod("x/front", "10.0.0.9", marks="tier=frontednd")
    codes = [(one.code, one.object.name) for one in unmatched(*absent, typo, close, WEB, DB, other)]
    assert sorted(codes) == [("absent-pods", "c"), ("absent-pods", "close"), ("selects-nothing", "typo")]


def test_the_hint_is_the_missing_namespace() -> None:
    text = """\
apiVersion: v1
kind: Pod
metadata: {name: a, labels: {app: a}}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {team: shop}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: p}
spec: {podSelector: {matchLabels: {team: shop}}}
"""
    (finding,) = found(text, "selects-nothing")
    assert finding.hint == "metadata.namespace is missing, so the policy is in default; matching pods are in shop"
    assert str(finding.location).endswith(":12:8")


objects = st.lists(st.one_of(clusters.objects(readable=False), clusters.pods()), max_size=10)


def of_objects(given: list[Some]) -> tuple[parts.ClusterObjects, list[Object]]:
    """The last of each key, as the reference and as the checks take them."""
    cluster = clusters.cluster([*given])
    return cluster, [*cluster.pods, *cluster.namespaces, *cluster.nodes, *cluster.policies]


def positive(one: LabelSelector) -> bool:
    """Whether it requires a label: a selector that requires none may select no pod for now."""
    return any(expression.operator in ("In", "Exists") for expression in parts.expressions(one))


def keys_of(one: LabelSelector) -> set[str]:
    """The keys of the labels that it requires."""
    asked = (each for each in parts.expressions(one) if each.operator in ("In", "Exists"))
    return {each.key for each in asked}


def readable(one: LabelSelector) -> bool:
    return all(parts.is_readable(expression) for expression in parts.expressions(one))


def possible(one: LabelSelector) -> bool:
    """Whether some labels meet it."""
    values = ("", "other", *clusters.VALUES)
    every = ({"app": a, "tier": t, "x": x} for a in values for t in values for x in values)
    return any(parts.selects(one, {key: value for key, value in each.items() if value}) for each in every)


@LARGE_EXAMPLES
@given(objects)
def test_it_is_reported_exactly_where_no_pod_of_those_there_is_selected(given: list[Some]) -> None:
    cluster, last = of_objects(given)
    expected, doubtful = set[str](), set[str]()
    for one in cluster.policies:
        selector, home = one.spec.pod_selector, [each for each in cluster.pods if each.namespace == one.namespace]
        shown = [each for each in home if reference.is_policed(each)]
        judged = readable(selector) and positive(selector) and possible(selector) and shown
        if judged and not any(parts.selects(selector, each.labels) for each in home):
            if keys_of(selector) <= {key for each in shown for key in each.labels}:
                expected.add(one.display_name)
            else:
                doubtful.add(one.display_name)
    subjects = {finding.subject for finding in findings(selects_nothing, *last)}
    notes = [
        finding for finding in findings(absent_pods, *last) if finding.message.startswith(("the policy", "1 policy"))
    ]
    subjects |= {finding.subject for finding in notes}
    counted = [finding for finding in findings(absent_pods, *last) if re.match(r"\d+ policies", finding.message)]
    assert subjects <= expected | doubtful
    assert {finding.subject for finding in counted} <= expected | doubtful
    assert len(expected) <= len(subjects) + sum(int(finding.message.split()[0]) for finding in counted)


# -- peer-matches-nothing --------------------------------------------------------------------------------------------


@LARGE_EXAMPLES
@given(objects)
def test_an_item_that_is_reported_matches_no_pod(given: list[Some]) -> None:
    cluster, last = of_objects(given)
    for finding in findings(peer_matches_nothing, *last):
        one, peer = item_of(cluster, finding)
        assert not any(matches(cluster, one, peer, each) for each in cluster.pods)


TO_2 = "{podSelector: {}, egress: [{to: [{podSelector: {matchLabels: {app: '2'}}}]}]}"


@LARGE_EXAMPLES
@given(objects)
@example([pod("a/p0", "10.0.0.1", marks="app=1"), policy(TO_2, namespace="a")])
def test_of_the_own_namespace_all_that_match_nothing_are_reported(given: list[Some]) -> None:
    cluster, last = of_objects(given)
    reported = {(finding.subject, finding.path) for finding in findings(peer_matches_nothing, *last)}
    noted = {finding.object.namespace for finding in findings(absent_pods, *last)}  # where nothing shows a mistake
    reviewed = Cluster.of(last).engine.policies
    for one in cluster.policies:
        types = reference.policy_types(one)
        unreadable = bool(reviewed[(one.namespace, one.name)].defects)  # type: ignore[index]
        ingress, egress = [rule.peers for rule in one.spec.ingress], [rule.peers for rule in one.spec.egress]
        for way, rules in (("ingress", ingress), ("egress", egress)):
            for n, rule in enumerate(rules):
                for m, peer in enumerate(rule):
                    if peer.pod_selector is None or peer.namespace_selector is not None or unreadable:
                        continue
                    if len(rule) > 1:
                        continue  # beside others only typos are reported
                    home = [each for each in cluster.pods if each.namespace == one.namespace]
                    misses = not any(parts.selects(peer.pod_selector, each.labels) for each in home)
                    counts = way.capitalize() in types and possible(peer.pod_selector) and positive(peer.pod_selector)
                    shown = [each for each in home if reference.is_policed(each)]
                    own = parts.expressions(one.spec.pod_selector)
                    if own and not any(not parts.selects(one.spec.pod_selector, each.labels) for each in shown):
                        continue  # only its own pods: reported if the label is a typo
                    expected = misses and counts and bool(shown)
                    path = f"spec.{way}[{n}].{'from' if way == 'ingress' else 'to'}[{m}]"
                    if expected and not keys_of(peer.pod_selector) <= {key for each in shown for key in each.labels}:
                        continue  # the input may not show the pods
                    is_reported = (one.display_name, path) in reported
                    assert is_reported <= expected
                    assert expected <= (is_reported or one.namespace in noted)


def item_of(cluster: parts.ClusterObjects, finding: Finding) -> tuple[NetworkPolicy, NetworkPolicyPeer]:
    one = next(each for each in cluster.policies if each.display_name == finding.subject)
    _, way, rule, _, place = path_steps(finding.path)
    assert isinstance(rule, int)
    assert isinstance(place, int)
    return one, (one.spec.ingress if way == "ingress" else one.spec.egress)[rule].peers[place]


def matches(cluster: parts.ClusterObjects, one: NetworkPolicy, peer: NetworkPolicyPeer, each: Pod) -> bool:
    return reference.is_policed(each) and reference.peer_matches(cluster, one, peer, each, ip_address("8.8.8.8"))


OPS = namespace("ops", "team=ops")
GRAFANA = pod("ops/grafana", "10.0.0.7", marks="app=grafana")
SYSTEM = namespace("kube-system")
NAMED_OPS = "namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: ops}}"
DNS = "{namespaceSelector: {}, podSelector: {matchLabels: {k8s-app: kube-dns}}}"


@pytest.mark.parametrize(
    ("peer", "others", "message", "hint"),
    [
        (
            "{podSelector: {matchLabels: {tier: bakc}}}",
            [],
            "none of the 2 pods in x matches tier=bakc",
            "did you mean tier=back?",
        ),
        (
            f"{{{NAMED_OPS}, podSelector: {{matchLabels: {{app: grafanna}}}}}}",
            [GRAFANA],
            "the only pod in ops does not match app=grafanna",
            "did you mean app=grafana?",
        ),
        (
            "{namespaceSelector: {matchLabels: {team: ops}}, podSelector: {matchLabels: {app: grafanna}}}",
            [OPS, GRAFANA],
            "the only pod in ops does not match app=grafanna",
            "did you mean app=grafana?",
        ),
        (
            "{namespaceSelector: {matchLabels: {team: opss}}}",
            [OPS, GRAFANA],
            "no namespace matches team=opss",
            "did you mean team=ops?",
        ),
        (
            "{namespaceSelector: {matchLabels: {name: ops}}}",
            [OPS, GRAFANA],
            "no namespace matches name=ops",
            "namespace ops does not have this label; select it by kubernetes.io/metadata.name=ops",
        ),
        (
            "{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: monitoringg}}}",
            [namespace("monitoring")],
            "there is no namespace monitoringg",
            "did you mean kubernetes.io/metadata.name=monitoring?",
        ),
        (
            "{namespaceSelector: {}, podSelector: {matchLabels: {app: grafanas}}}",
            [OPS, GRAFANA],
            "none of the 3 pods in ops and x matches app=grafanas",
            "did you mean app=grafana?",
        ),
    ],
)
def test_why_an_item_selects_no_pod(peer: str, others: list[Object], message: str, hint: str) -> None:
    (finding,) = findings(peer_matches_nothing, to(peer), WEB, DB, *others)
    assert (finding.message, finding.hint) == (f"this item allows nothing: {message}", hint)
    assert finding.path == "spec.egress[0].to[0]"


@pytest.mark.parametrize(
    ("peer", "others"),
    [
        ("{podSelector: {matchLabels: {app: db}}}", []),
        ("{podSelector: {matchLabels: {app: agent}}}", []),  # on the host network: findings otherwise
        ("{podSelector: {matchLabels: {app: job}}}", []),  # completed
        ("{podSelector: {matchLabels: {app: idle}}}", [workload("x/idle", "app=idle")]),
        ("{ipBlock: {cidr: 10.0.0.0/8}}", []),
        ("{podSelector: {matchExpressions: [{key: tier, operator: NotIn, values: [front, back]}]}}", []),
        ("{namespaceSelector: {matchExpressions: [{key: kubernetes.io/metadata.name, operator: DoesNotExist}]}}", []),
        (DNS, []),  # its namespace is not in the input
        (DNS, [pod("kube-system/proxy", "10.0.0.9", marks="k8s-app=kube-proxy")]),
        ("{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}}", [OPS]),
        ("{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: ingress-nginx}}}", [OPS]),
        ("{namespaceSelector: {matchLabels: {team: payments}}}", [OPS, GRAFANA]),
        ("{namespaceSelector: {matchLabels: {name: ops}}}", [GRAFANA]),  # its labels are unknown
        ("{namespaceSelector: {matchLabels: {team: ops}}}", [OPS]),  # it has no pods, as far as the input shows
        ("{namespaceSelector: {matchLabels: {team: ops}}, podSelector: {matchLabels: {app: grafana}}}", [OPS]),
        ("{namespaceSelector: {matchLabels: {team: ops}}}", [OPS, GRAFANA]),
        ("{podSelector: {matchExpressions: [{key: a, operator: Exists}, {key: a, operator: DoesNotExist}]}}", []),
    ],
)
def test_pods_that_the_input_may_not_show_are_not_missed(peer: str, others: list[Object]) -> None:
    assert findings(peer_matches_nothing, to(peer), WEB, DB, AGENT, DONE, *others) == ()


@pytest.mark.parametrize(
    "peer",
    [
        DNS,
        "{namespaceSelector: {matchLabels: {team: payments}}}",
        "{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: ingress-nginx}}}",
        "{namespaceSelector: {matchExpressions: [{key: team, operator: Exists}, {key: x, operator: Exists}]}}",
    ],
)
def test_in_a_complete_cluster_everything_is_known(peer: str) -> None:
    whole: list[Object] = [SYSTEM, namespace("x"), OPS, GRAFANA, WEB, DB]
    assert len(unmatched(to(peer), *whole)) == 1
    assert unmatched(to(peer), *whole, pod("elsewhere/a", "10.0.0.9")) == ()  # not complete


@pytest.mark.parametrize(("label", "count"), [("frontend", 0), ("web-server1", 0), ("webs", 1)])
def test_manifests_of_one_application_do_not_show_its_callers(label: str, count: int) -> None:
    peers = f"[{{podSelector: {{matchLabels: {{app: {label}}}}}}}]"
    one = policy(f"{{podSelector: {{matchLabels: {{app: web}}}}, ingress: [{{from: {peers}}}]}}")
    assert len(unmatched(one, WEB)) == count
    assert len(unmatched(one, WEB, DB)) == 1


@pytest.mark.parametrize("name", ["default", "kube-public"])
def test_namespaces_that_every_cluster_has_are_never_missed(name: str) -> None:
    peer = f"{{namespaceSelector: {{matchLabels: {{kubernetes.io/metadata.name: {name}}}}}}}"
    assert findings(peer_matches_nothing, to(peer), SYSTEM, namespace("x"), namespace("defaults"), WEB, DB) == ()


@pytest.mark.parametrize(
    ("other", "count"),
    [
        ("{podSelector: {matchLabels: {app: web}}}", 0),
        ("{podSelector: {}}", 0),
        ("{ipBlock: {cidr: 192.0.2.0/24}}", 0),
        ("{namespaceSelector: {matchLabels: {team: payments}}}", 0),  # it may select some pod
        ("{podSelector: {matchLabels: {app: queue}}}", 2),
    ],
)
def test_beside_others_that_select_pods_only_a_typo_is_reported(other: str, count: int) -> None:
    def paths(marks: str) -> list[str]:
        own = to(f"{other}, {{podSelector: {{matchLabels: {{{marks}}}}}}}")
        return [one.path for one in findings(peer_matches_nothing, own, WEB, DB)]

    note = findings(absent_pods, to(f"{other}, {{podSelector: {{matchLabels: {{app: kafka-exporter}}}}}}"), WEB, DB)
    assert [one.message[:7] for one in note] == (["2 items"] if count else [])
    assert paths("app: kafka-exporter") == []
    assert paths("tier: fronts")[-1:] == ["spec.egress[0].to[1]"]


@pytest.mark.parametrize("whole", [False, True])
def test_a_pod_selector_alone_does_not_select_in_another_namespace(whole: bool) -> None:
    others: list[Object] = [OPS, GRAFANA, *([SYSTEM, namespace("x")] if whole else [])]
    (finding,) = findings(peer_matches_nothing, to("{podSelector: {matchLabels: {app: grafana}}}"), WEB, DB, *others)
    assert finding.hint == "matching pods are in ops: a podSelector alone selects pods in the policy's own namespace"


@pytest.mark.parametrize(
    ("marks", "whole", "count"),
    [
        ("release-redis-client: 'true'", False, 0),
        ("release-redis-client: 'true'", True, 0),
        ("team: none", False, 0),
        ("team: none", True, 1),
    ],
)
def test_an_item_of_labels_that_pods_get_when_needed_or_no_pod_has_here(marks: str, whole: bool, count: int) -> None:
    others: list[Object] = [SYSTEM, namespace("x")] if whole else []
    assert len(unmatched(to(f"{{podSelector: {{matchLabels: {{{marks}}}}}}}"), WEB, DB, *others)) == count


def test_an_unknown_namespace_of_the_policy_is_not_reported_here() -> None:
    assert findings(peer_matches_nothing, to("{podSelector: {matchLabels: {app: db}}}"), GRAFANA) == ()


# -- host-network-selected -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("marks", "objects", "names"),
    [
        ("app=agent", [AGENT], "x/agent[Pod]"),
        ("app=agent", [AGENT, pod("x/agent-1", "10.0.0.9", marks="app=agent")], "x/agent[Pod]"),
        ("app=agent", [workload("x/agents", "app=agent", 3, host_network=True)], "x/agents[Deployment]"),
        ("app=agent", [workload("x/agents", "app=agent", 3)], ""),
        ("app=agent", [pod("y/agent", "10.0.0.3", marks="app=agent", host_network=True)], ""),
        ("app=agent", [pod("x/a", "10.0.0.3", marks="app=agent", host_network=True, phase="Failed")], ""),
        ("", [AGENT], ""),  # a default deny is for the others
        ("app=web", [AGENT, WEB], ""),
    ],
)
def test_policies_that_select_host_network_pods(marks: str, objects: list[Object], names: str) -> None:
    messages = [one.message for one in findings(host_network_selected, selecting(marks), *objects)]
    effect = "on the host network: policies have no effect on them"
    assert messages == ([f"podSelector selects {names} {effect}"] if names else [])


@pytest.mark.parametrize(
    ("peer", "others", "count"),
    [
        ("{podSelector: {matchLabels: {app: agent}}}", [], 1),
        ("{podSelector: {matchLabels: {app: agent}}}", [pod("x/agent-1", "10.0.0.9", marks="app=agent")], 0),
        ("{podSelector: {}}", [], 0),
        ("{namespaceSelector: {}}", [], 0),
        ("{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: x}}}", [], 1),
        ("{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: x}}}", [WEB], 0),
        ("{namespaceSelector: {}, podSelector: {matchLabels: {app: agent}}}", [], 1),
    ],
)
def test_items_that_select_only_host_network_pods(peer: str, others: list[Object], count: int) -> None:
    assert len(findings(host_network_selected, to(peer), AGENT, *others)) == count


@LARGE_EXAMPLES
@given(objects)
def test_such_policies_select_some_and_such_items_no_others(given: list[Some]) -> None:
    cluster, last = of_objects(given)
    host = [each for each in cluster.pods if each.spec.host_network and not each.completed]
    for finding in findings(host_network_selected, *last):
        one = next(each for each in cluster.policies if each.display_name == finding.subject)
        if finding.path == "spec.podSelector":
            mine = [each for each in host if each.namespace == one.namespace]
            assert any(parts.selects(one.spec.pod_selector, each.labels) for each in mine)
        else:
            one, peer = item_of(cluster, finding)
            assert not any(matches(cluster, one, peer, each) for each in cluster.pods)
            assert any(reference.peer_matches(cluster, one, peer, each, ip_address("8.8.8.8")) for each in host)
