"""Explanations of policies of tiers: what they say, and that it is true by the reference."""

from __future__ import annotations

from io import BytesIO
from random import Random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from haechi.analysis.cluster.cluster import Cluster
from haechi.analysis.explain.pod import explain_pod
from haechi.analysis.explain.policy import explain_policy
from haechi.analysis.explain.selections import SelectedPods
from haechi.analysis.explain.sentences import Language
from haechi.analysis.explain.tiers import explain_tier_policy
from haechi.files import load
from haechi.model import (
    ClusterNetworkPolicy,
    ClusterNetworkPolicyIngressPeer,
    ClusterNetworkPolicyIngressRule,
    LabelSelector,
    NetworkPolicy,
    TierPolicy,
)
from haechi.model.verdict import ClusterPolicyKey, Direction, PodKey, PolicyKey
from haechi.reference import ClusterObjects, allowed
from tests import clusters, tier_words
from tests.analysis.explain.test_policy import OUTSIDE, lines
from tests.building import namespace, node, packet, pod, policy, tier_policy
from tests.engine.test_precedence import PACKETS, POPULATION, policies, tier_policies
from tests.generator import Object as GeneratedObject

Object = GeneratedObject | TierPolicy
KEY = ClusterPolicyKey("ClusterNetworkPolicy", "c")


def explained(spec: str, *others: Object) -> str:
    """The explanation of policy c."""
    cluster = Cluster.of([tier_policy(spec), *others])
    return "\n".join(lines(explain_tier_policy(cluster, KEY).sentence))


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        (
            "{}",
            "It is in tier Admin, with priority 10: it is evaluated before NetworkPolicies, which cannot override it.",
        ),
        ("{}", "Incoming connections (ingress): not affected, because it has no ingress rules."),
        ("{}", "No other policy of the tier can select the same pods."),
        ("tier: Baseline", "It is in tier Baseline, with priority 10: it is evaluated for what tier Admin leaves"),
        ("subject: {namespaces: {matchLabels: {t: a}}}", "Its subject is all pods in namespaces that have label t=a."),
        ("subject: {pods: {podSelector: {}}}", "Its subject is all pods in all namespaces."),
        ("subject: {}", "Its subject cannot be read and names no pods, so it affects none."),
        (
            "subject: {namespaces: {matchLabels: {k: v}, matchExpressions: [{key: k, operator: DoesNotExist}]}}",
            "Its subject is no pod and never will be",
        ),
        (
            "ingress: [{name: x, action: Accept, from: [{namespaces: {}}]}]",
            'Rule 1 of 1 "x", Accept: an incoming connection is accepted if both of these match (AND):\n      from all',
        ),
        ("ingress: [{action: Deny, from: [{namespaces: {}}]}]", "because `protocols` is absent"),
        ("ingress: [{action: Deny, from: [{namespaces: {}}]}]", "because `from` matches only pods"),
        (
            "ingress: [{action: Pass, from: [{namespaces: {}}]}]",
            "Rule 1 of 1, Pass: an incoming connection skips the rest of tier Admin if both",
        ),
        (
            "{tier: Baseline, egress: [{action: Pass, to: [{namespaces: {}}]}]}",
            "Nothing is evaluated after tier Baseline, so the connection is allowed.",
        ),
        ("egress: [{action: Deny, to: [{nodes: {matchLabels: {os: a}}}]}]", "to nodes that have label os=a\n"),
        ("egress: [{action: Deny, to: [{nodes: {}}]}]", "to all nodes\n        Right now no node in the input"),
        (
            "egress: [{action: Deny, to: [{networks: [10.0.0.5/8]}]}]",
            "to the addresses in 10.0.0.0/8\n        This matches pods and nodes with such an address as well.",
        ),
        (
            "egress: [{action: Accept, to: [{domainNames: ['*.example.com']}]}]",
            "to the domain names *.example.com (not enforced yet)\n        Domain names are read but",
        ),
        (
            "ingress: [{action: Deny, from: [{namespaces: {}}], protocols: [{udp: {destinationPort: {number: 53}}}]}]",
            "on UDP port 53",
        ),
        (
            "ingress: [{action: Deny, from: [{namespaces: {}}], protocols: [{destinationNamedPort: web}]}]",
            "port named web of the selected pod, whatever its protocol\n        Right now no selected pod has a",
        ),
        (
            "ingress: [{action: Log, from: [{namespaces: {}}]}]",
            "Rule 1 of 1 cannot be read, so it denies every incoming connection: spec.ingress[0].action: 'Log' is",
        ),
        ("ingress: [{action: Log, from: [{namespaces: {}}]}]", "So it leaves no connection for others to decide."),
        (
            "egress: [{action: Accept, to: [{}]}]",
            "Rule 1 of 1 cannot be read, so it accepts nothing: spec.egress[0].to[0]: a peer has none or several",
        ),
        (
            "tier: Developer",
            "Every rule fails closed, because a part that concerns all of them cannot be read: spec.tier",
        ),
    ],
)
def test_what_a_policy_means_is_explained(spec: str, sentence: str) -> None:
    assert sentence in explained(spec)


