"""`haechi compile`."""

from __future__ import annotations

import io
import json

import pytest

from haechi.dataplane import NodeRuleset
from haechi.engine import Engine
from haechi.files import load
from haechi.model import NetworkPolicy, Pod
from tests.cli import manifests
from tests.cli.conftest import Haechi


def test_the_ruleset_is_that_of_the_dataplane(haechi: Haechi) -> None:
    found = load(["-"], io.BytesIO(manifests.CLUSTER.encode()))
    objects: list[Pod | NetworkPolicy] = [*found.all(Pod), *found.all(NetworkPolicy)]
    outcome = haechi("compile", "-", "--node", "node-a", stdin=manifests.CLUSTER)
    assert outcome.out == str(NodeRuleset(Engine.of(objects), "node-a").ruleset())
    assert (outcome.code, outcome.err) == (0, "node node-a: 1 pod of 2\n")


def test_a_node_without_pods_has_a_ruleset_too(haechi: Haechi) -> None:
    node = "---\napiVersion: v1\nkind: Node\nmetadata: {name: spare}\n"
    outcome = haechi("compile", "-", "--node", "spare", stdin=manifests.CLUSTER + node)
    assert (outcome.code, outcome.err) == (0, "node spare: 0 pods of 2\n")
    assert "10.0.0.1" not in outcome.out


def test_an_unknown_node_is_refused_with_the_closest(haechi: Haechi) -> None:
    outcome = haechi("compile", "-", "--node", "node-1", stdin=manifests.CLUSTER)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == (
        "haechi: error: --node: 'node-1' is not a node of the input, nor the node of any pod\n"
        "  did you mean node-b or node-a?\n"
    )


def test_pods_that_no_rule_can_be_about_are_told(haechi: Haechi) -> None:
    bare = "---\napiVersion: v1\nkind: Pod\nmetadata: {name: bare}\n"
    host = "---\napiVersion: v1\nkind: Pod\nmetadata: {name: host}\nspec: {nodeName: node-a, hostNetwork: true}\n"
    outcome = haechi("compile", "-", "--node", "node-a", stdin=manifests.CLUSTER + bare + host)
    assert outcome.code == 0
    assert outcome.err.splitlines() == [
        "node node-a: 1 pod of 3",
        "1 pod without an address (status.podIPs): in no rule",
        "1 pod without a node (spec.nodeName): peers only",
        "1 pod completed or on the host's network: policies ignore them",
    ]


def test_workloads_alone_have_no_rules_and_that_is_told(haechi: Haechi) -> None:
    text = """\
apiVersion: v1
kind: Node
metadata: {name: spare}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
"""
    outcome = haechi("compile", "-", "--node", "spare", stdin=text)
    assert outcome.code == 0
    assert "1 workload without pods: only Pods with addresses are in rules\n" in outcome.err


def test_json_holds_the_same_nouns_in_the_words_of_nft(haechi: Haechi) -> None:
    outcome = haechi("compile", "-", "--node", "node-a", "-o", "json", stdin=manifests.CLUSTER)
    assert outcome.code == 0
    document = json.loads(outcome.out)
    assert (document["kind"], document["node"]) == ("Ruleset", "node-a")
    assert [one["name"] for one in document["assumptions"]] == [
        "own-node",
        "itself",
        "ipblock-matches-pods",
        "other-protocols",
    ]
    assert document["notes"] == ["node node-a: 1 pod of 2"]
    assert document["table"]["family"] == "inet"
    text = haechi("compile", "-", "--node", "node-a", stdin=manifests.CLUSTER).out
    for chain in document["chains"]:
        assert f"chain {chain['name']} {{" in text
        for rule in chain["rules"]:
            assert f"\t\t{rule}\n" in text
    for each in (*document["sets"], *document["maps"]):
        assert f" {each['name']} {{\n\t\ttype {each['type']}" in text
        for element in each["elements"]:
            assert element in text
    assert any(chain["base"] for chain in document["chains"])


def test_equal_objects_in_any_order_give_equal_text(haechi: Haechi) -> None:
    parts = (manifests.OTHER_POD, manifests.POD, manifests.GOOD)
    one = haechi("compile", "-", "--node", "node-a", stdin="---\n".join(parts))
    other = haechi("compile", "-", "--node", "node-a", stdin="---\n".join(reversed(parts)))
    assert one.out == other.out


@pytest.mark.parametrize("command", ["compile", "verify"])
def test_input_without_any_node_is_refused_with_the_remedy(haechi: Haechi, command: str) -> None:
    text = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: main, image: web}]}\n"
    outcome = haechi(command, "-", "--node", "node-1", stdin=text)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith(
        "haechi: error: --node: no object of the input has a node\n  set spec.nodeName of the Pods"
    )


TIER = """\
---
apiVersion: policy.networking.k8s.io/v1alpha2
kind: ClusterNetworkPolicy
metadata: {name: names}
spec:
  tier: Admin
  priority: 1
  subject: {namespaces: {}}
  egress:
  - {action: Accept, to: [{domainNames: [example.com]}]}
  - {action: Deny, to: [{networks: [192.0.2.0/24]}]}
"""


def test_policies_of_tiers_are_in_the_rules_and_domain_names_are_not(haechi: Haechi) -> None:
    outcome = haechi("compile", "-", "--node", "node-a", stdin=manifests.CLUSTER + TIER)
    assert outcome.code == 0
    assert "192.0.2.0/24" in outcome.out
    assert "1 rule with domain names: not enforced, as they match no address\n" in outcome.err
    document = json.loads(haechi("compile", "-", "--node", "node-a", "-o", "json", stdin=manifests.CLUSTER + TIER).out)
    assert "domain-names" in [one["name"] for one in document["assumptions"]]
