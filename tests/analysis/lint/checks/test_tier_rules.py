"""What rules of tiers match: pods by their addresses, DNS, nothing; and what not every version accepts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haechi.analysis.cluster.cluster import Cluster
from haechi.analysis.lint import Check, run_checks
from haechi.analysis.lint.checks.tier_rules import (
    dns_one_protocol,
    networks_cover_pods,
    old_api_version,
    refused,
    tier_selects_nothing,
)
from haechi.engine import OrderedPolicy
from haechi.model import AdminNetworkPolicy, ClusterNetworkPolicy, TierPolicy
from tests import tier_words
from tests.analysis.lint.fixing import converted
from tests.analysis.lint.linting import cluster_of
from tests.building import namespace, node, pod, tier_policy
from tests.generator import Object as _Object

Object = _Object | TierPolicy
WEB = pod("x/web", "10.0.0.1", marks="app=web")
DB = pod("y/db", "10.0.0.2", marks="app=db")
PODS, WEB_ONLY = "{namespaces: {}}", "{pods: {podSelector: {matchLabels: {app: web}}}}"


def out(*rules: str, priority: int = 5, name: str = "t") -> ClusterNetworkPolicy:
    spec = f"{{tier: Admin, priority: {priority}, subject: {{namespaces: {{}}}}, egress: [{', '.join(rules)}]}}"
    return tier_policy(spec, name=name)


def rule(action: str, *peers: str, on: str = "") -> str:
    entries = ", ".join(f"{{{one}: {{destinationPort: {{number: 53}}}}}}" for one in on.split())
    return f"{{action: {action}, to: [{', '.join(peers)}]{f', protocols: [{entries}]' if on else ''}}}"


def net(*cidrs: str) -> str:
    return f"{{networks: [{', '.join(map(repr, cidrs))}]}}"


def findings(check: Check, *objects: Object) -> list[str]:
    found = run_checks(Cluster.of([WEB, DB, *objects]), [check])
    return [f"{one.path}: {one.message}" for one in found]


WHOLE = net("0.0.0.0/0", "::/0")
ALL_PODS = "includes the addresses of all pods, and no earlier rule is about pods: networks match pods as well"


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ([rule("Deny", WHOLE)], f"spec.egress[0].to[0].networks: 0.0.0.0/0 and ::/0 {ALL_PODS}"),
        ([rule("Accept", net("::/0"))], f"spec.egress[0].to[0].networks: ::/0 {ALL_PODS}"),
        (
            [rule("Pass", WEB_ONLY), rule("Deny", net("10.0.0.0/24"))],
            "spec.egress[1].to[0].networks: 10.0.0.0/24 includes 10.0.0.2 of pod y/db: networks match pods as well",
        ),
        ([rule("Pass", WHOLE)], ""),
        ([rule("Pass", PODS), rule("Deny", WHOLE)], ""),
        ([rule("Accept", WEB_ONLY), rule("Deny", WHOLE)], ""),
        ([rule("Deny", PODS, "{nodes: {}}", WHOLE)], ""),
        ([rule("Deny", net("192.0.2.0/24"))], ""),
        ([rule("Pass", PODS), rule("Deny", net("10.0.0.0/8"))], ""),
    ],
)
def test_networks_with_pods_that_no_earlier_rule_selects_are_reported(rules: list[str], message: str) -> None:
    assert findings(networks_cover_pods, out(*rules)) == ([message] if message else [])


def test_a_rule_for_pods_may_be_in_an_earlier_policy() -> None:
    late = out(rule("Deny", WHOLE), name="late", priority=6)
    assert findings(networks_cover_pods, out(rule("Pass", PODS)), late) == []
    assert findings(networks_cover_pods, out(rule("Pass", PODS), priority=7), late) != []


@pytest.mark.parametrize(
    ("rules", "is_reported"),
    [
        ([rule("Accept", PODS, on="tcp")], True),
        ([rule("Pass", PODS, on="tcp")], True),
        ([rule("Deny", PODS, on="udp")], True),
        ([rule("Accept", PODS, on="udp")], False),  # usual; dns-tcp-blocked sees what it leads to
        ([rule("Deny", PODS, on="tcp")], False),
        ([rule("Accept", PODS, on="udp tcp")], False),
        ([rule("Accept", PODS, on="udp"), rule("Accept", PODS, on="tcp")], False),
        ([rule("Deny", PODS, on="udp"), rule("Deny", PODS)], False),
    ],
)
def test_dns_of_one_protocol_is_reported(rules: list[str], is_reported: bool) -> None:
    assert bool(findings(dns_one_protocol, out(*rules))) == is_reported


def test_a_label_with_a_typing_error_and_nodes_that_are_not_there_are_reported() -> None:
    typo = "{pods: {podSelector: {matchLabels: {app: weeb}}}}"
    webs = [pod(f"x/web-{number}", f"10.0.1.{number}", marks="app=frontend") for number in range(3)]
    found = findings(tier_selects_nothing, *webs, out(rule("Deny", typo.replace("weeb", "frontedn"))))
    assert [text.split(":")[0] for text in found] == ["spec.egress[0].to[0]"]
    assert findings(tier_selects_nothing, out(rule("Deny", "{pods: {podSelector: {matchLabels: {team: a}}}}"))) == []
    edge = out(rule("Deny", "{nodes: {matchLabels: {pool: edge}}}"))
    assert findings(tier_selects_nothing, edge) == []
    assert findings(tier_selects_nothing, edge, node("n", marks="pool=edge")) == []
    assert findings(tier_selects_nothing, edge, node("n", marks="pool=other")) == [
        "spec.egress[0].to[0]: this item matches nothing: no node matches pool=edge"
    ]


def test_a_subject_without_pods_in_a_whole_cluster_is_reported() -> None:
    spec = "{tier: Admin, priority: 1, subject: {namespaces: {matchLabels: {team: c}}}, egress: []}"
    spaces = [namespace(name, f"team={name}") for name in ("x", "y")]
    assert findings(tier_selects_nothing, tier_policy(spec), *spaces) == []
    found = findings(tier_selects_nothing, tier_policy(spec), *spaces, namespace("kube-system"))
    assert [text.split(":")[0] for text in found] == ["spec.subject"]


def test_what_later_versions_refuse_is_reported_without_its_path() -> None:
    (found,) = findings(refused, out(rule("Accept", net("192.0.2.5/24"))))
    assert found.startswith("spec.egress[0].to[0].networks[0]: '192.0.2.5/24' has bits") or '"192.0.2.5/24"' in found
    assert found.count("spec.egress") == 1


# -- v1alpha1 --------------------------------------------------------------------------------------------------------


@given(st.lists(tier_words.old_policies() | tier_words.tier_policies(), max_size=3))
def test_a_conversion_means_the_same(policies: list[TierPolicy]) -> None:
    cluster = Cluster.of(policies)
    found = {one.subject: one for one in run_checks(cluster, [old_api_version])}
    for given_policy in cluster.tier_policies.values():
        finding = found.get(given_policy.display_name)
        assert (finding is None) == isinstance(given_policy, ClusterNetworkPolicy)
        if finding is not None and finding.fix is not None:
            assert isinstance(given_policy, AdminNetworkPolicy)
            after = converted(given_policy, finding.fix.edits, ClusterNetworkPolicy)
            one, other = OrderedPolicy.read(given_policy), OrderedPolicy.read(after)
            assert (one.order[:2], one.tier, one.subject) == (other.order[:2], other.tier, other.subject)
            for mine, theirs in zip((*one.ingress, *one.egress), (*other.ingress, *other.egress), strict=True):
                assert (mine.action, mine.peers, mine.ports, mine.names) == (
                    theirs.action,
                    theirs.peers,
                    theirs.ports,
                    theirs.names,
                )


OLD = """
apiVersion: policy.networking.k8s.io/v1alpha1
kind: %s
metadata: {name: default}
spec:
  priority: 5
  subject: {namespaces: {}}
  ingress: [{action: Allow, from: [{namespaces: {}}]%s}]
---
"""
NEW = """
apiVersion: policy.networking.k8s.io/v1alpha2
kind: ClusterNetworkPolicy
metadata: {name: default}
spec: {tier: Admin, priority: 5, subject: {namespaces: {}}}
"""


@pytest.mark.parametrize(
    ("text", "is_exact"),
    [
        (OLD % ("AdminNetworkPolicy", ""), True),
        (OLD % ("AdminNetworkPolicy", ", ports: [{portRange: {start: 80, end: 80}}]"), True),
        (OLD % ("AdminNetworkPolicy", ", ports: []"), False),
        (OLD % ("AdminNetworkPolicy", ", ports: [{portNumber: {port: 0}}]"), False),
        (OLD % ("AdminNetworkPolicy", f", ports: [{', '.join(26 * ['{portNumber: {port: 80}}'])}]"), False),
        (OLD % ("AdminNetworkPolicy", "") + NEW, False),
        (OLD.replace("  priority: 5\n", "") % ("BaselineAdminNetworkPolicy", ""), False),
    ],
)
def test_only_an_exact_conversion_is_offered(text: str, is_exact: bool) -> None:
    (finding,) = run_checks(cluster_of(text), [old_api_version])
    assert (finding.fix is not None) == is_exact