def test_the_order_is_explained() -> None:
    others = (
        tier_policy("priority: 5", name="z"),
        tier_policy("priority: 10", name="tie"),
        tier_policy("tier: Baseline", name="last"),
    )
    found = explained("priority: 10", *others)
    assert "Evaluated before it, where they select the same pods: ClusterNetworkPolicy/z (priority 5)\n" in found
    assert "Evaluated after it, where they select the same pods: ClusterNetworkPolicy/tie (priority 10)\n" in found
    assert "evaluates them in order of their names. Of the same priority: ClusterNetworkPolicy/tie\n" in found
    assert "last" not in found


def test_policies_that_can_select_no_same_pod_are_not_in_its_order() -> None:
    named = "subject: {{namespaces: {{matchLabels: {{kubernetes.io/metadata.name: {name}}}}}}}"
    other = tier_policy(f"{{{named.format(name='y')}}}", name="other")
    assert "ClusterNetworkPolicy/other" not in explained(f"{{{named.format(name='x')}}}", other)


PASS = "egress: [{action: Pass, to: [{namespaces: {}}]}]"
PODS = (pod("x/a", "10.0.0.1"), pod("x/b", "10.0.0.2"), pod("y/a", "10.0.0.3"), namespace("y", "t=y"))


def test_where_connections_go_on_is_explained() -> None:
    one = policy("{podSelector: {}, policyTypes: [Egress]}")
    last = tier_policy("{tier: Baseline, subject: {namespaces: {matchLabels: {t: y}}}, " + PASS + "}", name="last")
    found = explained(PASS, *PODS, one)
    assert "Right now for 2 pods (x/a, x/b) NetworkPolicies decide: x/p\n" in found
    assert "Right now for 1 pod (y/a) nothing else decides, so it is allowed" in found
    assert "Right now for 1 pod (y/a) tier Baseline decides: ClusterNetworkPolicy/last" in explained(PASS, *PODS, last)
    found = explained("{tier: Baseline, " + PASS + "}", *PODS, one)
    assert "Right now it is not evaluated for 2 pods (x/a, x/b), which NetworkPolicies isolate: x/p" in found


def test_nodes_are_named() -> None:
    found = explained("egress: [{action: Deny, to: [{nodes: {}}]}]", node("n1", "172.16.0.1"), node("n0"))
    assert "to all nodes\n        Right now n0, n1\n" in found


TWO = "{tcp: {destinationPort: {number: 80}}}, {tcp: {destinationPort: {number: 81}}}"
SOME = "{pods: {podSelector: {matchLabels: {app: a}}}}"


@pytest.mark.parametrize(
    ("rule", "path"),
    [
        (f"{{action: Accept, to: [{SOME}], protocols: [{TWO}]}}", "spec.egress[1].protocols[0]"),
        (
            f"{{action: Accept, to: [{SOME}, {{nodes: {{}}}}], protocols: [{TWO.split(', ')[0]}]}}",
            "spec.egress[1].to[0]",
        ),
        (f"{{action: Accept, to: [{SOME}], protocols: [{TWO.split(', ')[0]}]}}", "spec.egress[1]"),
        (f"{{action: Accept, to: [{SOME}]}}", None),
    ],
)
def test_what_earlier_rules_decide_is_at_the_smallest_part(rule: str, path: str | None) -> None:
    first = f"{{action: Deny, to: [{{namespaces: {{}}}}], protocols: [{TWO.split(', ')[0]}]}}"
    cluster = Cluster.of([tier_policy(f"{{egress: [{first}, {rule}]}}")])
    found = explain_tier_policy(cluster, KEY)
    text = "\n".join(lines(found.sentence))
    assert [".".join(map(str, one.steps)) for one in found.decided] == (
        [] if path is None else [path.replace("[", ".").replace("]", "")]
    )
    assert text.count("This never decides, in any cluster") == len(found.decided)
    assert ("ClusterNetworkPolicy/c, rule 1 of 2" in text) is bool(found.decided)


OLD = """apiVersion: policy.networking.k8s.io/v1alpha1
kind: BaselineAdminNetworkPolicy
metadata: {name: default}
spec:
  subject: {namespaces: {}}
  ingress:
  - {action: Allow, from: [{namespaces: {}}], ports: [{portNumber: {port: 80, protocol: TCP}}]}
  - {action: Deny, from: [{namespaces: {}}]}
  - {action: Accept, from: [{namespaces: {}}]}
  - {action: Deny, from: [{namespaces: {}}], ports: [{}]}
  egress: [{action: Allow, to: [{namespacez: {}}]}]
"""


def test_older_kinds_are_explained_in_their_own_words() -> None:
    cluster = Cluster.of(load(["-"], BytesIO(OLD.encode())))
    found = explain_tier_policy(cluster, ClusterPolicyKey("BaselineAdminNetworkPolicy", "default"))
    text = "\n".join(lines(found.sentence))
    assert text.startswith("BaselineAdminNetworkPolicy default\n  It is in tier Baseline, after all other policies")
    assert "Rule 1 of 4, Allow: an incoming connection is accepted" in text
    assert "because `ports` is absent" in text
    assert "spec.ingress[2].action: 'Accept' is neither Allow, Deny nor Pass" in text
    assert "spec.ingress[3].ports[0]: an entry has none" in text
    assert 'it accepts nothing: strict decoding error: unknown field "spec.egress[0].to[0].namespacez"' in text
    assert found.priority is None


# -- random clusters ---------------------------------------------------------------------------------------------------


@given(
    st.lists(tier_policies, min_size=1, max_size=4, unique_by=lambda one: one.name),
    st.none() | policies,
    st.randoms(use_true_random=False),
)
@settings(max_examples=100)
def test_a_part_that_never_decides_changes_no_verdict(
    tiers: list[ClusterNetworkPolicy], one: NetworkPolicy | None, random: Random
) -> None:
    given: list[Object] = [*POPULATION, *tiers, *([one] if one else [])]
    cluster = Cluster.of(given)
    found = [each for key in cluster.tier_policies for each in explain_tier_policy(cluster, key).decided]
    if not found:
        return
    chosen = random.choice(found)
    (old,) = [each for each in tiers if each.name == chosen.policy.name]
    others = [each for each in given if each is not old]
    before, after = clusters.cluster(given), clusters.cluster([*others, _without(old, chosen.steps)])
    for each in PACKETS:
        mine, theirs = allowed(before, each), allowed(after, each)
        assert (mine.egress.allowed, mine.ingress.allowed) == (theirs.egress.allowed, theirs.ingress.allowed), each


def _without(one: ClusterNetworkPolicy, steps: tuple[str | int, ...]) -> ClusterNetworkPolicy:
    """The policy without a rule, a peer or an entry of `protocols`."""
    data = msgspec.json.decode(msgspec.json.encode(one))
    place = data
    for step in steps[:-1]:
        place = place[step]
    del place[steps[-1]]
    return msgspec.convert(data, ClusterNetworkPolicy)


@given(st.lists(tier_policies, min_size=2, max_size=3, unique_by=lambda one: one.name))
def test_the_order_is_that_of_the_reference(tiers: list[ClusterNetworkPolicy]) -> None:
    """Of two policies about one pod, the one that is asked first decides alone."""
    cluster = Cluster.of([*POPULATION, *tiers])
    written = {each.name: each for each in tiers}
    explanations = [explain_tier_policy(cluster, key) for key in cluster.tier_policies]
    for one in explanations:
        others = [each for each in explanations if each.tier is one.tier and each is not one]
        together = {each.key for each in others if set(each.selected) & set(one.selected)}
        assert together <= {*one.before, *one.after}
        for other in together & set(one.before):
            denying, accepting = _deciding(written[other.name], "Deny"), _deciding(written[one.key.name], "Accept")
            known = clusters.cluster([*POPULATION, denying, accepting])
            (first,) = [each for each in explanations if each.key == other]
            common = min(set(first.selected) & set(one.selected))
            own = cluster.pods[common].addresses[0]
            client = "10.0.0.1" if own != "10.0.0.1" else "10.0.0.2"
            assert not allowed(known, packet(client, own)).ingress.allowed


def _deciding(one: ClusterNetworkPolicy, action: str) -> ClusterNetworkPolicy:
    """The same with one rule, about connections from every pod."""
    peer = ClusterNetworkPolicyIngressPeer(namespaces=LabelSelector())
    rules = (ClusterNetworkPolicyIngressRule(action=action, from_=(peer,)),)
    return msgspec.structs.replace(one, spec=msgspec.structs.replace(one.spec, ingress=rules))


@given(st.lists(tier_words.objects(readable=False), max_size=12), st.sampled_from(Language))
def test_every_explanation_has_words(objects: list[Object], language: Language) -> None:
    cluster = Cluster.of(objects)
    selected = SelectedPods(cluster)
    for key in cluster.tier_policies:
        found = explain_tier_policy(cluster, key, selected)
        text = [*lines(found.sentence, language)]
        assert all(line.strip() and "{" not in line for line in text)
        below = [each for one in found.sentence.below if one.key.startswith("tier.direction") for each in one.below]
        actions = ("tier.accept", "tier.deny", "tier.pass.", "tier.closed")
        spec = cluster.tier_policies[key].spec
        assert sum(each.key.startswith(actions) for each in below) == len(spec.ingress) + len(spec.egress)


# -- NetworkPolicies and pods below and above tiers --------------------------------------------------------------------

DENY_SSH = "ingress: [{action: Deny, from: [{namespaces: {}}], protocols: [{tcp: {destinationPort: {number: 22}}}]}]"
DENY_ALL = "egress: [{action: Deny, to: [{networks: [0.0.0.0/0, '::/0']}]}]"


def network_policy(spec: str, *tiers: ClusterNetworkPolicy) -> str:
    cluster = Cluster.of([policy(spec), pod("x/a", "10.0.0.1"), *tiers])
    return "\n".join(lines(explain_policy(cluster, PolicyKey("x", "p")).sentence))


def test_a_network_policy_names_the_tiers_that_are_asked_first() -> None:
    far = tier_policy("{subject: {namespaces: {matchLabels: {t: y}}}, " + DENY_SSH + "}", name="far")
    last = tier_policy("{tier: Baseline, " + DENY_SSH + "}", name="last")
    found = network_policy("{ingress: [{}]}", tier_policy(DENY_SSH), far, last)
    assert "gets here: ClusterNetworkPolicy/c\n" in found
    assert "So this policy denies no incoming connection, and no other NetworkPolicy can; policies of tier" in found


@pytest.mark.parametrize(
    ("spec", "tiers", "is_decided"),
    [
        ("{ingress: [{from: [{podSelector: {}}], ports: [{port: 22}]}]}", DENY_SSH, True),
        ("{ingress: [{from: [{podSelector: {}}], ports: [{port: 23}]}]}", DENY_SSH, False),
        ("{ingress: [{ports: [{port: 22}]}]}", DENY_SSH, False),  # also from outside the cluster
        ("{policyTypes: [Egress], egress: [{ports: [{port: 22}]}]}", DENY_ALL, True),
        ("{ingress: [{from: [{podSelector: {}}], ports: [{port: 22}]}]}", "{tier: Baseline, " + DENY_SSH + "}", False),
    ],
)
def test_a_rule_of_a_network_policy_that_never_decides_is_named(spec: str, tiers: str, is_decided: bool) -> None:
    found = network_policy(spec, tier_policy(tiers))
    assert ("    This never decides, in any cluster" in found) is is_decided
    assert ("  ClusterNetworkPolicy/c, rule 1 of 1" in found) is is_decided


def test_what_never_decides_of_a_network_policy_is_listed() -> None:
    given = policy("{policyTypes: [Ingress, Egress], ingress: [{}, {from: [{podSelector: {}}], ports: [{port: 22}]}]}")
    found = explain_policy(Cluster.of([given, tier_policy(f"{{{DENY_SSH}, {DENY_ALL}}}")]), PolicyKey("x", "p"))
    assert [(one.steps, [by.path for by in one.by]) for one in found.decided] == [
        (("spec", "ingress", 1), ["spec.ingress[0]"]),
        (("spec", "egress"), ["spec.egress[0]"]),
    ]


def test_a_network_policy_that_a_tier_makes_meaningless_is_called_so() -> None:
    sentence = "This policy decides nothing in this direction, in any cluster"
    assert sentence in network_policy("{policyTypes: [Egress]}", tier_policy(DENY_ALL))
    assert sentence not in network_policy("{policyTypes: [Ingress]}", tier_policy(DENY_ALL))
    assert sentence not in network_policy("{policyTypes: [Egress]}", tier_policy(DENY_ALL.replace("Deny", "Pass")))
    assert sentence not in network_policy("{policyTypes: [Egress]}", tier_policy(DENY_ALL.replace(", '::/0'", "")))


@given(st.lists(tier_policies, min_size=1, max_size=3, unique_by=lambda one: one.name), policies)
def test_what_is_said_about_network_policies_is_true(tiers: list[ClusterNetworkPolicy], one: NetworkPolicy) -> None:
    """Without the direction in which it is called meaningless, every packet has the same verdict."""
    given: list[Object] = [*POPULATION, *tiers, one]
    found = explain_policy(Cluster.of(given), PolicyKey("a", "p"))
    below = {each.key: each for each in found.sentence.below}
    for direction, suffix in ((Direction.INGRESS, "in"), (Direction.EGRESS, "out")):
        isolated = below[f"direction.isolated.{suffix}"]
        if any(each.key == "tiers.decide" for each in isolated.below):
            other = Direction.EGRESS if direction is Direction.INGRESS else Direction.INGRESS
            spec = msgspec.structs.replace(one.spec, policy_types=(other.value,))
            new = msgspec.structs.replace(one, spec=spec)
            before, after = clusters.cluster(given), clusters.cluster([*POPULATION, *tiers, new])
            for each in PACKETS:
                assert allowed(before, each).allowed is allowed(after, each).allowed, each


@given(st.lists(tier_words.objects(readable=False), max_size=14), st.sampled_from(Language))
def test_the_stages_of_a_pod_are_those_of_the_reference(objects: list[Object], language: Language) -> None:
    cluster = Cluster.of(objects)
    literal = ClusterObjects(
        tuple(cluster.pods.values()), cluster.namespaces, cluster.nodes, tuple(cluster.policies.values()),
        tuple(cluster.tier_policies.values()),
    )  # fmt: skip
    for key in cluster.pods:
        found = explain_pod(cluster, key)
        assert all(line.strip() and "{" not in line for line in lines(found.sentence, language))
        ingress = [policy for stage in found.ingress_stages for policy in stage.policies]
        for address in {text for text in cluster.pods[key].addresses if text in clusters.POD_ADDRESSES}:
            for client in {*clusters.POD_ADDRESSES, *map(str, OUTSIDE.values())} - {address}:
                if (":" in client) == (":" in address):
                    side = allowed(literal, packet(client, address)).ingress
                    assert side.tier_rule is None or side.tier_rule.policy in ingress


def test_a_pod_is_explained_stage_by_stage() -> None:
    last = tier_policy("{tier: Baseline, egress: [{action: Accept, to: [{}]}, {action: Deny, to: [{}]}]}", name="last")
    first = tier_policy(DENY_SSH.replace("{}", "{matchLabels: {kubernetes.io/metadata.name: x}}"))
    objects: list[Object] = [pod("x/a", "10.0.0.1"), first, last, policy("{}")]
    cluster = Cluster.of(objects)
    assert [*lines(explain_pod(cluster, PodKey("x", "a")).sentence)] == [
        "Pod x/a",
        "  Incoming connections (ingress): evaluated in this order, and the first decision is final.",
        "    Tier Admin: these rules are evaluated in this order, and the first one that matches decides.",
        "      ClusterNetworkPolicy/c: Rule 1 of 1, Deny: from all pods in namespace x; on TCP port 22",
        "      What these rules leave undecided goes on to NetworkPolicies.",
        "    NetworkPolicies: they decide all the rest, because the pod is isolated by x/p.",
        "      In total, nothing is allowed.",
        "      All other incoming connections are denied.",
        "      Based on these rules:",
        "        x/p has no rule that allows anything",
        "  Outgoing connections (egress): evaluated in this order, and the first decision is final.",
        "    Tier Baseline: these rules are evaluated in this order, and the first one that matches decides.",
        "      ClusterNetworkPolicy/last: Rule 1 of 2 cannot be read, so it accepts nothing",
        "      ClusterNetworkPolicy/last: Rule 2 of 2 cannot be read, so it denies everything",
        "      What these rules leave undecided is allowed.",
    ]
    found = explain_pod(cluster, PodKey("x", "a"))
    assert [[*map(str, stage.policies)] for stage in found.ingress_stages] == [["ClusterNetworkPolicy/c"], ["x/p"]]
